"""Labels and their numbers, the type of the answer, and what is refused."""

import json

import numpy as np
import pytest

from textclf.core.errors import DataError, RunError
from textclf.data.labels import Labels
from textclf.data.target_options import TargetOptions
from textclf.data.targets import TYPES, Targets, separator_for

SAVED = {"type": "binary", "labels": ["no", "yes"], "counts": [3, 5], "majority": ["yes"], "separator": "|"}


def fit(labels, type="auto", **options):
    """Targets of texts with one label each, or with the labels of a tuple each."""
    rows = ones(labels)
    return Targets.fit(rows, TargetOptions(type=type, **options), multilabel=any(len(row) != 1 for row in rows))


def ones(labels):
    return [label if isinstance(label, tuple) else (label,) for label in labels]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["positive", "negative"], ["negative", "positive"]),
        (["1", "0"], ["0", "1"]),
        (["10", "9", "2", "-1", "-10"], ["-10", "-1", "2", "9", "10"]),
        (["b", "10", "a", "9"], ["9", "10", "a", "b"]),
        (["01", "1", "001"], ["001", "01", "1"]),
        (["1.5", "-", "--1", "²", "3"], ["3", "-", "--1", "1.5", "²"]),
        (["好评", "差评", "中评"], ["中评", "好评", "差评"]),
        (["b", "A", "a", "B"], ["A", "B", "a", "b"]),
    ],
)
def test_numbers_by_value_then_names_by_code_point(labels, expected):
    assert fit(labels).labels == expected
    assert fit(labels[::-1] * 2).labels == expected


def test_a_label_of_5000_digits_is_a_label():
    assert set(fit(["1" * 5000, "2"]).labels) == {"1" * 5000, "2"}


def test_counts_go_with_the_labels():
    targets = fit(["b", "a", "b", "c", "b", "c"])
    assert (targets.labels, targets.counts) == (["a", "b", "c"], [1, 3, 2])
    assert targets.majority == ("b",)


@pytest.mark.parametrize(
    ("labels", "wanted", "type", "num_outputs", "activation"),
    [
        ("ab", "auto", "binary", 1, "sigmoid"),
        ("ab", "binary", "binary", 1, "sigmoid"),
        ("ab", "multiclass", "multiclass", 2, "softmax"),
        ("abc", "auto", "multiclass", 3, "softmax"),
        ("abc", "multiclass", "multiclass", 3, "softmax"),
    ],
)
def test_type_of_the_answer(labels, wanted, type, num_outputs, activation):
    targets = fit(list(labels), wanted)
    assert (targets.type, targets.num_outputs, targets.activation) == (type, num_outputs, activation)


@pytest.mark.parametrize("type", ["auto", "binary", "multiclass"])
@pytest.mark.parametrize(("labels", "received"), [([], "none"), (["spam"], "'spam'"), (["好"] * 3, "'好'")])
def test_fewer_than_two_labels_are_refused(labels, received, type):
    with pytest.raises(DataError, match=f"two different labels to learn, got {received}"):
        fit(labels, type)


def test_three_labels_of_type_binary_are_refused():
    with pytest.raises(DataError, match=r"binary: expected two labels, got 3 \('a', 'b', 'c'\)"):
        fit(["a", "b", "c"], "binary")


def test_a_message_shows_ten_labels_of_many():
    with pytest.raises(DataError, match=r"got 12 \('0', .*'9' …\)") as caught:
        fit([str(number) for number in range(12)], "binary")
    assert "'10'" not in str(caught.value)


def test_encode_gives_positions_of_labels():
    indices = fit(["b", "c", "a"]).encode(ones(["c", "a", "b", "c"]), rows=[1, 2, 3, 4], name="test.csv")
    assert indices.tolist() == [2, 0, 1, 2]
    assert indices.dtype == np.int32


def test_unknown_label_names_file_and_first_row():
    with pytest.raises(DataError) as caught:
        fit(["a", "b"]).encode(ones(["a", "d", "c", "d"]), rows=np.array([1, 5, 7, 9]), name="folder/test.csv")
    assert str(caught.value).startswith("folder/test.csv: ")
    assert "('a', 'b')" in str(caught.value)
    assert "got 'd' in row 5 and 1 more such labels" in str(caught.value)


def test_one_unknown_label_is_not_more():
    with pytest.raises(DataError, match=r"got 'A' in row 3\. ") as caught:
        fit(["a", "b"]).encode(ones(["A", "a"]), rows=[3, 4], name="test.csv")
    assert "more" not in str(caught.value)


def test_one_sigmoid_unit_gives_the_probability_of_the_second_label():
    targets = fit(["positive", "negative"])
    probabilities = targets.probabilities(np.array([[0.0], [0.25], [1.0]], np.float32))
    assert probabilities.tolist() == [[1.0, 0.0], [0.75, 0.25], [0.0, 1.0]]
    assert probabilities.dtype == np.float32


def test_softmax_units_are_the_probabilities():
    outputs = np.array([[0.25, 0.75]], np.float32)
    assert fit(["a", "b"], "multiclass").probabilities(outputs).tolist() == outputs.tolist()


@pytest.mark.parametrize("labels", [["a", "b", "b"], ["好评", "差评"], ["1", "2", "10"]])
def test_saved_and_loaded_is_the_same(labels):
    targets = fit(labels)
    content = targets.to_dict()
    loaded = Targets.from_dict(json.loads(json.dumps(content)))
    assert loaded.to_dict() == content
    rows = range(len(labels))
    assert (
        loaded.encode(ones(labels), rows=rows, name="").tolist()
        == targets.encode(ones(labels), rows=rows, name="").tolist()
    )


@pytest.mark.parametrize("type", TYPES)
def test_two_labels_may_have_either_type(type):
    assert Targets.from_dict(SAVED | {"type": type}).type == type


@pytest.mark.parametrize(
    "content",
    [None, 1, "text", [], {}, *({key: SAVED[key] for key in SAVED if key != missing} for missing in SAVED)],
    ids=str,
)
def test_what_is_no_file_of_labels_is_refused(content):
    with pytest.raises(RunError, match="expected type, labels, counts"):
        Targets.from_dict(content)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", None),
        ("type", "auto"),
        ("type", ["binary"]),
        ("labels", None),
        ("labels", "ny"),
        ("labels", {"no": 1, "yes": 2}),
        ("labels", []),
        ("labels", ["no"]),
        ("labels", ["no", "no"]),
        ("labels", ["no", 1]),
        ("labels", ["no", None]),
        ("labels", ["no", ["yes"]]),
        ("labels", ["no", "yes", "maybe"]),
        ("counts", None),
        ("counts", 8),
        ("counts", [8]),
        ("counts", [1, 2, 3]),
        ("counts", [1.0, 2.0]),
        ("counts", ["1", "2"]),
        ("majority", "yes"),
        ("majority", ["maybe"]),
        ("majority", []),
        ("majority", ["no", "yes"]),
        ("separator", None),
    ],
    ids=str,
)
def test_wrong_parts_are_refused(key, value):
    with pytest.raises(RunError, match="expected type, labels, counts"):
        Targets.from_dict(SAVED | {key: value})


def test_one_label_is_refused():
    with pytest.raises(RunError, match="expected type, labels, counts"):
        Targets.from_dict(SAVED | {"type": "multiclass", "labels": ["a"], "counts": [8], "majority": ["a"]})


def test_three_labels_of_one_unit_are_refused():
    content = SAVED | {"labels": ["a", "b", "c"], "counts": [1, 2, 3], "majority": ["a"]}
    with pytest.raises(RunError, match="expected type, labels, counts"):
        Targets.from_dict(content)
    assert Targets.from_dict(content | {"type": "multiclass"}).num_outputs == 3


# Any number of labels a text

MANY = [("b", "a"), ("a",), (), ("a",), ("c", "b")]


def test_several_labels_or_none_are_found_by_looking():
    targets = fit(MANY)
    assert (targets.type, targets.labels, targets.counts) == ("multilabel", ["a", "b", "c"], [3, 2, 1])
    assert (targets.num_outputs, targets.activation, targets.majority) == (3, "sigmoid", ("a",))


def test_many_labels_are_encoded_as_zeros_and_ones():
    targets = fit(MANY)
    encoded = targets.encode(MANY, rows=range(1, 6), name="")
    assert encoded.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 1]]


@pytest.mark.parametrize(
    ("labels", "type", "separator"),
    [
        ([("a|b",), ("a",)], "auto", "|"),
        ([("a", "b"), ("a",)], "auto", "|"),
        ([("a",), ()], "auto", None),
        ([("a|b",), ("a",)], "multiclass", None),
        ([("a",), ("b",)], "multilabel", "|"),
        ([("a;b",), ("a",)], "auto", None),
    ],
)
def test_labels_are_split_where_there_are_several(labels, type, separator):
    assert separator_for(labels, TargetOptions(type=type)) == separator


@pytest.mark.parametrize(("type", "separator"), [("auto", "|"), ("multiclass", None)])
def test_a_list_may_have_several_labels_also_where_none_has(type, separator):
    labels = Labels([("a",), ("b",)], np.array([0, 1, 0]), lists=True).map(lambda answer: answer)
    assert separator_for(labels.take(np.array([0, 1])), TargetOptions(type=type)) == separator


def test_labels_of_a_file_are_spelled_and_ordered_as_predictions_are():
    assert list(fit([("1",), ("2",)]).as_predicted(Labels.of([("2.0",), ("1",), ("3",)]))) == [("2",), ("1",), ("3",)]
    many = fit([("a", "b"), ("c",)], "multilabel")
    assert list(many.as_predicted(Labels.of([("x", "c", "a"), ()]))) == [("a", "c", "x"), ()]
