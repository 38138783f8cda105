"""A table of modules behaves like a dict of them, and imports one only when it is looked up."""

import sys

import pytest

from textclf.preprocessing.tokenizers import TOKENIZERS, ModuleTable


@pytest.fixture
def table(tmp_path, monkeypatch):
    package = tmp_path / "some_package"
    package.mkdir()
    for name in ("__init__", "first", "second"):
        (package / f"{name}.py").write_text(f"NAME = {name!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield ModuleTable("some_package", {"b": "second", "a": "first"})
    for name in [name for name in sys.modules if name.startswith("some_package")]:
        del sys.modules[name]


def test_a_module_is_imported_when_it_is_looked_up(table):
    assert list(table) == ["b", "a"]
    assert ("a" in table, "c" in table, len(table)) == (True, False, 2)
    assert not any(name.startswith("some_package") for name in sys.modules)
    assert table["a"].NAME == "first"
    assert "some_package.second" not in sys.modules
    assert [module.NAME for module in table.values()] == ["second", "first"]


def test_an_unknown_name_is_a_key_error(table):
    with pytest.raises(KeyError, match="c"):
        table["c"]
    assert table.get("c") is None


def test_every_tokenizer_is_there():
    for name, module in TOKENIZERS.items():
        assert callable(module.learn)
        assert callable(module.load)
        assert module.Options().tokenizer == name
