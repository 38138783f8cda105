"""Datasets: what is read, and what is left out."""

import numpy as np
import pytest

from tests.hand_made import rows_of
from textclf.core.errors import DataError
from textclf.core.text_column import text_array
from textclf.data.blank_texts import drop_blank_texts
from textclf.data.dataset import (
    ColumnOptions,
    DataOptions,
    Dataset,
    parse_labels,
    read_dataset,
    read_sources,
)
from textclf.data.labels import Labels
from textclf.data.readers.options import ReadingOptions

COLUMNS = {"text_column": "text", "label_column": "label"}


def read(path, separator=None, **columns):
    return parse_labels(read_dataset(path, ColumnOptions(**columns), ReadingOptions()), separator)


def read_for_training(path, **columns):
    return drop_blank_texts(read(path, **columns))


def test_rows_are_read_in_order_and_counted_from_one(write):
    dataset = read(write("id,label,text\n1,x,one\n2,y,two\n3,x,\n"), **COLUMNS)
    assert rows_of(dataset) == [("one", "x", 1), ("two", "y", 2), ("", "x", 3)]
    assert (dataset.name, len(dataset)) == ("a.csv", 3)
    assert dataset.rows.dtype == np.int32


def test_column_names_are_settings(write):
    path = write("标签,正文\n好,天气\n")
    assert rows_of(read(path, text_column="正文", label_column="标签")) == [("天气", "好", 1)]
    with pytest.raises(DataError, match="expected a column 'text', but the columns are: 标签, 正文"):
        read(path, **COLUMNS)


def test_json_lines_are_read_too(write):
    path = write('{"text": "a", "label": 1}\n{"text": "b", "label": true}\n', "a.jsonl")
    assert rows_of(read(path, **COLUMNS)) == [("a", "1", 1), ("b", "true", 2)]


def test_files_of_several_chunks_are_read_whole(write):
    dataset = read(write("text,label\n" + "".join(f"{number},x\n" for number in range(25_000))), **COLUMNS)
    assert dataset.texts.to_pylist() == [str(number) for number in range(25_000)]
    assert dataset.rows.tolist() == list(range(1, 25_001))


def test_spaces_around_labels_are_no_part_of_them(write):
    dataset = read(write("text,label\n a , x \nb,\tx\u3000\n"), **COLUMNS)
    assert rows_of(dataset) == [(" a ", "x", 1), ("b", "x", 2)]


def test_missing_file_is_named_with_the_folder_looked_in(write, tmp_path):
    with pytest.raises(DataError) as caught:
        read("none.csv", **COLUMNS)
    assert str(caught.value) == (
        f"none.csv: expected a file, but there is none (looked in {tmp_path}). Check the path."
    )


def test_folder_is_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match=r"a\.csv: expected files or subfolders of texts, got a folder without them\."):
        read(str(tmp_path / "a.csv"), **COLUMNS)


@pytest.mark.parametrize("path", ["", "a\0b.csv", "a.csv/b.csv", "x" * 300 + ".csv"])
def test_path_that_cannot_be_one_is_refused(write, path):
    write("text,label\na,x\n")
    with pytest.raises(DataError):
        read(path, **COLUMNS)


@pytest.mark.parametrize(("content", "name"), [("text,label\n", "a.csv"), ("", "a.jsonl"), ("\n", "a.jsonl")])
def test_file_without_rows_is_refused(write, content, name):
    with pytest.raises(DataError, match=f"{name}: expected rows of texts and labels, got a file without rows"):
        read(write(content, name), **COLUMNS)


def test_file_without_any_label_is_refused(write):
    with pytest.raises(DataError, match=r"a\.csv: expected labels, got only empty fields\."):
        read(write("text,label\na,\nb,  \n"), **COLUMNS)


def test_rows_without_a_label_are_left_out_and_said(write, warnings):
    dataset = read(write("text,label\na,x\nb,\nc, \nd,y\n"), **COLUMNS)
    assert rows_of(dataset) == [("a", "x", 1), ("d", "y", 4)]
    assert warnings.messages == ["a.csv: 2 of 4 rows have no label and are left out (rows 2, 3)"]


def test_only_the_first_rows_left_out_are_named(write, warnings):
    read(write("text,label\na,x\n" + "b,\n" * 6), **COLUMNS)
    left_out = "a.csv: 6 of 7 rows have no label and are left out (rows 2, 3, 4, 5, 6 …)"
    assert warnings.messages == [f"{left_out}. Merged cells have their value in the first row only: fill the others"]


def test_complete_files_give_no_warning(write, warnings):
    read_for_training(write("text,label\na,x\nb,y\n"), **COLUMNS)
    assert warnings.messages == []


def test_blank_texts_are_left_out_of_training_only(write, warnings):
    path = write('text,label\na,x\n,y\n" \t\u3000",x\nb,\nc,y\n')
    assert read(path, **COLUMNS).rows.tolist() == [1, 2, 3, 5]
    warnings.clear()
    assert rows_of(read_for_training(path, **COLUMNS)) == [("a", "x", 1), ("c", "y", 5)]
    assert warnings.messages == [
        "a.csv: 1 of 5 rows have no label and are left out (rows 4)",
        "a.csv: 2 of 4 rows have no text and are left out (rows 2, 3)",
    ]


def test_training_without_any_text_is_refused(write):
    path = write("text,label\n,x\n ,y\n")
    assert len(read(path, **COLUMNS)) == 2
    with pytest.raises(DataError, match=r"a\.csv: expected texts, got only empty fields\."):
        read_for_training(path, **COLUMNS)


def splits_of(path, **columns):
    data = DataOptions(train=path, split_column="part", **columns)
    return {name: rows_of(read()) for name, read in read_sources(data).items()}


def test_a_column_says_which_row_is_in_which_split(write):
    path = write("part,text,label\ntrain,a,x\nDev,b,y\ntest,c,x\nTrain,d,y\n")
    assert splits_of(path) == {
        "train": [("a", "x", 1), ("d", "y", 4)],
        "validation": [("b", "y", 2)],
        "test": [("c", "x", 3)],
    }


def test_a_split_column_may_name_train_alone(write):
    assert list(splits_of(write("part,text,label\ntrain,a,x\n"))) == ["train"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("train,a,x\nrest,b,y\n", "got 'rest' in row 2"),
        ("train,a,x\n,b,y\n", "got 'nothing' in row 2"),
        ("test,a,x\n", "expected rows of train in column 'part', but there are none"),
    ],
)
def test_a_split_that_is_none_is_refused(write, rows, message):
    with pytest.raises(DataError, match=message):
        splits_of(write("part,text,label\n" + rows))


def test_a_missing_split_column_is_named(write):
    with pytest.raises(DataError, match="expected a column 'part', but the columns are: text, label"):
        splits_of(write("text,label\na,x\n"))


def test_a_sample_is_from_everywhere(write):
    dataset = read(write("text,label\n" + "".join(f"{number},x\n" for number in range(10))), **COLUMNS)
    assert dataset.sample(4).texts.to_pylist() == ["0", "2", "5", "7"]
    assert dataset.sample(10) is dataset


def test_slices_are_all_rows_in_their_order(write):
    dataset = read(write("text,label\n" + "".join(f"{number},{number % 3}\n" for number in range(10))), **COLUMNS)
    assert [row for some in dataset.slices(4) for row in rows_of(some)] == rows_of(dataset)


@pytest.mark.parametrize(
    ("content", "lists"), [('{"text": "a", "label": ["x"]}', True), ('{"text": "a", "label": "x"}', False)]
)
def test_lists_of_labels_are_remembered(write, content, lists):
    dataset = read_dataset(write(content, "a.jsonl"), ColumnOptions(), ReadingOptions())
    assert dataset.take(np.array([0])).labels.lists == lists


def test_texts_are_taken_by_place_or_by_mark(write):
    dataset = read(write("text,label\n" + "".join(f"{number},{'xyz'[number % 3]}\n" for number in range(30_000))))
    marked = np.arange(30_000) % 7 == 1
    places = np.flatnonzero(marked)
    assert rows_of(dataset.take(marked)) == rows_of(dataset.take(places))
    assert rows_of(dataset.take(places[::-1])) == rows_of(dataset.take(places))[::-1]
    assert dataset.take(places).rows.tolist() == (places + 1).tolist()


def test_weights_follow_their_texts():
    texts, weights = text_array(["a", "", "b"]), np.array([1, 2, 3], np.float32)
    dataset = Dataset("x", texts, Labels.of([("p",), ("p",), ("q",)]), np.array([1, 2, 3]), weights)
    assert dataset.take(np.array([2, 0])).weights.tolist() == [3, 1]
    assert drop_blank_texts(dataset).weights.tolist() == [1, 3]
    assert [part.weights.tolist() for part in dataset.slices(2)] == [[1, 2], [3]]
