"""Labels: rare, missing, unknown, written in two ways, joined, in order."""

import pytest

from tests.hand_made import distinct, found, material, only
from textclf.data.checks.labels import (
    balance,
    joined_labels,
    labels_alike,
    labels_all_different,
    missing_labels,
    rare_labels,
    sorted_by_label,
    unknown_labels,
    without_labels,
)

EVEN = distinct({"x": 20, "y": 20})


def shuffled(rows):
    return rows[::2] + rows[1::2][::-1] if len(rows) < 4 else [rows[(7 * i) % len(rows)] for i in range(len(rows))]


def test_balance_says_what_the_most_frequent_label_reaches():
    finding = only(balance(material(distinct({"x": 30, "y": 10}))))
    assert finding.severity == "note"
    assert finding.found == (
        "train: 2 labels; the most frequent is 'x' with 75.0 % of the rows, the rarest 'y' with 10 rows."
    )
    assert "75.0 %" in finding.advice


def test_balance_of_several_labels_a_row():
    finding = only(balance(material([("a", ("x", "y")), ("b", ("x",)), ("c", ())], type="multilabel")))
    assert "2 labels (1.00 a row)" in finding.found or "2 labels;" in finding.found
    assert list(balance(material([]))) == []
    finding = only(
        balance(material([("a", ("x",)), ("b", ("x", "y")), *[(text, ()) for text in "cdef"]], type="multilabel"))
    )
    assert "2 labels (0.50 a row)" in finding.found
    assert "not informative" in finding.advice


def test_rows_without_a_label_are_counted():
    rows = [("a", ("x",)), ("b", ()), ("c", ("x", "y")), ("d", ())]
    finding = only(without_labels(material(rows, type="multilabel", test=[("e", ("x",))])))
    assert finding.severity == "note"
    assert finding.found == "Without a label: train 2 of 4 rows (50.0 %; rows 2, 4)."
    assert found(without_labels(material(EVEN))) == []


def test_rare_labels_have_few_rows():
    finding = only(rare_labels(material(distinct({"x": 20, "y": 9, "z": 1}))))
    assert finding.severity == "warning"
    assert finding.found == ("train: 2 of 3 labels have fewer than 10 rows, 1 of them a single one: 'z' 1, 'y' 9.")


def test_labels_far_below_the_average_are_rare():
    finding = only(rare_labels(material(distinct({"x": 500, "y": 500, "z": 20}))))
    assert finding.found == "train: 1 of 3 labels has fewer than 34 rows: 'z' 20."
    finding = only(rare_labels(material(distinct({"x": 180, "y": 180, "z": 12}))))
    assert finding.found == "train: 1 of 3 labels has fewer than 13 rows: 'z' 12."


@pytest.mark.parametrize("counts", [{"x": 10, "y": 10}, {"x": 900, "y": 100}, {}])
def test_labels_with_enough_rows_are_not_rare(counts):
    assert found(rare_labels(material(distinct(counts)))) == []


def test_labels_that_train_does_not_have_are_an_error():
    looked_at = material(EVEN, validation=[("a", "x"), ("b", "y")], test=[("c", "x"), ("d", "new"), ("e", "other")])
    finding = only(unknown_labels(looked_at))
    assert finding.severity == "error"
    assert finding.found == "test: 2 labels in 2 rows that train does not have: 'new', 'other' (rows 2, 3)."


def test_known_labels_are_no_finding():
    looked_at = material(EVEN, validation=[("a", "x"), ("b", "y")], test=[("c", "x"), ("d", "y")])
    assert found(unknown_labels(looked_at)) == []
    assert found(missing_labels(looked_at)) == []


def test_the_other_spelling_of_a_number_is_known_as_in_a_training():
    looked_at = material(distinct({"1.0": 20, "2.0": 20}), test=[("1.0 text number 1", "1"), ("b", "2")])
    assert found(unknown_labels(looked_at)) == found(missing_labels(looked_at)) == []
    assert not any(rows.any() for rows in looked_at.repetitions.differing.values())


def test_labels_that_cannot_be_measured():
    finding = only(missing_labels(material(EVEN, validation=[("a", "x"), ("b", "y")], test=[("c", "x")])))
    assert finding.severity == "warning"
    assert finding.found == "test: 1 of 2 labels of train never occurs: 'y'."


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Good", "good"),
        ("very  good", "very good"),
        ("ﬁne", "fine"),
        ("é", "e\u0301"),
        ("fine", "fi\u200bne"),
        ("fine", "\ufefffine"),
        ("a b", "a\u00a0b"),
    ],
)
def test_labels_alike(one, two):
    finding = only(labels_alike(material(distinct({one: 20, two: 3, "bad": 5}))))
    assert finding.severity == "warning"
    assert "in 20 rows" in finding.found
    assert "in 3 rows" in finding.found


def test_labels_alike_in_two_splits():
    finding = only(labels_alike(material(EVEN, test=[("a", "X"), ("b", "X")])))
    assert (
        finding.found
        == "differing only in case, spaces, invisible characters or Unicode form: 'x' in 20 rows, 'X' in 2 rows."
    )


def test_an_invisible_character_is_shown():
    finding = only(labels_alike(material(distinct({"fine": 20, "fi\u200bne": 3}))))
    assert "'fi\\u200bne' in 3 rows" in finding.found


def test_labels_that_differ_are_not_alike():
    assert found(labels_alike(material(distinct({"x": 1, "xx": 1, "x y": 1, "xy": 1, "好": 1, "好评": 1})))) == []


def test_joined_labels():
    rows = distinct({"a": 20, "b": 20, "c": 20, "a|b": 5, "b|c": 5})
    finding = only(joined_labels(material(rows)))
    assert finding.severity == "warning"
    assert finding.found == "train: 2 of 5 labels consist of other labels joined by '|', such as 'a|b'."


@pytest.mark.parametrize(
    "labels", [["Sci/Tech", "World"], ["a, or b", "a, or c", "a"], ["a|b", "a", "b"], ["1", "1.5", "2", "2.5", "5"]]
)
def test_labels_with_a_separator_of_their_own_are_not_joined(labels):
    assert found(joined_labels(material(distinct(dict.fromkeys(labels, 20))))) == []


def test_several_labels_of_a_multilabel_classifier_are_not_joined():
    rows = distinct({"a": 20, "b": 20, "c": 20, "a|b": 5, "b|c": 5})
    assert found(joined_labels(material(rows, type="multilabel"))) == []


def test_hardly_any_label_twice():
    rows = [(f"text {number}", f"label {number}") for number in range(20)]
    assert only(labels_all_different(material(rows))).found == "train: 20 different labels in 20 rows."
    assert found(labels_all_different(material([*rows, *rows]))) == []
    assert found(labels_all_different(material(EVEN))) == []


def test_files_sorted_by_label():
    finding = only(sorted_by_label(material(distinct({"x": 50, "y": 50, "z": 50}), test=shuffled(EVEN))))
    assert finding.severity == "note"
    assert finding.found == ("The rows of a label follow each other in train (150 rows in 3 runs of equal labels).")
    assert "need not do anything" in finding.advice


def test_shuffled_files_and_small_ones_are_not_sorted():
    assert found(sorted_by_label(material(shuffled(distinct({"x": 50, "y": 51}))))) == []
    assert found(sorted_by_label(material(distinct({"x": 5, "y": 5})))) == []
    assert found(sorted_by_label(material(distinct({"x": 500, "y": 3})))) == []
