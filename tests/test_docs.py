"""Documents: generated pages are fresh, links lead somewhere, and the commands and the Python of the pages run."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

import textclf

ROOT = Path(__file__).parent.parent
PAGES = sorted(page for names in ("*.md", "docs/**/*.md", "configs/*.md", "data/*.md") for page in ROOT.glob(names))
GENERATED = ["docs/commands.md", "docs/configuration.md", "docs/http-api.md", "configs/schema.json"]
READMES = ["README.md", "README.zh-CN.md"]
# The Chinese one trains much the same again: `make test-all`.
TRAINING_READMES = ["README.md", pytest.param("README.zh-CN.md", marks=pytest.mark.slow)]
LONGEST_README = 150  # lines
# What makes a training of a page short; what its results are is a matter of test_configs.py and test_tutorial.py.
SHORT = ["training.epochs=1", "training.inner_folds=null", "training.refit=false", "preprocessing.vocabulary_size=200"]
SMALL = ["model.units=8", "model.embedding_dim=8", "model.bidirectional=false"]
TRAINS = {"train", "audit", "find-rate"}


@pytest.fixture(scope="module")
def generated():
    """What makes each page."""
    return runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]


@pytest.mark.parametrize("path", GENERATED)
def test_generated_pages_are_fresh(generated, path):
    assert set(generated) == set(GENERATED)
    assert (ROOT / path).read_text(encoding="utf-8") == generated[path](), f"{path} is stale: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every link to a file of the repository, and every anchor of a page, written as a link or as an image."""
    links = re.findall(r"\]\((?!https?:)([^)\s]+)", page.read_text(encoding="utf-8"))
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_named_files_are_there(page):
    """Paths in backticks such as `models/layers.py` or `tests/formats`, from the repository or from the package."""
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+(?:\.py)?)/?`", (ROOT / page).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not ((ROOT / path).exists() or (ROOT / "textclf" / path).exists())] == []


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_names_every_page():
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    assert [
        page.name for page in ROOT.glob("docs/*.md") if page.name != "README.md" and f"({page.name})" not in index
    ] == []


def test_every_experiment_has_a_row():
    table = (ROOT / "docs/experiments.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(experiments/([\w-]+\.md#[^)]+)\)", table)
    pages = sorted(ROOT.glob("docs/experiments/*.md"))
    entries = {f"{page.name}#{anchor}" for page in pages for anchor in anchors(page) if anchor[:2] == "20"}
    assert sorted(linked) == sorted(entries)


@pytest.mark.parametrize("page", READMES)
def test_a_readme_is_short(page):
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("page", READMES)
def test_the_tree_in_the_readme_is_the_tree(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"^ {2}([a-z_]+(?:\.py|/))", text, re.MULTILINE))
    there = {path.name + ("/" if path.is_dir() else "") for path in (ROOT / "textclf").iterdir()}
    assert named == there - {"__pycache__/", "py.typed"}


@pytest.mark.parametrize("page", READMES)
def test_the_readme_names_every_command(page, textclf_command):
    text = (ROOT / page).read_text(encoding="utf-8")
    [listed] = re.findall(r"\nCommands:\n(.*)", textclf_command("--help").stdout.decode(), re.DOTALL)
    commands = re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE)
    assert len(commands) >= 12
    assert [command for command in commands if f"| `textclf {command}" not in text] == []


def commands_of(page: str) -> list[list[str]]:
    """Every `textclf …` line in a shell block that is no pipe; trainings are made short."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    commands = [
        shlex.split(line, comments=True)[1:] for line in lines if line.startswith("textclf ") and "|" not in line
    ]
    return [[*command, *short(command)] for command in commands]


def short(command: list[str]) -> list[str]:
    """The options that make a training short; the network of the toy config is made small, too."""
    if command[0] not in TRAINS:
        return []
    overrides = [*SHORT, *SMALL] if Path(command[1]).stem == "toy_en" else SHORT
    return [part for override in overrides for part in ("--set", override)]


@pytest.fixture
def small_configs(workplace):
    """The configs with networks that are traced soon: what a page says runs with any."""
    (workplace / "configs").unlink()
    (workplace / "configs").mkdir()
    for path in (ROOT / "configs").glob("*.yaml"):
        text = re.sub(r"bidirectional: true", "bidirectional: false", path.read_text(encoding="utf-8"))
        text = re.sub(r"(units|embedding_dim): \d+", r"\1: 8", text)
        (workplace / "configs" / path.name).write_text(text, encoding="utf-8")
    return workplace


@pytest.mark.parametrize("page", TRAINING_READMES)
def test_the_commands_of_the_readme_run(workplace, textclf_main, page):
    """In order, in one folder."""
    commands = commands_of(page)
    assert len(commands) >= 6
    for command in commands:
        finished = textclf_main(*command)
        assert finished.code == 0, f"{command}\n{finished.stderr}"


@pytest.mark.parametrize("page", TRAINING_READMES)
def test_the_python_of_the_readme_runs(small_configs, page):
    """With one epoch in place of those of the config, which `textclf configs` has copied in the quickstart."""
    [script] = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert '"training.epochs=3"' in script
    for config in ("toy_en.yaml", "toy_zh.yaml"):
        shutil.copy(small_configs / "configs" / config, small_configs)
    exec(script.replace("training.epochs=3", "training.epochs=1"), {})


def test_the_python_page_runs_and_has_every_public_name(small_configs):
    text = (ROOT / "docs/python-api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## textclf\.(\w+)$", text, re.MULTILINE)) == set(textclf.__all__)
    script = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    exec(script, {})
    assert (small_configs / "first.html").exists()


@pytest.mark.slow
def test_the_python_of_the_page_of_scikit_learn_runs(workplace):
    text = (ROOT / "docs/scikit-learn.md").read_text(encoding="utf-8")
    exec("".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), {})
    assert (workplace / "reviews-classifier" / "model.onnx").exists()
