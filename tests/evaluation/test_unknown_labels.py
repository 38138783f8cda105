"""Texts with labels that are not in the training data."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, hamming_loss, precision_recall_fscore_support

import textclf
from tests.csv_files import read_rows, write_rows
from textclf.core.errors import DataError
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.evaluation.metrics import measure
from textclf.inference.decisions import Decision


def assert_averages_of_scikit_learn(metrics, true, predicted):
    for average in ("macro", "micro", "weighted"):
        expected = precision_recall_fscore_support(true, predicted, average=average, zero_division=0)[:3]
        found = [metrics[f"{name}_{average}"] for name in ("precision", "recall", "f1")]
        assert found == pytest.approx(list(expected)), average


@pytest.mark.parametrize("unknown", [["neutral"], ["neutral", "neutral", "posiitve"], ["NEGATIVE", "x\n"]])
def test_texts_with_unknown_labels_count_as_wrong(with_runs, caplog, unknown):
    rows = [(row["text"], row["label"]) for row in read_rows(with_runs / "data/toy_en/test.csv")]
    known = textclf.evaluate("toy_en")
    write_rows(with_runs / "new.csv", [("text", "label"), *rows, *(("a wonderful film", label) for label in unknown)])
    with caplog.at_level("WARNING", "textclf"):
        metrics = textclf.evaluate("toy_en", "new.csv")
    number = len(unknown)
    assert metrics["rows"] == 120 + number
    assert metrics["accuracy"] == pytest.approx(known["accuracy"] * 120 / (120 + number))
    assert metrics["f1_micro"] == metrics["accuracy"]
    assert metrics["majority_accuracy"] == pytest.approx(known["majority_accuracy"] * 120 / (120 + number))
    assert metrics["unknown_rows"] == sum(metrics["unknown_labels"].values()) == number
    assert set(metrics["unknown_labels"]) == {label.strip() for label in unknown}
    assert f"{number} of {120 + number} rows" in caplog.text
    for name in ("log_loss", "roc_auc", "brier_score"):  # of texts whose label has a probability
        assert metrics[name] == pytest.approx(known[name])
    assert metrics["by_class"]["positive"]["recall"] == known["by_class"]["positive"]["recall"]
    assert metrics["by_class"]["positive"]["precision"] < known["by_class"]["positive"]["precision"]
    lines = read_rows(with_runs / "runs/toy_en/evaluations/new/predictions.csv")
    assert [line["label"] for line in lines[120:]] == [label.strip() for label in unknown]
    true, predicted = [line["label"] for line in lines], [line["predicted"] for line in lines]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert_averages_of_scikit_learn(metrics, true, predicted)
    assert [row["support"] for row in metrics["by_class"].values()] == [60, 60, *metrics["unknown_labels"].values()]
    assert sum(metrics["confusion_matrix"]["unknown_true_columns_predicted"]) == number
    assert "(unknown)" in metrics._repr_html_()


def test_unknown_labels_of_several_a_text_are_missed_labels():
    targets = Targets.fit([("a", "b"), ("b",), ("a",), ("b",)], TargetOptions(type="multilabel"))
    given = [("a",), ("a", "new"), ("new", "other"), (), ("b",)]
    classes, unknown = targets.encode_known(given, rows=range(5), name="t.csv")
    assert unknown.by_text.tolist() == [0, 1, 2, 0, 0]
    assert unknown.by_label == {"new": 2, "other": 1}
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.1], [0.1, 0.1], [0.1, 0.9]])
    metrics = measure(classes, probabilities, targets, Decision(), unknown)
    assert metrics["accuracy"] == pytest.approx(3 / 5)
    assert metrics["recall_micro"] == pytest.approx(3 / 6)
    assert metrics["precision_micro"] == 1
    assert metrics["f1_samples"] == pytest.approx((1 + 2 / 3 + 0 + 1 + 1) / 5)
    assert metrics["majority_accuracy"] == pytest.approx(1 / 5)
    true = np.array([[label in labels for label in ("a", "b", "new", "other")] for labels in given])
    predicted = np.column_stack([probabilities >= 0.5, np.zeros((5, 2), bool)])
    assert_averages_of_scikit_learn(metrics, true, predicted)
    assert metrics["hamming_loss"] == pytest.approx(hamming_loss(true, predicted))
    assert (metrics["unknown_rows"], list(metrics["by_class"])) == (2, ["a", "b", "new", "other"])


def test_a_file_of_only_unknown_labels_is_another_file(with_runs):
    (with_runs / "new.csv").write_text("text,label\na,17\nb,18\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"new.csv: .*got '17' in row 1 and 1 more"):
        textclf.evaluate("toy_en", "new.csv")
    assert not (with_runs / "runs/toy_en/evaluations").exists()
