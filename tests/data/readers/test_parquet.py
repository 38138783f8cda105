"""Parquet: types that are no text, batches, nulls, and what is no Parquet file."""

import datetime
import decimal
import io
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.readers.written_files import fault, read, rows_of, texts_of
from textclf.data.readers import READERS

TEXTS = ["a", None, "你好 👩‍👩‍👧", ""]
AS_TEXTS = ["a", "", "你好 👩‍👩‍👧", ""]


def parquet(columns, **options):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "type",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_parquet_texts_of_any_type_are_texts(type):
    values = [value and value.encode() for value in TEXTS] if type == pa.binary() else TEXTS
    array = pa.array(values, type.value_type).dictionary_encode() if pa.types.is_dictionary(type) else pa.array(values)
    content = parquet({"text": array.cast(type)})
    assert texts_of("parquet", content) == AS_TEXTS
    [table] = READERS["parquet"].read(io.BytesIO(content), ["text"], "stream")
    assert table.schema == pa.schema({"text": pa.large_string()})


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1, None, -7]), ["1", "", "-7"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([1.0, None, 0.1, 1e5, 1e-7, 1e20]), ["1.0", "", "0.1", "100000.0", "1e-07", "1e+20"]),
        (pa.array([0.1, 1.0], pa.float32()), ["0.1", "1.0"]),
        (pa.array([True, None, False]), ["true", "", "false"]),
        (pa.array([None, None]), ["", ""]),
        (pa.array([datetime.date(2026, 1, 31)]), ["2026-01-31"]),
        (pa.array([datetime.datetime(2026, 1, 31, 12, 30)], pa.timestamp("s")), ["2026-01-31 12:30:00.000"]),
        (pa.array([decimal.Decimal("1.50")]), ["1.50"]),
        (pa.array([3, None, 3]).dictionary_encode(), ["3", "", "3"]),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))), ["0" * 16]),
    ],
)
def test_parquet_values_are_what_csv_would_show(values, texts):
    assert texts_of("parquet", parquet({"text": values})) == texts


@pytest.mark.parametrize(
    "type",
    [pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_(pa.dictionary(pa.int8(), pa.string()))],
    ids=str,
)
def test_parquet_lists_are_lists_of_texts(type):
    values = [["x", "y"], [], None, ["z", None]]
    if pa.types.is_dictionary(type.value_type):
        flat = pa.array(["x", "y", "z", None]).dictionary_encode()
        column = pa.ListArray.from_arrays(pa.array([0, 2, 2, 2, 4]), flat, mask=pa.array([False, False, True, False]))
    else:
        column = pa.array(values, type)
    content = parquet({"label": column})
    [table] = READERS["parquet"].read(io.BytesIO(content), ["label"], "stream")
    assert table["label"].to_pylist() == [["x", "y"], [], [], ["z"]]
    assert table.schema.field("label").type == pa.list_(pa.large_string())


def test_parquet_lists_of_numbers_are_lists_of_texts():
    columns = {"label": pa.array([[1, 2]]), "fixed": pa.array([[1.5, 2.0]], pa.list_(pa.float64(), 2))}
    assert read("parquet", parquet(columns), ["label", "fixed"]) == [(["1", "2"], ["1.5", "2.0"])]


def test_parquet_lists_of_bytes_are_lists_of_texts():
    assert read("parquet", parquet({"label": [["é".encode(), b"b"], []]}), ["label"]) == [(["é", "b"],), ([],)]


@pytest.mark.parametrize("values", [[{"a": 1}], [[["a"]]], [[{"a": 1}]]])
def test_parquet_values_that_are_no_text_are_refused(values):
    message = fault("parquet", parquet({"text": pa.array(values)}), ["text"])
    assert message.startswith("stream: expected texts, numbers or lists of them in 'text', got ")


def test_parquet_is_read_in_batches_over_row_groups():
    content = parquet({"text": pa.array([str(number) for number in range(25_000)])}, row_group_size=9_000)
    tables = list(READERS["parquet"].read(io.BytesIO(content), ["text"], "stream"))
    assert max(len(table) for table in tables) <= 10_000
    assert rows_of(tables) == [(str(number),) for number in range(25_000)]


def test_parquet_from_a_pipe_is_read_whole():
    content = parquet({"text": TEXTS})
    pipe = SimpleNamespace(seekable=lambda: False, read=io.BytesIO(content).read)
    assert rows_of(READERS["parquet"].read(pipe, ["text"], "-")) == [(text,) for text in AS_TEXTS]


def test_parquet_reads_the_asked_columns_only():
    columns = {"label": ["x"], "text.a": ["dotted"], "text": ["a"], "other": pa.array([{"deep": [1]}])}
    assert read("parquet", parquet(columns)) == [("a", "x")]
    assert read("parquet", parquet(columns), ["text.a"]) == [("dotted",)]
    assert "but the columns are: label, text.a, text, other" in fault("parquet", parquet(columns), ["other.deep"])


def test_parquet_of_two_columns_of_one_name_is_refused():
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["first"]), pa.array(["second"])], names=["text", "text"]), stream)
    assert "expected one column 'text', got 2 of this name" in fault("parquet", stream.getvalue(), ["text"])


BAD = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xe9")])


@pytest.mark.parametrize("values", [BAD, [b"\xe9"], [[b"a", b"\xe9"]]], ids=["texts", "bytes", "lists"])
def test_parquet_texts_that_are_no_utf8_are_refused(values):
    message = fault("parquet", parquet({"text": values}), ["text"])
    assert message == "stream: expected UTF-8 in 'text', got other bytes. Write the column as texts."


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text,label\na,b\n", b"PAR1" + b"\0" * 50 + b"PAR1"])
def test_what_is_no_parquet_file_is_refused(content):
    message = fault("parquet", content)
    assert message.startswith("stream: expected a Parquet file, got a damaged one or something else: ")
    assert "\n" not in message


def test_parquet_that_is_cut_is_refused():
    assert "expected a Parquet file" in fault("parquet", parquet({"text": TEXTS})[:-3], ["text"])
