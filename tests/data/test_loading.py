"""The splits of a config, read as a training and as a check need them."""

from pathlib import Path

import pytest

from textclf.core.errors import DataError
from textclf.data.dataset import DataOptions
from textclf.data.loading import encode_labels, read_labelled, read_readable_splits, read_splits
from textclf.data.target_options import TargetOptions

ROWS = [f"{word} {number},{word}" for number in range(20) for word in ("good", "bad")]


@pytest.fixture(autouse=True)
def _in_a_folder(here):
    write("train.csv", *ROWS, " ,good")
    write("test.csv", "good 100,good", "bad 100,bad")
    write("broken.csv", "text,label,more")


def write(name, *rows):
    Path(name).write_text("\n".join(["text,label", *rows, ""]), encoding="utf-8")


def readable(**data):
    errors = []
    splits, targets = read_readable_splits(
        DataOptions(**data), TargetOptions(), 1, on_error=lambda subject, error: errors.append((subject, str(error)))
    )
    return splits, targets, errors


def test_a_share_of_train_is_held_out_and_the_labels_are_those_of_the_rest():
    splits, targets = read_splits(DataOptions(train="train.csv", test="test.csv"), TargetOptions(), 1)
    assert list(splits) == ["train", "validation", "test"]
    assert (len(splits["train"]), len(splits["validation"]), len(splits["test"])) == (36, 4, 2)
    assert (targets.labels, sum(targets.counts)) == (["bad", "good"], 36)
    assert encode_labels(splits, targets)["test"].tolist() == [1, 0]


def test_before_anything_is_held_out():
    splits, targets = read_labelled(DataOptions(train="train.csv"), TargetOptions())
    assert list(splits) == ["train"]
    assert (len(splits["train"]), sum(targets.counts)) == (40, 40)  # the row without a text is left out


def test_for_a_training_an_error_is_raised():
    with pytest.raises(DataError, match=r"broken\.csv"):
        read_splits(DataOptions(train="train.csv", test="broken.csv"), TargetOptions(), 1)


def test_for_a_check_the_readable_splits_are_there_and_every_error_is_told():
    splits, targets, errors = readable(train="train.csv", validation="nowhere.csv", test="broken.csv")
    assert list(splits) == ["train"]
    assert targets.labels == ["bad", "good"]
    assert [subject for subject, _ in errors] == ["data", "data"]
    assert "nowhere.csv" in errors[0][1]
    assert "broken.csv" in errors[1][1]


def test_lists_in_writing_are_lists_in_every_split():
    write("train.csv", *[f"""text {number},"{["['a', 'b']", "['c']"][number % 2]}\"""" for number in range(20)])
    write("test.csv", """one,"['a']\"""", """two,"['c']\"""", "three,[]")
    splits, targets = read_splits(DataOptions(train="train.csv", test="test.csv"), TargetOptions(), 1)
    assert list(splits["test"].labels) == [("a",), ("c",), ()]
    assert targets.labels == ["a", "b", "c"]


def test_names_in_brackets_are_no_lists_in_any_split():
    write("train.csv", *[f"text {number},{['(x)', '(y)|(z)', 'x'][number % 3]}" for number in range(30)])
    write("test.csv", "one,(x)", "two,(y)")
    splits, _ = read_splits(DataOptions(train="train.csv", test="test.csv"), TargetOptions(), 1)
    assert list(splits["test"].labels) == [("(x)",), ("(y)",)]


def test_without_train_there_is_nothing():
    splits, targets, [(subject, _)] = readable(train="nowhere.csv", test="test.csv")
    assert (splits, targets, subject) == ({}, None, "data")


def test_without_two_labels_there_are_texts_but_no_targets():
    write("one.csv", "a,x", "b,x")
    splits, targets, [(subject, message)] = readable(train="one.csv")
    assert (list(splits), targets, subject) == (["train"], None, "labels")
    assert "two different labels" in message
