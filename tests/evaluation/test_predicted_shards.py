"""An evaluation of predictions in shards has the metrics of an evaluation of the file."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf
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
