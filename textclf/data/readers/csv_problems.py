"""The errors for CSV files: what is wrong with a row or the header, and what to do."""

import re

from textclf.core.errors import DataError
from textclf.data.readers.limits import BoundedRows
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.problems import TITLE_ADVICE, missing_columns
from textclf.data.readers.quotes import LINE_END, OpenQuoteError

DELIMITERS = {
    ",": "a comma",
    "\t": "a tab",
    ";": "a semicolon",
    "|": "a bar",
    "^": "a caret",
    "~": "a tilde",
    "\x01": "\\x01",
}
UNNAMED = re.compile(r"Unnamed: \d+")  # what pandas calls a column without a name
AS_TWO = 'Write a quote in a field as ""'


def repeated_header(name: str, row: int) -> DataError:
    """Return the error for a row that is the header again."""
    return DataError(
        f"{name}: expected one header line, got it again as row {row}, as in files that were put together. Remove that "
        "line."
    )


def backslashes(name: str, options: ReadingOptions) -> DataError:
    """Return the error for quotes that are written with a backslash, which are not those of CSV."""
    as_text = f"If the backslash belongs to the text, set {options.named('quoting', 'unchecked')}."
    spark = """in Spark, .option("escape", '"')"""
    return DataError(f'{name}: expected a quote in a field as "", got \\". {AS_TWO}: {spark}. {as_text}')


def missing_in_header(
    name: str, columns: list[str], found: list[str], delimiter: str, options: ReadingOptions
) -> DataError:
    """Return the error for a missing column; a header of one field may have another delimiter."""
    likely = [named for delimiter, named in DELIMITERS.items() if len(found) == 1 and delimiter in found[0]]
    if "\0" in "".join(found):
        return DataError(
            f"{name}: expected text in {options.encoding}, got zeros between the characters. It looks like utf-16-le: "
            f"set {options.named('encoding', 'utf-16-le')}."
        )
    names = [field for field in found if not UNNAMED.fullmatch(field)]
    error = missing_columns(name, columns, names, options)
    if any(UNNAMED.fullmatch(field) for field in found[1:]):  # pandas writes an index without a name, first
        return DataError(f"{error}{TITLE_ADVICE}")
    if len(found) == 1 and found[0].count(delimiter) and not found[0].startswith('"'):
        return DataError(
            f"{error} Each line seems to be in quotes as a whole, and is one field then: remove these quotes."
        )
    return (
        DataError(f"{error} The fields seem to be separated by {likely[0]}: then set {options.named('delimiter')}.")
        if likely
        else error
    )


def explained(message: str, rows: BoundedRows, delimiter: str, options: ReadingOptions, beginning: str) -> DataError:
    """Return our error for one that pandas found in a row.

    Args:
        beginning: of the file, which shows how it is written.
    """
    name = rows.name
    quotes = _advice(beginning, delimiter, options)
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


def _advice(beginning: str, delimiter: str, options: ReadingOptions) -> str:
    """Return how fields must be written that contain the delimiter."""
    named = DELIMITERS.get(delimiter, repr(delimiter))
    if options.quoting == "none":
        return f"No field can contain {named} with {options.named('quoting', 'none')}."
    if '\\"' in beginning:
        return f'{AS_TWO}, not as \\".'
    if f'{delimiter} "' in beginning:
        return "A quote opens a field only as its first character: remove the space before it."
    header, first, *_ = [*LINE_END.split(beginning.lstrip("\ufeff\r\n"), maxsplit=2), ""]
    if first.endswith(delimiter) and not header.endswith(delimiter):
        return f"Rows end with {named}, and the header does not: remove it from the rows, or add it to the header."
    quotes = f'Put fields that contain {named} in double quotes: "one{delimiter} two".'
    if delimiter in header:
        return quotes
    return f"{quotes} If the first line is a title or a comment, remove it: the header comes first."
