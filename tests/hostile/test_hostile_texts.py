"""Little files of texts that unpack to much."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.hostile.rejections import MIB, rejected
from textclf.inference.text_source import read_source


def packed(path, *parts):
    """A compressed file; each part is bytes and how often they come."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for content, times in parts:
            for _ in range(times):
                stream.write(content)


BOMBS = {
    "field.csv.gz": [(b'text,label\n"', 1), (b"x" * MIB, 200)],
    "header.csv.gz": [(b"x" * MIB, 100)],
    "columns.csv.gz": [(b"," * MIB, 100)],
    "quoted columns.csv.gz": [(b'"', 1), (b"\n," * MIB, 50)],
    "fields.csv.gz": [(b"text,label\n", 1), (b"," * MIB, 100)],
    "fields.tsv.gz": [(b"text\tlabel\n", 1), (b"\t" * MIB, 100)],
    "line.txt.gz": [(b"x" * MIB, 100)],
    "line.jsonl.gz": [(b'{"text": "', 1), (b"x" * MIB, 100)],
    "list.jsonl.gz": [(b'{"text": [', 1), (b"[]," * (MIB // 4), 10), (b"[]]}\n", 1)],
    "line.fasttext.gz": [(b"__label__a ", 1), (b"x" * MIB, 100)],
}


@pytest.mark.parametrize("name", BOMBS)
def test_little_file_that_unpacks_to_much(tmp_path, within_bounds, name):
    (tmp_path / "given").mkdir()
    path = tmp_path / "given" / name
    packed(path, *BOMBS[name])
    rejected(lambda: read_all(path))


def test_little_parquet_file_that_unpacks_to_much(tmp_path, within_bounds):
    (tmp_path / "given").mkdir()
    path = tmp_path / "given/bomb.parquet"
    texts = pa.DictionaryArray.from_arrays(np.zeros(5000, np.int32), ["x" * 1_000_000])
    pa.parquet.write_table(pa.table({"text": texts}), path)
    assert path.stat().st_size < MIB
    rejected(lambda: read_all(path))


def read_all(path):
    for _ in read_source(str(path), column="text"):
        pass
