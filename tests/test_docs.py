"""Documents: generated pages are fresh, links lead somewhere, and the README's commands are run as written."""

import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("configs/*.md"), *ROOT.glob("data/*.md")])


# The Chinese one trains much of the same again: `make test-all`.
READMES = ["README.md", pytest.param("README.zh-CN.md", marks=pytest.mark.slow)]
# The accuracy on the test file that the runs of both have to show: what they say of them, with room for other machines.
CLAIMED = {"*-toy_*": (0.8, 1), "spaces": (0.4, 0.65), "characters": (0.7, 1)}


@pytest.fixture(scope="module")
def generate():
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", ["docs/commands.md", "docs/configuration.md", "configs/schema.json"])
def test_generated_pages_are_fresh(generate, path):
    assert set(generate.PAGES) == {"docs/commands.md", "docs/configuration.md", "configs/schema.json"}
    assert (ROOT / path).read_text(encoding="utf-8") == generate.PAGES[path](), f"{path} is stale: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_tree_in_the_readme_is_the_tree(generate):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^ {2,}([a-z_]+(?:\.py|/))", text, re.MULTILINE))
    there = {path.name + ("/" if path.is_dir() else "") for path in (ROOT / "textclf").iterdir()}
    assert there - named - {"__pycache__/"} == set()
    assert {name for name in named if name.endswith(".py")} - there == set()


@pytest.mark.parametrize("page", READMES)
def test_the_commands_of_the_readme_run(workplace, textclf_command, page):
    """Every `textclf …` line in a shell block that is no pipe, in order, in one folder; what they give is as said."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    commands = [
        shlex.split(line, comments=True)[1:] for line in lines if line.startswith("textclf ") and "|" not in line
    ]
    assert len(commands) >= 6
    (workplace / "reviews.txt").write_text("a wonderful film\nawful\n", encoding="utf-8")
    (workplace / "new.csv").write_text("text,label\na wonderful film,positive\nawful,negative\n", encoding="utf-8")
    for command in commands:
        finished = textclf_command(*command)
        assert finished.returncode == 0, f"{command}\n{finished.stderr.decode()}"
    for pattern, (least, most) in CLAIMED.items():
        [run, *_] = (workplace / "runs").glob(pattern)
        assert least <= json.loads((run / "metrics.json").read_text())["test"]["accuracy"] <= most, run


@pytest.mark.parametrize("page", READMES)
def test_the_python_of_the_readme_runs(workplace, textclf_command, page):
    [script] = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    finished = textclf_command(python=("-c", script))
    assert finished.returncode == 0, finished.stderr.decode()
