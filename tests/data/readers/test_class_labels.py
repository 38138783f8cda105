"""Parquet of Hugging Face datasets: numbered labels have the names of the schema, and other metadata is ignored."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.readers.written_files import read

CLASSES = {"names": ["neg", "positiv–ü"], "_type": "ClassLabel"}


def of_datasets(column, feature):
    """A table as `datasets.Dataset.to_parquet` writes it."""
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
    return pa.table({"label": column}).replace_schema_metadata(metadata)


@pytest.mark.parametrize(
    ("column", "feature", "labels"),
    [
        (pa.array([0, 1, -1, None, 2]), CLASSES, ["neg", "positiv–ü", "", "", "2"]),
        (pa.array([[0, 1], [], None]), {"feature": CLASSES, "_type": "List"}, [["neg", "positiv–ü"], [], []]),
        (pa.array([[1]]), {"feature": CLASSES, "_type": "Sequence", "length": -1}, [["positiv–ü"]]),
        (pa.array(["0"]), CLASSES, ["0"]),  # the column was replaced, and the metadata stayed
        (pa.array([0.5]), CLASSES, ["0.5"]),
        (pa.array([1]), {"dtype": "int64", "_type": "Value"}, ["1"]),
        (pa.array([1]), {"names": [1, None], "_type": "ClassLabel"}, ["1"]),
        (pa.array([1]), {"feature": {"feature": CLASSES}}, ["1"]),
        (pa.array([0, 0]), {"names": ["\ud800"], "_type": "ClassLabel"}, ["\ufffd", "\ufffd"]),  # as in JSON
        (pa.array([1]), ["ClassLabel"], ["1"]),
    ],
)
def test_parquet_of_datasets_has_the_names_of_the_classes(column, feature, labels):
    stream = io.BytesIO()
    pq.write_table(of_datasets(column, feature), stream)
    assert read("parquet", stream.getvalue(), ["label"]) == [(label,) for label in labels]


@pytest.mark.parametrize(
    "metadata", [b"", b"{", b"[]", b"null", b'{"info": 1}', b'{"info": {"features": [1]}}', b"\xff"]
)
def test_parquet_metadata_of_another_kind_is_ignored(metadata):
    stream = io.BytesIO()
    pq.write_table(pa.table({"label": [1]}).replace_schema_metadata({"huggingface": metadata}), stream)
    assert read("parquet", stream.getvalue(), ["label"]) == [("1",)]
