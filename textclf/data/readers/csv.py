"""Read CSV. Quoted fields may contain delimiters, quotes and line breaks, and have any length."""

import codecs
import csv
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.errors import DataError
from textclf.data.readers.columns import ALL, KEEP, KEPT, kept_column, kept_names
from textclf.data.readers.csv_problems import (
    DELIMITERS,
    backslashes,
    explained,
    missing_in_header,
    repeated_header,
)
from textclf.data.readers.limits import BoundedRows
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import check_names, missing_columns, wrong_bytes
from textclf.data.readers.quotes import LINE_END, Fields, open_quote

if TYPE_CHECKING:
    import pandas

ENDINGS = (".csv",)
NAMES_COLUMNS = True
CHUNK_ROWS = 2_000
HEADER_BYTES = 1 << 16
SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?', re.IGNORECASE)  # Excel's first line


def read(
    stream: BinaryIO,
    columns: list[str],
    name: str,
    options: ReadingOptions = DEFAULTS,
    *,
    default: str = ",",
    kept: Sequence[str] | None = None,
) -> Iterator[pa.Table]:
    """Yield the named columns, `CHUNK_ROWS` rows at a time; nothing for a file with only a header.

    Args:
        default: the delimiter, unless the options or a line such as `sep=;` name one, or the header has the columns
            only with another.
        kept: further columns, for the column `KEPT`.

    Raises:
        DataError: no header, a missing column, a row with too many fields or without an end, a quote that is never
            closed, or bytes that the encoding does not have.
    """
    import pandas

    rows = BoundedRows(stream, name, delimiter=options.delimiter or default, quotes=options.quoting != "none")
    try:
        content = io.BufferedReader(rows, HEADER_BYTES)
        beginning = content.peek(HEADER_BYTES)
        header, form = _form(beginning, columns, options, default)
        names = _fields(header, form["sep"], options)
        check_names(name, columns if kept in (None, [ALL]) else [*columns, *(kept or ())], names)
        rows.delimiter = form["sep"].encode()
        if options.quoting == "minimal" and not form["skip_blank_lines"]:
            rows.watch_one_column(beginning)
        with warnings.catch_warnings():
            # A first row with more fields than the header is only a warning to pandas, and data is lost. With
            # `usecols` it would not even be that, in any row: all columns are read.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            with pandas.read_csv(content, **form) as frames:
                yield from _tables(frames, columns, rows, Fields(form["sep"]), options, kept)
    except pandas.errors.EmptyDataError:
        raise DataError(f"{name}: expected a header line and rows, got an empty file.") from None
    except (pandas.errors.ParserError, pandas.errors.ParserWarning) as error:
        if form["sep"] not in header and columns != [header.strip('"')]:
            raise missing_in_header(name, columns, [header], form["sep"], options) from None
        raise explained(str(error), rows, form["sep"], options, beginning.decode(options.encoding, "ignore")) from None
    except UnicodeError as error:
        raise wrong_bytes(name, error, options) from None


def _kept(
    frame: "pandas.DataFrame", kept: Sequence[str] | None, name: str, options: ReadingOptions
) -> dict[str, pa.LargeStringArray]:
    if kept is None:
        return {}
    found = list(frame.columns)
    names = kept_names(kept, found)
    if not set(names) <= set(found):
        raise missing_columns(name, names, found, options, named_by=KEEP)
    rows = frame[names].itertuples(index=False, name=None)
    return {KEPT: kept_column(dict(zip(names, row, strict=True)) for row in rows)}


def _form(beginning: bytes, columns: list[str], options: ReadingOptions, default: str) -> tuple[str, dict]:
    """Return the header line, and the arguments of `pandas.read_csv`, from the options and the first bytes."""
    text = codecs.getincrementaldecoder(options.encoding)("replace").decode(beginning).lstrip("\ufeff")
    starts_blank = text[:1] in "\r\n"
    header, *more = split_first_row(text.lstrip("\r\n"), options)
    delimiter, skipped = options.delimiter or _delimiter(header, columns, default), 0
    if (named := SEPARATOR_LINE.fullmatch(header)) and options.delimiter in (None, named[1]):
        delimiter, skipped = named[1], 1
        header, *more = split_first_row(more[0] if more else "", options)
    return header, {
        "sep": delimiter,
        "skiprows": skipped,
        "quoting": csv.QUOTE_NONE if options.quoting == "none" else csv.QUOTE_MINIMAL,
        # With plain utf-8 pandas decodes field by field, and does not see a character that is cut at the end.
        "encoding": "utf-8-sig" if options.encoding == "utf-8" else options.encoding,
        "dtype": str,
        "na_filter": False,
        "index_col": False,
        "chunksize": CHUNK_ROWS,
        # A blank line is no row, but where a text is all of a row, it is an empty one.
        "skip_blank_lines": starts_blank or not (more and header.strip()) or delimiter in header,
    }


def split_first_row(text: str, options: ReadingOptions) -> list[str]:
    """Return the first row, in whose quoted fields a line can end, and what follows if the row has an end."""
    opens = f"(?:^|(?<=[{re.escape(options.delimiter or ''.join(DELIMITERS))}]))"
    quoted = "" if options.quoting == "none" else rf'{opens}"(?:[^"]++|"")*+"|'
    place = re.compile(rf"(?:{quoted}[^\r\n])*+").match(text).end()  # type: ignore[union-attr] # it matches nothing, too
    end = LINE_END.match(text, place)
    return [text[:place], text[end.end() :]] if end else [text]


def _delimiter(header: str, columns: list[str], default: str) -> str:
    """Return the first delimiter by which a header has the columns; the default if there is none."""
    return next((one for one in (default, *DELIMITERS) if {*columns} <= {*_fields(header, one)}), default)


def _fields(header: str, delimiter: str, options: ReadingOptions = DEFAULTS) -> list[str]:
    if options.quoting == "none":
        return header.split(delimiter)
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:  # a name without an end
        return []


def _tables(
    frames, columns: list[str], rows: BoundedRows, fields: Fields, options: ReadingOptions, kept: Sequence[str] | None
) -> Iterator[pa.Table]:
    """Yield the named columns of each frame that has rows, after a look at its quotes."""
    for frame in frames:
        rows.forget()
        found = list(frame.columns)
        if not set(columns) <= set(found):
            raise missing_in_header(rows.name, columns, found, fields.delimiter, options)
        arrays = {column: _texts(frame, column) for column in columns}
        if len(found) > 1:
            _check_header(frame, arrays, rows.name, fields.rows)
        if options.quoting == "minimal" and rows.has_quotes:
            if rows.found_backslash:
                raise backslashes(rows.name, options)
            _check_quotes(frame, arrays, rows, fields, options)
        fields.rows += len(frame)
        arrays |= _kept(frame, kept, rows.name, options)
        if len(frame):
            yield pa.table(arrays)
    if swallowed := fields.at_the_end():
        raise open_quote(rows.name, f"row {swallowed.place + 1}", swallowed.lines, options)


def _texts(frame, column: str) -> pa.LargeStringArray:
    texts = pa.array(frame[column], pa.large_string())
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts  # pandas splits wide tables


def _check_quotes(
    frame, arrays: dict[str, pa.Array], rows: BoundedRows, fields: Fields, options: ReadingOptions
) -> None:
    """Raise an error if a field of these rows holds rows."""
    if rows.one_column and (found := rows.one_column.found):
        raise open_quote(rows.name, f"line {found.place}", found.lines, options)
    if len(frame.columns) > 1:
        every = [arrays[column] if column in arrays else _texts(frame, column) for column in frame.columns]
        if found := fields.look(every):
            raise open_quote(rows.name, f"row {found.place + 1}", found.lines, options)


def _check_header(frame, arrays: dict[str, pa.Array], name: str, before: int) -> None:
    """Raise an error if a row is the header again, perhaps with the byte order mark of its file."""
    column, texts = next(iter(arrays.items()))
    again = pc.or_(pc.equal(texts, column), pc.equal(texts, f"\ufeff{column}"))
    for place in pc.indices_nonzero(again).to_pylist():
        if [value.removeprefix("\ufeff") for value in frame.iloc[place]] == list(frame.columns):
            raise repeated_header(name, before + place + 1)
