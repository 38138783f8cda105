"""The split and the folds: no text on two sides, every label on all, the same by the same seed."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.hand_made import dataset as dataset_of
from tests.hand_made import distinct, rows_of
from textclf.core import text_column
from textclf.core.errors import DataError
from textclf.data import dataset as dataset_module
from textclf.data.dataset import ColumnOptions, parse_labels, read_dataset
from textclf.data.readers.options import ReadingOptions
from textclf.data.splitting import fold_numbers, split

SEEDS = range(8)

SHARES = st.floats(0.01, 0.99)
ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), max_size=40)
ALWAYS_SPLITTABLE = [("one", "w"), ("two", "w")]


def names(dataset):
    """Every label of every text."""
    return [label for row in dataset.labels for label in row]


def without_contradictions(rows):
    """Every text with the label it has first."""
    labels = dict(reversed(rows))
    return [(text, labels[text]) for text, _ in rows]


def splittable(rows):
    counts = Counter(label for _, label in rows)
    return [*ALWAYS_SPLITTABLE, *((text, label) for text, label in rows if counts[label] > 1)]


def split_or_assume(rows, share, seed):
    """The split; rows in which every label needs all its texts are refused, and no example."""
    try:
        return split(dataset_of(rows), share, seed)
    except DataError:
        texts_of = {label: {text for text, of in rows if of == label} for _, label in rows}
        needed = {text for texts in texts_of.values() if len(texts) == 1 for text in texts}
        assert all(len(texts - needed) == 0 or len(texts) == 1 for texts in texts_of.values())
        assume(False)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_every_label_gives_its_share(share):
    counts = {"x": 100, "y": 40, "z": 12}
    rest, held_out = split(dataset_of(distinct(counts)), share, seed=1)
    assert Counter(names(held_out)) == {label: round(share * count) for label, count in counts.items()}
    assert Counter(names(rest)) + Counter(names(held_out)) == counts


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_small_labels_are_on_both_sides(share):
    rest, held_out = split(dataset_of(distinct({"x": 2, "y": 3, "z": 50})), share, seed=1)
    assert set(names(rest)) == set(names(held_out)) == {"x", "y", "z"}


def test_same_seed_gives_the_same_split_and_another_seed_another():
    dataset = dataset_of(distinct({"x": 50, "y": 50}))
    splits = [rows_of(split(dataset, 0.2, seed)[1]) for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]


def test_rows_are_drawn_from_everywhere():
    held_out = split(dataset_of(distinct({"x": 1000})), 0.5, seed=1)[1]
    assert 400 < held_out.rows.mean() < 600
    assert np.diff(held_out.rows).max() < 20


def test_rows_stay_in_the_order_of_the_file():
    for side in split(dataset_of(distinct({"x": 20, "y": 20})), 0.5, seed=1):
        assert side.rows.tolist() == sorted(side.rows)
        assert side.name == "a.csv"


def test_single_row_of_a_label_stays_in_train_with_a_warning(caplog):
    rows = [*distinct({"x": 3}), ("one", "rare"), *distinct({"y": 3})]
    rest, held_out = split(dataset_of(rows), 0.1, seed=1)
    assert "a.csv: a single row of 'rare' (row 4), which stays in train" in caplog.text
    assert rest.labels.count()["rare"] == 1
    assert "rare" not in held_out.labels.count()
    caplog.clear()
    split(dataset_of(rows), 0.1, seed=1, warn=False)
    assert not caplog.text


def test_only_the_first_labels_with_a_single_row_are_named(caplog):
    split(dataset_of([*((letter, letter) for letter in "abcdefg"), *distinct({"x": 3})]), 0.1, seed=1)
    assert re.search(r"'a' \(row 1\), .*'e' \(row 5\) and 2 more, which stays", caplog.text)


def test_single_row_keeps_its_number_in_the_file(write, caplog):
    path = write("text,label\na,\nb,x\nc,rare\nd,x\n")
    dataset = parse_labels(read_dataset(path, ColumnOptions(), ReadingOptions()), None)
    split(dataset, 0.1, seed=1)
    assert "'rare' (row 3)" in caplog.text


@pytest.mark.parametrize("seed", SEEDS)
def test_label_of_a_single_text_is_learned_from(seed):
    rest, held_out = split(dataset_of([("same", "x")] * 5 + distinct({"y": 5})), 0.5, seed)
    assert Counter(names(rest))["x"] == 5
    assert "x" not in names(held_out)


@pytest.mark.parametrize("seed", SEEDS)
def test_contradicting_labels_of_one_text_stay_together(seed):
    rows = [("same", "x"), ("same", "y"), *distinct({"x": 5, "y": 5}), ("same", "y")]
    rest, held_out = split(dataset_of(rows), 0.5, seed)
    assert sorted(side.texts.to_pylist().count("same") for side in (rest, held_out)) == [0, 3]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("share", "repetitions"), [(0.5, 5), (0.8, 1), (0.8, 5)])
def test_labels_that_share_a_text_leave_each_other_both_sides(share, repetitions, seed):
    texts = [("shared", ("x", "y")), ("of x", ("x",)), *[("of y", ("y",))] * repetitions]
    for part in split(dataset_of(texts), share, seed):
        assert {*names(part)} == {"x", "y"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_only_text_of_a_label_is_learned_from_whatever_other_labels_it_has(seed):
    texts = [("first", ("a", "common")), *((f"other {number}", ("common",)) for number in range(3))]
    rest, _ = split(dataset_of(texts), 0.5, seed)
    assert "a" in names(rest)


def test_only_repetitions_cannot_be_split():
    with pytest.raises(DataError, match="got only one for each label"):
        split(dataset_of([("a", "x"), ("b", "y"), ("a", "x"), ("b", "y")]), 0.5, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_contradicting_labels_are_never_only_held_out(seed):
    one_text = [("same", "x"), ("same", "z"), ("same", "z"), *distinct({"x": 3})]
    two_texts = [("same", "x"), ("same", "z"), ("other", "y"), ("other", "z"), *distinct({"x": 1, "y": 1})]
    for rows in (one_text, two_texts):
        rest, held_out = split(dataset_of(rows), 0.5, seed)
        assert set(names(held_out)) <= set(names(rest))
        assert len(held_out)


@pytest.mark.parametrize("seed", SEEDS)
def test_share_is_met_beside_a_text_that_is_repeated_often(seed):
    held_out = split(dataset_of([("same", "x")] * 90 + distinct({"x": 10, "y": 10})), 0.1, seed)[1]
    assert Counter(names(held_out)) == {"x": 10, "y": 1}


@settings(deadline=None)
@given(rows=ROWS.map(splittable), share=SHARES, seed=st.integers(0, 2**32 - 1))
def test_split_loses_doubles_and_shares_nothing(rows, share, seed):
    dataset = dataset_of(rows)
    rest, held_out = split_or_assume(rows, share, seed)
    assert sorted(rows_of(rest) + rows_of(held_out), key=lambda row: row[2]) == rows_of(dataset)
    assert not set(rest.texts.to_pylist()) & set(held_out.texts.to_pylist())
    assert set(names(held_out)) <= set(names(rest))


@settings(deadline=None)
@given(rows=ROWS.map(splittable), share=SHARES, seed=st.integers(0, 2**32 - 1))
def test_many_texts_are_split_as_a_few_are(rows, share, seed):
    """Many texts are in a file, and are read a block at a time."""
    expected = [rows_of(side) for side in split_or_assume(rows, share, seed)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_column, "LARGEST_IN_MEMORY", 8)
        patch.setattr(dataset_module, "BLOCK_BYTES", 8)
        assert [rows_of(side) for side in split(dataset_of(rows), share, seed)] == expected


def test_the_split_is_that_of_earlier_versions():
    """Else a training that goes on, or is repeated, would validate on other texts."""
    rows = [(f"text {number * number % 61}", "xyz"[number % 3 if number % 7 else 0]) for number in range(100)]
    assert split(dataset_of(rows), 0.2, seed=1)[1].rows.tolist() == [
        2, 4, 8, 17, 24, 28, 35, 39, 46, 55, 59, 61, 63, 65, 69, 78, 85, 89, 96, 100,
    ]  # fmt: skip


@settings(deadline=None)
@given(rows=ROWS.map(without_contradictions).map(splittable), share=SHARES, seed=st.integers(0, 2**32 - 1))
def test_split_is_stratified(rows, share, seed):
    rest, held_out = split_or_assume(rows, share, seed)
    for label in set(names(rest)) | set(names(held_out)):
        repetitions = Counter(text for text, of in rows if of == label)
        held = names(held_out).count(label)
        if len(repetitions) > 1:
            assert label in names(rest)
            assert label in names(held_out)
            assert abs(held - share * repetitions.total()) <= max(repetitions.values()) + 0.5
        else:
            assert held == 0


@pytest.mark.parametrize(("rows_of_label", "folds"), [(5, 4), (6, 4), (7, 4), (2, 5), (50, 3)])
def test_folds_have_as_many_rows_as_the_others_also_of_each_label(rows_of_label, folds):
    dataset = dataset_of(distinct({f"label {number}": rows_of_label for number in range(20)} | {"single": 1}))
    parts = [dataset.take(fold_numbers(dataset, folds, seed=1) == fold) for fold in range(folds)]
    assert {len(part) for part in parts} <= {len(dataset) // folds, len(dataset) // folds + 1}
    for label, count in dataset.labels.count().items():
        assert {names(part).count(label) for part in parts} <= {count // folds, count // folds + 1}


@settings(deadline=None)
@given(rows=ROWS.map(without_contradictions), folds=st.integers(2, 5), seed=st.integers(0, 2**32 - 1))
def test_folds_keep_identical_texts_together_and_every_label_apart(rows, folds, seed):
    dataset, fold_of = dataset_of(rows), {}
    if len(dict(rows)) < folds:
        with pytest.raises(DataError, match=f"for each of {folds} folds, got {len(dict(rows))} different texts"):
            fold_numbers(dataset, folds, seed)
        return
    numbers = fold_numbers(dataset, folds, seed)
    for (text, _), fold in zip(rows, numbers, strict=True):
        assert fold_of.setdefault(text, fold) == fold
    assert set(numbers) == set(range(folds))
    for label in {label for _, label in rows}:
        texts = {text for text, of in rows if of == label}
        assert len({fold_of[text] for text in texts}) == min(len(texts), folds)


def test_large_groups_of_identical_texts_do_not_fill_one_fold():
    rows = [(f"repeated {text}", "x") for text in range(3) for _ in range(20)] + distinct({"x": 60, "y": 30})
    assert np.bincount(fold_numbers(dataset_of(rows), 3, seed=1)).tolist() == [50, 50, 50]


@pytest.mark.parametrize("seed", SEEDS)
def test_folds_have_as_many_rows_of_each_label_where_texts_have_several(seed):
    texts = [(f"other {number}", ("common",)) for number in range(8)]
    texts += [(f"both {number}", ("common", "rare")) for number in range(8)]
    dataset = dataset_of(texts)
    numbers = fold_numbers(dataset, 4, seed)
    for fold in range(4):
        assert Counter(names(dataset.take(numbers == fold))) == {"common": 4, "rare": 2}


@pytest.mark.parametrize("seed", SEEDS)
def test_repeated_texts_come_first_so_that_single_ones_even_out(seed):
    numbers = fold_numbers(dataset_of([("often", "x")] * 3 + distinct({"x": 3})), 2, seed)
    assert np.bincount(numbers).tolist() == [3, 3]
