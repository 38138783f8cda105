"""Exported classifiers: they answer as the original does, say what they are, or are not written at all."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

import textclf
from textclf.cli.export import FORMATS as OFFERED_FORMATS
from textclf.cli.export import PRECISIONS as OFFERED_PRECISIONS
from textclf.cli.main import main
from textclf.core.errors import DataError, RunError, WriteError
from textclf.core.zip_archive import write_archive
from textclf.export.comparison import num_bytes
from textclf.export.export import MOST_CHANGED, Limits, export
from textclf.export.formats import FORMATS
from textclf.export.quantization import PRECISIONS
from textclf.inference.classifier_files import FORMAT_VERSION

TEXTS = ["a wonderful film", "", "好 good", "terrible, boring and long " * 30]


def test_the_program_offers_what_there_is():
    assert set(OFFERED_FORMATS) == set(FORMATS)
    assert set(OFFERED_PRECISIONS) == set(PRECISIONS)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("run", ["toy_en", "toy_zh", "toy_topics"])
def test_an_exported_classifier_answers_almost_the_same(with_runs, run, precision):
    made = export(run, format="folder", precision=precision, limits=Limits(most_changed=100))
    assert made.path.name == f"{run}-{precision}"
    original, exported = textclf.load(run), textclf.load(made.path)
    difference = np.abs(exported.predict_proba(TEXTS) - original.predict_proba(TEXTS)).max()
    assert difference <= {"float32": 0, "float16": 0.002}.get(precision, 0.05)
    assert exported.labels == original.labels
    assert exported.metadata["precision"] == precision
    assert (made.comparison is None) == (precision == "float32")
    if made.comparison:
        assert num_bytes(exported) < num_bytes(original)
        kept = json.loads((made.path / "classifier.json").read_text())["comparison"]
        assert kept == made.comparison.to_dict()
        assert kept["texts"] == "validation"
        assert kept["original"]["accuracy"] == pytest.approx(made.comparison.original.scores["accuracy"], abs=1e-6)


def test_a_zip_has_the_same_bytes_each_time_and_answers_like_the_folder(with_runs):
    paths = [export("toy_en", output=name).path for name in ("first.zip", "second.zip")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    folder = export("toy_en", format="folder").path
    with zipfile.ZipFile(paths[0]) as archive:
        assert sorted(archive.namelist()) == sorted(path.name for path in folder.iterdir())
        assert all(archive.read(path.name) == path.read_bytes() for path in folder.iterdir())
    np.testing.assert_array_equal(
        textclf.load(paths[0]).predict_proba(TEXTS), textclf.load(folder).predict_proba(TEXTS)
    )


@pytest.mark.parametrize("format", ["folder", "web"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_only_a_lower_precision_has_a_compressed_tokenizer(with_runs, precision, format):
    trained = Path("runs/toy_en/classifier/tokenizer.json").read_bytes()
    made = export("toy_en", format=format, precision=precision).path
    form = {path.name: path.read_bytes() for path in made.glob("tokenizer.json*")}
    again = export(made, format="folder", precision="float32", output="again").path
    assert {path.name: path.read_bytes() for path in again.glob("tokenizer.json*")} == form
    if precision == "float32":
        assert form == {"tokenizer.json": trained}
    else:
        assert list(form) == ["tokenizer.json.gz"]
        assert gzip.decompress(form["tokenizer.json.gz"]) == trained
        assert form["tokenizer.json.gz"][3:8] == bytes(5)  # no name and no time: the same bytes each time
        assert len(form["tokenizer.json.gz"]) < 0.8 * len(trained)


def test_a_size_has_a_compressed_tokenizer(with_runs):
    made = export("toy_en", format="folder", limits=Limits(size=0.02, most_changed=100)).path
    assert [path.name for path in made.glob("tokenizer.json*")] == ["tokenizer.json.gz"]
    assert num_bytes(textclf.load(made)) <= 20_000


def test_a_zip_is_no_larger_than_with_a_tokenizer_that_it_compresses_itself(with_runs):
    folder = export("toy_en", format="folder").path
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_archive(Path("packed.zip"), files)
    write_archive(Path("plain.zip"), {**files, "tokenizer.json.gz": gzip.decompress(files["tokenizer.json.gz"])})
    assert Path("packed.zip").stat().st_size < Path("plain.zip").stat().st_size + 100


def test_a_zip_is_a_run_for_every_command_that_answers(with_runs, capsys):
    assert main(["export", "toy_en", "--output", "x.zip"]) == 0
    shown = capsys.readouterr().out
    assert "int8" in shown
    assert "predictions differ" in shown
    assert "wrote x.zip" in shown
    assert main(["predict", "--run", "x.zip", "a wonderful film"]) == 0
    assert main(["evaluate", "--run", "x.zip", "--data", "data/toy_en/test.csv", "--format", "json"]) == 0
    assert main(["card", "x.zip"]) == 0


def test_too_many_changed_predictions_write_nothing(with_runs, monkeypatch):
    from textclf.export import comparison

    before = set(Path().iterdir())
    monkeypatch.setattr(comparison.Comparison, "changed_share", 0.031)
    with pytest.raises(RunError, match=r"at most 2 % changed predictions, got 3\.1 %.*Nothing was written"):
        export("toy_en")
    assert set(Path().iterdir()) == before
    assert export("toy_en", limits=Limits(most_changed=3.1)).path.exists()
    assert MOST_CHANGED < 3.1


@pytest.mark.parametrize("format", ["folder", "zip", "wheel"])
def test_nothing_is_replaced(with_runs, format):
    path = export("toy_en", format=format, precision="float32").path
    before = path.stat().st_mtime_ns
    with pytest.raises(WriteError, match="exists"):
        export("toy_en", format=format, precision="float32")
    assert path.stat().st_mtime_ns == before


def test_a_classifier_without_its_run_needs_texts_to_measure_on(with_runs):
    shutil.copytree("runs/toy_en/classifier", "alone")
    with pytest.raises(RunError, match="--data"):
        export("alone")
    made = export("alone", limits=Limits(data="data/toy_en/test.csv"), output="x.zip")
    assert made.comparison.source == "test.csv"
    assert made.comparison.rows > 50
    assert export("alone", precision="float32").comparison is None


def test_an_exported_classifier_is_not_made_smaller_again(with_runs):
    path = export("toy_en", precision="float16").path
    with pytest.raises(RunError, match="expected a classifier of float32, but this one has float16"):
        export(path, limits=Limits(data="data/toy_en/test.csv"), output="y.zip")
    again = export(path, precision="float32", format="folder")  # only the form is another
    assert (again.precision, again.path.name) == ("float16", "toy_en-float16")
    assert textclf.load(again.path).metadata["precision"] == "float16"


def test_a_classifier_of_an_older_format_leaves_in_the_newest(with_runs, root):
    old = root / "tests/formats/classifier-1"
    made = export(old, precision="float32", format="folder", output="new").path
    assert json.loads((made / "classifier.json").read_text())["format_version"] == FORMAT_VERSION
    assert (made / "tokenizer.json").stat().st_size < 0.8 * (old / "tokenizer.json").stat().st_size
    np.testing.assert_array_equal(textclf.load(made).predict_proba(TEXTS), textclf.load(old).predict_proba(TEXTS))


def test_changed_training_texts_are_not_measured_on(with_runs):
    shutil.copytree("data", "copy", symlinks=False)
    Path("data").unlink()
    with pytest.raises(DataError, match="expected a file"):
        export("toy_en")
    Path("copy").rename("data")
    with Path("data/toy_en/train.csv").open("a") as stream:
        stream.write("more,positive\n")
    with pytest.raises(RunError, match=r"has changed since the training.*--data"):
        export("toy_en")


@pytest.mark.parametrize("option", ["--size", "--most-changed"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_limit_is_a_number(with_runs, capsys, option, value):
    assert main(["export", "toy_en", option, value, "--output", "x.zip"]) in (1, 2)
    assert f"{option}" in (error := capsys.readouterr().err)
    assert "internal error" not in error
    assert not Path("x.zip").exists()
