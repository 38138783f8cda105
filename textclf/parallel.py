"""One function over chunks of texts on all cores. pyarrow frees the interpreter while it computes."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pyarrow as pa

from textclf.mapped import release_pages
from textclf.text_array import rebased

Result = TypeVar("Result")
CHUNK_ROWS = 2048  # long texts: some megabytes a chunk; short ones: still far more work than overhead
AHEAD = 2  # chunks for each core that may be ready before they are asked for


def chunks_of(texts: pa.LargeStringArray, rows: int = CHUNK_ROWS) -> Iterator[pa.LargeStringArray]:
    """The texts in pieces; what has been read of a file is given back to the system."""
    if len(texts) <= rows:
        yield texts
        return
    for start in range(0, len(texts), rows):
        yield rebased(texts.slice(start, rows))
        release_pages()


def map_chunks(function: Callable[[pa.LargeStringArray], Result], texts: pa.LargeStringArray) -> Iterator[Result]:
    """Results in the order of the texts, a few chunks ahead of whoever asks. A few texts start no thread."""
    if len(texts) <= CHUNK_ROWS:
        yield from map(function, chunks_of(texts))
        return
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=cores) as pool:
        waiting: deque = deque()
        try:
            for chunk in chunks_of(texts):
                waiting.append(pool.submit(function, chunk))
                if len(waiting) > AHEAD * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # whoever asks may stop early, or a chunk may fail
            for future in waiting:
                future.cancel()
