"""Apply a function to chunks of texts in threads, on all cores: pyarrow releases the GIL while it computes."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa

from textclf.core.cores import num_threads
from textclf.core.memmap import release_pages
from textclf.core.text_column import rebased

Result = TypeVar("Result")
CHUNK_ROWS = 8192  # short texts: the work is far more than the overhead
CHUNK_BYTES = 2**20  # long texts: the results of a chunk take several times its memory, on each core
AHEAD = 2  # chunks per core that are computed before they are needed


def chunks_of(
    texts: pa.LargeStringArray, rows: int = CHUNK_ROWS, most_bytes: int | None = None
) -> Iterator[pa.LargeStringArray]:
    """Split the texts into chunks of `rows` rows, and release the pages of mapped files after each.

    Args:
        most_bytes: largest size of a chunk, unless a single text has more; by default no limit.
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
    """Yield `function` of each chunk, in the order of the texts, a few chunks ahead. Few texts start no thread."""
    if len(texts) <= CHUNK_ROWS and texts.nbytes <= CHUNK_BYTES:
        yield from map(function, chunks_of(texts))
        return
    cores = num_threads()
    if cores == 1:
        yield from map(function, chunks_of(texts, CHUNK_ROWS, CHUNK_BYTES))
        return
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
        finally:  # the caller may stop early, or a chunk may fail
            for future in waiting:
                future.cancel()
