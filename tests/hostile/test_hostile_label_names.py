"""Names of labels that nobody can mean: an error that names the setting, and never other labels than the file's."""

import json
from pathlib import Path

import pytest

from textclf.config.config import load_config
from textclf.core.errors import ConfigError, DataError
from textclf.data.loading import read_splits
from textclf.training.check import check_config

GOOD = ["toxic", "obscene", "insult"]
WRONG = {
    "a number": (3, "expected a list of texts"),
    "a text": ("toxic", "expected a list of texts"),
    "an object": ({"toxic": 0}, "expected a list of texts"),
    "truth": (True, "expected a list of texts"),
    "a number among them": (["toxic", 2, "insult"], "2 +expected text, got 2"),
    "a missing name": (["toxic", None, "insult"], "2 +expected text, got null"),
    "a list within": (["toxic", ["obscene"], "insult"], "2 +expected text"),
    "no names": ([], r"expected at least two names, got \[\]"),
    "one name": (["toxic"], "expected at least two names"),
    "an empty name": (["toxic", "", "insult"], "expected a name for each label, got ''"),
    "a name of spaces": (["toxic", " \t\u3000", "insult"], "expected a name for each label"),
    "a name twice": (["toxic", "toxic", "insult"], "expected different names, got 'toxic' twice"),
    "a name twice but for spaces": (["toxic", " toxic ", "insult"], "expected different names, got 'toxic' twice"),
    "an escape sequence": (["toxic\x1b[2Jred", "b", "c"], "without control characters, got 'toxic.x1b.2Jred'"),
    "a line break": (["toxic", "a\nb", "c"], r"without control characters, got 'a.nb'"),
    "a nought": (["toxic", "a\0b", "c"], "without control characters"),
    "half a character": (["toxic", "a\ud800", "c"], "without control characters"),
    "the separator": (
        ["toxic|obscene", "b", "c"],
        r"without '\|', got 'toxic\|obscene'; set another targets.separator",
    ),
    "a hundred thousand names": (["toxic"] * 100_000, "expected different names"),
}
# With these the settings are right, and the file is another one.
OF_ANOTHER_FILE = {"too few": GOOD[:2], "too many": [*GOOD, "threat"], "many": [f"label {n}" for n in range(50_000)]}


@pytest.fixture(autouse=True)
def _place(here):
    rows = [{"text": f"a text {row}", "label": [row % 2, (row + 1) % 2, int(row % 3 == 0)]} for row in range(40)]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def config(names, **targets):
    return {"data": {"train": "a.jsonl", "label_names": names, "validation": 0.2}, "targets": targets}


@pytest.mark.parametrize("case", WRONG)
def test_names_that_cannot_be(within_bounds, case):
    names, message = WRONG[case]
    with pytest.raises(ConfigError, match=rf"data\.label_names.*{message}") as caught:
        load_config(config(names))
    lines = str(caught.value).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() and len(line) < 300 for line in lines)
    [finding] = check_config(config(names)).findings
    assert finding.severity == "error"


@pytest.mark.parametrize("case", OF_ANOTHER_FILE)
def test_names_of_another_file(within_bounds, case):
    names = OF_ANOTHER_FILE[case]
    found = load_config(config(names))
    with pytest.raises(DataError, match=rf"a\.jsonl: .* each of the {len(names)} data\.label_names, got \[") as caught:
        read_splits(found.data, found.targets, 1)
    assert len(str(caught.value)) < 300
    assert check_config(config(names)).would_fail


@pytest.mark.parametrize("names", [GOOD, ["a", "A", "é"], ["标签", "a b", "c"], ["x" * 10_000, "y", "0"]])
def test_names_that_can_be(names):
    found = load_config(config(names))
    assert set(read_splits(found.data, found.targets, 1)[1].labels) == {*names}


def test_another_separator_lets_a_name_have_a_bar():
    found = load_config(config(["toxic|obscene", "b", "c"], separator=";"))
    assert "toxic|obscene" in read_splits(found.data, found.targets, 1)[1].labels


@pytest.mark.parametrize("columns", [["a", "a"], ["a", " a"], ["a", ""], ["a|b", "c"], ["a\x1b", "b"]])
def test_columns_of_labels_are_names_too(columns):
    with pytest.raises(ConfigError, match=r"data\.label_column +expected"):
        load_config({"data": {"train": "a.csv", "label_column": columns}})
    assert load_config({"data": {"train": "a.csv", "label_column": ["a"]}}).data.label_column == ["a"]
