"""What `predict` takes: a column of texts of any library, and never a table, whose iteration gives its columns."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import textclf
from textclf.core.errors import TextclfError, TextTypeError

TEXTS = ["a wonderful film", "a waste of time", ""]
TABLE = {"id": [1, 2, 3], "text": TEXTS}


@pytest.mark.parametrize(
    "column",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        dict.fromkeys(TEXTS).keys(),
        pd.Series(TEXTS, index=[7, 8, 9]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
        pd.Index(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS).dictionary_encode(),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
        pd.DataFrame(TABLE)["text"].to_numpy(),
    ],
    ids=lambda column: f"{type(column).__module__}.{type(column).__name__}",
)
def test_columns_of_texts(classifier, column):
    assert classifier.predict(column) == classifier.predict(TEXTS)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(TABLE),
        TABLE,
        pa.table(TABLE),
        pa.RecordBatch.from_pydict(TABLE),
        np.array([(1, "a")], dtype=[("id", int), ("text", "U9")]),
        SimpleNamespace(column_names=["id", "text"]),  # as in the library datasets
    ],
    ids=lambda table: type(table).__name__,
)
@pytest.mark.parametrize("function", ["predict", "predict_proba"])
def test_a_table_says_which_column_it_wants(classifier, table, function):
    with pytest.raises(TextTypeError, match=rf"got a {type(table).__name__}\. .*predict\(table\['text'\]\)") as caught:
        getattr(classifier, function)(table)
    assert isinstance(caught.value, TextclfError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("table", [pd.DataFrame({"body": TEXTS, "id": 1}), {"body": TEXTS, "id": 1}])
def test_a_table_without_the_column_names_those_it_has(classifier, table):
    with pytest.raises(TextTypeError, match="Give one of its columns \\('body', 'id'\\)"):
        classifier.predict(table)


def test_a_table_of_several_columns_of_text_joins_them(classifier, monkeypatch):
    monkeypatch.setitem(classifier.metadata, "text_column", ["title", "body"])
    with pytest.raises(TextTypeError, match=r"predict\(table\['title'\] \+ ' ' \+ table\['body'\]\)"):
        classifier.predict(pd.DataFrame({"title": TEXTS, "body": TEXTS}))


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("kind", [list, pd.Series, lambda values: (value for value in values)])
def test_a_missing_text_is_said_with_its_position(classifier, missing, kind):
    with pytest.raises(TextTypeError, match=r"got \w+ at position 2 \((None|nan|<NA>|NaT)\): the text is missing"):
        classifier.predict(kind(["a", "b", missing, "c"]))


@pytest.mark.parametrize("column", [pa.array(["a", "b", None]), pa.chunked_array([["a", "b"], [None]])])
def test_a_null_of_pyarrow_is_said_with_its_position(classifier, column):
    with pytest.raises(TextTypeError, match="got null at position 2"):
        classifier.predict(column)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a text", "got one text: put it in a list"),
        ({"a", "b"}, "got set"),
        (None, "got NoneType"),
        (7, "got int"),
        ([b"a"], r"got bytes at position 0: b'a'\. Decode it"),
        (["a", 3], "got int at position 1: 3"),
        ([["a"]], "got list at position 0"),
        (pd.Series([1, 2]), "got int at position 0"),
        (np.array([["a", "b"]]), r"got a ndarray of shape \(1, 2\)"),
        (np.array("a"), r"of shape \(\)"),
        (pa.array([1, 2]), "got a column of int64"),
    ],
)
def test_what_is_no_column_of_texts(classifier, texts, message):
    with pytest.raises(TextTypeError, match=message):
        classifier.predict(texts)


def test_explain_takes_one_text(finished_runs):
    for wrong in (None, ["a"], pd.DataFrame(TABLE)):
        with pytest.raises(TextTypeError):
            textclf.explain(textclf.load(finished_runs / "runs/toy_en"), wrong)


def test_lines_of_an_open_file(classifier):
    assert len(classifier.predict(io.StringIO("one\ntwo\n"))) == 2
