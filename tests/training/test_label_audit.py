"""Wrong labels that were put in are on the list, and so are near duplicates."""

from pathlib import Path

import pytest

from tests.conftest import LINEAR
from tests.csv_files import read_rows, write_rows
from textclf.config.run_config import read_run_config
from textclf.core.run_folder import RunFolder
from textclf.training.label_audit import audit


@pytest.fixture
def flawed(workplace):
    """Toy reviews of which some have the other label, and one stands there twice with two labels."""
    lines = read_rows("data/toy_en/train.csv")
    other = {"positive": "negative", "negative": "positive"}
    flipped = set(range(10, len(lines), 25))
    for number in flipped:
        lines[number]["label"] = other[lines[number]["label"]]
    long = max(lines, key=lambda line: len(line["text"]))
    lines.append({"text": long["text"].upper(), "label": other[long["label"]]})
    write_rows("flawed.csv", lines)
    return {number + 1 for number in flipped}, len(lines)


def test_wrong_labels_and_near_duplicates_are_listed(flawed):
    flipped, rows = flawed
    model = {"architecture": "ngrams"}
    config = {"data": {"train": "flawed.csv"}, "model": model, "training": {"epochs": 8, "learning_rate": 0.05}}
    found = audit(config, folds=2, run="audited", output="list.csv")
    lines = read_rows("list.csv")
    doubtful = [line for line in lines if line["problem"] == "label"]
    assert (found.texts, found.doubtful, found.pairs) == (rows, len(doubtful), len(lines) - len(doubtful))
    listed = {int(line["row"]) for line in doubtful}
    assert len(listed & flipped) >= 0.6 * len(flipped)
    assert len(listed & flipped) >= 0.3 * len(listed)
    assert all(line["suggested"] != line["label"] for line in lines)
    pairs = [line for line in lines if line["problem"] == "near duplicate"]
    assert str(rows) in {number for line in pairs for number in (line["row"], line["other_row"])}


def test_a_misspelt_label_is_listed(workplace):
    lines = Path("data/toy_en/train.csv").read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.endswith(",positive"))
    lines[place] = lines[place].removesuffix("positive") + "postive"
    Path("a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = {"architecture": "ngrams"}
    config = {"data": {"train": "a.csv"}, "model": model, "training": {"epochs": 8, "learning_rate": 0.05}}
    audit(config, folds=3, run="audited", output="list.csv")
    found = read_rows("list.csv")
    [misspelt] = [line for line in found if line["label"] == "postive"]
    assert int(misspelt["row"]) == place
    assert misspelt["suggested"] == "positive"
    assert not any(line["suggested"] == "postive" for line in found if line["problem"] != "near duplicate")


@pytest.mark.parametrize("counts", [{"x": 12, "rare": 2}, {"x": 9, "one": 1, "two": 2}])
def test_labels_with_fewer_rows_than_folds_stop_nothing(workplace, counts):
    rows = [(f"{label} text number {number}", label) for label, count in counts.items() for number in range(count)]
    Path("a.csv").write_text("\n".join(["text,label", *map(",".join, rows)]), encoding="utf-8")
    found = audit({"data": {"train": "a.csv", "validation": 0.3}, **LINEAR}, folds=3, run="r", output="list.csv")
    assert found.texts == len(rows)
    assert Path("list.csv").read_text(encoding="utf-8").startswith("row,")


def test_an_audit_has_no_inner_folds(flawed):
    training = {**LINEAR["training"], "inner_folds": 3, "refit": True}
    audit({"data": {"train": "flawed.csv"}, **LINEAR, "training": training}, folds=2, run="r", output="list.csv")
    fold = RunFolder("runs/r/fold-1")
    assert read_run_config(fold).training.inner_folds is None
    assert not list(Path("runs/r").rglob("networks/fold-*"))
