"""Files that are no text, whatever their names say."""

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from textclf.core.errors import DataError
from textclf.data.readers.content import kind_of
from textclf.data.readers.options import ReadingArguments
from textclf.data.readers.sources import Columns, expand, read_files, read_stream
from textclf.data.sniffing import sniff
from textclf.inference.text_source import read_source

CSV = b"text,label\ngood,a\nbad,b\n"


def archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in names:
            file.writestr(name, CSV)
    return stream.getvalue()


def written(write):
    stream = pa.BufferOutputStream()
    write(pa.table({"text": ["good"], "label": ["a"]}), stream)
    return stream.getvalue().to_pybytes()


def tar_of(content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))
    return stream.getvalue()


FILES = {
    "tar": (tar_of(CSV), "a tar archive. Unpack"),
    "zip": (archive("a.csv"), "a zip archive. Unpack"),
    "xlsx": (archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "an Excel workbook .*excel.*CSV"),
    "docx": (archive("[Content_Types].xml", "word/document.xml"), "a Word document"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Office file .*excel.*CSV"),
    "gzip": (gzip.compress(CSV), r"compressed by gzip.*\.gz"),
    "bz2": (b"BZh91AY&SY\x94$|\x0e\x00\x00\x00\x81", "compressed by bzip2"),
    "xz": (b"\xfd7zXZ\x00\x00\x04", "compressed by xz"),
    "parquet": (written(pyarrow.parquet.write_table), r"a Parquet file.*\.parquet"),
    "feather": (written(pyarrow.feather.write_feather), "an Arrow"),
    "arrow": (written(lambda table, stream: pa.ipc.new_stream(stream, table.schema).write(table)), "an Arrow stream"),
    "pickle": (pickle.dumps(["good"]), "a Python pickle"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a picture"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "git lfs pull"),
}


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".txt", ".ft"])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_what_its_first_bytes_say(tmp_path, kind, ending):
    content, message = FILES[kind]
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_files(str(path), Columns(["text"])))
    with pytest.raises(DataError, match=message):
        list(read_stream(io.BytesIO(content), path.name, Columns(["text"])))
    if ending != ".txt":
        with pytest.raises(DataError, match=message):
            sniff(str(path))


COMPRESSED = {
    "a tar archive in gzip": ("a.tar.gz", gzip.compress(tar_of(CSV)), "a tar archive"),
    "a tar archive named .csv.gz": ("a.csv.gz", gzip.compress(tar_of(CSV)), "a tar archive"),
    "a tar archive named .tgz": ("a.tgz", gzip.compress(tar_of(CSV)), r"compressed by gzip.*\.gz"),
    "gzip in gzip": ("a.csv.gz", gzip.compress(gzip.compress(CSV)), "It is compressed twice"),
    "gzip in zstd": ("a.jsonl.zst", pa.compress(gzip.compress(CSV), "zstd", asbytes=True), r"compressed by gzip.*\.gz"),
    "no workbook": ("a.xlsx.gz", gzip.compress(CSV), "expected an Excel workbook"),
}


@pytest.mark.parametrize("kind", COMPRESSED)
def test_what_is_within_a_compressed_file_is_looked_at(tmp_path, kind):
    name, content, message = COMPRESSED[kind]
    path = tmp_path / name
    path.write_bytes(content)
    for read in (sniff, lambda path: list(read_source(path, column="text"))):
        with pytest.raises(DataError, match=message):
            read(str(path))


@pytest.mark.parametrize("kind", ["zip", "docx", "pdf", "tar"])
def test_an_unknown_ending_is_explained_by_the_first_bytes(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(FILES[kind][0])
    with pytest.raises(DataError, match=FILES[kind][1]):
        expand(str(path))


def test_an_unknown_ending_without_known_bytes_names_the_option(tmp_path):
    path = tmp_path / "a.data"
    path.write_bytes(CSV)
    with pytest.raises(DataError, match="--input-format"):
        expand(str(path), ReadingArguments())


@pytest.mark.parametrize(
    "text",
    ["PK,label\nx,y\n", "PAR1,label\nx,y\n", "BZh,label\nx,y\n", "ORC text\nx", "GIF89 was a format\n", "{\\r", "%PDF"],
)
def test_texts_that_begin_with_such_letters_are_texts(text):
    assert kind_of(text.encode()) is None


def test_a_short_file_is_a_text():
    assert kind_of(b"") is None
    assert kind_of(json.dumps({"text": "a"}).encode()) is None
