"""An evaluation of predictions in shards has the metrics of an evaluation of the file."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf
from tests.conftest import LINEAR
from textclf.core.errors import DataError, RunError
from textclf.inference.shards import Output, plan, predict_shard
from textclf.inference.text_source import columns_of


@pytest.fixture
def predicted(with_runs):
    """A function that predicts the test file in shards, with some of its columns."""
    import pandas as pd

    frame = pd.read_csv("data/toy_topics/test.csv")
    frame.loc[3, "label"] = None  # not evaluated
    frame.loc[4, "label"] = "unheard of"
    pq.write_table(pa.Table.from_pandas(frame), "table.parquet", row_group_size=20)
    classifier = textclf.load("toy_topics")

    def predict(keep, format="parquet"):
        job = plan(classifier, "table.parquet", Path("answers"), columns_of("text", keep), output=Output(format))
        assert len(job.shards) > 2
        for shard in job.shards:
            predict_shard(classifier, job, shard)

    return predict


def test_the_metrics_are_those_of_the_file(predicted):
    predicted(["text", "label"])
    found = textclf.evaluate("toy_topics", "answers", output="of_shards")
    expected = textclf.evaluate("toy_topics", "table.parquet", output="of_file")
    assert found["rows"] == expected["rows"]
    assert found["unknown_rows"] == expected["unknown_rows"] == 1
    assert found["accuracy"] == expected["accuracy"]
    assert found["log_loss"] == pytest.approx(expected["log_loss"], abs=1e-5)
    assert Path("of_shards/predictions.csv").read_bytes() == Path("of_file/predictions.csv").read_bytes()


def test_columns_are_read_as_in_training(here):
    labels = [[1, 0], [0, 1]] * 20
    table = pa.table({"title": ["red", "green"] * 20, "body": [f"wine {row}" for row in range(40)], "label": labels})
    pq.write_table(table, "table.parquet")
    columns = {"text_column": ["title", "body"], "text_separator": " / ", "label_names": ["red", "green"]}
    run = textclf.train({"data": {"train": "table.parquet", "validation": 0.3, **columns}, **LINEAR})
    classifier = textclf.load(run)
    job = plan(classifier, "table.parquet", Path("answers"), columns_of(["title", "body"], ["title", "body", "label"]))
    predict_shard(classifier, job, job.shards[0])
    assert textclf.evaluate(run, "answers", output="of_shards")["accuracy"] == 1
    textclf.evaluate(run, "table.parquet", output="of_file")
    assert Path("of_shards/predictions.csv").read_bytes() == Path("of_file/predictions.csv").read_bytes()


@pytest.mark.parametrize("content", ["[1", "[1]"])
def test_a_damaged_manifest_is_refused(predicted, content):
    predicted(["text", "label"])
    Path("answers/_shards.json").write_text(content)
    with pytest.raises(RunError, match=r"^answers/_shards\.json: damaged: .+ into another folder\.$"):
        textclf.evaluate("toy_topics", "answers")


@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_shard_is_refused(predicted, number):
    predicted(["text", "label"])
    part = Path(f"answers/part-0000{number}.parquet")
    part.write_bytes(part.read_bytes()[:500])
    with pytest.raises((RunError, DataError), match=f"^{part}: .*damaged"):
        textclf.evaluate("toy_topics", "answers")


def test_a_shard_without_probabilities_is_refused(predicted):
    predicted(["text", "label"])
    part = Path("answers/part-00001.parquet")
    pq.write_table(pq.read_table(part, columns=["input_label", "input_text"]), part)
    with pytest.raises(RunError, match=rf"^{part}: damaged: .+\. Remove the file, and call textclf predict again"):
        textclf.evaluate("toy_topics", "answers")


def test_shards_that_cannot_be_evaluated(predicted):
    predicted(["label"])
    with pytest.raises(DataError, match="predict --keep text,label"):
        textclf.evaluate("toy_topics", "answers")
    with pytest.raises(RunError, match="got those of another one"):
        textclf.evaluate("toy_en", "answers")
    Path("answers/part-00001.parquet").unlink()
    with pytest.raises(RunError, match=r"expected all \d+ shards, got \d+"):
        textclf.evaluate("toy_topics", "answers")
    shutil.rmtree("answers")
    predicted(["text", "label"], "csv")
    with pytest.raises(DataError, match="expected shards of format parquet, got csv"):
        textclf.evaluate("toy_topics", "answers")
