"""One function over chunks of texts on all cores. pyarrow frees the interpreter while it computes."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pyarrow as pa

Result = TypeVar("Result")
CHUNK_ROWS = 2048  # long texts: some megabytes a chunk; short ones: still far more work than overhead


def map_chunks(function: Callable[[pa.LargeStringArray], Result], texts: pa.LargeStringArray) -> list[Result]:
    """Results in the order of the texts. A few texts start no thread."""
    chunks = [texts.slice(start, CHUNK_ROWS) for start in range(0, len(texts), CHUNK_ROWS)]
    if len(chunks) < 2:
        return [function(chunk) for chunk in chunks]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(function, chunks))
