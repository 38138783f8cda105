"""Exports of annotation tools, in the fields that their formats have."""

import csv
import json

import pytest

from textclf.core.errors import DataError
from textclf.data.dataset import read_dataset
from textclf.data.sniffing import sniff

TOPICS = [("a goal in the match", "sport"), ("a vote in the house", "news"), ("a fast chip", "tech")]
ROWS = [(f"{text} {number}", label) for number in range(20) for text, label in TOPICS]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def prodigy(number, text, answer="accept", **fields):
    hashes = {"_input_hash": number, "_task_hash": -number}
    return {"text": text, **hashes, **fields, "_view_id": "choice", "answer": answer, "_timestamp": 1_700_000_000}


def labels_of(path):
    found = sniff(path)
    return found.columns.label_column, list(read_dataset(path, found.columns, found.reading).labels)


@pytest.mark.parametrize(("field", "wrapped"), [("accept", lambda label: [label]), ("label", str)])
def test_accepted_rows_of_prodigy_have_their_labels_in_a_field_of_their_own(tmp_path, field, wrapped):
    rows = [prodigy(number, text, **{field: wrapped(label)}) for number, (text, label) in enumerate(ROWS)]
    path = write_lines(tmp_path / "a.jsonl", rows)
    assert labels_of(path) == (field, [(label,) for _, label in ROWS])


@pytest.mark.parametrize("verdict", ["reject", "ignore"])
def test_prodigy_rows_that_nobody_accepted_are_an_error(tmp_path, verdict):
    rows = [prodigy(number, text, label=label) for number, (text, label) in enumerate(ROWS)]
    path = write_lines(tmp_path / "a.jsonl", [*rows, prodigy(99, "a text", verdict, label="sport")])
    with pytest.raises(DataError, match=r"rejected or ignored.*jq -c 'select\(.answer == \"accept\"\)'"):
        sniff(path)
    for column in ("label", "answer"):
        assert sniff(path, given={"label_column": column}).columns.label_column == column


def test_a_column_answer_of_another_file_can_have_the_labels(tmp_path):
    path = write_lines(
        tmp_path / "a.jsonl", [{"text": f"a text {n}", "answer": ["yes", "no"][n % 2]} for n in range(9)]
    )
    assert sniff(path).columns.label_column == "answer"


def test_nested_json_of_label_studio_is_an_error(tmp_path):
    result = {"value": {"choices": ["sport"]}, "from_name": "topic", "to_name": "text", "type": "choices"}
    tasks = [
        {"id": number, "annotations": [{"result": [result]}], "data": {"text": text}, "cancelled_annotations": 0}
        | {"total_predictions": number % 2, "comment_count": 0}
        for number, (text, _) in enumerate(ROWS)
    ]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    with pytest.raises(DataError, match=r"nested JSON of Label Studio\. Export it as JSON-MIN or CSV"):
        sniff(str(tmp_path / "a.json"))


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("first", [0, 1], ids=["several labels first", "one label first"])
def test_label_studio_writes_several_labels_as_an_object(tmp_path, form, first):
    wanted = [(label, 'a "b"') if number % 3 == first else (label,) for number, (_, label) in enumerate(ROWS)]
    wanted[7] = ()
    topics = [labels[0] if len(labels) == 1 else {"choices": list(labels)} for labels in wanted]
    rows = [{"text": text, "topics": topic} for (text, _), topic in zip(ROWS, topics, strict=True)]
    path = tmp_path / f"a.{form}"
    if form == "json":
        path.write_text(json.dumps(rows))
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            for row in rows:
                topics = row["topics"]
                writer.writerow(row | {"topics": topics if isinstance(topics, str) else json.dumps(topics)})
    assert labels_of(str(path)) == ("topics", wanted)
