"""What the tests of the readers share: the same rows in every format, and reading them back."""

import bz2
import csv
import gzip
import io
import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from textclf.core.errors import DataError
from textclf.data.readers import READERS
from textclf.data.readers.options import DEFAULTS
from textclf.data.readers.sources import Columns, read_stream

LIKE_NOTHING_OR_NUMBERS = ["NA", "null", "None", "nan", "true", "007", "1.0", "1e5"]
AWKWARD = [*LIKE_NOTHING_OR_NUMBERS, "你好，世界", " x ", "é", "e\u0301", "👩‍👩‍👧", "#a", "a\x00b", "\u2028"]
ODD = ["one, two; three", 'he said "no"', '"', "'", "tab\there", "\\n \\", "", "two\nlines\n", "win\r\ndows", "｜|"]
# Sorted by label, as a folder has them.
ROWS = sorted(
    [(text, ["好评", "negative", "7"][number % 3]) for number, text in enumerate(AWKWARD + ODD)],
    key=lambda row: row[1],
)


def write_csv(rows, delimiter=","):
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n", delimiter=delimiter)
    writer.writerows([["text", "label"], *rows])
    return stream.getvalue()


def write_jsonl(rows):
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n" for text, label in rows]
    return "".join(lines)


def write_json(rows):
    """An array with an object a line."""
    objects = (write_jsonl([row]).removesuffix("\n") for row in rows)
    return "[" + ",\n".join(objects) + "]"


def write_parquet(rows):
    stream = io.BytesIO()
    texts, labels = zip(*rows, strict=True) if rows else ((), ())
    table = pa.table({"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.string())})
    pq.write_table(table, stream, row_group_size=7)
    return stream.getvalue()


# What a file with these rows looks like; text is encoded afterwards. A folder has many files: `write_source`.
WRITERS = {
    "csv": write_csv,
    "tsv": lambda rows: write_csv(rows, "\t"),
    "jsonl": write_jsonl,
    "json": write_json,
    "parquet": write_parquet,
    "txt": lambda rows: "".join(text + "\n" for text, _ in rows),
    "fasttext": lambda rows: "".join(f"__label__{label} {text}\n" for text, label in rows),
}
TEXT_FORMATS = [name for name in WRITERS if name != "parquet"]
ENDING = {name: f".{name}" for name in WRITERS} | {"fasttext": ".ft"}
COMPRESS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda content: pa.Codec("zstd").compress(content).to_pybytes(),
}

# What a file of each format is made of, for random ones.
PIECES = st.sampled_from(
    [
        *rb'text label , " { } [ ] : "text": "\ud800" 1e999 null NaN __label__ PAR1'.split(),
        *[b"\n", b"\r\n", b"\r", b"\x00", b"\xef\xbb\xbf", b"\xff", b"\xe4\xbd", b"text,label\n", b'{"text": "a"}\n'],
        *[b'{"text": "a", "label": ["b", 1]}\n', b"__label__a __label__b c\n", b"text\tlabel\n", b"\t", b"9" * 4301],
    ]
)
JUNK = st.binary(max_size=40) | st.lists(PIECES, max_size=10).map(b"".join)


def can_hold(name, rows):
    """The rows that a format can hold: a line cannot have a line break in it."""
    return [row for row in rows if name not in ("txt", "fasttext") or "\n" not in row[0]]


def content_of(name, rows, encoding="utf-8"):
    content = WRITERS[name](rows)
    return content if isinstance(content, bytes) else content.encode(encoding)


def write_source(folder, name, rows, encoding="utf-8", compression=""):
    """Write the rows into a folder in the named format; returns what to name as their source."""
    if name != "folder":
        path = folder / f"rows{ENDING[name]}{compression}"
        path.write_bytes(COMPRESS[compression](content_of(name, rows, encoding)))
        return str(path)
    for number, (text, label) in enumerate(rows):
        path = folder / "folder" / label / f"{number:03}.txt{compression}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(COMPRESS[compression](text.encode(encoding)))
    return str(folder / "folder")


def rows_of(tables):
    """Rows of tables as tuples."""
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def read(name, content, columns=("text", "label"), stream_name="stream", options=DEFAULTS):
    """The rows of a file as tuples."""
    tables = READERS[name].read(io.BytesIO(content), list(columns), stream_name, options)
    return [tuple(row[column] for column in columns) for table in tables for row in table.to_pylist()]


def texts_of(name, content, stream_name="stream", options=DEFAULTS):
    return [text for (text,) in read(name, content, ["text"], stream_name, options)]


def fault(name, content, columns=("text", "label"), stream_name="stream", options=DEFAULTS):
    with pytest.raises(DataError) as caught:
        read(name, content, columns, stream_name, options)
    return str(caught.value)


def read_bytes(content, name, label_column="label", options=DEFAULTS):
    """The rows of a stream with a name, as `read_files` reads them."""
    return rows_of(read_stream(io.BytesIO(content), name, Columns(["text"], label_column), options))


def slow_stream(pieces):
    """A pipe: every read returns what has arrived, however little was in it."""
    arriving = iter(pieces)
    return SimpleNamespace(read=None, read1=lambda _: next(arriving, b""))
