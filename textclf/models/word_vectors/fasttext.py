"""The binary format of fastText: settings, dictionary, matrix. The vector of a word is the mean of several rows.

The rows of a word are its own row and one row for each subword, a character n-gram of the word (Bojanowski et al.
2017). Words that the dictionary lacks have the mean of their subwords.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import LARGEST_DIM, Header, check_size
from textclf.models.word_vectors.stream import ByteStream
from textclf.models.word_vectors.vocabulary_vectors import BY_SUBWORDS, MISSING, VocabularyVectors

MAGIC = struct.pack("<i", 793712314)
VERSIONS = (11, 12)
SUPERVISED = 3
END_OF_LINE = b"</s>"  # a word of the dictionary without subwords
LONGEST_WORD, LONGEST_SUBWORD = 10_000, 100  # bytes, characters
ROWS_AT_ONCE = 1024  # of the matrix


class FastTextHeader(NamedTuple):
    """The settings that define a vector. `minn` and `maxn` are fastText's names."""

    count: int  # type: ignore[assignment]  # words and labels of the dictionary; hides tuple.count
    dim: int
    words: int
    buckets: int  # rows behind those of the words, which subwords share by their hash
    minn: int  # the minimum characters of a subword
    maxn: int  # the maximum; 0 for no subwords


def read_header(stream: ByteStream) -> FastTextHeader:
    """Return what precedes the dictionary.

    Raises:
        DataError: an unknown version, impossible numbers, or a quantized file.
    """
    _, version, *settings = struct.unpack("<14i", stream.read(56))
    dim, model, buckets, minn, maxn = (settings[place] for place in (0, 7, 8, 9, 10))
    stream.read(8)
    count, words, labels, _, pruned = struct.unpack("<3i2q", stream.read(28))
    header = FastTextHeader(
        count, dim, words, buckets, minn, 0 if version == 11 and model == SUPERVISED else max(0, maxn)
    )
    valid = (
        version in VERSIONS
        and 0 < dim <= LARGEST_DIM
        and 0 <= words <= count == words + labels
        and buckets >= 0
        and (maxn <= 0 or (0 <= minn <= maxn <= LONGEST_SUBWORD and buckets))
    )
    if not valid:
        raise DataError(
            f"{stream.name}: expected a .bin of fastText of version {' or '.join(map(str, VERSIONS))}, got version "
            f"{version} with settings that cannot be read."
        )
    if pruned > 0:
        raise _quantized(stream)
    check_size(stream, Header(count, dim), row=10)
    check_size(stream, Header(words + buckets, dim), row=4 * dim)
    return header


def read_vectors(stream: ByteStream, header: FastTextHeader, vectors: VocabularyVectors) -> None:
    """Fill the vectors of the vocabulary, those of unknown words from their subwords.

    Raises:
        DataError: the file ends too early, is quantized, or has a value that is not finite.
    """
    matrix_rows, ways = _read_dictionary(stream, header, vectors)
    quantized, rows, dim = struct.unpack("<?2q", stream.read(17))
    if quantized:
        raise _quantized(stream)
    if (rows, dim) != (header.words + header.buckets, header.dim):
        raise DataError(
            f"{stream.name}: expected a matrix of {header.words + header.buckets:,} rows and {header.dim:,} columns, "
            f"got {rows:,} rows and {dim:,} columns."
        )
    for row, vector in _read_means(stream, header, matrix_rows).items():
        vectors.fill([(row, ways[row])], vector, stream.name)


def _read_dictionary(
    stream: ByteStream, header: FastTextHeader, vectors: VocabularyVectors
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Return, by the row of a token, the rows of the matrix whose mean it is, and the way it was found."""
    matrix_rows: dict[int, list[int]] = {}
    ways: dict[int, int] = {}
    for number in range(header.count):
        word = stream.read_until(b"\0", LONGEST_WORD)
        stream.read(9)  # its frequency, and whether it is a label
        if word is None:
            raise stream.truncated()
        for row, way in vectors.rows_for(word) if number < header.words else ():
            if ways.get(row, MISSING) < way:
                ways[row] = way
                matrix_rows[row] = [number, *_subword_rows(word, header)]
    for token, row in vectors.ids.items():
        if row not in ways and (rows := _subword_rows(token.encode("utf-8", "surrogatepass"), header)):
            ways[row] = BY_SUBWORDS
            matrix_rows[row] = rows
    return matrix_rows, ways


def _subword_rows(word: bytes, header: FastTextHeader) -> list[int]:
    hashes = () if word == END_OF_LINE else subword_hashes(word, header)
    return [header.words + number % header.buckets for number in hashes]


def subword_hashes(word: bytes, header: FastTextHeader) -> Iterator[int]:
    """Yield the hash of every subword of `<word>`: FNV-1a over signed bytes, as in fastText's dictionary.cc."""
    text = b"<" + word + b">"
    starts = [place for place, byte in enumerate(text) if byte & 0xC0 != 0x80] + [len(text)]
    for first in range(len(starts) - 1):
        hashed, begin = 2166136261, starts[first]
        for length, end in enumerate(starts[first + 1 : first + 1 + header.maxn], start=1):
            for byte in text[begin:end]:
                signed = byte | 0xFFFFFF00 if byte >= 128 else byte
                hashed = (hashed ^ signed) * 16777619 & 0xFFFFFFFF
            begin = end
            bracket = length == 1 and (first == 0 or end == len(text))  # `<` or `>` alone
            if length >= header.minn and not bracket:
                yield hashed


def _read_means(stream: ByteStream, header: FastTextHeader, matrix_rows: dict[int, list[int]]) -> dict[int, np.ndarray]:
    """Return the mean of the matrix rows of each token. Reads the matrix once and keeps only the sums."""
    tokens = np.fromiter((token for token, rows in matrix_rows.items() for _ in rows), np.int64)
    rows = np.fromiter((row for of_token in matrix_rows.values() for row in of_token), np.int64)
    order = np.argsort(rows, kind="stable")
    tokens, rows = tokens[order], rows[order]
    numbers = {token: number for number, token in enumerate(matrix_rows)}
    targets = np.array([numbers[token] for token in tokens.tolist()], np.int64)
    sums = np.zeros((len(matrix_rows), header.dim), np.float32)
    position = 0
    for start in range(0, header.words + header.buckets, ROWS_AT_ONCE):
        first, last = np.searchsorted(rows, [start, start + ROWS_AT_ONCE])
        if first == last:
            continue
        stream.skip((start - position) * 4 * header.dim)
        size = min(ROWS_AT_ONCE, header.words + header.buckets - start)
        block = np.frombuffer(stream.read(size * 4 * header.dim), "<f4").reshape(size, header.dim)
        np.add.at(sums, targets[first:last], block[rows[first:last] - start])
        position = start + size
    counts = np.array([len(of_token) for of_token in matrix_rows.values()])[:, None]
    return dict(zip(matrix_rows, sums / np.maximum(counts, 1), strict=True))


def _quantized(stream: ByteStream) -> DataError:
    return DataError(f"{stream.name}: quantized files (.ftz) cannot be read. Use the .bin or .vec file.")
