"""The model card: what the hub reads in it, that it names no text and no folder, and that a label cannot be markup."""

import json
import shutil
from functools import partial

import pytest

import textclf
from textclf.cli.main import main
from textclf.core.errors import RunError
from textclf.core.files import parse_json
from textclf.core.find_run import find_run
from textclf.evaluation.predictions_file import read_predictions
from textclf.export import run_facts
from textclf.export.export import Limits, card, export
from textclf.export.markdown import code, text
from textclf.export.model_card import CardFields, model_card
from textclf.inference.decisions import Decision

PARTS = {"comparison", "ngrams", "precision"}  # of classifier.json
RUNS = ["toy_en", "toy_zh", "toy_topics", "colours"]


@pytest.fixture
def cards(with_runs, finished_runs):
    shutil.copytree(finished_runs / "colours", "runs/colours")

    def of(run: str, **fields) -> str:
        return card(run, CardFields(**fields))

    return of


@pytest.mark.parametrize("run", RUNS)
def test_the_hub_reads_the_front_matter(cards, run):
    hub = pytest.importorskip("huggingface_hub")
    read = hub.ModelCard(cards(run, license="mit", languages=["en"]), ignore_metadata_errors=False)
    assert read.data.pipeline_tag == "text-classification"
    assert read.data.license == "mit"
    assert read.data.language == ["en"]
    metrics = {result.metric_type: result.metric_value for result in read.data.eval_results}
    measured = find_run(run).read_metrics()
    split = measured.get("test", measured["validation"])
    assert metrics == {"accuracy": round(split["accuracy"], 4), "f1": round(split["f1_macro"], 4)}


@pytest.mark.parametrize("run", RUNS)
def test_it_says_what_a_stranger_asks(cards, run):
    made = cards(run)
    for heading in ("How to use it", "Training data", "Scores", "Calibration", "Where it fails", "Limits", "License"):
        assert f"## {heading}\n" in made
    for label in textclf.load(run).labels:
        assert f"`{label}`" in made


@pytest.mark.parametrize("run", RUNS)
def test_the_data_set_is_the_evaluated_file_whatever_other_files_the_run_has(cards, run):
    about = find_run(run).read_metadata()
    find_run(run).update_metadata(data_sha256={**about["data_sha256"], "vectors.txt": "0" * 64})
    expected = "colours.csv" if run == "colours" else f"{run}/test.csv"
    assert f'"name": "{expected}", "split": "' in cards(run)


def test_intervals_from_a_sample_are_said_to_be(cards, monkeypatch):
    assert "bootstrap over texts." in cards("toy_en")
    monkeypatch.setattr(run_facts, "read_predictions", partial(read_predictions, most_rows=7))
    assert "bootstrap over 7 of them, chosen at random." in cards("toy_en")


def test_it_holds_no_text_and_no_folder_of_this_machine(cards, workplace):
    made = cards("toy_en")
    assert str(workplace) not in made
    texts = (workplace / "data/toy_en/test.csv").read_text().splitlines()[1:]
    assert not any(line.rsplit(",", 1)[0].strip('"') in made for line in texts if len(line) > 30)


def test_it_says_what_the_precision_costs(with_runs, capsys):
    assert main(["export", "toy_en", "--format", "folder", "--output", "x", "--license", "mit"]) == 0
    made = (with_runs / "x/README.md").read_text()
    assert "stored as int8" in made
    assert "License of the classifier: mit." in made


def test_a_classifier_without_a_run_says_what_it_knows(with_runs):
    made = card("runs/toy_en/classifier")
    assert "## Scores" in made
    loaded = textclf.load("toy_en")
    made = model_card(loaded, None)
    assert "## Scores" not in made
    assert "`positive`" in made


@pytest.mark.parametrize("value", ["a|b", "`x`", "<script>", "a\nb", "# no heading", "[x](y)", "\x1b[31m"])
def test_a_name_cannot_be_markup(value):
    assert not set("\n\x1b") & set(text(value) + code(value)) or value == "\x1b[31m"
    assert "<" not in text(value)
    assert not set("`\n\x1b") & set(code(value))


def test_it_names_the_labels_that_it_never_finds(with_runs, workplace):
    assert "found in no text" not in card("toy_en")
    path = workplace / "runs/toy_en/metrics.json"
    metrics = parse_json(path.read_bytes())
    metrics["test"]["by_class"]["negative"]["recall"] = 0.0
    path.write_text(json.dumps(metrics))
    assert "Labels that it found in no text of test: `negative`." in card("toy_en")


def test_damaged_files_of_a_run_are_an_error(with_runs, workplace):
    shutil.copytree("runs/toy_en", "copied")
    metrics = parse_json((workplace / "copied/metrics.json").read_bytes())
    metrics["test"] = {}
    (workplace / "copied/metrics.json").write_text(json.dumps(metrics))
    assert main(["card", "copied"]) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"comparison": {}},
        {"comparison": {"rows": 0}},
        {"comparison": 1},
        {"ngrams": {"kept": "x", "total": 1}},
        {"ngrams": {"kept": 10**400, "total": 1}},
        {"precision": "**int8** <script>"},
        {"precision": "../int8"},
        {"precision": None},
        {"rows": "x"},
        {"exported": {}},
    ],
)
def test_what_a_stranger_says_of_an_export_is_checked(with_runs, changed):
    path = export("toy_en", format="folder", limits=Limits(size=0.02, most_changed=100), output="x").path
    about = parse_json((path / "classifier.json").read_bytes())
    about |= changed if changed.keys() <= PARTS else {"comparison": {**about["comparison"], **changed}}
    (path / "classifier.json").write_text(json.dumps(about))
    (path / "README.md").unlink()
    for command in (lambda: card("x"), lambda: export("x", precision="float32"), lambda: textclf.load("x")):
        with pytest.raises(RunError, match=r"damaged: classifier\.json: (comparison|ngrams|precision): expected"):
            command()


def test_files_of_one_name_have_their_folders(with_runs, workplace):
    path = workplace / "runs/toy_en/run.json"
    about = parse_json(path.read_bytes())
    files = {"d/train/data.csv": "1", "d/test/data.csv": "2", "e/test/data.csv": "3", "d/other.csv": "4"}
    path.write_text(json.dumps({**about, "data_sha256": files}))
    rows = [line for line in card("toy_en").splitlines() if ".csv` | `" in line]
    named = {"train/data.csv": "1", "test/data.csv": "2"}, {"test/data.csv": "3", "other.csv": "4"}
    assert rows == [f"| `{name}` | `{digest}` |" for part in named for name, digest in part.items()]


@pytest.mark.parametrize("thresholds", [None, (0.4,)])
def test_it_says_where_it_predicts_no_label(with_runs, thresholds):
    classifier = textclf.load("toy_en")
    classifier.decision = Decision(thresholds, None, 0.9)
    assert "; none, if no probability reaches 0.9.\n" in model_card(classifier, None)


@pytest.mark.parametrize(("folder", "name"), [("my.v2", "my.v2"), ("reviews.zip", "reviews")])
def test_its_title_is_the_name_of_the_folder_or_file(with_runs, folder, name):
    kind = "zip" if folder.endswith(".zip") else "folder"
    path = export("toy_en", format=kind, precision="float32", output=folder).path
    assert f"# {name}\n" in model_card(textclf.load(path), None)
    again = export(path, precision="float32", format="folder").path
    assert str(again) == f"{name}-float32"
