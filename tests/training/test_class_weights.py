"""Class weights equal scikit-learn's, are bounded, and reach the rows or the loss."""

import numpy as np
import pytest

from textclf.data.targets import Targets
from textclf.training.class_weights import class_weights, sample_weights

MULTICLASS = Targets("multiclass", ["a", "b", "c"], [6, 3, 1], ("a",))
MULTILABEL = Targets("multilabel", ["often", "rare"], [50, 1], ())


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    classes = np.repeat(np.arange(3, dtype=np.int32), [6, 3, 1])
    weights = class_weights("balanced", MULTICLASS, classes)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=classes)
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    rows = sample_weights(weights, MULTICLASS, np.array([2, 0], np.int32))
    np.testing.assert_allclose(rows, [expected[2], expected[0]], rtol=1e-6)
    assert (weights.dtype, rows.dtype) == (np.float32, np.float32)


def test_the_weight_of_a_label_with_one_row_is_bounded():
    classes = np.repeat(np.arange(3, dtype=np.int32), [600, 300, 1])
    np.testing.assert_allclose(class_weights("balanced", MULTICLASS, classes), [901 / 1800, 901 / 900, 10.0], rtol=1e-6)


def test_balanced_weights_of_many_labels_are_bounded_and_in_the_loss():
    classes = np.array([[0, 1], *[[1, 0]] * 50, *[[0, 0]] * 60], np.float32)
    weights = class_weights("balanced", MULTILABEL, classes)
    np.testing.assert_allclose(weights, [61 / 50, 10.0], rtol=1e-6)
    assert sample_weights(weights, MULTILABEL, classes) is None


def test_the_weight_of_one_label_of_many_is_how_much_more_often_it_is_absent():
    weights = class_weights("balanced", MULTILABEL, np.array([[1, 1], [1, 0], [0, 0], [0, 0], [0, 0]], np.float32))
    np.testing.assert_allclose(weights, [3 / 2, 4 / 1], rtol=1e-6)
    assert weights.dtype == np.float32


@pytest.mark.parametrize(("targets", "classes"), [(MULTICLASS, np.array([0, 1])), (MULTILABEL, np.array([[1.0, 0.0]]))])
def test_a_label_that_these_texts_lack_has_a_finite_weight(targets, classes):
    weights = class_weights("balanced", targets, classes)
    assert len(weights) == len(targets.labels)
    assert np.isfinite(weights).all()


def test_weights_by_name_and_none():
    classes = np.array([0, 1, 2])
    assert class_weights({"b": 2.5}, MULTICLASS, classes).tolist() == [1, 2.5, 1]
    assert class_weights(None, MULTICLASS, classes) is None
    assert sample_weights(None, MULTICLASS, classes) is None


def test_weights_of_rows_multiply_those_of_labels():
    classes = np.array([0, 1, 1])
    of_rows = np.array([1, 2, 0], np.float32)
    assert sample_weights(np.array([3, 1, 1], np.float32), MULTICLASS, classes, of_rows).tolist() == [3, 2, 0]
    assert sample_weights(None, MULTILABEL, classes, of_rows) is of_rows
