"""Tables in shards: every row once and in order, whatever stopped a job before, and never of two jobs in one folder."""

import json
import resource
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf
from textclf.core.errors import DataError, RunError, WriteError
from textclf.inference.shards import find_shards, part_of, plan, predict_shard
from textclf.inference.text_source import columns_of

WORDS = ["a wonderful film", "a waste of time", "fine", "好", ""]
ROWS = 40


@pytest.fixture
def classifier(with_runs):
    return textclf.load("toy_en")


@pytest.fixture
def table(with_runs):
    """A table in a file with row groups, a file with one, and a file of JSON Lines."""
    Path("table").mkdir()
    rows = [{"id": number, "text": f"{WORDS[number % 5]} {number}", "label": "x"} for number in range(ROWS)]
    pq.write_table(pa.Table.from_pylist(rows[:25]), "table/a.parquet", row_group_size=10)
    pq.write_table(pa.Table.from_pylist(rows[25:30]), "table/b.parquet")
    Path("table/c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[30:]))
    return rows


def predict(*arguments, command=("predict", "--run", "toy_en", "--keep", "id,label")):
    from click.testing import CliRunner

    from textclf.cli.group import cli  # a command by itself keeps other names for its help

    file = [] if "--file" in (*command, *arguments) else ["--file", "table"]
    result = CliRunner().invoke(cli, [*command, *file, *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answers(folder):
    return pa.concat_tables(pq.read_table(path) for path in sorted(Path(folder).glob("part-*")))


def test_shards_are_row_groups_and_other_files(table):
    found = [(Path(shard.path).name, shard.row_group, shard.rows) for shard in find_shards("table")]
    assert found == [
        ("a.parquet", 0, 10),
        ("a.parquet", 1, 10),
        ("a.parquet", 2, 5),
        ("b.parquet", None, 5),
        ("c.jsonl", None, None),
    ]


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 7])
def test_parts_have_every_shard_once(table, parts):
    shards = find_shards("table")
    found = [shard for part in range(1, parts + 1) for shard in part_of(shards, f"{part}/{parts}")]
    assert sorted(found) == shards


@pytest.mark.parametrize("part", ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "-1/2", ""])
def test_what_is_no_part(part):
    with pytest.raises(DataError, match=r"--part: expected .* such as 3/16, got"):
        part_of([], part)


def test_every_row_is_predicted_once_in_order(classifier, table):
    assert "40 rows in 5 shards; answers/: all 5 shards" in predict("--output", "answers/").stderr
    found = answers("answers")
    assert found["id"].to_pylist() == list(range(ROWS))
    assert found["input_label"].to_pylist() == ["x"] * ROWS
    texts = [row["text"] for row in table]
    assert found["label"].to_pylist() == classifier.predict(texts)
    expected = classifier.predict_proba(texts)
    for place, label in enumerate(classifier.labels):
        np.testing.assert_allclose(found[f"probability_{label}"].to_numpy(), expected[:, place], atol=1e-6)
    np.testing.assert_allclose(found["probability"].to_numpy(), expected.max(axis=1), atol=1e-6)


@pytest.mark.parametrize("form", ["jsonl", "csv", "text"])
def test_lines_are_those_of_one_file(table, form):
    keep = [] if form == "text" else ["--keep", "id"]
    command = ("predict", "--run", "toy_en", "--file", "table/a.parquet", *keep, "--format", form)
    whole = predict(command=command).stdout.splitlines()
    predict("--output", "answers/", command=command)
    parts = [path.read_text().splitlines() for path in sorted(Path("answers").glob("part-*"))]
    assert len(parts) == 3
    lines = [line for number, part in enumerate(parts) for line in part[bool(number and form == "csv") :]]
    assert lines == whole


def test_a_job_goes_on_where_it_stopped(table):
    assert "3 of 5 shards missing" in predict("--output", "answers/", "--part", "2/3").stderr
    before = {path: path.stat().st_mtime_ns for path in Path("answers").glob("part-*")}
    assert before
    predict("--output", "answers/")
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert answers("answers")["id"].to_pylist() == list(range(ROWS))
    assert "predicted 0 rows in 0 shards; answers/: all 5 shards" in predict("--output", "answers").stderr


def test_a_full_disk_leaves_no_half_of_a_shard(table):
    predict("--output", "answers/", "--part", "1/5")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(WriteError, match=r"part-00001\.parquet: cannot be written: File too large"):
            predict("--output", "answers/")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {path.name for path in Path("answers").iterdir()} == {"_shards.json", "part-00000.parquet"}
    predict("--output", "answers/")
    assert answers("answers")["id"].to_pylist() == list(range(ROWS))


def test_a_folder_has_predictions_of_one_job(table, with_runs):
    predict("--output", "answers/")
    for changed, what in [(["--run", "toy_topics"], "classifier_sha256"), (["--format", "csv"], "format")]:
        with pytest.raises(RunError, match=rf"another job \({what} differ"):
            predict("--output", "answers/", *changed)
    pq.write_table(pa.table({"text": ["new"], "id": [1], "label": ["x"]}), "table/d.parquet")
    with pytest.raises(RunError, match=r"another job \(shards, files differ"):
        predict("--output", "answers/")
    Path("other").mkdir()
    Path("other/mine.txt").write_text("x")
    with pytest.raises(WriteError, match=r"expected an empty folder, but it has mine\.txt"):
        predict("--output", "other/")
    for damaged in ("{", "[]", ""):
        Path("answers/_shards.json").write_text(damaged)
        for use in (lambda: predict("--output", "answers/"), lambda: textclf.evaluate("toy_en", "answers")):
            with pytest.raises(RunError, match=r"_shards\.json: damaged"):
                use()


def test_jobs_may_start_at_the_same_time(table, monkeypatch):
    """While a job lists the folder, another part of it begins there."""
    listed = Path.iterdir

    def begin_another(folder):
        if folder.name != "answers":
            return listed(folder)
        monkeypatch.setattr(Path, "iterdir", listed)
        predict("--output", "answers/", "--part", "2/2")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", begin_another)
    assert "all 5 shards" in predict("--output", "answers/", "--part", "1/2").stderr


def test_several_labels_are_lists(with_runs, finished_runs, tmp_path):
    classifier = textclf.load(finished_runs / "colours")
    pq.write_table(pa.table({"text": ["cherry and sky", "a day"]}), "two.parquet")
    job = plan(classifier, "two.parquet", tmp_path / "answers", columns_of("text", None))
    assert predict_shard(classifier, job, job.shards[0]) == 2
    assert answers(job.folder)["labels"].to_pylist() == classifier.predict(["cherry and sky", "a day"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--part", "1/2"], "--part needs a folder"),
        (["--cluster", "auto", "--output", "x.csv"], "--cluster needs a folder"),
        (["--format", "parquet"], "--format parquet needs a folder"),
        (["--output", "answers/", "--explain"], "--explain needs a file"),
        (["--output", "answers/", "--file", "-"], "--file - needs a file"),
        (["--output", "answers/", "--format", "parquet", "--top-k", "2"], "--top-k needs --format text or jsonl"),
    ],
)
def test_options_that_do_not_go_together(table, arguments, message):
    result = predict(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_without_ray_the_error_says_what_to_install(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(textclf.TextclfError, match=r'pip install "textclf-keras\[ray\]"'):
        predict("--output", "answers/", "--cluster", "auto")
