"""The recipe for Spark in docs/many-machines.md, run as it stands there by a real Spark with two cores."""

import re
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf

ROWS, GROUP = 3_000, 500


@pytest.fixture
def spark(monkeypatch):
    """A session of Spark, whose Python workers find this textclf."""
    sql = pytest.importorskip("pyspark.sql")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    settings = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = settings.getOrCreate()
    yield session
    session.stop()


@pytest.mark.slow
def test_the_recipe_of_the_page(with_runs, root, spark):
    page = (root / "docs/many-machines.md").read_text(encoding="utf-8").partition("## Spark")[2]
    recipe = re.search(r"```text\n(import.*?)```", page, re.DOTALL)[1]
    texts = [f"a wonderful film {number % 977} " + "and so on " * (number % 7) for number in range(ROWS)]
    texts[7] = ""
    pq.write_table(pa.table({"id": range(ROWS), "text": texts}), "table", row_group_size=GROUP)
    exec(recipe.replace("runs/reviews", "toy_en"), {"spark": spark})
    answers = pq.read_table("answers").sort_by("id")
    assert answers["id"].to_pylist() == list(range(ROWS))
    assert answers["label"].to_pylist() == textclf.load("toy_en").predict(texts)
