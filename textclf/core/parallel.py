"""One function over chunks of texts on all cores. pyarrow frees the interpreter while it computes."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa

from textclf.core.memmap import release_pages
from textclf.core.text_column import rebased

Result = TypeVar("Result")
CHUNK_ROWS = 8192  # short texts: far more work than overhead
CHUNK_BYTES = 2**20  # long texts: what is made of a chunk takes several times as much, on each core
AHEAD = 2  # chunks for each core that may be ready before they are asked for


def chunks_of(
    texts: pa.LargeStringArray, rows: int = CHUNK_ROWS, most_bytes: int | None = None
) -> Iterator[pa.LargeStringArray]:
    """The texts in pieces of so many rows; what has been read of a file is given back to the system.

    Args:
        most_bytes: of a piece, unless a single text has more; by default any number.
    """
    if len(texts) <= rows and (most_bytes is None or texts.nbytes <= most_bytes):
        yield texts
        return
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    start = 0
    while start < len(texts):
        stop = min(start + rows, len(texts))
        if most_bytes is not None and offsets[stop] - offsets[start] > most_bytes:
            within = np.searchsorted(offsets[start : stop + 1], offsets[start] + most_bytes, "right")
            stop = start + max(1, int(within) - 1)
        yield rebased(texts.slice(start, stop - start))
        release_pages()
        start = stop


def map_chunks(function: Callable[[pa.LargeStringArray], Result], texts: pa.LargeStringArray) -> Iterator[Result]:
    """Results in the order of the texts, a few chunks ahead of whoever asks. A few texts start no thread."""
    if len(texts) <= CHUNK_ROWS and texts.nbytes <= CHUNK_BYTES:
        yield from map(function, chunks_of(texts))
        return
    cores = os.cpu_count() or 1
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=cores) as pool:
        waiting: deque = deque()
        try:
            for chunk in chunks_of(texts, CHUNK_ROWS, CHUNK_BYTES):
                waiting.append(pool.submit(function, chunk))
                if len(waiting) > AHEAD * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # whoever asks may stop early, or a chunk may fail
            for future in waiting:
                future.cancel()
