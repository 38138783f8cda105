"""CSV files of the tests: UTF-8 with a header."""

import csv
from pathlib import Path


def read_rows(path, encoding="utf-8"):
    """Return the rows of a file, each as a dict."""
    with Path(path).open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path, rows, encoding="utf-8", **form):
    """Write rows as dicts, or as sequences of which the first is the header."""
    rows = list(rows)
    if isinstance(rows[0], dict):
        rows = [list(rows[0]), *(row.values() for row in rows)]
    with Path(path).open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, **form).writerows(rows)
