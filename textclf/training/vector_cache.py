"""The vectors of texts by a frozen encoder, kept in files: each text is encoded once.

The cache of an encoder is a folder of parts. A part has the hashes of some rows of token ids, and their vectors. It is
written under another name and renamed when it is complete, so what was encoded before an interruption is not lost.
"""

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.errors import TextclfError
from textclf.core.files import PARTIAL, atomic_folder, checksum, make_folder, parse_json, write_json
from textclf.core.memmap import concatenate_on_disk, map_file, release_pages
from textclf.core.text_hashing import text_hashes
from textclf.preprocessing.ragged import Ragged, take

log = logging.getLogger(__name__)
FORMAT_VERSION = 1
ABOUT, HASHES, VECTORS = "about.json", "hashes.uint64", "vectors.float32"
# Encoded for one part, at most: some 20 s of MiniLM on one core.
ROWS_AT_ONCE, TOKENS_AT_ONCE = 2**11, 2**16


class Part(NamedTuple):
    """Some texts that were encoded."""

    hashes: np.ndarray  # uint64 (rows,)
    vectors: np.ndarray  # float32 (rows, width)


class VectorCache:
    """The vectors of one encoder.

    Args:
        folder: the cache, which other entries share.
        key: what a vector depends on, beside the token ids of its text.
        width: numbers of a vector.
    """

    def __init__(self, folder: Path, key: str, width: int):
        digest = hashlib.sha256(json.dumps([FORMAT_VERSION, key]).encode()).hexdigest()[:24]
        self.folder, self.width = folder / f"vectors-{digest}", width

    def vectors(self, rows: Ragged, encode: Callable[[Ragged], np.ndarray]) -> Ragged:
        """Return the vectors of texts as rows of `width` numbers, mapped from a temporary file.

        Args:
            rows: token ids.
            encode: token ids -> vectors, (rows, width); called for those that the cache does not have.

        Raises:
            WriteError: the disk is full.
        """
        make_folder(self.folder)
        os.utime(self.folder)  # the cache removes what was not used for the longest time
        hashes = row_hashes(rows)
        parts = list(self._read_parts())
        known = np.concatenate([np.empty(0, np.uint64), *(part.hashes for part in parts)])
        missing = np.flatnonzero(~np.isin(hashes, known))
        missing = missing[np.unique(hashes[missing], return_index=True)[1]]
        if len(missing):
            log.info("encoding %s texts with the frozen encoder", f"{len(missing):,}")
            blocks = _with_bar(_split(missing, rows.lengths[missing]))
            parts += [self._write_part(take(rows, numbers), hashes[numbers], encode) for numbers in blocks]
        else:
            log.info("reused the vectors of all %s texts from %s", f"{len(hashes):,}", self.folder)
        flat = concatenate_on_disk(self._blocks(hashes, parts), np.float32)
        return Ragged(flat, np.arange(len(hashes) + 1, dtype=np.int64) * self.width)

    def _read_parts(self) -> Iterator[Part]:
        for path in sorted(self.folder.iterdir()):
            if path.suffix == PARTIAL:
                continue
            try:
                for name, expected in parse_json((path / ABOUT).read_bytes()).items():
                    if checksum(path / name) != expected:
                        raise ValueError(f"{name} has changed since it was written")
                yield self._map_part(path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError, TextclfError) as error:
                log.warning("%s: damaged (%s); encoding its texts again", path, error)
                shutil.rmtree(path, ignore_errors=True)

    def _map_part(self, path: Path) -> Part:
        with (path / HASHES).open("rb") as hashes, (path / VECTORS).open("rb") as vectors:
            return Part(map_file(hashes, np.uint64), map_file(vectors, np.float32).reshape(-1, self.width))

    def _write_part(self, rows: Ragged, hashes: np.ndarray, encode: Callable[[Ragged], np.ndarray]) -> Part:
        path = self.folder / hashlib.sha256(hashes.tobytes()).hexdigest()[:24]
        vectors = np.ascontiguousarray(encode(rows), np.float32)
        try:
            with atomic_folder(path) as partial:
                (partial / HASHES).write_bytes(hashes.tobytes())
                (partial / VECTORS).write_bytes(vectors.tobytes())
                write_json(partial / ABOUT, {name: checksum(partial / name) for name in (HASHES, VECTORS)})
        except FileExistsError:  # another training has written it meanwhile
            log.debug("%s exists already", path)
        return Part(hashes, vectors)

    def _blocks(self, hashes: np.ndarray, parts: list[Part]) -> Iterator[np.ndarray]:
        """Yield the vectors of the texts in their order, some thousand at a time."""
        known = np.concatenate([part.hashes for part in parts]) if parts else np.empty(0, np.uint64)
        order = np.argsort(known, kind="stable")
        ends = np.cumsum([0, *(len(part.hashes) for part in parts)])
        for start in range(0, len(hashes), ROWS_AT_ONCE):
            wanted = order[np.searchsorted(known, hashes[start : start + ROWS_AT_ONCE], sorter=order)]
            block = np.empty((len(wanted), self.width), np.float32)
            for part, first, end in zip(parts, ends, ends[1:], strict=False):
                inside = (wanted >= first) & (wanted < end)
                block[inside] = part.vectors[wanted[inside] - first]
            yield block
            release_pages()


def row_hashes(rows: Ragged) -> np.ndarray:
    """Return a hash of each row of token ids, uint64 (rows,)."""
    offsets = pa.py_buffer(rows.offsets * rows.values.itemsize)
    content = pa.py_buffer(np.ascontiguousarray(rows.values))
    return text_hashes(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(rows.lengths), [None, offsets, content]))


def _split(numbers: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Return the numbers of the rows of each part. What follows a part is split as if the part were not there.

    So an interruption leaves the other parts as they are. Batches of other texts may change the last digit of a vector.
    """
    ends = np.cumsum(np.maximum(lengths, TOKENS_AT_ONCE // ROWS_AT_ONCE))
    parts, start, done = [], 0, 0
    while start < len(numbers):
        end = max(start + 1, int(np.searchsorted(ends, done + TOKENS_AT_ONCE, side="right")))
        parts.append(numbers[start:end])
        start, done = end, ends[end - 1]
    return parts


def _with_bar(parts: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the parts, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(parts, "encoding texts", console=console, transient=True, disable=not sys.stderr.isatty())
