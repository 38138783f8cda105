"""Files to predict or evaluate need not be written as the training file was."""

import io
from types import SimpleNamespace

import pytest

from textclf.core.errors import DataError
from textclf.data.dialects import look_at
from textclf.data.readers import READERS
from textclf.data.readers.options import DEFAULTS, ReadingArguments, ReadingOptions, arguments_like
from textclf.data.readers.sources import Columns, read_files
from textclf.inference.text_source import read_source

TEXTS = {
    "utf-8": ["好吃不贵，下次再来", "so good, really"],
    "gb18030": ["这家餐厅的服务态度非常好，下次还会再来", "手机收到的时候屏幕已经坏了"],
    "cp1251": ["Отличный фильм, смотрел с удовольствием", "Телефон сломался через неделю, не рекомендую"],
    "shift_jis": ["この映画は本当に面白かったです", "サービスが悪くて二度と行きません"],
    "utf-16": ["Müller hört Käthe gern zu", "schöne Lesung"],
}
TRAINED = [
    DEFAULTS,
    ReadingOptions(encoding="gb18030", delimiter=";", quoting="none"),
    ReadingOptions(encoding="ascii"),
]


def read(path, trained=DEFAULTS, **given):
    return [text for texts in read_source(str(path), column="text", given=given, trained=trained) for text in texts]


def write(path, texts, delimiter, encoding):
    lines = [delimiter.join(("id", "text")), *(f'{row}{delimiter}"{text}"' for row, text in enumerate(texts))]
    path.write_text("\n".join(lines) + "\n", encoding)
    return path


@pytest.mark.parametrize("trained", TRAINED, ids=lambda reading: reading.encoding)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", TEXTS)
def test_a_file_is_looked_at_whatever_the_training_file_was(tmp_path, encoding, delimiter, trained):
    texts = TEXTS[encoding] * 3
    assert read(write(tmp_path / "a.csv", texts, delimiter, encoding), trained) == texts
    assert read(write(tmp_path / "b.tsv", texts, delimiter, encoding), trained) == texts


@pytest.mark.parametrize("trained", TRAINED, ids=lambda reading: reading.encoding)
def test_a_text_file_is_utf8_unless_said_otherwise(tmp_path, trained):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(TEXTS["gb18030"]))
    assert read(path, trained) == TEXTS["gb18030"]
    for encoding in ("gb18030", "cp1251", "shift_jis", "utf-16"):
        path.write_text("\n".join(TEXTS[encoding]), encoding)
        found = {"shift_jis": "cp932"}.get(encoding, encoding)
        with pytest.raises(DataError, match=f"looks like {found}: set --encoding {found}") as error:
            read(path, trained)
        assert "data." not in str(error.value)
        assert read(path, trained, encoding=encoding) == TEXTS[encoding]


@pytest.mark.parametrize("trained", TRAINED, ids=lambda reading: reading.encoding)
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_a_pipe_is_utf8_unless_said_otherwise(monkeypatch, texts, trained):
    def pipe(encoding):
        content = io.BufferedReader(io.BytesIO("\n".join(texts).encode(encoding)))
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=content))

    pipe("utf-8")
    assert read("-", trained) == texts
    pipe("utf-16")
    assert read("-", trained, encoding="utf-16") == texts
    pipe("utf-16")
    with pytest.raises(DataError, match=r"expected UTF-8 text, .* set --encoding utf-16"):
        read("-", trained)


def test_a_text_file_with_one_wrong_byte_stays_utf8(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\n".join(TEXTS["gb18030"] * 9).encode() + b"\n\xff\n")
    with pytest.raises(DataError, match="Nearly all of it is UTF-8"):
        read(path)


def test_a_table_with_one_wrong_byte_stays_utf8(tmp_path):
    path = write(tmp_path / "a.csv", TEXTS["utf-8"] * 20, ",", "utf-8")
    path.write_bytes(path.read_bytes().replace("不贵".encode(), "不贵".encode()[:-1], 1))
    with pytest.raises(DataError, match=r"in line 2\. Nearly all of it is UTF-8: correct that line"):
        read(path)


def test_what_is_given_is_not_detected(tmp_path):
    path = write(tmp_path / "a.csv", TEXTS["cp1251"], ";", "cp1251")
    given = {"encoding": "latin-1", "quoting": "none", "delimiter": ";", "format": "csv"}
    assert read(path, **given)[0] == f'"{TEXTS["cp1251"][0]}"'.encode("cp1251").decode("latin-1")
    with pytest.raises(DataError, match="--delimiter"):
        read(path, delimiter=",")


def test_the_delimiter_of_the_training_file_is_tried_too(tmp_path):
    path = write(tmp_path / "a.csv", TEXTS["utf-8"], "!", "utf-8")
    assert read(path, ReadingOptions(delimiter="!")) == TEXTS["utf-8"]
    with pytest.raises(DataError, match="--text-column"):
        read(path)


@pytest.mark.parametrize(("text", "is_read"), [("one, two", False), ("one", True)])
def test_a_sample_is_read_only_if_its_lines_would_fit_without_quoting(tmp_path, monkeypatch, text, is_read):
    path = tmp_path / "a.csv"
    path.write_text(f'text,label\n"{text}",x\n' * 9)
    reads = []
    monkeypatch.setattr(READERS["csv"], "read", lambda *arguments: reads.append(arguments) or [])
    assert look_at(str(path), DEFAULTS, {}, ["text"], DEFAULTS) == DEFAULTS
    assert bool(reads) == is_read


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_a_file_without_quoting_is_read_without(tmp_path, name):
    texts = [('"' if row in (5, 95) else "") + f"the film was good {row}" for row in range(100)]
    path = tmp_path / name
    path.write_text("".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *((t, "x") for t in texts)]))
    assert read(path) == texts
    with pytest.raises(DataError, match=r"row 6 .*--quoting none"):
        read(path, quoting="minimal")


def test_texts_of_several_columns_are_joined_as_in_training(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("title,text\none,two\n")
    trained = ReadingOptions(text_separator=" | ")
    reading = look_at(str(path), arguments_like(trained, {}), {}, ["title", "text"], trained)
    assert next(read_files(str(path), Columns(["title", "text"]), reading))["text"].to_pylist() == ["one | two"]


def test_a_value_that_cannot_be_is_an_error():
    with pytest.raises(ValueError, match="encoding: expected an encoding"):
        arguments_like(ReadingArguments(), {"encoding": "klingon"})
