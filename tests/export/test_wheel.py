"""A wheel: pip installs it, it imports and answers, and its name is one that a package can have."""

import hashlib
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

import textclf
from textclf.core.errors import RunError
from textclf.export.export import export
from textclf.export.wheel import ENDING, name_and_version, package_name, write_wheel


def test_an_installed_wheel_answers(with_runs, root):
    pytest.importorskip("pip", reason="pip is not installed")
    wheel = export("toy_en", format="wheel", precision="float32").path
    assert wheel.name == "toy_en-1.0.0-py3-none-any.whl"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", "installed"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    environment = {"PYTHONPATH": f"installed:{root}"}

    def run(*command):
        command = [sys.executable, *command]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    script = "import toy_en, sys; print(toy_en.predict(['a wonderful film'])); sys.argv[1:] = ['bad']; toy_en.main()"
    found = run("-c", script)
    expected = textclf.load("toy_en").predict(["a wonderful film", "bad"])
    assert found.stdout.splitlines()[0] == str(expected[:1])
    assert found.stdout.splitlines()[1].startswith(f"{expected[1]}\t")
    shown = run("installed/bin/toy_en", "--help").stdout
    assert shown.startswith("Usage: toy_en [OPTIONS]")
    assert '  toy_en --explain "a wonderful film"' in shown
    assert not {"textclf", "--run"} & set(shown.split())
    assert 'as in: toy_en "a wonderful film"' in run("installed/bin/toy_en").stderr
    refused = run("installed/bin/toy_en", "-1")
    assert refused.returncode == 2
    assert refused.stderr.endswith('Put -- before a text that begins with a dash: toy_en -- "-1"\n')
    card = Path("installed/toy_en/classifier/README.md").read_text(encoding="utf-8")
    assert card.index("\ntoy_en --file texts.csv") < card.index("## How to use it")


def test_a_wheel_lists_its_files_and_has_the_same_bytes_each_time(with_runs):
    files = {"README.md": b"# x", "model.onnx": b"1"}
    for name in ("a", "b"):
        Path(name).mkdir()
        write_wheel(Path(name) / "x-2.1-py3-none-any.whl", files)
    assert Path("a/x-2.1-py3-none-any.whl").read_bytes() == Path("b/x-2.1-py3-none-any.whl").read_bytes()
    with zipfile.ZipFile("a/x-2.1-py3-none-any.whl") as archive:
        lines = archive.read("x-2.1.dist-info/RECORD").decode().split()
        assert sorted(line.split(",")[0] for line in lines) == sorted(archive.namelist())
        for line in lines[:-1]:
            name, digest, size = line.split(",")
            content = archive.read(name)
            assert len(content) == int(size)
            assert digest == f"sha256={urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')}"


def test_a_name_begins_with_a_letter(tmp_path):
    with pytest.raises(RunError, match="NAME has letters, digits and _, begins with a letter"):
        write_wheel(tmp_path / "2026_reviews-1.0-py3-none-any.whl", {"README.md": b""})


@pytest.mark.parametrize("name", ["reviews.whl", "my-reviews-1.0-py3-none-any.whl", "json-1.0-py3-none-any.whl",
                                  "textclf-1.0-py3-none-any.whl", "class-1.0-py3-none-any.whl",
                                  "../x-1-py2-none-any.whl", "reviews_-1.0.0-py3-none-any.whl",
                                  "Textclf_Keras-1.0.0-py3-none-any.whl", "numpy-9.0.0-py3-none-any.whl",
                                  "scikit_learn-9.0.0-py3-none-any.whl"])  # fmt: skip
def test_other_names_are_errors(tmp_path, name):
    with pytest.raises(RunError, match="--output"):
        write_wheel(tmp_path / name, {"README.md": b""})
    assert not list(tmp_path.iterdir())


def test_a_run_has_a_name_that_a_package_can_have():
    names = ["2026-11-26-Toy.en", "My reviews!", "Müller größer", "登录", "_a"]
    expected = ["classifier_2026_11_26_toy_en", "my_reviews", "muller_grosser", "classifier", "a"]
    assert [package_name(name) for name in names] == expected
    for name in expected:
        assert name_and_version(Path(f"{name}{ENDING}")) == (name, "1.0.0")
