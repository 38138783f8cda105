"""The labels of an estimator: values of any type <-> the names that a classifier has for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from textclf.core.tables import column_names
from textclf.data.labels import Labels, compact
from textclf.data.numeric_labels import respelled
from textclf.data.readers.columns import is_missing

ONE, INDICATOR, LISTS = "one label a text", "a matrix of 0 and 1", "a list of labels a text"
SEPARATORS = ("|", ";", "\t", "\x1f")


@dataclass(frozen=True)
class Classes:
    """The classes of an estimator.

    Args:
        form: how `fit` got the labels, and `predict` returns them.
        values: in NumPy's order, or in that of the columns of a matrix.
        names: of the values in the classifier.
    """

    form: str
    values: np.ndarray
    names: list[str]

    @property
    def separator(self) -> str | None:
        """Return what separates the labels of a text, which no name has; `None` if every text has exactly one."""
        if self.form == ONE:
            return None
        return next((one for one in SEPARATORS if not any(one in name for name in self.names)), "\x1f")

    def positions(self, labels: Sequence[str]) -> np.ndarray:
        """Return the column of each class among the labels of a classifier, -1 where no training text had it."""
        places = {label: place for place, label in enumerate(labels)}
        return np.array([places.get(name, -1) for name in self.names])


def read_labels(y: Any) -> tuple[Classes, Labels]:
    """Return the classes of labels, and the labels as a classifier is trained on them.

    Args:
        y: one value a text; or a matrix of 0 and 1, dense or sparse, or a table of these, with a column for each
            label; or a list of labels for each text.

    Raises:
        ValueError: they are neither, or all the same.
    """
    _check_none_missing(y)
    form = form_of(y)
    if form == ONE:
        return _read_values(y)
    if form == LISTS:
        rows = [list(row) for row in y]
        values = _unique([value for row in rows for value in row])
        places = {value: place for place, value in enumerate(values.tolist())}
        labels = [tuple(places[_item(value)] for value in row) for row in rows]
    else:
        matrix = indicator(y)
        values = np.array(list(y.columns)) if column_names(y) else np.arange(matrix.shape[1])
        labels = [tuple(np.flatnonzero(row)) for row in matrix]
    names = _names(values)
    if len({place for row in labels for place in row}) < 2:
        raise ValueError("y: expected at least two labels that occur, got fewer: only one class is present.")
    return Classes(form, values, names), Labels.of(tuple(names[place] for place in row) for row in labels)


def _check_none_missing(y: Any) -> None:
    """Check that every text has a label.

    scikit-learn fails on a missing one with an error that names no position, or takes it for the class 'nan'.
    """
    values = y if isinstance(y, list | tuple) else np.asarray(y)
    if isinstance(values, np.ndarray):
        if values.ndim == 0 or values.dtype.kind in "biuf":  # a sparse matrix, or numbers, which are checked later
            return
        values = values.ravel().tolist()
    for position, value in enumerate(values):
        if any(map(_is_missing, value if isinstance(value, list | tuple) else [value])):
            raise ValueError(
                f"Input y contains NaN: expected a label for every text, got {value!r} at position {position}. "
                "Leave out the texts without a label."
            )


def _is_missing(value: Any) -> bool:
    try:
        return bool(is_missing(value))
    except (TypeError, ValueError):  # pandas.NA is neither equal nor different; an array has many answers
        return not isinstance(value, np.ndarray)


def form_of(y: Any) -> str:
    """Return the form of labels: `ONE`, `INDICATOR` or `LISTS`."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    if isinstance(y, list | tuple) or (getattr(y, "ndim", 0) == 1 and str(getattr(y, "dtype", "")) == "object"):
        items = [item for item in y if isinstance(item, list | tuple | set | frozenset | np.ndarray)]
        if items and not (len({len(item) for item in items}) == 1 and {_item(v) for i in items for v in i} <= {0, 1}):
            if len(items) != len(y):
                raise ValueError("y: expected a list of labels for every text, got one value for some.")
            return LISTS
    return INDICATOR if type_of_target(y, input_name="y") == "multilabel-indicator" else ONE


def indicator(y: Any) -> np.ndarray:
    """Return a matrix of 0 and 1, (texts, labels), of whatever holds one."""
    return np.asarray(y.todense() if hasattr(y, "todense") else y).astype(int)


def _read_values(y: Any) -> tuple[Classes, Labels]:
    if of_numpy := getattr(getattr(y, "dtype", None), "numpy_dtype", None):  # Int64 and boolean of pandas become floats
        y = y.to_numpy(of_numpy)
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "f":
        check_array(y, ensure_2d=False, input_name="y")  # not a number, or infinite
    values = _unique(y)
    check_classification_targets(y)
    if len(values) < 2:
        raise ValueError(f"y: expected at least two classes, got only one class: {_item(values[0])!r}.")
    names = _names(values)
    codes = np.unique(y, return_inverse=True)[1]
    return Classes(ONE, values, names), Labels([(name,) for name in names], compact(codes))


def _unique(values: Any) -> np.ndarray:
    try:
        if isinstance(values, np.ndarray):
            return np.unique(values)
        return np.array(np.unique(np.array(values, dtype=object)).tolist())
    except TypeError:
        types = ", ".join(sorted({type(_item(value)).__name__ for value in values}))
        raise ValueError(f"y: expected labels of one type that Python can sort, such as text, got {types}.") from None


def _names(values: np.ndarray) -> list[str]:
    """Return the names of classes in the classifier: the values as text, or as Python writes them if that is unclear.

    A classifier drops spaces at both ends, has no empty label, and reads `2.0` and `2` as one.
    """
    names = [str(value) for value in values.tolist()]
    clear = all(name and name == name.strip() for name in names) and not respelled(names)
    if clear and len(set(names)) == len(names):
        return names
    return [repr(value) for value in values.tolist()]


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
