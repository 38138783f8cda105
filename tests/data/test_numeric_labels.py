"""Labels that are numbers: sorted by value, and one label however a table program writes it."""

import logging

import numpy as np
import pyarrow as pa
import pytest

from textclf.core.errors import DataError
from textclf.data.dataset import Dataset, parse_labels
from textclf.data.labels import Labels
from textclf.data.numeric_labels import in_order, respelled
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets


@pytest.mark.parametrize(
    "ordered",
    [
        [str(number) for number in range(1, 13)],
        [f"{number}.0" for number in range(1, 13)],
        ["-10", "-2", "-1.5", "0", "+1", "1.25", "3"],
        ["0.5", "1", "1.5", "10", "10.5"],
        ["9", "10", "98765432109876543210", "98765432109876543211"],
        ["٩", "١٠"],
        ["2", "10", "b", "b10", "b2"],  # not all are numbers
        ["10", "1.5.0", "2.0.1"],
        ["1e5", "2e3", "nan"],
    ],
)
def test_numbers_are_sorted_by_value(ordered):
    for given in (ordered, ordered[::-1], sorted(ordered)):
        assert in_order(given) == ordered
        assert Targets.fit([(label,) for label in given], TargetOptions()).labels == ordered
        assert list(Labels.of([(label,) for label in given]).count()) == ordered


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["0", "0.0", "1"], {"0.0": "0"}),
        (["1", "1.0", "2", "2.00", "-1", "-1.0"], {"1.0": "1", "2.00": "2", "-1.0": "-1"}),
        (["0.0", "1.0"], {}),
        (["01", "1"], {}),
        (["1.5", "1.50"], {}),
        (["1", "1.0", "beta"], {}),
    ],
)
def test_only_a_whole_number_beside_its_other_spelling_is_respelled(labels, expected):
    assert respelled(labels) == expected


def dataset_of(*labels):
    texts = pa.array(["text"] * len(labels), pa.large_string())
    return Dataset("t.csv", texts, Labels.of([(label,) for label in labels]), np.arange(1, len(labels) + 1))


def test_a_file_with_both_spellings_has_one_label_and_says_so(caplog):
    with caplog.at_level(logging.WARNING, "textclf"):
        dataset = parse_labels(dataset_of("0", "1.0", "0.0", "1"), None)
    assert list(dataset.labels) == [("0",), ("1",), ("0",), ("1",)]
    assert "'0.0' as '0', '1.0' as '1'" in caplog.text


def test_both_spellings_are_one_label_also_among_several_labels():
    dataset = parse_labels(dataset_of("1|2", "2.0", "1.0|3|1"), "|")
    assert list(dataset.labels) == [("1", "2"), ("2",), ("1", "3")]


@pytest.mark.parametrize(
    ("known", "given", "expected"),
    [(["0", "1"], ["1.0", "0.0", "1"], [1, 0, 1]), (["0.0", "1.0"], ["1", "0", "0.00"], [1, 0, 0])],
)
def test_a_classifier_knows_its_labels_in_the_other_spelling(known, given, expected):
    targets = Targets.fit([(label,) for label in known], TargetOptions())
    assert targets.encode([(label,) for label in given], rows=range(3), name="t.csv").tolist() == expected


@pytest.mark.parametrize("known", [["0", "0.0", "1"], ["a", "1"]])
def test_labels_that_are_no_numbers_or_two_spellings_are_taken_as_they_stand(known):
    targets = Targets("multiclass", known, [1] * len(known), (known[0],))
    with pytest.raises(DataError, match=r"1\.0"):
        targets.encode([("1.0",)], rows=[1], name="t.csv")


def test_a_classifier_keeps_the_order_that_it_was_saved_with():
    saved = {"type": "multiclass", "labels": ["1.0", "10.0", "2.0"], "counts": [1, 1, 1], "majority": ["1.0"]}
    assert Targets.from_dict({**saved, "separator": "|"}).labels == ["1.0", "10.0", "2.0"]
