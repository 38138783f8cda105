"""Run folders of format 1, as commit f57c9b5 wrote them: every command reads them, and an interrupted run resumes.

`formats/run-1` has a finished run, and one that SIGTERM ended after its first epoch, both with the same config and
seed. Their config also names settings that were removed since, all switched off.
"""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import textclf
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.training.provenance import provenance

TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}
OLD = Path(__file__).parent / "formats" / "run-1"


@pytest.fixture
def old_runs(here) -> Path:
    """A working directory with copies of both runs and their data."""
    shutil.copytree(OLD, here / "runs")
    for name in ("train.csv", "test.csv"):
        (here / "runs" / name).rename(here / name)
    return here


def predictions_in(path: Path) -> tuple[list[list[str]], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    first = [name.startswith("probability_") for name in header].index(True)  # the old run has no column `correct`
    return [row[:4] for row in rows], np.array([row[first:] for row in rows], float)


def same_metrics(found: dict, expected: dict) -> None:
    for name, value in expected.items():
        if isinstance(value, float):
            np.testing.assert_allclose(found[name], value, err_msg=name, **TOLERANCE)


def test_the_classifier_predicts_the_stored_probabilities(old_runs):
    rows, probabilities = predictions_in(Path("runs/finished/predictions.csv"))
    classifier = textclf.load("finished")
    assert len(rows) == 20
    np.testing.assert_allclose(classifier.predict_proba([row[1] for row in rows]), probabilities, **TOLERANCE)
    assert classifier.predict([row[1] for row in rows]) == [row[3] for row in rows]


def test_evaluate_measures_the_stored_metrics(old_runs):
    stored = json.loads(Path("runs/finished/metrics.json").read_text())["test"]
    same_metrics(textclf.evaluate("finished"), stored)


def test_a_report_is_written(old_runs):
    textclf.write_report("finished")
    assert "finished" in Path("runs/finished/report.html").read_text(encoding="utf-8")


def test_list_shows_both(old_runs, textclf_command):
    listed = textclf_command("list").stdout.decode()
    assert re.search(r"^finished \S* *finished ", listed, re.MULTILINE)
    assert re.search(r"^interrupted +interrupted ", listed, re.MULTILINE)


def test_the_interrupted_run_resumes_and_ends_as_the_finished_one(old_runs):
    run = RunFolder("runs/interrupted")
    run.update_metadata(versions=provenance(read_run_config(run))["versions"])  # of this machine
    resumed = textclf.resume("interrupted")
    for name, metrics in json.loads(Path("runs/finished/metrics.json").read_text()).items():
        same_metrics(resumed.read_metrics()[name], metrics)
    _, expected = predictions_in(Path("runs/finished/predictions.csv"))
    np.testing.assert_allclose(predictions_in(resumed.predictions)[1], expected, **TOLERANCE)


def test_with_other_versions_it_is_left_as_it_is(old_runs):
    run = RunFolder("runs/interrupted")
    run.update_metadata(versions={**run.read_metadata()["versions"], "keras": "3.0"})
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"cannot resume.*\n(.*\n)*  versions\.keras: was 3\.0, is 3\."):
        textclf.resume("interrupted")
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
