"""Texts in chunks: all of them, in their order, within bounds of rows and bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core import parallel
from textclf.core.parallel import chunks_of, map_chunks
from textclf.core.text_column import text_array


@settings(deadline=None)
@given(st.lists(st.text(max_size=5)), st.integers(1, 7), st.none() | st.integers(1, 12))
def test_chunks_are_all_texts_within_bounds(texts, rows, most_bytes):
    column = text_array(["before", *texts, "behind"]).slice(1, len(texts))
    chunks = [chunk.to_pylist() for chunk in chunks_of(column, rows, most_bytes)]
    assert [text for chunk in chunks for text in chunk] == texts
    assert all(len(chunk) <= rows for chunk in chunks)
    sizes = [sum(len(text.encode()) for text in chunk) for chunk in chunks]
    assert most_bytes is None or all(
        size <= most_bytes or len(chunk) == 1 for size, chunk in zip(sizes, chunks, strict=True)
    )


def test_without_a_bound_of_bytes_rows_alone_count():
    assert [len(chunk) for chunk in chunks_of(text_array(["x" * 100] * 10), 4)] == [4, 4, 2]


@pytest.mark.parametrize(("rows", "most_bytes"), [(3, 10**9), (10**9, 25)])
def test_results_come_in_the_order_of_the_texts(monkeypatch, rows, most_bytes):
    monkeypatch.setattr(parallel, "CHUNK_ROWS", rows)
    monkeypatch.setattr(parallel, "CHUNK_BYTES", most_bytes)
    texts = [f"{number:05d}" for number in range(500)]
    parts = list(map_chunks(lambda chunk: chunk.to_pylist(), text_array(texts)))
    assert len(parts) > 90
    assert [text for part in parts for text in part] == texts
