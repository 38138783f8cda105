"""The column of labels gives what the labels of each text would give."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from textclf.data.labels import Labels, encode_column

ROWS = st.lists(st.lists(st.sampled_from("abc"), max_size=3).map(tuple), max_size=30)


@given(ROWS, st.data())
def test_a_column_is_the_labels_of_each_text(rows, data):
    labels = Labels.of(rows)
    assert list(labels) == rows
    assert len(labels) == len(rows)
    assert labels.codes.dtype == np.uint8
    assert labels.count_categories() == Counter(rows)
    assert labels.count() == Counter(label for row in rows for label in set(row))
    assert labels.where(lambda answer: "a" in answer).tolist() == ["a" in row for row in rows]
    indices = data.draw(st.lists(st.integers(0, len(rows) - 1)) if rows else st.just([]))
    taken = labels.take(np.array(indices, int))
    assert list(taken) == [rows[index] for index in indices]
    assert set(taken.categories) == set(taken)
    assert list(labels.map(lambda answer: answer[:1])) == [row[:1] for row in rows]


def test_labels_are_counted_once_a_text_the_most_frequent_first():
    assert list(Labels.of([("b",), ("a", "b", "b"), ("c",), ()]).count().items()) == [("b", 2), ("a", 1), ("c", 1)]


def test_columns_of_fields_and_of_lists_share_their_codes():
    numbers = {}
    texts = pa.chunked_array([pa.array(["a", "b"], pa.large_string()), pa.array(["a"], pa.large_string())])
    lists = pa.array([["b"], [], ["a", "b"], ["b"]], pa.list_(pa.large_string()))
    assert encode_column(texts, numbers).tolist() == [0, 1, 0]
    assert encode_column(lists, numbers).tolist() == [1, 2, 3, 1]
    assert list(numbers) == [("a",), ("b",), (), ("a", "b")]


def test_many_different_answers_have_numbers_of_their_own():
    rows = [(str(number % 70_000),) for number in range(70_001)]
    labels = Labels.of(rows)
    assert list(labels.take(np.arange(300))) == rows[:300]
    assert [labels[index] for index in (0, 255, 256, 65_536, 70_000)] == [
        ("0",),
        ("255",),
        ("256",),
        ("65536",),
        ("0",),
    ]
    encoded = encode_column(pa.array([row[0] for row in rows], pa.large_string()), {})
    assert encoded[[255, 256, 65_536, 70_000]].tolist() == [255, 256, 65_536, 0]
