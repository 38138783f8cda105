"""Lines of CSV: a row ends with a line feed, and every program that reads CSV finds the same rows."""

import csv
import io
from collections.abc import Iterable, Iterator


def csv_lines(rows: Iterable[Iterable]) -> Iterator[str]:
    r"""Yield each row as a line, without its end.

    A field with a carriage return is in quotes: many programs take it for the end of a line otherwise. `csv.writer`
    does so only if its own lines end with one (Python 3.11).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield buffer.getvalue().removesuffix("\r\n")
        buffer.seek(0)
        buffer.truncate()
