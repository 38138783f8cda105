"""Labels written as lists: literals of Python, JSON, NumPy and PostgreSQL, and a 0 or 1 for every label."""

import json

import numpy as np
import pandas as pd
import pytest

from textclf.config.config import load_config
from textclf.config.starter import starter_config
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError, DataError
from textclf.data.dataset import ColumnOptions, parse_labels, read_dataset
from textclf.data.label_lists import is_multi_hot, parse_list
from textclf.data.loading import read_splits
from textclf.data.readers.options import DEFAULTS
from textclf.training.check import check_config

LABELS = [["toxic"], ["obscene"], ["toxic", "insult"], ["obscene", "insult"], [], ["toxic", "obscene"], ["insult"]]
NAMES = ["toxic", "obscene", "insult"]
ROWS = [(f"{' and '.join(LABELS[number % 7])} text number {number}", LABELS[number % 7]) for number in range(70)]
COUNTS = {name: sum(name in labels for _, labels in ROWS) for name in NAMES}


pytestmark = pytest.mark.usefixtures("here")


def marks(labels):
    return [int(name in labels) for name in NAMES]


def targets_of(name, **data):
    """The labels and their rows with a config that `new` writes, and with one that says as little as possible."""
    written = load_config(parse_yaml(starter_config(name)).data)
    data = {"train": name, "text_column": written.data.text_column, **data}
    plain = load_config({"data": data})
    found = []
    for config in (written, plain):
        splits, targets = read_splits(config.data, config.targets, 1)
        counts = sum(
            (dataset.labels.count() for dataset in splits.values()), start=type(splits["train"].labels.count())()
        )
        found.append((targets.type, dict(counts)))
    return found


def write_rows(name, rows):
    frame = pd.DataFrame(rows)
    if name.endswith(".csv"):
        frame.to_csv(name, index=False)
    elif name.endswith(".parquet"):
        frame.to_parquet(name)
    else:
        frame.to_json(name, orient="records", lines=True)
    return name


# One number for every label


@pytest.mark.parametrize("name", ["hot.jsonl", "hot.parquet", "hot.csv"])
@pytest.mark.parametrize("kind", [int, float, bool])
def test_multi_hot_lists_are_the_positions_of_the_ones(name, kind):
    write_rows(name, [{"text": text, "label": [*map(kind, marks(labels))]} for text, labels in ROWS])
    expected = {str(place): COUNTS[label] for place, label in enumerate(NAMES)}
    assert targets_of(name) == [("multilabel", expected)] * 2


def test_one_hot_lists_are_one_label_a_text():
    rows = [{"text": f"{label} {number}", "label": marks([label])} for number in range(20) for label in NAMES]
    assert targets_of(write_rows("hot.jsonl", rows))[0] == ("multiclass", {"0": 20, "1": 20, "2": 20})


@pytest.mark.parametrize(
    ("lists", "multi_hot"),
    [
        ([("1", "0"), ("0", "0")], True),
        ([("1", "0"), ()], True),
        ([("1",), ("0",)], False),
        ([("1", "0"), ("1",)], False),
        ([("2", "0"), ("0", "1")], False),
        ([], False),
    ],
)
def test_which_lists_are_multi_hot(lists, multi_hot):
    assert is_multi_hot(lists) == multi_hot


# A column for every label


@pytest.mark.parametrize("name", ["columns.csv", "columns.jsonl", "columns.parquet"])
@pytest.mark.parametrize("kind", [int, float, bool])
def test_a_column_for_each_label(name, kind):
    rows = [
        {"id": number, "comment_text": text, **dict(zip(NAMES, map(kind, marks(labels)), strict=True))}
        for number, (text, labels) in enumerate(ROWS)
    ]
    write_rows(name, rows)
    assert targets_of(name, label_column=NAMES) == [("multilabel", COUNTS)] * 2
    content = starter_config(name)
    assert 'label_column: ["toxic", "obscene", "insult"]' in content
    assert "not used: id" in content


def test_an_empty_field_is_no_label_and_a_text_may_have_none():
    text = "".join(f"a {number},{mark},{'' if mark else 1}\n" for number in range(20) for mark in (1, 0, ""))
    with open("a.csv", "w") as stream:  # noqa: PTH123
        stream.write(f"text,good,bad\n{text}")
    assert targets_of("a.csv", label_column=["good", "bad"])[1] == ("multilabel", {"good": 20, "bad": 40})


def test_columns_of_1_and_nothing_and_of_0_are_a_label_each():
    rows = [{"plot": f"a plot {number}", "seen": 1, "Drama": 1 if number % 3 else None, "Comedy": number % 2, "War": 0}
            for number in range(40)]  # fmt: skip
    content = starter_config(write_rows("a.csv", rows))
    assert 'label_column: ["Drama", "Comedy", "War"]' in content
    assert "not used: seen" in content


def test_a_column_with_a_name_of_labels_comes_first():
    rows = [{"text": f"text {number}", "seen": number % 2, "sold": 1 - number % 2, "label": "ab"[number % 2]}
            for number in range(40)]  # fmt: skip
    assert "label_column: label " in starter_config(write_rows("a.csv", rows))


def test_columns_whose_names_contain_the_word_are_a_label_each():
    rows = [{"text": text, **{f"label_{name}": int(name in labels) for name in NAMES}} for text, labels in ROWS]
    assert '["label_toxic", "label_obscene", "label_insult"]' in starter_config(write_rows("a.csv", rows))


def test_another_number_than_0_and_1_is_an_error():
    rows = [{"text": text, "toxic": number % 3 - 1, "insult": number % 2} for number, (text, _) in enumerate(ROWS)]
    config = load_config({"data": {"train": write_rows("a.csv", rows), "label_column": ["toxic", "insult"]}})
    with pytest.raises(DataError, match=r"a\.csv: expected 0 or 1 in column 'toxic'.* '-1'"):
        read_splits(config.data, config.targets, 1)


def test_a_text_column_is_no_label_column():
    with pytest.raises(ConfigError, match="label_column"):
        load_config({"data": {"train": "a.csv", "label_column": ["text", "toxic"]}})


def test_one_column_in_a_list_is_the_column():
    rows = [{"text": text, "kind": labels[0]} for text, labels in ROWS if labels]
    found = targets_of(write_rows("a.csv", rows), label_column=["kind"])
    assert found[1][0] == "multiclass"


# Lists in writing, and joined labels


def as_numpy(labels):
    return str(np.array(labels, dtype=object))


def as_postgresql(labels):
    return f"{{{','.join(labels)}}}"


def bare(labels):
    return f"[{', '.join(labels)}]"


def as_tuple(labels):
    return str(tuple(labels))


@pytest.mark.parametrize("written", [str, json.dumps, as_numpy, as_postgresql, bare, as_tuple])
def test_lists_in_writing_are_read_as_lists(written):
    name = write_rows("lists.csv", [{"text": text, "label": written(labels)} for text, labels in ROWS])
    assert targets_of(name) == [("multilabel", COUNTS)] * 2


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("['a', 'b']", ("a", "b")),
        ('["a", "it\'s"]', ("a", "it's")),
        (r'["\u00e9\"", "b, c"]', ('é"', "b, c")),
        ("['a' 'b']", ("a", "b")),
        ("[1 0 0]", ("1", "0", "0")),
        ("[1. 0.]", ("1.", "0.")),
        ("[]", ()),
        ("['a',]", ("a",)),
        ("[a] and [b]", None),
        ("['a' b]", None),
        ("a, b", None),
        ("[", None),
        ("", None),
    ],
)
def test_lists_in_writing(field, items):
    assert parse_list(field) == items


@pytest.mark.parametrize("separator", ["#", ", ", "|", "/", "; ", " ", "、", "::", "+"])
def test_joined_labels_are_found_and_new_splits_them(separator):
    rows = [{"text": text, "label": separator.join(labels)} for text, labels in ROWS if labels]
    name = write_rows("joined.csv", rows)
    assert targets_of(name)[0] == ("multilabel", COUNTS)
    separator = separator.strip() or separator
    assert load_config(parse_yaml(starter_config(name)).data).targets.separator == separator
    if separator != "|":  # the default, which splits them
        findings = check_config({"data": {"train": name, "validation": 0.2}}).findings
        [finding] = [finding for finding in findings if finding.subject == "joined labels"]
        assert f"separator: '{separator}'" in finding.advice
        assert f"joined by '{separator}'" in finding.found


@pytest.mark.parametrize(
    "labels",
    [("C#", "F#", "C"), ("very good", "good", "very bad", "bad"), ("R&B", "pop"), ("a/b", "c/d"), ("(x)", "(y)")],
)
def test_names_stay_whole(labels):
    rows = [{"text": f"text {number}", "label": labels[number % len(labels)]} for number in range(60)]
    name = write_rows("a.csv", rows)
    assert [set(counts) for _, counts in targets_of(name)] == [set(labels)] * 2
    assert not [one for one in check_config({"data": {"train": name}}).findings if one.subject == "joined labels"]


# The same labels in every row


@pytest.mark.parametrize("label", [["a", "b"], "a|b"])
def test_the_same_labels_in_every_row_are_a_warning(label, caplog):
    name = write_rows("a.jsonl", [{"text": f"text {number}", "label": label} for number in range(40)])
    if isinstance(label, list):
        starter_config(name)
        assert "every row has the same labels ('a', 'b')" in caplog.text
    findings = [
        finding for finding in check_config({"data": {"train": name}}).findings if finding.subject == "same labels"
    ]
    assert {finding.severity for finding in findings} == {"warning"}
    assert findings[0].found.startswith("train: ")
    assert "'a', 'b'" in findings[0].found


@pytest.mark.parametrize("write", [list, str])
def test_multi_hot_lists_can_have_names(tmp_path, write):
    rows = [{"text": f"a {row}", "label": [row % 2, (row + 1) % 2, int(row % 3 == 0)]} for row in range(12)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row | {"label": write(row["label"])}) + "\n" for row in rows))
    names = ["toxic", "obscene", "insult"]
    dataset = read_dataset(str(path), ColumnOptions(label_names=names), DEFAULTS)
    expected = [tuple(name for name, mark in zip(names, row["label"], strict=True) if mark) for row in rows]
    assert list(dataset.labels) == expected
    assert list(parse_labels(dataset, "|").labels) == expected
    with pytest.raises(DataError, match=r"each of the 2 data.label_names, got \[.0., .1., .1.\]"):
        read_dataset(str(path), ColumnOptions(label_names=["a", "b"]), DEFAULTS)


def test_names_of_labels_that_are_no_such_lists(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nb,y\n")
    with pytest.raises(DataError, match=r"got \[.x.\]. Correct data.label_names"):
        read_dataset(str(path), ColumnOptions(label_names=["a", "b"]), DEFAULTS)
