"""Exactly the same text more than once."""

import pytest

from tests.hand_made import distinct, found, material, only
from textclf.data.checks.duplicates import contradicting_labels, repeated_texts, texts_in_two_splits

TRAIN = distinct({"x": 10, "y": 10})


def test_texts_that_differ_are_no_finding():
    looked_at = material(TRAIN, validation=[("another", "x"), ("one more", "y")], test=[("a third", "x")])
    for check in (repeated_texts, contradicting_labels, texts_in_two_splits):
        assert list(check(looked_at)) == []


def test_repeated_texts_are_counted_from_the_second_on():
    looked_at = material([*TRAIN, ("twice", "x"), ("twice", "x"), ("twice", "x")], test=[("t", "x"), ("t", "x")])
    finding = only(repeated_texts(looked_at))
    assert finding.severity == "note"
    assert finding.found == (
        "With the text of an earlier row: train 2 of 23 rows (8.7 %; rows 22, 23), test 1 of 2 rows (50.0 %; row 2)."
    )


def test_texts_that_differ_in_case_or_spaces_are_not_the_same():
    assert list(repeated_texts(material([*TRAIN, ("Twice", "x"), ("twice", "x"), ("twice ", "x")]))) == []


@pytest.mark.parametrize("blank", ["", " ", "\u3000\t"])
def test_empty_texts_are_no_duplicates(blank):
    rows = [*TRAIN, (blank, "x"), (blank, "y")]
    looked_at = material(rows, test=[(blank, "x")])
    for check in (repeated_texts, contradicting_labels, texts_in_two_splits):
        assert list(check(looked_at)) == []


def test_contradicting_labels_are_found_in_all_their_rows():
    looked_at = material([("a", "x"), ("b", "x"), ("a", "y"), ("b", "x"), ("a", "x")])
    finding = only(contradicting_labels(looked_at))
    assert finding.severity == "warning"
    assert (
        finding.found == "With a text that has other labels in another row: train 3 of 5 rows (60.0 %; rows 1, 3, 5)."
    )


def test_few_contradicting_labels_are_a_note():
    rows = [*distinct({"x": 100, "y": 120}), ("a", "x"), ("a", "y")]
    assert only(contradicting_labels(material(rows))).severity == "note"


def test_the_same_labels_in_another_order_do_not_contradict():
    rows = [("a", ("x", "y")), ("a", ("y", "x")), ("b", ())]
    assert list(contradicting_labels(material(rows, type="multilabel"))) == []
    assert found(contradicting_labels(material([*rows, ("a", ("x",))], type="multilabel")))
    assert found(contradicting_labels(material([*rows, ("b", ("x",))], type="multilabel")))


def test_texts_of_test_that_are_in_train_and_those_only_with_other_labels():
    train = [*TRAIN, ("same", "x"), ("both", "x"), ("both", "y"), ("other", "x")]
    looked_at = material(train, test=[("same", "x"), ("new", "x"), ("both", "y"), ("other", "y"), ("other", "y")])
    same, other = texts_in_two_splits(looked_at)
    assert same.found == "test: 4 of 5 rows (80.0 %) have a text that is in train too (rows 1, 3, 4, 5)."
    assert other.found == (
        "test: 2 of 5 rows (40.0 %) have a text that is in train too, but there only with other labels (rows 4, 5)."
    )
    assert (same.severity, other.severity) == ("warning", "warning")
    assert "from train" in same.advice


def test_all_pairs_of_splits_are_compared():
    rows = [("a", "x")]
    looked_at = material([*TRAIN, *rows], validation=rows, test=rows)
    assert [finding.found.split(" too")[0] for finding in texts_in_two_splits(looked_at)] == [
        "validation: 1 of 1 row (100.0 %) have a text that is in train",
        "test: 1 of 1 row (100.0 %) have a text that is in train",
        "test: 1 of 1 row (100.0 %) have a text that is in validation",
    ]


def test_few_texts_in_two_splits_are_a_note():
    test = distinct({"x": 200}, "{label} of test {number}")
    finding = only(texts_in_two_splits(material([*TRAIN, ("a", "x")], test=[*test, ("a", "x")])))
    assert finding.severity == "note"
    assert "1 of 201 rows (0.5 %)" in finding.found
