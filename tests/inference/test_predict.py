"""Answers: formats, files, pipes, order, streaming."""

import csv
import io
import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import textclf
from tests.tolerances import assert_close, close_to
from textclf.core.errors import DataError
from textclf.inference.predict import FORMATTERS, format_predictions
from textclf.inference.text_source import read_source, read_texts

TEXTS = ["a wonderful film", 'he said "no", twice', "two\nlines", "", "今天很好", "tab\there"]


@pytest.fixture
def topics(finished_runs):
    return textclf.load(finished_runs / "runs" / "toy_topics")


def test_text_lines_are_label_tab_probability(classifier):
    lines = list(format_predictions(classifier, [TEXTS], "text"))
    probabilities = classifier.predict_proba(TEXTS)
    expected = [
        f"{label}\t{row.max():.4f}" for label, row in zip(classifier.predict(TEXTS), probabilities, strict=True)
    ]
    assert lines == expected


def test_json_lines_have_all_probabilities(topics):
    rows = [json.loads(line) for line in format_predictions(topics, [TEXTS[:2], TEXTS[2:]], "jsonl")]
    for row, text, probabilities in zip(rows, TEXTS, topics.predict_proba(TEXTS), strict=True):
        assert list(row) == ["text", "label", "probability", "probabilities"]
        assert row["text"] == text
        assert row["label"] == topics.labels[int(probabilities.argmax())]
        assert row["probability"] == row["probabilities"][row["label"]] == close_to(probabilities.max())
        assert list(row["probabilities"]) == topics.labels
        assert list(row["probabilities"].values()) == close_to(probabilities.tolist())


def test_csv_comes_back_with_any_reader(topics):
    output = "\n".join(format_predictions(topics, [TEXTS[:3], TEXTS[3:]], "csv"))
    rows = list(csv.DictReader(io.StringIO(output, newline="")))
    assert [row["text"] for row in rows] == TEXTS
    assert [row["label"] for row in rows] == topics.predict(TEXTS)
    columns = [f"probability_{label}" for label in topics.labels]
    values = np.array([[float(row[column]) for column in columns] for row in rows])
    assert_close(values, topics.predict_proba(TEXTS))


@pytest.mark.parametrize("format", FORMATTERS)
def test_thousands_of_texts_keep_their_order(classifier, format):
    texts = [f"text {number} {'good' if number % 3 else 'bad'} " + "very " * (number % 50) for number in range(5000)]
    whole = list(format_predictions(classifier, [texts], format))
    parts = list(format_predictions(classifier, [texts[start : start + 700] for start in range(0, 5000, 700)], format))
    lines = whole[1:] if format == "csv" else whole
    assert len(lines) == 5000
    if format == "jsonl":
        assert [json.loads(line)["text"] for line in lines] == texts
    assert [line.split("\t")[0].split(",")[0] for line in parts] == [
        line.split("\t")[0].split(",")[0] for line in whole
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'id,text\n1,one\n2,"two, too"\n'),
        ("a.jsonl", b'{"text": "one"}\n{"text": "two, too", "x": [1]}\n'),
        ("a.txt", b"one\ntwo, too\n"),
        ("a.log", b"one\r\ntwo, too"),
    ],
)
def test_the_ending_says_how_a_file_is_read(name, content):
    chunks = read_texts(io.BytesIO(content), format=None, column="text", name=name)
    assert [text for chunk in chunks for text in chunk] == ["one", "two, too"]


def test_a_given_format_wins_over_the_ending():
    chunks = read_texts(io.BytesIO(b"text,label\n"), format="txt", column="text", name="a.csv")
    assert list(chunks) == [["text,label"]]


def test_a_source_may_be_a_file_a_pattern_or_a_folder(tmp_path):
    for name, content in {
        "a.csv": "text\none\n\n",
        "b.csv": "text\ntwo\n",
        "notes": "three\n",
        "x[1].txt": "four\n",
    }.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/c.txt").write_text("five\nsix\n")

    def texts(source, **options):
        chunks = read_source(str(tmp_path / source), column="text", given=options)
        return [text for chunk in chunks for text in chunk]

    assert texts("*.csv") == ["one", "", "two"]
    assert texts("notes") == ["three"]
    assert texts("x[1].txt") == ["four"]
    assert texts("inner") == ["five", "six"]
    assert texts("[ab].csv", format="txt") == ["text", "one", "", "text", "two"]
    with pytest.raises(DataError, match="expected files that match"):
        texts("*.tsv")


def test_answers_come_before_the_input_ends(with_runs):
    """A pipe that stays open gets each answer at once: `tail -f log | textclf predict --file -`."""
    command = [sys.executable, "-m", "textclf", "predict", "--run", "toy_en", "--file", "-", "--format", "jsonl"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    guard = threading.Timer(60, process.kill)
    guard.start()
    try:
        for text in ("a wonderful film", "awful"):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        guard.cancel()
        process.kill()
        process.stdout.close()


# Several labels a text


def test_several_labels_stand_between_separators(colours):
    lines = list(format_predictions(colours, [["rose and leaf", "a 3 day"]], "text"))
    labels, probabilities = lines[0].split("\t")
    assert sorted(labels.split("|")) == ["green", "red"]
    assert all(float(value) >= 0.5 for value in probabilities.split("|"))
    assert lines[1] == "\t"


def test_json_lines_have_a_list_of_labels(colours):
    [row] = [json.loads(line) for line in format_predictions(colours, [["rose and leaf"]], "jsonl")]
    assert list(row) == ["text", "labels", "probabilities"]
    assert sorted(row["labels"]) == ["green", "red"]
    assert list(row["probabilities"]) == colours.labels


def test_csv_has_labels_and_no_single_probability(colours):
    header, row = format_predictions(colours, [["rose and leaf"]], "csv")
    assert header == "text,labels,probability_blue,probability_green,probability_red"
    assert row.startswith("rose and leaf,green|red,0.")


def test_a_threshold_moves_the_answer(colours, classifier, topics):
    assert colours.predict(["rose"], threshold=1.0) == [[]]
    assert colours.predict(["rose"], threshold=0.0) == [["blue", "green", "red"]]
    assert classifier.predict(["rose"], threshold=0.0) == ["positive"]
    assert classifier.predict(["rose"], threshold=1.0) == ["negative"]
    with pytest.raises(DataError, match="multiclass"):
        topics.predict(["rose"], threshold=0.5)


def test_top_k_gives_the_most_probable_first(topics):
    probabilities = topics.predict_proba(["a new recipe"])[0]
    best = [topics.labels[index] for index in np.argsort(-probabilities)[:2]]
    [line] = format_predictions(topics, [["a new recipe"]], "text", top_k=2)
    assert line.split("\t")[::2] == best
    [row] = [json.loads(line) for line in format_predictions(topics, [["a new recipe"]], "jsonl", top_k=2)]
    assert list(row["probabilities"]) == best
    assert len(next(format_predictions(topics, [["a"]], "text", top_k=99)).split("\t")) == 2 * len(topics.labels)
