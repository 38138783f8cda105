"""Labels of any type become names of a classifier, and come back as they came."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from textclf.sklearn.labels import INDICATOR, LISTS, ONE, read_labels


def restored(classes, labels):
    """The labels of each text as values."""
    values = dict(zip(classes.names, classes.values.tolist(), strict=True))
    return [[values[name] for name in row] for row in labels]


@pytest.mark.parametrize(
    "y",
    [
        ["b", "a", "b"],
        [1, 0, 1],
        [10, 9, -1],
        [True, False, True],
        [1.0, 2.0, 1.0],
        ["好评", "差评", "好评"],
        ["a|b", "a", "c;d"],
        ["", "a", " a"],
        ["2.0", "2", "3"],
        ["['a', 'b']", "['c']", "x"],
        np.array(["b", "a"], dtype=object),
        pd.Series(["b", "a", "b"], index=[5, 6, 7]),
        pd.Series(["b", "a", "b"], dtype="category"),
        pd.Series([3, 1], dtype="Int64"),
        pd.Series([True, False], dtype="boolean"),
        pd.Series([3, 1], dtype="int64[pyarrow]"),
        pd.Series(["b", "a"], dtype="string"),
        pd.Series(["b", "a"], dtype="string[pyarrow]"),
        np.array([[1], [0]])[:, 0],
    ],
    ids=str,
)
def test_one_label_a_text(y):
    classes, labels = read_labels(y)
    assert classes.form == ONE
    assert classes.separator is None
    assert classes.values.tolist() == sorted(set(y))
    assert np.array(classes.values.tolist()).dtype.kind == np.array(list(y)).dtype.kind
    assert restored(classes, labels) == [[value] for value in y]
    assert len(set(classes.names)) == len(classes.names)
    assert all(name and name == name.strip() for name in classes.names)


@pytest.mark.parametrize("form", [np.array, csr_matrix, np.ndarray.tolist, pd.DataFrame])
def test_a_matrix_of_0_and_1(form):
    matrix = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 1]])
    classes, labels = read_labels(form(matrix))
    assert classes.form == INDICATOR
    assert classes.values.tolist() == [0, 1, 2]
    assert list(labels) == [("0", "2"), (), ("2",)]
    assert classes.positions(["0", "2"]).tolist() == [0, -1, 1]  # no text has the label 1


def test_the_columns_of_a_table_name_the_labels():
    classes, labels = read_labels(pd.DataFrame({"food": [1, 0], "service": [1, 1]}))
    assert classes.values.tolist() == ["food", "service"]
    assert list(labels) == [("food", "service"), ("service",)]


@pytest.mark.parametrize(
    "y",
    [
        [["b", "a"], [], ["a"]],
        [("b",), ("a", "b")],
        [{"a"}, {"b"}],
        [[3, 1], [2]],
        pd.Series([["a"], ["b", "a"]]),
        [["a|b", "c;d"], ["e\tf"]],
    ],
    ids=str,
)
def test_lists_of_labels(y):
    classes, labels = read_labels(y)
    assert classes.form == LISTS
    assert [sorted(row) for row in restored(classes, labels)] == [sorted(row) for row in y]
    assert not any(classes.separator in name for name in classes.names)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (["a", "a"], "got only one class: 'a'"),
        ([["a"], ["a"]], "at least two labels that occur"),
        ([1, "a", None], "expected a label for every text, got None at position 2. Leave out"),
        (["a", "b", float("nan")], "got nan at position 2"),
        (["a", "b", pd.NA], "got <NA> at position 2"),
        (pd.Series(["a", None, "b"]), "got nan at position 1"),
        (pd.Series(["a", None, "b"], dtype=object), "got None at position 1"),
        (pd.Series(["a", None, "b"], dtype="category"), "got nan at position 1"),
        (pd.DataFrame({"label": ["a", None, "b"]}), "got nan at position 1"),
        ([["a", "b"], None], "got None at position 1"),
        ([["a", None], ["b"]], "at position 0"),
        (np.array([1, "a"], dtype=object), "labels of one type that Python can sort, such as text, got int, str."),
        ([["a"], "b"], "a list of labels for every text"),
        ([["a"], [1]], "labels of one type"),
        (pd.Series([1, None, 2], dtype="Int64"), "NaN"),
        ([0.0, np.nan], "NaN"),
        ([0.0, np.inf], "infinity"),
        ([0.1, 0.25, 0.7], "Unknown label type: continuous"),
        (np.array([[1, 2], [3, 4]]), "Unknown label type|1d array"),
    ],
)
def test_what_is_no_column_of_labels(y, message):
    with pytest.raises(ValueError, match=message):
        read_labels(y)
