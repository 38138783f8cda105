"""Read CSV. Quoted fields may contain delimiters, quotes and line breaks, and have any length."""

import codecs
import csv
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.data.readers.columns import KEEP, KEPT, kept_column, kept_names
from textclf.data.readers.limits import BoundedRows
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import missing_columns, wrong_bytes
from textclf.data.readers.quotes import LINE_END, Fields, OpenQuoteError, open_quote

if TYPE_CHECKING:
    import pandas

ENDINGS = (".csv",)
NAMES_COLUMNS = True
CHUNK_ROWS = 2_000
HEADER_BYTES = 1 << 16
SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?', re.IGNORECASE)  # Excel's first line
DELIMITERS = {
    ",": "a comma",
    "\t": "a tab",
    ";": "a semicolon",
    "|": "a bar",
    "^": "a caret",
    "~": "a tilde",
    "\x01": "\\x01",
}


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
            raise _missing(name, columns, [header], options) from None
        raise _explained(str(error), rows, form["sep"], options) from None
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
    text = codecs.getincrementaldecoder(options.encoding)("replace").decode(beginning).removeprefix("\ufeff")
    header, *more = LINE_END.split(text, maxsplit=1)
    delimiter, skipped = options.delimiter or _delimiter(header, columns, default), 0
    if (named := SEPARATOR_LINE.fullmatch(header)) and options.delimiter in (None, named[1]):
        delimiter, skipped = named[1], 1
        header, *more = LINE_END.split(more[0] if more else "", maxsplit=1)
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
        "skip_blank_lines": not (more and header.strip()) or delimiter in header,
    }


def _delimiter(header: str, columns: list[str], default: str) -> str:
    """Return the first delimiter by which a header has the columns; the default if there is none."""
    for delimiter in (default, *DELIMITERS):
        try:
            names = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:  # a name without an end
            names = []
        if {*columns} <= {*names}:
            return delimiter
    return default


def _missing(name: str, columns: list[str], found: list[str], options: ReadingOptions) -> DataError:
    """Return the error for a missing column; a header of one field may have another delimiter."""
    likely = [named for delimiter, named in DELIMITERS.items() if len(found) == 1 and delimiter in found[0]]
    if "\0" in "".join(found):
        return DataError(
            f"{name}: expected text in {options.encoding}, got zeros between the characters. It looks like utf-16-le: "
            f"set {options.named('encoding', 'utf-16-le')}."
        )
    error = missing_columns(name, columns, found, options)
    return (
        DataError(f"{error} The fields seem to be separated by {likely[0]}: then set {options.named('delimiter')}.")
        if likely
        else error
    )


def _tables(
    frames, columns: list[str], rows: BoundedRows, fields: Fields, options: ReadingOptions, kept: Sequence[str] | None
) -> Iterator[pa.Table]:
    """Yield the named columns of each frame that has rows, after a look at its quotes."""
    for frame in frames:
        rows.forget()
        found = list(frame.columns)
        if not set(columns) <= set(found):
            raise _missing(rows.name, columns, found, options)
        arrays = {column: pa.array(frame[column], pa.large_string()) for column in columns}
        if options.quoting == "minimal" and rows.has_quotes:
            _check_quotes(frame, arrays, rows, fields, options)
        fields.rows += len(frame)
        arrays |= _kept(frame, kept, rows.name, options)
        if len(frame):
            yield pa.table(arrays)
    if swallowed := fields.at_the_end():
        raise open_quote(rows.name, f"row {swallowed.place + 1}", swallowed.lines, options)


def _check_quotes(
    frame, arrays: dict[str, pa.Array], rows: BoundedRows, fields: Fields, options: ReadingOptions
) -> None:
    """Raise an error if a field of these rows holds rows."""
    if rows.one_column and (found := rows.one_column.found):
        raise open_quote(rows.name, f"line {found.place}", found.lines, options)
    if len(frame.columns) > 1:
        every = [arrays.get(column, pa.array(frame[column], pa.large_string())) for column in frame.columns]
        if found := fields.look(every):
            raise open_quote(rows.name, f"row {found.place + 1}", found.lines, options)


def _explained(message: str, rows: BoundedRows, delimiter: str, options: ReadingOptions) -> DataError:
    """Return our error for one that pandas found in a row."""
    name = rows.name
    named = DELIMITERS.get(delimiter, repr(delimiter))
    quotes = f'Put fields that contain {named} in double quotes: "one{delimiter} two".'
    if options.quoting == "none":
        quotes = f"No field can contain {named} with {options.named('quoting', 'none')}."
    if match := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        expected, line, seen = match.groups()
        error = DataError(f"{name}: expected {expected} fields as in the header, got {seen} in line {line}. {quotes}")
        return _or_without_quotes(error, f"line {line} would have {seen} fields", rows, options)
    if "EOF inside string" in message:
        row = int(message.rsplit(" ", 1)[-1]) if message[-1].isdigit() else 0
        return OpenQuoteError(
            f"{name}: expected every opening quote to be closed, but the one in row {row} never is. "
            f'Write " as "", or set {options.named("quoting", "none")} if the file does not use quotes.',
            f"no quotes: else the quote in row {row} would not be closed",
        )
    if "Length of header" in message:
        error = DataError(f"{name}: expected as many fields as in the header, got more in the first row. {quotes}")
        return _or_without_quotes(error, "the first row would have too many fields", rows, options)
    return DataError(f"{name}: cannot be read as CSV: {message.strip()}")


def _or_without_quotes(error: DataError, otherwise: str, rows: BoundedRows, options: ReadingOptions) -> DataError:
    """Return an error that also says, of a file with quotes, that these may be ordinary characters."""
    if not rows.has_quotes:
        return error
    advice = f"If the file does not use quotes, set {options.named('quoting', 'none')}."
    return OpenQuoteError(f"{error} {advice}", f"no quotes: else {otherwise}")
