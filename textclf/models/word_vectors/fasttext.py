"""fastText's own .bin: settings, dictionary, then a matrix. A word is the mean of its row and those of its pieces."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import LARGEST_DIM, Header, check_size
from textclf.models.word_vectors.stream import Blocks
from textclf.models.word_vectors.vocabulary_vectors import BY_PIECES, MISSING, Wanted

MAGIC = struct.pack("<i", 793712314)
VERSIONS = (11, 12)
SUPERVISED = 3
END_OF_LINE = b"</s>"  # a word of the dictionary that has no pieces
LONGEST_WORD, LONGEST_PIECE = 10_000, 100  # bytes, characters
ROWS = 1024  # of the matrix, read at once


class About(NamedTuple):
    """The settings that say how a vector is made."""

    count: int  # type: ignore[assignment]  # words and labels of the dictionary; hides tuple.count
    dim: int
    words: int
    buckets: int  # rows behind those of the words, that pieces share by their hash
    shortest: int  # characters of a piece; with `longest` 0 there are none
    longest: int


def header(blocks: Blocks) -> About:
    """What stands before the dictionary.

    Raises:
        DataError: an unknown version, or numbers that cannot be right.
    """
    _, version, *settings = struct.unpack("<14i", blocks.take(56))
    dim, model, buckets, shortest, longest = (settings[place] for place in (0, 7, 8, 9, 10))
    blocks.take(8)
    count, words, labels, _, pruned = struct.unpack("<3i2q", blocks.take(28))
    about = About(count, dim, words, buckets, shortest, 0 if version == 11 and model == SUPERVISED else max(0, longest))
    right = (
        version in VERSIONS
        and 0 < dim <= LARGEST_DIM
        and 0 <= words <= count == words + labels
        and buckets >= 0
        and (longest <= 0 or (0 <= shortest <= longest <= LONGEST_PIECE and buckets))
    )
    if not right:
        raise DataError(
            f"{blocks.name}: expected a .bin of fastText of version {' or '.join(map(str, VERSIONS))}, received one of "
            f"version {version} with settings that cannot be read."
        )
    if pruned > 0:
        raise _quantized(blocks)
    check_size(blocks, Header(count, dim), row=10)
    check_size(blocks, Header(words + buckets, dim), row=4 * dim)
    return about


def read(blocks: Blocks, about: About, wanted: Wanted) -> None:
    """Fill what is wanted: also tokens that the file does not have as a word, from their pieces.

    Raises:
        DataError: the file ends too early, is quantized, or holds a number that is none.
    """
    members = _Members(about)
    ways: dict[int, int] = {}
    for number in range(about.count):
        word = blocks.until(b"\0", LONGEST_WORD)
        blocks.take(9)  # how often it occurs, and whether it is a label
        if word is None:
            raise blocks.cut_off()
        for place, way in wanted.places(word) if number < about.words else ():
            if ways.get(place, MISSING) < way:
                ways[place] = way
                members.set(place, number, word)
    for token, place in wanted.ids.items():
        if place not in ways and members.set(place, None, token.encode("utf-8", "surrogatepass")):
            ways[place] = BY_PIECES
    quantized, rows, dim = struct.unpack("<?2q", blocks.take(17))
    if quantized:
        raise _quantized(blocks)
    if (rows, dim) != (about.words + about.buckets, about.dim):
        raise DataError(f"{blocks.name}: expected a matrix of {about.words + about.buckets:,} rows, received {rows:,}.")
    for place, vector in _means(blocks, about, members.of).items():
        wanted.put([(place, ways[place])], vector, blocks.name)


class _Members:
    """The rows of the matrix whose mean a token is."""

    def __init__(self, about: About):
        self.about = about
        self.of: dict[int, list[int]] = {}

    def set(self, place: int, row: int | None, word: bytes) -> bool:
        """The rows of a word; whether there are any."""
        hashes = () if word == END_OF_LINE else piece_hashes(word, self.about)
        pieces = [self.about.words + number % self.about.buckets for number in hashes]
        rows = pieces if row is None else [row, *pieces]
        if rows:
            self.of[place] = rows
        return bool(rows)


def piece_hashes(word: bytes, about: About) -> Iterator[int]:
    """Of every piece of `<word>`, `shortest` to `longest` characters long: FNV-1a, with fastText's signed bytes."""
    text = b"<" + word + b">"
    starts = [place for place, byte in enumerate(text) if byte & 0xC0 != 0x80] + [len(text)]
    for first in range(len(starts) - 1):
        hashed, begin = 2166136261, starts[first]
        for length, end in enumerate(starts[first + 1 : first + 1 + about.longest], start=1):
            for byte in text[begin:end]:
                signed = byte | 0xFFFFFF00 if byte >= 128 else byte
                hashed = (hashed ^ signed) * 16777619 & 0xFFFFFFFF
            begin = end
            alone = length == 1 and (first == 0 or end == len(text))  # only the mark of an end
            if length >= about.shortest and not alone:
                yield hashed


def _means(blocks: Blocks, about: About, members: dict[int, list[int]]) -> dict[int, np.ndarray]:
    """Pass over the matrix once, and keep of it the sums."""
    places = np.fromiter((place for place, rows in members.items() for _ in rows), np.int64)
    rows = np.fromiter((row for of_place in members.values() for row in of_place), np.int64)
    order = np.argsort(rows, kind="stable")
    places, rows = places[order], rows[order]
    numbers = {place: number for number, place in enumerate(members)}
    targets = np.array([numbers[place] for place in places.tolist()], np.int64)
    sums = np.zeros((len(members), about.dim), np.float32)
    read_rows = 0
    for start in range(0, about.words + about.buckets, ROWS):
        first, last = np.searchsorted(rows, [start, start + ROWS])
        if first == last:
            continue
        blocks.skip((start - read_rows) * 4 * about.dim)
        size = min(ROWS, about.words + about.buckets - start)
        block = np.frombuffer(blocks.take(size * 4 * about.dim), "<f4").reshape(size, about.dim)
        np.add.at(sums, targets[first:last], block[rows[first:last] - start])
        read_rows = start + size
    counts = np.array([len(of_place) for of_place in members.values()])[:, None]
    return dict(zip(members, sums / np.maximum(counts, 1), strict=True))


def _quantized(blocks: Blocks) -> DataError:
    return DataError(
        f"{blocks.name}: expected a whole matrix, received a quantized file (.ftz). Take the .bin or .vec."
    )
