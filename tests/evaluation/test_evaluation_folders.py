"""Where an evaluation is written: a folder for each file, pattern and sheet, also for files of one name."""

import json
from pathlib import Path

import pytest

import textclf
from tests.data.readers.written_files import write_excel
from textclf.evaluation.evaluate import _name_of


def test_another_file_is_measured_apart(with_runs):
    (with_runs / "new.csv").write_text("text,label\na wonderful film,positive\nawful,negative\n", encoding="utf-8")
    before = (with_runs / "runs/toy_en/metrics.json").read_bytes()
    assert textclf.evaluate("toy_en", "new.csv")["rows"] == 2
    assert (with_runs / "runs/toy_en/evaluations/new/predictions.csv").exists()
    assert (with_runs / "runs/toy_en/metrics.json").read_bytes() == before


@pytest.mark.parametrize(
    "files",
    [
        ["a/test.csv", "b/test.csv", "test.csv"],
        ["a/test.csv", "a/test.jsonl", "a/test.tsv"],
        ["data/toy_en/test.csv", "a/test.csv", "a/../b/test.csv"],
    ],
)
def test_files_of_one_name_have_a_folder_each(with_runs, files):
    formats = {
        "csv": "text,label\na wonderful film,positive\nawful,negative\n",
        "tsv": "text\tlabel\na wonderful film\tpositive\nawful\tnegative\n",
        "jsonl": '{"text": "a wonderful film", "label": "positive"}\n',
    }
    for folder in ("a", "b", "."):
        (with_runs / folder).mkdir(exist_ok=True)
        for ending, content in formats.items():
            (with_runs / folder / f"test.{ending}").write_text(content, encoding="utf-8")
    for _ in range(2):  # the same file again has the same folder
        for number, file in enumerate(files):
            rows = textclf.evaluate("toy_en", file)["rows"]
            name = "test" if number == 0 else f"test-{number + 1}"
            saved = json.loads((with_runs / f"runs/toy_en/evaluations/{name}/metrics.json").read_text())
            assert (saved["data"], saved["rows"]) == (file, rows)
    assert len(list((with_runs / "runs/toy_en/evaluations").iterdir())) == len(files)


def test_a_relative_name_means_another_file_in_another_folder(with_runs, monkeypatch):
    for folder, rows in (("a", 2), ("b", 3)):
        (with_runs / folder).mkdir()
        (with_runs / folder / "new.csv").write_text("text,label\n" + "awful,negative\n" * rows, encoding="utf-8")
        monkeypatch.chdir(with_runs / folder)
        textclf.evaluate(with_runs / "runs/toy_en", "new.csv")
    saved = [with_runs / f"runs/toy_en/evaluations/{name}/metrics.json" for name in ("new", "new-2")]
    assert [json.loads(path.read_text())["rows"] for path in saved] == [2, 3]


@pytest.mark.parametrize("name", ["..", "../", "../../up"])
def test_the_folder_above_is_evaluated_under_its_own_name(with_runs, monkeypatch, name):
    (with_runs / "up").mkdir()
    (with_runs / "up/new.csv").write_text("text,label\nawful,negative\n", encoding="utf-8")
    (with_runs / "up/.here").mkdir()
    before = (with_runs / "runs/toy_en/metrics.json").read_bytes()
    monkeypatch.chdir(with_runs / "up/.here")
    textclf.evaluate(with_runs / "runs/toy_en", name)
    assert (with_runs / "runs/toy_en/metrics.json").read_bytes() == before
    assert json.loads((with_runs / "runs/toy_en/evaluations/up/metrics.json").read_text())["rows"] == 1


def test_sheets_have_a_folder_each(with_runs):
    (with_runs / "new.xlsx").write_bytes(write_excel([("a wonderful film", "positive"), ("awful", "negative")]))
    for sheet in (None, "Rows", "Rows"):  # the same sheet again has the same folder
        textclf.evaluate("toy_en", "new.xlsx", reading={"sheet": sheet} if sheet else None)
    saved = {path.parent.name: json.loads(path.read_text()) for path in (with_runs / "runs/toy_en").glob("*/*/*.json")}
    assert {name: metrics.get("sheet") for name, metrics in saved.items()} == {"new": None, "new-Rows": "Rows"}


@pytest.mark.parametrize(
    ("data", "sheet", "name"),
    [
        ("t4/part-*.csv", None, "part"),
        ("a/**/*.csv", None, "a"),
        ("a.b.csv", None, "a.b"),
        ("/*", None, "data"),
        ("a.ods", "1/2: <x>", "a-12 x"),
    ],
)
def test_the_name_of_an_evaluation_is_a_name_of_a_folder(data, sheet, name):
    assert _name_of(data, sheet) == name


@pytest.mark.parametrize(("pattern", "name"), [("t/*.csv", "t"), ("t/new-[12].csv", "new-12")])
def test_the_folder_for_a_pattern_has_no_pattern_in_its_name(with_runs, pattern, name):
    Path("t").mkdir()
    Path("t/new-1.csv").write_text("text,label\nawful,negative\n", encoding="utf-8")
    textclf.evaluate("toy_en", pattern)
    assert [path.name for path in (with_runs / "runs/toy_en/evaluations").iterdir()] == [name]


def test_a_folder_that_the_user_names_may_hold_links(with_runs):
    (with_runs / "figures").mkdir()
    (with_runs / "figures/metrics.json").symlink_to(with_runs / "elsewhere.json")
    textclf.evaluate("toy_en", output="figures")
    assert (with_runs / "figures/metrics.json").is_symlink()
    assert json.loads((with_runs / "elsewhere.json").read_text())["rows"] == 120
