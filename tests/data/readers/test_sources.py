"""Sources: files, patterns, folders and lists of them, in order; several columns of text; what is not there."""

from pathlib import Path

import pyarrow as pa
import pytest

from tests.data.readers.written_files import rows_of
from textclf.core.errors import DataError
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.sources import Columns, expand, joined, read_files

FOLDER = ReadingOptions(format="folder")


@pytest.fixture
def write(here):
    """Write files below a working directory of their own."""

    def write_files(**contents):
        for name, content in contents.items():
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    return write_files


def csv_of(text, label="x"):
    return f"text,label\n{text},{label}\n"


def texts_of(source, options=ReadingOptions()):  # noqa: B008
    return [text for text, *_ in rows_of(read_files(source, Columns(["text"]), options))]


def fault(source, options=ReadingOptions(), label="label"):  # noqa: B008
    with pytest.raises(DataError) as caught:
        list(read_files(source, Columns(["text"], label), options))
    return str(caught.value)


# Which files


def test_list_is_read_in_its_order_and_a_pattern_in_that_of_the_names(write):
    write(**{"b.csv": csv_of("b"), "a.csv": csv_of("a"), "c/d.csv": csv_of("d"), ".h.csv": csv_of("h")})
    assert expand("b.csv") == ["b.csv"]
    assert expand("*.csv") == ["a.csv", "b.csv"]
    assert expand("**/*.csv") == ["a.csv", "b.csv", "c/d.csv"]
    assert expand(["c/d.csv", "*.csv", "a.csv"]) == ["c/d.csv", "a.csv", "b.csv", "a.csv"]
    assert texts_of(["c/d.csv", "*.csv"]) == ["d", "a", "b"]
    here = Path.cwd()
    assert expand([str(here / "*.csv")]) == [str(here / "a.csv"), str(here / "b.csv")]


def test_paths_may_be_path_objects(write, tmp_path):
    write(**{"a.csv": csv_of("a")})
    assert expand(tmp_path / "a.csv") == [str(tmp_path / "a.csv")]
    assert texts_of([tmp_path / "a.csv"]) == ["a"]


def test_file_with_the_letters_of_a_pattern_in_its_name_is_that_file(write):
    write(**{"a[1].csv": csv_of("a"), "a1.csv": csv_of("one")})
    assert texts_of("a[1].csv") == ["a"]


def test_files_of_different_formats_are_one_source(write):
    write(**{"a.csv": csv_of("a"), "b.jsonl": '{"text": "b", "label": ["y", "z"]}\n', "c.ft": "__label__x c\n"})
    table = joined(read_files("*", Columns(["text"], "label")))
    assert rows_of([table]) == [("a", ["x"]), ("b", ["y", "z"]), ("c", ["x"])]
    assert table.num_rows == 3


def test_folder_of_files_is_read_in_the_order_of_their_names(write):
    write(**{"d/b.csv": csv_of("b"), "d/a.jsonl": '{"text": "a", "label": 1}\n', "d/.hidden": "x"})
    assert expand("d") == ["d/a.jsonl", "d/b.csv"]
    assert expand("d/") == ["d/a.jsonl", "d/b.csv"]
    assert texts_of("d") == ["a", "b"]


def test_format_of_the_options_wins_over_the_endings(write):
    write(**{"d/a.data": csv_of("a"), "d/b": csv_of("b"), "d/c.jsonl": csv_of("c"), "d/more/e.csv": csv_of("e")})
    assert texts_of("d", ReadingOptions(format="csv")) == ["a", "b", "c"]
    assert texts_of("d/*", ReadingOptions(format="csv")) == ["a", "b", "c"]
    assert "Name its format with data.format." in fault(["d/c.jsonl", "d/a.data"])


@pytest.mark.parametrize("source", ["none.csv", ["a.csv", "none.csv"]])
def test_missing_file_is_refused_before_any_is_read(write, source, tmp_path):
    write(**{"a.csv": "no such column\n"})
    message = f"none.csv: expected a file, but there is none (looked in {tmp_path}). Check the path."
    assert fault(source) == message
    with pytest.raises(DataError, match="none"):
        expand(source)


def test_pattern_without_a_match_is_refused(write, tmp_path):
    write(**{"a.csv": csv_of("a")})
    message = fault(["a.csv", "b*.csv"])
    assert message == (
        f"b*.csv: expected files that match this pattern, but there are none (looked in {tmp_path}). Check it."
    )
    assert "looked in" not in fault(str(tmp_path / "b*.csv"))


def test_empty_list_is_refused(write):
    assert fault([]) == "expected at least one file of texts, got an empty list. Name one."


@pytest.mark.parametrize(
    "path", ["", "a\0b.csv", "a\0*.csv", "a\0/*.csv", "a.csv/b.csv", "x" * 300 + ".csv", "x" * 300 + "*"]
)
def test_path_that_cannot_be_one_is_refused(write, path):
    write(**{"a.csv": csv_of("a")})
    assert fault(path)


def test_file_without_the_columns_of_the_others_is_named(write):
    write(**{"a.csv": csv_of("a"), "b.csv": "body,label\nb,x\n"})
    assert fault("*.csv").startswith("b.csv: expected a column 'text', but the columns are: body, label")


# A folder with a subfolder for every label


def test_folder_of_labels(write):
    write(**{"d/pos/b.txt": "good\n", "d/pos/a": "great", "d/neg/1.txt": "", "d/.git/x": "", "d/pos/.DS_Store": ""})
    assert expand("d") == ["d/neg/1.txt", "d/pos/a", "d/pos/b.txt"]
    assert rows_of(read_files("d", Columns(["body"], "stars"))) == [("", "neg"), ("great", "pos"), ("good\n", "pos")]


def test_folders_of_some_labels_may_be_named_by_a_pattern(write):
    write(**{"d/pos/a.txt": "good", "d/neg/a.txt": "bad", "d/unsup/a.txt": "?"})
    expected = [("bad", "neg"), ("good", "pos")]
    for source in ("d/[np]*", ["d/neg", "d/pos"], "d/[np]*/*.txt"):
        assert rows_of(read_files(source, Columns(["text"], "label"), FOLDER)) == expected


def test_label_of_a_file_in_the_working_directory_is_its_name(write, tmp_path, monkeypatch):
    write(**{"pos/a.txt": "good"})
    monkeypatch.chdir(tmp_path / "pos")
    assert rows_of(read_files("a.txt", Columns(["text"], "label"), FOLDER)) == [("good", "pos")]


def test_thousands_of_files_come_in_a_few_tables(write):
    write(**{f"d/{'pos' if number % 2 else 'neg'}/{number:04}": str(number) for number in range(2_050)})
    tables = list(read_files("d", Columns(["text"], "label")))
    assert [len(table) for table in tables] == [1000, 1000, 50]
    expected = [(str(number), "pos" if number % 2 else "neg") for number in [*range(0, 2050, 2), *range(1, 2050, 2)]]
    assert rows_of(tables) == expected


def test_folder_of_both_folders_and_files_asks_which(write):
    write(**{"d/pos/a.txt": "good", "d/neg/a.txt": "bad", "d/train.csv": csv_of("a")})
    message = fault("d")
    assert message.startswith("d: expected either a subfolder for every label or files, got both (neg/ and train.csv)")
    assert "data.format: folder" in message
    assert "d/*.csv" in message
    assert texts_of("d", FOLDER) == ["bad", "good"]


def test_deeper_folder_is_refused(write):
    write(**{"d/pos/2026/a.txt": "good"})
    assert fault("d").startswith("d/pos: expected only texts in the folder of a label, got the folder 2026/ too.")


@pytest.mark.parametrize("options", [ReadingOptions(), FOLDER, ReadingOptions(format="csv")])
def test_empty_folder_is_refused(write, options, tmp_path):
    (tmp_path / "d").mkdir()
    assert fault("d", options) == (
        "d: expected files or subfolders of texts, got a folder without them. Check the path."
    )


def test_folder_that_is_not_ours_to_read_is_refused(write, tmp_path, monkeypatch):
    (tmp_path / "d").mkdir()
    monkeypatch.setattr(Path, "iterdir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert fault("d") == "d: cannot be read: Permission denied."


# Columns


def test_several_columns_of_text_are_joined_without_the_empty_ones(write):
    write(**{"a.csv": "title,body,label\nA,b,x\n,b,y\nA,,z\n,,w\n"})
    columns = ["title", "body"]
    assert rows_of(read_files("a.csv", Columns(columns, "label"))) == [("A b", "x"), ("b", "y"), ("A", "z"), ("", "w")]
    options = ReadingOptions(text_separator=" | ")
    assert rows_of(read_files("a.csv", Columns(columns[::-1]), options)) == [("b | A",), ("b",), ("A",), ("",)]
    table = joined(read_files("a.csv", Columns(columns, "label")))
    assert table.schema == pa.schema({"text": pa.large_string(), "label": pa.large_string()})


def test_a_column_may_be_text_and_label(write):
    write(**{"a.csv": csv_of("a")})
    assert rows_of(read_files("a.csv", Columns(["text"], "text"))) == [("a", "a")]


def test_lists_are_no_texts(write):
    write(**{"a.jsonl": '{"text": ["a"], "title": "b", "label": "x"}\n'})
    message = "a.jsonl: expected texts in 'text', got lists. Name a column of texts with data.text_column."
    assert fault("a.jsonl") == message
    with pytest.raises(DataError, match="got lists"):
        list(read_files("a.jsonl", Columns(["title", "text"])))


def test_lines_of_text_have_no_labels(write):
    write(**{"a.txt": "one\n"})
    assert fault("a.txt").startswith(
        "a.txt: expected the columns text, label, but a file of this format has only a text"
    )
    assert rows_of(read_files("a.txt", Columns(["title", "body"]))) == [("one",)]


def test_labels_are_lists_in_all_tables_if_in_one(write):
    write(**{"a.csv": "text,label\na,x\nb,\n", "b.jsonl": '{"text": "c", "label": []}\n'})
    table = joined(read_files("*", Columns(["text"], "label")))
    assert rows_of([table]) == [("a", ["x"]), ("b", []), ("c", [])]
    assert table["label"].num_chunks == 1


# What answering needs


BLOCKED = """
import sys
sys.modules["pandas"] = None
from textclf.data.readers.sources import Columns, read_files
rows = [text for source in sys.argv[1:] for table in read_files(source, Columns(["text"])) for text in table["text"]]
print(*rows, "pyarrow.parquet" in sys.modules)
"""


def test_texts_are_read_without_pandas(write, textclf_command, tmp_path):
    write(**{"a.txt": "one\n", "a.jsonl": '{"text": "two"}\n', "a.ft": "__label__x three\n", "d/pos/a": "four"})
    finished = textclf_command("a.txt", "a.jsonl", "a.ft", "d", python=("-c", BLOCKED), cwd=tmp_path)
    assert finished.stdout.split() == [b"one", b"two", b"three", b"four", b"False"], finished.stderr.decode()


def test_a_folder_of_spark_is_its_parts(here):
    for name, content in {
        "_SUCCESS": "",
        "._SUCCESS.crc": "crc",
        ".part-00000-1f-c000.csv.crc": "crc",
        "part-00000-1f-c000.csv": "",
        "part-00001-1f-c000.csv": "text,label\none,a\n",
        "part-00002-1f-c000.csv": "text,label\ntwo,b\nthree,a\n",
    }.items():
        (here / "out").mkdir(exist_ok=True)
        (here / "out" / name).write_text(content)
    for source in ("out", "out/", "out/*"):
        tables = read_files(source, Columns(["text"], "label"))
        assert [text for table in tables for text in table["text"].to_pylist()] == ["one", "two", "three"]


def test_partitions_of_spark_are_no_labels(here):
    (here / "out/label=a").mkdir(parents=True)
    (here / "out/_SUCCESS").write_text("")
    (here / "out/label=a/part-00000.csv").write_text("text\none\n")
    with pytest.raises(DataError, match="partitionBy"):
        expand("out")


def test_files_beside_no_spark_parts_are_read_whatever_their_names_begin_with(tmp_path):
    (tmp_path / "_a.csv").write_text("text\none\n")
    assert expand(tmp_path) == [str(tmp_path / "_a.csv")]
