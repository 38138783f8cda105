"""What a notebook shows of a run, metrics, an explanation, a comparison and a report."""

import pickle
from pathlib import Path

import textclf
from tests.conftest import LINEAR, TOY_EN
from textclf.core.run_folder import RunFolder
from textclf.evaluation.compare import compare
from textclf.training.cross_validation import cross_validate


def test_runs_metrics_explanations_comparisons_and_reports(with_runs):
    run = RunFolder("runs/toy_en")
    metrics = textclf.evaluate(run)
    explanation = textclf.explain(textclf.load(run), "a wonderful film")
    figure = f"{metrics['accuracy']:.4f}"
    assert figure in run._repr_html_()
    assert all(f">{split}<" in run._repr_html_() for split in ("train", "validation", "test"))
    assert figure in metrics._repr_html_()
    assert ">positive<" in metrics._repr_html_()
    assert f"<b>{explanation.prediction.labels[0]}</b>" in explanation._repr_html_()
    assert ">wonderful</span>" in explanation._repr_html_()
    shown = compare(["toy_en", "toy_en"])._repr_html_()
    assert figure in shown
    assert "+0.0000 (+0.0000 to +0.0000)" in shown
    report = textclf.write_report(run, with_baseline=False)
    assert "&lt;!doctype html&gt;" in report._repr_html_().lower()
    assert report == Path("runs/toy_en/report.html")
    assert pickle.loads(pickle.dumps(report)) == report


def test_a_cross_validation(workplace):
    run = cross_validate({"data": TOY_EN, **LINEAR}, folds=2)
    assert f">{run.read_metrics()['mean']['accuracy']:.4f}<" in run._repr_html_()


def test_several_labels(finished_runs):
    classifier = textclf.load(finished_runs / "colours")
    assert "<p>" in textclf.explain(classifier, "a day")._repr_html_()  # perhaps without a label
    assert textclf.explain(classifier, "cherry", top_k=1)._repr_html_()
