"""Read Excel workbooks, and OpenDocument spreadsheets: the first sheet with rows, or the one that is named."""

import datetime
import io
import logging
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError, did_you_mean
from textclf.core.files import MIB
from textclf.core.formatting import counted
from textclf.core.text_column import text_array
from textclf.data.readers.columns import ALL, KEEP, KEPT, kept_column, kept_names, plain_text
from textclf.data.readers.limits import MOST_COLUMNS, too_long
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import TITLE_ADVICE, check_names, missing_columns

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

log = logging.getLogger(__name__)
ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
NAMES_COLUMNS = True
CHUNK_ROWS = 2_000
LARGEST_FILE = 256 * MIB
LARGEST_PART = 1024 * MIB  # of a workbook, which is a zip archive
MOST_CELLS = 20_000_000  # in the rectangle of a sheet, which is kept in memory: some 30 bytes for each
CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
CHUNK_BYTES = MIB


def read(
    stream: BinaryIO,
    columns: list[str],
    name: str,
    options: ReadingOptions = DEFAULTS,
    *,
    kept: Sequence[str] | None = None,
) -> Iterator[pa.Table]:
    """Yield the named columns, `CHUNK_ROWS` rows at a time, without empty rows.

    The first row that is not empty is the header. A formula is the value that the program saved for it. Whole numbers
    have no fraction, and dates are written as in ISO 8601.

    Args:
        kept: further columns, for the column `KEPT`.

    Raises:
        DataError: no workbook, a damaged or protected one, no such sheet, no such column; or the package that reads
            them is not installed.
    """
    with _workbook(_content(stream, name), name) as workbook:
        sheet = _sheet(workbook, name, options)
        rows = _rows(sheet)
        first, header = next(rows, (0, []))
        found = [field for field in header if field]
        names = [] if kept is None else kept_names(kept, found)
        for wanted, named_by in ((columns, None), (names, KEEP)):
            if not set(wanted) <= set(found):
                error = missing_columns(name, wanted, found, options, named_by=named_by)
                title = TITLE_ADVICE if len(found) < len(header) else ""
                raise DataError(f"{error}{title}{_other_sheets(workbook, options)}")
        check_names(name, columns if kept == [ALL] else [*columns, *names], found)
        places = {column: header.index(column) for column in (*columns, *names)}
        count, last = 0, first
        while some := list(islice(rows, CHUNK_ROWS)):
            count, last = count + len(some), some[-1][0]
            yield _table([fields for _, fields in some], columns, places, None if kept is None else names)
        if blank := last - first - count:
            log.info("%s: row numbers count neither the header nor %s of the sheet", name, counted(blank, "blank row"))
        if options.sheet is None and (others := _others(workbook, sheet.name)):
            log.warning("%s", not_read(name, sheet.name, others, options))


def first_rows(stream: BinaryIO, name: str, options: ReadingOptions, most: int) -> list[tuple[int, list[str]]]:
    """Return the first rows that are not empty, each with its number in the sheet. The first one names the columns.

    Raises:
        DataError: as `read`.
    """
    with _workbook(_content(stream, name), name) as workbook:
        return list(islice(_rows(_sheet(workbook, name, options)), most))


def sheets(stream: BinaryIO, name: str) -> tuple[str, list[str], list[str]]:
    """Return the sheet that is read by default, the others with rows, and the names of all.

    Raises:
        DataError: as `read`.
    """
    with _workbook(_content(stream, name), name) as workbook:
        first = _sheet(workbook, name, DEFAULTS).name
        return first, _others(workbook, first), workbook.sheet_names


def not_read(name: str, sheet: str, others: Sequence[str], options: ReadingOptions) -> str:
    """Return the warning that other sheets have rows, too."""
    return f"{name}: read the sheet {sheet}; not read: {', '.join(others)}. Name one with {options.named('sheet')}"


def other_sheets(stream: BinaryIO, name: str, options: ReadingOptions) -> str:
    """Return the advice to name another sheet; nothing if there is no other one, or if one is named."""
    with _workbook(_content(stream, name), name) as workbook:
        return _other_sheets(workbook, options)


def _table(rows: list[list[str]], columns: list[str], places: dict[str, int], kept: list[str] | None) -> pa.Table:
    arrays = {column: text_array([row[places[column]] for row in rows]) for column in columns}
    if kept is not None:
        arrays[KEPT] = kept_column({column: row[places[column]] for column in kept} for row in rows)
    return pa.table(arrays)


def _content(stream: BinaryIO, name: str) -> bytes:
    content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise too_long(name, "a workbook", LARGEST_FILE)
    return content


def _other_sheets(workbook: "CalamineWorkbook", options: ReadingOptions) -> str:
    names = workbook.sheet_names
    if options.sheet is not None or len(names) < 2:
        return ""
    return f" For another sheet set {options.named('sheet')}; the sheets are: {', '.join(names)}."


def _others(workbook: "CalamineWorkbook", first: str) -> list[str]:
    """Return the names of the other sheets that people see, and that have a header and rows."""
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum

    names = []
    for found in workbook.sheets_metadata:
        is_table = found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
        with suppress(CalamineError):  # a damaged sheet, which nobody asked for
            if is_table and found.name != first and workbook.get_sheet_by_name(found.name).height > 1:
                names.append(found.name)
    return names


@contextmanager
def _workbook(content: bytes, name: str) -> Iterator["CalamineWorkbook"]:
    """Open a workbook; within the block, its errors are ours."""
    from zipfile import BadZipFile  # takes some milliseconds, which other formats do not need

    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise DataError(
            f"{name}: textclf reads Excel files with python-calamine, which is not installed. pip install "
            '"textclf-keras[excel]", or save the file as CSV (UTF-8) and use that.'
        ) from None
    try:
        _check_size(content, name)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            yield workbook
    except (CalamineError, OSError, ValueError, EOFError, RuntimeError, BadZipFile, zlib.error) as error:
        raise DataError(
            f"{name}: expected an Excel workbook or an OpenDocument spreadsheet, got a damaged or protected one, or "
            f"something else: {error}. Open it, and save it again without a password, or as CSV (UTF-8)."
        ) from None


def _rows(sheet: "CalamineSheet") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each as texts with its number in the sheet."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        fields = list(map(_field, row))
        if any(fields):
            yield number, fields


def _sheet(workbook: "CalamineWorkbook", name: str, options: ReadingOptions) -> "CalamineSheet":
    """Return the sheet that the options name, or the first one that has rows."""
    names = workbook.sheet_names
    if options.sheet is not None:
        if options.sheet not in names:
            meant = did_you_mean(options.sheet, names, otherwise=".")
            raise DataError(
                f"{name}: expected a sheet '{options.sheet}', as {options.named('sheet')} says, but the sheets are: "
                f"{', '.join(names)}{meant}"
            )
        return workbook.get_sheet_by_name(options.sheet)
    sheets = (workbook.get_sheet_by_name(sheet) for sheet in names)
    first = next((sheet for sheet in sheets if sheet.height), None)
    if first is None:
        raise DataError(f"{name}: expected a header line and rows, got a workbook without any.")
    return first


def _check_size(content: bytes, name: str) -> None:
    """Check what a workbook becomes in memory: a file of kilobytes, or a cell in the last row, can be gigabytes."""
    import zipfile

    if not zipfile.is_zipfile(io.BytesIO(content)):
        return  # an old one, of bounded size
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(part.file_size > LARGEST_PART for part in archive.infolist()):
            raise too_long(name, "sheets", LARGEST_PART)
        for part in archive.namelist():
            if part.startswith("xl/worksheets/"):
                with archive.open(part) as sheet:
                    _check_cells(sheet, name)


def _check_cells(sheet: IO[bytes], name: str) -> None:
    width = height = 0
    rest = b""
    while piece := sheet.read(CHUNK_BYTES):
        for letters, row in CELL.findall(rest + piece):
            column = 0
            for letter in letters:
                column = column * 26 + letter - ord("A") + 1
            width, height = max(width, column), max(height, int(row))
        rest = piece[-64:]
        if width > MOST_COLUMNS or width * height > MOST_CELLS:
            raise DataError(
                f"{name}: expected at most {MOST_CELLS:,} cells and {MOST_COLUMNS:,} columns, got a sheet that ends in "
                f"column {width:,}, row {height:,}. Delete the cells far from the table, or save it as CSV (UTF-8)."
            )


def _field(value: object) -> str:
    """Return a cell as a CSV file has it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value) if isinstance(value, datetime.date | datetime.time | datetime.timedelta) else plain_text(value)
