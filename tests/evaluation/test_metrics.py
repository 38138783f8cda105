"""Every figure equals scikit-learn's, and those that are not defined are said to be."""

import json

import numpy as np
import pytest

from textclf.data.targets import Targets
from textclf.evaluation.calibration import expected_calibration_error
from textclf.evaluation.metrics import classification_metrics, confusion_matrix, measure, multilabel_metrics, roc_auc
from textclf.inference.decisions import Decision

SAME = {"rel": 1e-12, "abs": 1e-14}


def random_answers(num_labels, rows, seed):
    random = np.random.default_rng(seed)
    true = random.integers(num_labels, size=rows)
    true[:num_labels] = range(num_labels)
    scores = random.random((rows, num_labels)) + 0.3 * np.eye(num_labels)[true]
    return true, scores / scores.sum(axis=1, keepdims=True)


def with_ties(num_labels, seed):
    true, probabilities = random_answers(num_labels, 300, seed)
    coarse = np.maximum(np.round(probabilities * num_labels), 1)
    return true, coarse / coarse.sum(axis=1, keepdims=True)


def with_zeros_and_ones(num_labels, seed):
    true, probabilities = random_answers(num_labels, 300, seed)
    probabilities[::2] = np.eye(num_labels)[probabilities[::2].argmax(axis=1)]
    return true, probabilities


def without_label_in_predictions(num_labels, seed):
    true, probabilities = random_answers(num_labels, 300, seed)
    probabilities[:, -1] *= 1e-3
    return true, probabilities / probabilities.sum(axis=1, keepdims=True)


def all_equal(num_labels, seed):
    true, _ = random_answers(num_labels, 100, seed)
    return true, np.full((100, num_labels), 1 / num_labels)


KINDS = {
    "random": lambda num_labels, seed: random_answers(num_labels, 300, seed),
    "few rows": lambda num_labels, seed: random_answers(num_labels, num_labels + 1, seed),
    "ties": with_ties,
    "zeros and ones": with_zeros_and_ones,
    "label never predicted": without_label_in_predictions,
    "all equal": all_equal,
}


def sklearn_metrics(true, probabilities, labels):
    from sklearn import metrics

    indices = range(len(labels))
    predicted = probabilities.argmax(axis=1)
    expected = {
        "rows": len(true),
        "accuracy": metrics.accuracy_score(true, predicted),
        "log_loss": metrics.log_loss(true, probabilities, labels=indices),
        "brier_score": metrics.brier_score_loss(true, probabilities, labels=indices),
    }
    for average in ("macro", "weighted", "micro"):
        figures = metrics.precision_recall_fscore_support(true, predicted, average=average, zero_division=0)
        for name, figure in zip(("precision", "recall", "f1"), figures, strict=False):
            expected[f"{name}_{average}"] = figure
    by_class = metrics.precision_recall_fscore_support(true, predicted, labels=indices, zero_division=0)
    cells = metrics.confusion_matrix(true, predicted, labels=indices)
    return expected, dict(zip(("precision", "recall", "f1", "support"), by_class, strict=True)), cells


def assert_equals_sklearn(true, probabilities):
    labels = [f"label {index}" for index in range(probabilities.shape[1])]
    ours = classification_metrics(true, probabilities, probabilities.argmax(axis=1), labels)
    expected, by_class, cells = sklearn_metrics(true, probabilities, labels)
    assert ours["confusion_matrix"] == {"labels": labels, "rows_true_columns_predicted": cells.tolist()}
    assert list(ours["by_class"]) == labels
    for name, figures in by_class.items():
        assert [figures_of[name] for figures_of in ours["by_class"].values()] == pytest.approx(list(figures), **SAME)
    elsewhere = ("by_class", "confusion_matrix", "roc_auc", "expected_calibration_error")
    rest = {name: ours[name] for name in ours if name not in elsewhere}
    assert rest == pytest.approx(expected, **SAME)
    right = probabilities.argmax(axis=1) == true
    assert ours["expected_calibration_error"] == expected_calibration_error(probabilities.max(axis=1), right)
    assert json.loads(json.dumps(ours, allow_nan=False)) == ours
    return ours


@pytest.mark.parametrize("num_labels", [2, 3, 20])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_equals_scikit_learn(num_labels, kind, seed):
    from sklearn.metrics import roc_auc_score

    true, probabilities = KINDS[kind](num_labels, seed)
    scores = probabilities[:, 1] if num_labels == 2 else probabilities
    expected = roc_auc_score(true, scores, multi_class="ovr", average="macro", labels=range(num_labels))
    assert assert_equals_sklearn(true, probabilities)["roc_auc"] == pytest.approx(expected, **SAME)


@pytest.mark.parametrize(("num_labels", "missing"), [(2, [0]), (2, [1]), (3, [1]), (3, [0, 2]), (20, [0, 7, 19])])
def test_label_missing_in_truth(num_labels, missing):
    true, probabilities = random_answers(num_labels, 300, seed=4)
    kept = ~np.isin(true, missing)
    assert assert_equals_sklearn(true[kept], probabilities[kept])["roc_auc"] is None


def test_label_missing_in_truth_and_predictions():
    true, probabilities = random_answers(20, 300, seed=5)
    probabilities[:, [3, 19]] = 0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    kept = ~np.isin(true, [3, 19])
    ours = assert_equals_sklearn(true[kept], probabilities[kept])
    assert ours["by_class"]["label 19"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_all_right_and_all_wrong():
    true = np.array([0, 1, 0, 1])
    right, wrong = np.eye(2)[true], np.eye(2)[1 - true]
    for probabilities, figure in ((right, 1.0), (wrong, 0.0)):
        ours = assert_equals_sklearn(true, probabilities)
        assert (ours["accuracy"], ours["roc_auc"], ours["f1_macro"]) == (figure, figure, figure)


def test_one_row():
    assert assert_equals_sklearn(np.array([1]), np.array([[0.25, 0.75]]))["roc_auc"] is None


def test_single_precision_gives_the_figures_of_its_double_precision_values():
    true, probabilities = with_zeros_and_ones(3, seed=6)
    single = probabilities.astype(np.float32)
    labels = ["a", "b", "c"]
    answers = single.argmax(axis=1)
    expected = classification_metrics(true, single.astype(float), answers, labels)
    assert classification_metrics(true, single, answers, labels) == expected
    assert classification_metrics(true.astype(np.int32), single, answers, labels)["rows"] == 300


def test_single_precision_makes_no_difference_with_many_labels():
    true, probabilities = many_answers(300, 3, seed=6)
    single = probabilities.astype(np.float32)
    predicted, labels = single >= 0.5, ["a", "b", "c"]
    expected = multilabel_metrics(true, single.astype(float), predicted, labels)
    assert multilabel_metrics(true, single, predicted, labels) == expected


def test_ties_count_half():
    assert roc_auc(np.array([0, 1, 1]), np.array([[0.5, 0.5], [0.5, 0.5], [0.2, 0.8]])) == 0.75


def test_confusion_matrix_has_true_classes_as_rows():
    cells = confusion_matrix(np.array([0, 0, 0, 2]), np.array([0, 1, 1, 0]), 3)
    assert cells.tolist() == [[1, 2, 0], [0, 0, 0], [1, 0, 0]]


# Any number of labels a text


def many_answers(rows, labels, seed, density=0.3):
    random = np.random.default_rng(seed)
    return (random.random((rows, labels)) < density).astype(np.float32), random.random((rows, labels)).round(2)


@pytest.mark.parametrize("labels", [2, 3, 20])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("density", [0.02, 0.3, 0.9])
def test_multilabel_figures_are_those_of_scikit_learn(labels, seed, density):
    from sklearn import metrics as sklearn_metrics

    true, probabilities = many_answers(60, labels, seed, density)
    predicted = probabilities >= 0.5
    present = np.flatnonzero(true.any(axis=0) | predicted.any(axis=0))
    ours = multilabel_metrics(true, probabilities, predicted, [str(number) for number in range(labels)])
    assert ours["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(true, predicted))
    assert ours["hamming_loss"] == pytest.approx(sklearn_metrics.hamming_loss(true, predicted))
    functions = (
        ("precision", sklearn_metrics.precision_score),
        ("recall", sklearn_metrics.recall_score),
        ("f1", sklearn_metrics.f1_score),
    )
    for name, function in functions:
        for average in ("macro", "micro", "weighted"):
            columns = present if average == "macro" else slice(None)
            expected = function(true[:, columns], predicted[:, columns], average=average, zero_division=0)
            assert ours[f"{name}_{average}"] == pytest.approx(expected), (name, average)
        by_label = function(true, predicted, average=None, zero_division=0)
        assert [row[name] for row in ours["by_class"].values()] == pytest.approx(by_label.tolist())
    samples = sklearn_metrics.f1_score(true, predicted, average="samples", zero_division=1)
    assert ours["f1_samples"] == pytest.approx(samples)
    defined = [column for column in range(labels) if 0 < true[:, column].sum() < len(true)]
    areas = [sklearn_metrics.roc_auc_score(true[:, column], probabilities[:, column]) for column in defined]
    assert ours["roc_auc"] == (pytest.approx(np.mean(areas)) if areas else None)
    losses = [sklearn_metrics.log_loss(true[:, c], probabilities[:, c], labels=[0, 1]) for c in range(labels)]
    assert ours["log_loss"] == pytest.approx(np.mean(losses))
    scores = [sklearn_metrics.brier_score_loss(true[:, c], probabilities[:, c], labels=[0, 1]) for c in range(labels)]
    assert ours["brier_score"] == pytest.approx(np.mean(scores))
    assert ours["expected_calibration_error"] == expected_calibration_error(probabilities.ravel(), true.ravel())


def test_texts_without_a_label_that_get_none_are_right():
    ours = multilabel_metrics(np.zeros((3, 2)), np.full((3, 2), 0.1), np.zeros((3, 2), bool), ["a", "b"])
    assert (ours["accuracy"], ours["f1_samples"], ours["f1_macro"], ours["roc_auc"]) == (1, 1, 0, None)


def test_the_majority_is_measured_beside():
    labels = [("b", "a"), ("a",), (), ("a",), ("c", "b")]
    targets = Targets("multilabel", ["a", "b", "c"], [3, 2, 1], ("a",))
    metrics = measure(targets.encode(labels, rows=range(5), name=""), np.full((5, 3), 0.9), targets, Decision())
    assert (metrics["majority_label"], metrics["majority_accuracy"]) == ("a", pytest.approx(0.4))
    assert "coverage" not in metrics


def test_where_it_abstains_the_coverage_is_measured():
    targets = Targets("binary", ["no", "yes"], [1, 2], ("yes",))
    classes, probabilities = np.array([0, 1, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.1, 0.9]])
    metrics = measure(classes, probabilities, targets, Decision(abstain_below=0.6))
    assert (metrics["accuracy"], metrics["coverage"]) == (pytest.approx(0.75), pytest.approx(0.75))
    assert metrics["accuracy_covered"] == pytest.approx(2 / 3)
    assert measure(classes, probabilities, targets, Decision(abstain_below=0.95))["accuracy_covered"] is None
