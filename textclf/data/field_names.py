"""Read the names of the columns of a file, in each format that names them. Only the beginning of the file is read."""

import json
from dataclasses import replace

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.formatting import escape_control
from textclf.data.dialects import DEFAULT_DELIMITERS, header
from textclf.data.readers import excel
from textclf.data.readers import json as json_reader
from textclf.data.readers.content import checked_content
from textclf.data.readers.decoding import lines_of
from textclf.data.readers.objects import nested_names
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.parquet import DAMAGED
from textclf.data.title_rows import check_first_row

SAMPLE_LINES = 200


def _names_of_csv(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        content = checked_content(decompressed(stream, path), path, reading)
        first_lines = next(lines_of(content, path, reading), [])[:SAMPLE_LINES]
    delimiter, rows = header(first_lines, reading)
    check_first_row(path, rows)
    is_default = delimiter == DEFAULT_DELIMITERS[str(reading.format)]
    names = [name for name in rows[0][1] if name] if rows else []
    return reading if is_default else replace(reading, delimiter=delimiter), names


def _names_of_excel(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        rows = excel.first_rows(decompressed(stream, path), path, reading, SAMPLE_LINES)
    check_first_row(path, rows)
    return reading, [name for name in rows[0][1] if name] if rows else []


def _names_of_jsonl(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        content = checked_content(decompressed(stream, path), path, reading)
        first_lines = next(lines_of(content, path, reading), [])
    first = next((line for line in first_lines if line.strip()), "")
    try:
        fields = json.loads(first)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, list) and all(isinstance(field, str) for field in fields):
        return reading, fields
    if not isinstance(fields, dict):
        raise DataError(
            f"{path}: expected a JSON object in every line, or arrays below an array with the names of the columns, "
            f"got '{escape_control(first[:40])}'."
        )
    return reading, list(nested_names(fields))


def _names_of_json(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        return reading, json_reader.field_names(decompressed(stream, path), path, reading)


def _names_of_parquet(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with open_file(path) as stream:
            content = decompressed(stream, path)  # the schema is at the end, to which not every stream can go
            source = content if content.seekable() else pa.BufferReader(content.read())
            return reading, pyarrow.parquet.read_schema(source).names
    except DAMAGED as error:
        raise DataError(f"{path}: expected a Parquet file, got a damaged one: {error}.") from None


# A function each that returns how to read the file, with its delimiter, and the names.
NAMES_OF = {
    "csv": _names_of_csv,
    "tsv": _names_of_csv,
    "jsonl": _names_of_jsonl,
    "json": _names_of_json,
    "excel": _names_of_excel,
    "parquet": _names_of_parquet,
}
