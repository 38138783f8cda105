"""What the tests of the readers share: the same rows in every format, and reading them back."""

import bz2
import csv
import gzip
import io
import json
import zipfile
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from textclf.core.errors import DataError
from textclf.data.readers import BINARY, READERS
from textclf.data.readers.options import DEFAULTS
from textclf.data.readers.sources import Columns, read_stream

LIKE_NOTHING_OR_NUMBERS = ["NA", "null", "None", "nan", "true", "007", "1.0", "1e5"]
AWKWARD = [*LIKE_NOTHING_OR_NUMBERS, "你好，世界", " x ", "é", "e\u0301", "👩‍👩‍👧", "#a", "a\x00b", "\u2028"]
ODD = ["one, two; three", 'he said "no"', '"', "'", "tab\there", "\\n \\", "", "two\nlines\n", "win\r\ndows", "｜|"]
# Sorted by label, as a folder has them.
ROWS = sorted(
    [(text, ["好评", "negative", "7"][number % 3]) for number, text in enumerate(AWKWARD + ODD)], key=lambda row: row[1]
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


def write_excel(rows):
    """A workbook whose second sheet has the rows; Excel keeps an empty first one."""
    row = "<row>" + 2 * '<c t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>' + "</row>"
    lines = (row.format(*map(xml, cells)) for cells in [("text", "label"), *rows])
    return workbook({"Empty": "", "Rows": "".join(lines)})


def xml(text):
    return escape(text, {"\r": "&#13;"})


def workbook(sheets):
    """An .xlsx with sheets of the content of `<sheetData>`."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/'
    link = f'<Relationship Id="r{{0}}" Type="{office}/{{1}}" Target="{{2}}"/>'
    links = "".join(link.format(number, "worksheet", f"worksheets/{number}.xml") for number in range(len(sheets)))
    names = "".join(f'<sheet name="{xml(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets))
    start = link.format(0, "officeDocument", "xl/workbook.xml")
    parts = {
        "[Content_Types].xml": f'<Types {package}content-types"/>',
        "_rels/.rels": f'<Relationships {package}relationships">{start}</Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships {package}relationships">{links}</Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
    }
    for number, data in enumerate(sheets.values()):
        parts[f"xl/worksheets/{number}.xml"] = f"<worksheet {main}><sheetData>{data}</sheetData></worksheet>"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():  # without the time, so that the same rows are the same file
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


# What a file with these rows looks like; text is encoded afterwards. A folder has many files: `write_source`.
WRITERS = {
    "csv": write_csv,
    "tsv": lambda rows: write_csv(rows, "\t"),
    "jsonl": write_jsonl,
    "json": write_json,
    "parquet": write_parquet,
    "excel": write_excel,
    "txt": lambda rows: "".join(text + "\n" for text, _ in rows),
    "fasttext": lambda rows: "".join(f"__label__{label} {text}\n" for text, label in rows),
}
TEXT_FORMATS = [name for name in WRITERS if name not in BINARY]
ENDING = {name: f".{name}" for name in WRITERS} | {"fasttext": ".ft", "excel": ".xlsx"}
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
    """The rows that a format can hold: a line no line break, XML no NUL."""
    impossible = {"txt": "\n", "fasttext": "\n", "excel": "\0"}.get(name)
    return [row for row in rows if impossible is None or impossible not in row[0]]


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
