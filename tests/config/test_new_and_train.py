"""Files as people have them: `textclf new`, then `textclf train`, without an edit in between."""

import csv
import json
import logging

import pyarrow as pa
import pyarrow.parquet
import pytest

import textclf
from tests.csv_files import write_rows
from tests.data.readers.written_files import write_excel
from textclf.config.config import load_config
from textclf.config.starter import write_starter
from textclf.data.loading import encode_labels, read_splits
from textclf.training.check import check_config
from textclf.training.encoded_dataset import TrainingTexts, encode

ROWS = 60
RUSSIAN = ("Отличный фильм, смотрел с удовольствием", "Телефон сломался через неделю, не рекомендую")
POLISH = ("Świetny film, gorąco polecam", "Fatalna jakość, szkoda pieniędzy")
TRADITIONAL = ("這個產品非常好，推薦給大家", "品質太差，浪費錢")
JAPANESE = ("この映画は本当に面白かったです", "サービスが悪くて二度と行きません")
ENGLISH = ("a wonderful film, well acted", "a waste of time; never again")
LABELS = ("good", "bad")
KINDS = ("toxic", "obscene", "insult")


def table(sentences):
    return [(f"{sentences[row % 2]} {row}", LABELS[row % 2]) for row in range(ROWS)]


def several(row):
    """The labels of a text that has none, one or two."""
    return tuple(kind for number, kind in enumerate(KINDS) if (row + number) % 4 == 0 or (row + number) % 6 == 1)


def as_csv(path, rows, encoding="utf-8", header=("text", "label"), **form):
    write_rows(path, [header, *rows], encoding, **form)


def csv_file(sentences, encoding, **form):
    """A function that writes a CSV file."""

    def write(folder):
        rows = table(sentences)
        as_csv(folder / "a.csv", rows, encoding, **form)
        return "a.csv", rows

    return write


def open_quotes(folder):
    rows = [('"' * (row in (5, 50)) + text, label) for row, (text, label) in enumerate(table(ENGLISH))]
    lines = [f"{label}\t{text}" for text, label in [("text", "label"), *rows]]
    (folder / "a.tsv").write_text("\n".join(lines))
    return "a.tsv", rows


def excel(folder):
    rows = [(f"{text}\nsecond line; really", label) for text, label in table(ENGLISH)]
    with (folder / "a.csv").open("w", encoding="utf-16", newline="") as stream:
        stream.write("sep=;\r\n")
        csv.writer(stream, delimiter=";").writerows([("text", "label"), *rows])
    return "a.csv", rows


def fasttext(folder):
    rows = table(ENGLISH)
    (folder / "a.txt").write_text("".join(f"__label__{label} {text}\n" for text, label in rows))
    return "a.txt", rows


def multi_hot(folder):
    rows = [(f"{ENGLISH[row % 2]} {row}", several(row)) for row in range(ROWS)]
    places = [[int(kind in labels) for kind in KINDS] for _, labels in rows]
    lines = [{"text": text, "label": hot} for (text, _), hot in zip(rows, places, strict=True)]
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "a.jsonl", [(text, tuple(str(KINDS.index(kind)) for kind in labels)) for text, labels in rows]


def jigsaw(folder):
    rows = [(f"{ENGLISH[row % 2]} {row}", several(row)) for row in range(ROWS)]
    lines = [(row, text, *(int(kind in labels) for kind in KINDS)) for row, (text, labels) in enumerate(rows)]
    as_csv(folder / "a.csv", lines, header=("id", "comment_text", *KINDS))
    return "a.csv", rows


def json_array(folder):
    rows = table(ENGLISH)
    content = json.dumps([{"text": text, "label": label} for text, label in rows], indent=1)
    (folder / "a.json").write_text(content)
    return "a.json", rows


def json_by_name(folder):
    rows = table(ENGLISH)
    content = {f"id{number}": {"text": text, "label": label} for number, (text, label) in enumerate(rows)}
    (folder / "a.json").write_text(json.dumps(content))
    return "a.json", rows


def workbook(folder):
    rows = table(RUSSIAN)
    (folder / "a.xlsx").write_bytes(write_excel(rows))
    return "a.xlsx", rows


def spark(folder, ending, write):
    rows = table(ENGLISH)
    out = folder / "out"
    out.mkdir()
    (out / "_SUCCESS").touch()
    (out / "._SUCCESS.crc").write_bytes(b"crc\0")
    for part, some in enumerate([rows[:0], rows[:30], rows[30:]]):
        path = out / f"part-0000{part}-c000{ending}"
        write(path, some) if some else path.touch()
        (out / f".{path.name}.crc").write_bytes(b"crc\0")
    return "out", rows


def spark_csv(folder):
    return spark(folder, ".csv", as_csv)


def spark_json(folder):
    def write(path, rows):
        path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))

    return spark(folder, ".json", write)


def spark_parquet(folder):
    def write(path, rows):
        texts, labels = zip(*rows, strict=True)
        pyarrow.parquet.write_table(pa.table({"text": texts, "label": labels}), path)

    return spark(folder, ".snappy.parquet", write)


FILES = {
    "cp1251": csv_file(RUSSIAN, "cp1251"),
    "shift_jis": csv_file(JAPANESE, "shift_jis"),
    "polish": csv_file(POLISH, "cp1250", delimiter=";"),
    "big5": csv_file(TRADITIONAL, "big5"),
    "old_mac": csv_file(ENGLISH, "cp1252", delimiter=";", lineterminator="\r"),
    **{
        write.__name__: write
        for write in (
            open_quotes, json_by_name, workbook, excel, fasttext, multi_hot, jigsaw, json_array, spark_csv, spark_json,
            spark_parquet,
        )
    },
}  # fmt: skip


@pytest.fixture
def written(request, here):
    """The rows of a file, and the config that `textclf new` wrote for it."""
    source, rows = FILES[request.param](here)
    write_starter("c.yaml", source)
    return [(text, labels if isinstance(labels, tuple) else (labels,)) for text, labels in rows]


@pytest.mark.parametrize("written", FILES, indirect=True)
def test_what_is_written_reads_every_row(written, tmp_path, caplog):
    caplog.set_level(logging.WARNING, "textclf")
    config = load_config("c.yaml")
    splits, targets = read_splits(config.data, config.targets, config.seed)
    found = [
        (row, (text, labels))
        for part in splits.values()
        for row, text, labels in zip(part.rows.tolist(), part.texts.to_pylist(), part.labels, strict=True)
    ]
    assert [row for _, row in sorted(found)] == written
    assert {label for _, labels in written for label in labels} == {*targets.labels}
    assert not caplog.records
    encoded = encode(config, TrainingTexts(splits, encode_labels(splits, targets)), tmp_path / "cache")
    assert sum(len(split.classes) for split in encoded.splits.values()) == ROWS
    report = check_config("c.yaml")
    assert not report.would_fail
    assert "wrong encoding" not in {finding.subject for finding in report.findings}


@pytest.mark.slow
@pytest.mark.parametrize("written", FILES, indirect=True)
def test_what_is_written_trains(written):
    run = textclf.train("c.yaml", ["training.epochs=1"])
    assert len(textclf.load(run).predict([text for text, _ in written])) == ROWS
