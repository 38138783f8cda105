"""Learning a vocabulary and encoding the same texts by going through them once, instead of twice."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from textclf.core.memmap import map_file, release_pages, temporary_file
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.ragged import TokenIds, truncate
from textclf.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID, Split, count_tokens, most_frequent

ROWS_AT_ONCE = 8192


def learn_and_encode(
    texts: pa.LargeStringArray, options: NormalizedOptions, split: Split
) -> tuple[list[str], Iterator[TokenIds]]:
    """The vocabulary that `learn_vocabulary` finds, and the ids of the texts, cut to `sequence_length`, some at a time.

    In between, the numbers of all tokens lie in a temporary file, four bytes each.

    Raises:
        WriteError: there is no room for it.
    """
    with temporary_file() as numbers, temporary_file() as offsets:
        end = np.zeros(1, np.int64)
        offsets.write(end.tobytes())

        def keep(rows: TokenIds) -> None:
            rows = truncate(rows, options.sequence_length, options.truncating)
            numbers.write(rows.ids.tobytes())
            offsets.write((rows.offsets[1:] + end).tobytes())
            end[0] += rows.offsets[-1]

        counted = count_tokens(texts, lambda chunk: split(chunk, options), keep)
        kept = TokenIds(map_file(numbers, np.int32), map_file(offsets, np.int64))
    vocabulary, places = most_frequent(counted, options)
    ids = np.full(len(counted.counts), UNKNOWN_ID, np.int32)
    ids[places] = np.arange(FIRST_ID, FIRST_ID + len(places))
    return vocabulary, _rows(kept, ids)


def _rows(kept: TokenIds, ids: np.ndarray) -> Iterator[TokenIds]:
    for start in range(0, len(kept.offsets) - 1, ROWS_AT_ONCE):
        offsets = kept.offsets[start : start + ROWS_AT_ONCE + 1]
        yield TokenIds(ids[kept.ids[offsets[0] : offsets[-1]]], offsets - offsets[0])
        release_pages()
