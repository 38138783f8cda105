"""`predict_frame` gives a table of any library back, with the predictions as further columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import textclf
from textclf.core.errors import DataError, TextTypeError
from textclf.inference.decisions import Decision

TEXTS = ["a wonderful film", "a waste of time", "fine"]
TABLE = {"id": [3, 1, 2], "text": TEXTS}
PANDAS = pd.DataFrame(TABLE, index=["x", "y", "z"])


def polars(content):
    return pytest.importorskip("polars").DataFrame(content)


def huggingface(content):
    return pytest.importorskip("datasets").Dataset.from_dict(content)


@pytest.mark.parametrize(
    "make",
    [pd.DataFrame, pa.table, pa.RecordBatch.from_pydict, dict, polars, huggingface],
    ids=["pandas", "pyarrow", "batch", "dict", "polars", "datasets"],
)
def test_tables_of_any_library(classifier, make):
    table = make(TABLE)
    found = classifier.predict_frame(table, probabilities=True)
    assert type(found) is type(table) or isinstance(found, pa.Table)
    columns = {name: list(found[name].to_pylist() if isinstance(found, pa.Table) else found[name]) for name in names()}
    expected = classifier.predict_proba(TEXTS)
    assert (columns["id"], columns["text"], columns["predicted"]) == ([3, 1, 2], TEXTS, classifier.predict(TEXTS))
    np.testing.assert_allclose(columns["probability"], expected.max(axis=1))
    np.testing.assert_allclose(columns["probability_positive"], expected[:, 1])


def names():
    return ["id", "text", "predicted", "probability", "probability_negative", "probability_positive"]


@pytest.mark.parametrize("make", [polars, huggingface], ids=["polars", "datasets"])
def test_columns_of_further_libraries(classifier, make):
    table = make(TABLE)
    assert classifier.predict(table["text"]) == classifier.predict(TEXTS)
    with pytest.raises(TextTypeError, match=r"predict\(table\['text'\]\)"):
        classifier.predict(table)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, polars], ids=["pandas", "pyarrow", "polars"])
@pytest.mark.parametrize(("run", "threshold"), [("runs/toy_en", None), ("colours", 1.0)])
def test_a_table_without_rows_or_labels_has_the_types_of_every_other_one(finished_runs, make, run, threshold):
    classifier = textclf.load(finished_runs / run)

    def types(texts, threshold):
        table = make({"text": texts}) if texts else make({"text": ["a"]})[:0]
        found = classifier.predict_frame(table, threshold=threshold)
        return found.schema if make is not pd.DataFrame else dict(found.dtypes)

    expected = types(["cherry and sky"], None)
    assert types([], None) == expected
    assert types(["a day"], threshold) == expected
    classifier.decision = Decision(abstain_below=1.1)
    assert types(["a day"], None) == expected


def test_the_index_stays_and_the_table_is_not_changed(classifier):
    table = PANDAS.copy()
    found = classifier.predict_frame(table)
    assert found.index.tolist() == ["x", "y", "z"]
    pd.testing.assert_frame_equal(table, PANDAS)
    assert found["predicted"].tolist() == classifier.predict(TEXTS)


def test_several_labels_are_lists(finished_runs):
    classifier = textclf.load(finished_runs / "colours")
    found = classifier.predict_frame({"text": ["cherry and sky", "a day"]})
    assert found["predicted"] == classifier.predict(["cherry and sky", "a day"])
    assert [len(row) for row in found["probability"]] == [len(row) for row in found["predicted"]]


def test_where_the_classifier_abstains(classifier, monkeypatch):
    monkeypatch.setattr(classifier, "decode", lambda rows, _: [(), *[("positive",)] * (len(rows) - 1)])
    found = classifier.predict_frame(PANDAS)
    assert found["predicted"].isna().tolist() == [True, False, False]
    assert found["probability"].iloc[0] == classifier.predict_proba(TEXTS)[0].max()


@pytest.mark.parametrize(
    ("table", "text", "error", "message"),
    [
        (TEXTS, None, TextTypeError, "expected a table, got list"),
        ({"body": TEXTS}, None, DataError, "expected a column 'text', got 'body'"),
        (PANDAS, "body", DataError, "expected a column 'body', got 'id', 'text'"),
        ({**TABLE, "predicted": TEXTS}, None, DataError, "has a column 'predicted' already"),
        (PANDAS.to_records(), None, TextTypeError, "got recarray"),
        (PANDAS.replace("fine", None), None, TextTypeError, "position 2 .* the text is missing"),
    ],
)
def test_what_it_cannot_use(classifier, table, text, error, message):
    with pytest.raises(error, match=message):
        classifier.predict_frame(table, text)


def test_another_column(classifier):
    found = classifier.predict_frame({"body": TEXTS}, "body")
    assert found["predicted"] == classifier.predict(TEXTS)


@pytest.mark.parametrize("make", [pd.DataFrame, dict])
def test_the_name_of_a_column_may_be_a_number(classifier, make):
    found = classifier.predict_frame(make({7: TEXTS}), "7")
    assert list(found["predicted"]) == classifier.predict(TEXTS)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, dict])
def test_several_columns_are_joined_as_in_training(classifier, monkeypatch, make):
    monkeypatch.setitem(classifier.metadata, "text_column", ["title", "body"])
    found = classifier.predict_frame(make({"title": ["a wonderful", "", "a"], "body": ["film", "bad", ""]}))
    expected = classifier.predict_proba(["a wonderful film", "bad", "a"]).max(axis=1)
    np.testing.assert_array_equal(np.asarray(found["probability"]), expected)
    with pytest.raises(DataError, match="expected a column 'body', got 'title'"):
        classifier.predict_frame(make({"title": TEXTS}))
