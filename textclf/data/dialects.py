"""Detect how a file of texts is written: its encoding, its delimiter, and whether it has quoted fields."""

import csv
import io
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, dropwhile, islice
from pathlib import Path

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.formatting import short_repr
from textclf.data.encodings import detect_encoding, read_sample
from textclf.data.readers import BINARY, READERS, format_of
from textclf.data.readers.content import checked_content
from textclf.data.readers.csv import SEPARATOR_LINE
from textclf.data.readers.csv_problems import DELIMITERS
from textclf.data.readers.decoding import lines_of
from textclf.data.readers.limits import LONGEST_LINE
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.problems import cannot_be_read
from textclf.data.readers.quotes import LINE_END, OpenQuoteError
from textclf.data.readers.sources import files_of

log = logging.getLogger(__name__)
DEFAULT_DELIMITERS = {"csv": ",", "tsv": "\t"}
NOT_LOOKED_AT = ("txt", *BINARY)  # lines have no names or quotes to tell noise from text
SAMPLED_FILES = 20  # of a folder in which each file is a text


def look_at(
    source: str, reading: ReadingOptions, given: Collection[str], columns: Sequence[str], trained: ReadingOptions
) -> ReadingOptions:
    """Return how to read a source whose columns are known. Its first file is inspected, as by `textclf new`.

    Args:
        reading: the values of the options in `given`, which are not detected.
        columns: that will be read.
        trained: how the training files were read; only their delimiter is tried, too.

    Raises:
        DataError: there is no file, or it cannot be read.
    """
    path, form = files_of(source, reading)[0]
    if form in NOT_LOOKED_AT or not Path(path).is_file():
        return reading
    try:
        with open_file(path) as stream:
            sample = read_sample(checked_content(decompressed(stream, path), path, reading))
    except OSError as error:
        raise cannot_be_read(path, error) from None
    if "encoding" not in given:
        reading = replace(reading, encoding=detect_encoding(sample))
        if reading.encoding != "utf-8":
            lines = LINE_END.split(sample.decode(reading.encoding, "replace"))
            log.info("encoding: %s (detected); %s reads %s", reading.encoding, path, short_repr(max(lines, key=len)))
    if form not in DEFAULT_DELIMITERS:
        return reading
    text = sample.decode(reading.encoding, "replace").removeprefix("\ufeff")
    first = next(_lines(text))
    if "delimiter" not in given and trained.delimiter and {*columns} <= {*fields_of_line(first, trained.delimiter)}:
        reading = replace(reading, delimiter=trained.delimiter)
    if "quoting" not in given and '"' in text:
        candidates = [one for one in reading.delimiter or DELIMITERS if {*columns} <= {*first.split(one)}]
        # Quoted texts mostly have delimiters in them. `fit` then needs a few lines, and nothing is read.
        if any(fit(_lines(text), one) for one in candidates):
            return _with_quoting(sample, columns, reading, (path, form))
    return reading


def _with_quoting(
    sample: bytes, columns: Sequence[str], reading: ReadingOptions, file: tuple[str, str]
) -> ReadingOptions:
    """Return how to read a sample that would also fit without quoting: without it, if a quote would be open."""
    path, form = file
    try:
        for _ in READERS[form].read(io.BytesIO(sample), list(columns), path, reading):
            pass
    except OpenQuoteError as error:
        log.info("quoting: none (%s)", error.reason)
        return replace(reading, quoting="none")
    except DataError:
        pass  # the reader says it again
    return reading


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, one at a time: most callers need only the first ones."""
    start = 0
    for end in LINE_END.finditer(text):
        yield text[start : end.start()]
        start = end.end()
    yield text[start:]


def fit(lines: Iterable[str], delimiter: str) -> bool:
    """Return whether every line has as many delimiters as the first, quotes being ordinary characters."""
    lines = iter(lines)
    expected = next(lines, "").count(delimiter)
    return all(line.count(delimiter) == expected for line in lines if line)


def fits_without_quotes(path: str, reading: ReadingOptions) -> bool:
    """Return whether every line of a file has as many delimiters as its header, quotes being ordinary characters."""
    with open_file(path) as stream:
        lines = chain.from_iterable(lines_of(decompressed(stream, path), path, reading))
        first = next(lines, "")
        rest = lines if SEPARATOR_LINE.fullmatch(first) else chain([first], lines)
        return fit(rest, reading.delimiter or DEFAULT_DELIMITERS[reading.format or format_of(path)])


def encoding_of(paths: Sequence[str], reading: ReadingOptions) -> str:
    """Return the encoding of a file, or of files that are a text each."""
    sample = b""
    for path in islice(paths, SAMPLED_FILES):
        with open_file(path) as stream:
            sample += read_sample(checked_content(decompressed(stream, path), path, reading)) + b"\n"
    return detect_encoding(sample.removesuffix(b"\n"))


def header(lines: Sequence[str], reading: ReadingOptions) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return the delimiter of the first lines of a file, and the rows that it gives from the header on, with numbers.

    It is the one that gives most rows as many fields as the header, and at least two. A line such as `sep=;` names it.
    """
    count = len(lines)
    default = DEFAULT_DELIMITERS[str(reading.format)]
    candidates = reading.delimiter or "".join(sorted(DELIMITERS, key=lambda one: one != default))
    lines = list(dropwhile(lambda line: not line.strip("\r"), lines))
    if lines and (named := SEPARATOR_LINE.fullmatch(lines[0])):
        candidates, lines = reading.delimiter or named[1], lines[1:]
    best, best_score = candidates[0], (0.0, 0)
    best_rows: list[list[str]] = []
    for delimiter in candidates:
        rows = _rows(lines, delimiter, reading.quoting)
        found = rows[0] if rows else []
        as_many = sum(len(row) == len(found) for row in rows) / max(len(rows), 1)
        score = (as_many if len(found) > 1 else 0.0, len(found))
        if not (best_rows and best_rows[0]) or score > best_score:
            best, best_score, best_rows = delimiter, score, rows
    return best, list(enumerate(best_rows, 1 + count - len(lines)))


def fields_of_line(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line that may have quotes."""
    return next(iter(_rows([line], delimiter, "minimal")), [])


def _rows(lines: Sequence[str], delimiter: str, quoting: str) -> list[list[str]]:
    if quoting == "none":
        return [line.split(delimiter) for line in lines]
    longest = csv.field_size_limit(LONGEST_LINE)
    try:
        # Where most lines end with a line feed, the reader of rows also takes a carriage return for an end.
        return list(csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter))
    except csv.Error:  # a longer field: an open quote, with a wrong delimiter
        return []
    finally:
        csv.field_size_limit(longest)
