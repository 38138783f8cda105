"""The report of a run: what it says is what the run measured, and it needs nothing but itself."""

import json
import re
from functools import partial

import numpy as np
import pytest

import textclf
from tests.conftest import rewrite_config
from tests.csv_files import read_rows, write_rows
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.find_run import find_run
from textclf.core.run_folder import RunFolder, create_run
from textclf.evaluation.predictions_file import read_predictions
from textclf.evaluation.report import report
from textclf.evaluation.report.report import _baseline, report_on
from textclf.inference.decisions import Decision


@pytest.fixture
def reports(with_runs, tmp_path):
    """The blocks of the report of a run, by the titles of its sections."""

    def blocks_of(run, **options):
        path = textclf.write_report(run, output=tmp_path / "report.html", **options)
        [data] = re.findall(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"))
        return {section["title"]: section["blocks"] for section in json.loads(data)["sections"]}

    return blocks_of


def of_kind(blocks, kind):
    return [block for block in blocks if block["kind"] == kind]


def predictions(run):
    return read_rows(find_run(run).predictions)


def test_the_scores_are_those_of_the_run_beside_no_skill_and_a_linear_model(reports):
    sections = reports("toy_topics")
    metrics = RunFolder("runs/toy_topics").read_metrics()
    [table] = of_kind(sections["Overview"], "table")
    rows = {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}
    for split in ("train", "validation", "test"):
        assert rows[split]["accuracy"] == round(metrics[split]["accuracy"], 4)
        assert rows[split]["F1 macro"] == round(metrics[split]["f1_macro"], 4)
    [majority] = [row for name, row in rows.items() if name.startswith("majority")]
    assert majority["accuracy"] == round(metrics["test"]["majority_accuracy"], 4)
    [linear] = [row for name, row in rows.items() if name.startswith("linear")]
    assert linear["accuracy"] > 0.5


def test_the_matrix_is_that_of_the_run_and_its_cells_lead_to_their_texts(reports):
    sections = reports("toy_topics", with_baseline=False)
    [matrix] = of_kind(sections["Confusions"], "matrix")
    measured = RunFolder("runs/toy_topics").read_metrics()["test"]["confusion_matrix"]
    assert matrix["cells"] == measured["rows_true_columns_predicted"]
    [texts] = of_kind(sections["Predictions"], "table")
    for true, row in enumerate(matrix["cells"]):
        for said, count in enumerate(row):
            found = [line for line, tags in zip(texts["rows"], texts["tags"], strict=True) if f"{true}>{said}" in tags]
            assert len(found) == min(count, 20)
            assert all((line[2], line[3]) == (matrix["labels"][true], matrix["labels"][said]) for line in found)


def test_figures_by_label_are_those_of_the_run(reports, finished_runs):
    from sklearn.metrics import average_precision_score

    for name, many in (("toy_topics", False), (finished_runs / "colours", True)):
        [table] = of_kind(reports(name, with_baseline=False)["Labels"], "table")
        metrics = list(find_run(name).read_metrics().values())[-1]
        lines = predictions(name)
        for row in table["rows"]:
            figures = dict(zip(table["columns"], row, strict=True))
            label = figures["label"]
            assert figures["F1"] == round(metrics["by_class"][label]["f1"], 4)
            truth = [label in line["label"].split("|") if many else label == line["label"] for line in lines]
            said = [label in line["predicted"].split("|") if many else label == line["predicted"] for line in lines]
            scores = [float(line[f"probability_{label}"]) for line in lines]
            assert figures["average precision"] == pytest.approx(average_precision_score(truth, scores), abs=1e-4)
            missed = sum(was and not is_said for was, is_said in zip(truth, said, strict=True))
            assert figures["missed"]["shown"] == missed


def test_the_slider_and_reliability_of_two_labels(reports):
    sections = reports("toy_en", with_baseline=False)
    [[_, [slider]]] = of_kind(sections["Threshold"], "choice")[0]["options"]
    lines = predictions("toy_en")
    truth = np.array([line["label"] == "positive" for line in lines])
    scores = np.array([float(line["probability_positive"]) for line in lines])
    assert slider["hits"][100] == int((truth & (scores >= 0.5)).sum())
    assert slider["chosen"] == 0.5
    reliability, coverage = of_kind(sections["Calibration"], "lines")
    error = RunFolder("runs/toy_en").read_metrics()["test"]["expected_calibration_error"]
    assert f"calibrated {error:.4f}" in reliability["note"]
    assert coverage["series"]["accuracy"][-1][0] == 1


def test_the_worst_mistake_is_explained_by_its_words(reports):
    [coloured] = of_kind(reports("toy_en", with_baseline=False)["Worst errors"], "coloured")
    wrong = [line for line in predictions("toy_en") if line["label"] != line["predicted"]]
    worst = min(wrong, key=lambda line: float(line[f"probability_{line['label']}"]))
    first = coloured["texts"][0]
    assert "".join(text for text, _ in first["parts"]) == worst["text"]
    assert max(abs(effect) for _, effect in first["parts"]) == 1


def test_a_single_point_is_no_learning_curve(reports):
    history = find_run("toy_zh").history
    header, first, *_ = history.read_text(encoding="utf-8").splitlines()
    history.write_text("\n".join([header, first, first]), encoding="utf-8")
    assert "Learning curves" in reports("toy_zh")
    history.write_text("\n".join([header, first]), encoding="utf-8")
    assert "Learning curves" not in reports("toy_zh")


def test_it_is_one_file_that_asks_for_nothing(with_runs):
    path = textclf.write_report("toy_zh", output="report.html")
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 5_000_000
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=['\"](?!data:)", text)
    assert re.search(r"[一-鿿]", text)


def test_what_stands_in_the_data_stays_text(with_runs):
    run = RunFolder("runs/toy_en")
    hostile = "</script><script>alert(1)</script><!--"
    lines = [{**line, "text": f"{hostile} {number}"} for number, line in enumerate(predictions("toy_en"))]
    write_rows(run.predictions, lines)
    text = textclf.write_report("toy_en", with_baseline=False).read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<!--" not in text.split('id="data">')[1].split("</script>")[0]


def test_training_files_that_changed_are_no_baseline(reports, caplog):
    about = json.loads((RunFolder("runs/toy_en").metadata).read_text())
    about["data_sha256"] = {}
    RunFolder("runs/toy_en").metadata.write_text(json.dumps(about))
    sections = reports("toy_en")
    assert not any(row[0].startswith("linear") for row in of_kind(sections["Overview"], "table")[0]["rows"])
    assert "the training file has changed since the run: data/toy_en/train.csv" in caplog.text


def test_a_missing_file_beside_the_training_file_is_named_as_what_it_is(reports, caplog):
    run = RunFolder("runs/toy_en")
    rewrite_config(run, run.config.read_text().replace("data/toy_en/test.csv", "data/toy_en/away.csv"))
    reports("toy_en")
    assert "has no linear baseline: data/toy_en/away.csv: expected a file, but there is none" in caplog.text


def test_the_decision_of_the_classifier_does_not_change_the_baseline(with_runs):
    run, classifier = find_run("toy_en"), textclf.load("toy_en")
    known = run, read_run_config(run), classifier, read_predictions(run, classifier)
    expected = _baseline(*known)
    classifier.decision = Decision((0.0,))  # one class for all scores that are 0 or 1
    assert _baseline(*known) == expected


def test_figures_of_a_sample_are_said_to_be_some(reports, monkeypatch):
    monkeypatch.setattr(report, "read_predictions", partial(read_predictions, most_rows=7))
    rows = RunFolder("runs/toy_en").read_metrics()["test"]["rows"]
    path = textclf.write_report("toy_en", with_baseline=False)
    text = path.read_text(encoding="utf-8")
    assert f"Evaluated on the {rows} texts of the test split" in text
    assert "curves and texts are those of 7 of them, chosen at random" in text


HEADER = "row,text,label,predicted,probability_negative,probability_positive"


@pytest.mark.parametrize("content", ["", "row,text\n1,a\n", f"{HEADER}\n", *(f"{HEADER}\n1,a,{rest}\n" for rest in (
    "positive,positive,1,2", ",positive,0.1,0.9", "positive,good,0.1,0.9",
))])  # fmt: skip
def test_predictions_that_are_none_are_refused_and_nothing_is_written(with_runs, content):
    RunFolder("runs/toy_en").predictions.write_text(content)
    with pytest.raises(RunError, match=r"predictions\.csv"):
        textclf.write_report("toy_en")
    assert not RunFolder("runs/toy_en").report.exists()


def test_a_cross_validation_has_no_report(here):
    create_run("folds", "toy", {"folds": 2}).finish()
    with pytest.raises(RunError, match=r"but a cross-validation has none\. Train without --folds\.$"):
        textclf.write_report("folds")


def test_a_run_that_is_not_finished_has_no_report(with_runs, textclf_command):
    run = RunFolder("runs/toy_en")
    run.update_metadata(status="interrupted")
    refused = textclf_command("report", "toy_en")
    assert refused.returncode == 1
    assert "this one is interrupted: it has no classifier. To continue it: textclf" in refused.stderr.decode()


def test_no_training_fails_for_want_of_a_report(with_runs, caplog):
    run = RunFolder("runs/toy_en")
    run.predictions.unlink()
    assert report_on(run) is None
    assert "its report could not be written" in caplog.text
