"""docs/data.md explains every finding, and names every format and ending."""

import ast
from pathlib import Path

import pytest

from textclf.data import checks
from textclf.data.readers import ENDINGS, READERS

PAGE = (Path(__file__).parents[3] / "docs/data.md").read_text(encoding="utf-8")
SOURCES = sorted(Path(checks.__file__).parent.glob("*.py"))


def subjects():
    calls = [
        node for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    named = {"Finding": 1, "Pattern": 0}  # which argument is the subject
    found = [
        call.args[named[call.func.id]]
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in named and call.args
    ]
    return sorted({subject.value for subject in found if isinstance(subject, ast.Constant)})


def test_subjects_are_found():
    assert {"wrong encoding", "markup", "label leakage", "unknown labels"} <= {*subjects()}


@pytest.mark.parametrize("name", [*subjects(), *READERS, *ENDINGS])
def test_the_page_has(name):
    assert f"`{name}`" in PAGE
