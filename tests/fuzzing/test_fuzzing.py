"""Damaged files: the same 150 for each target in `make test`, others for ten minutes in `make test-all`.

Each case is a function of its number; a failure names it, and `CASES[target](number, …)` is that case again.
"""

import csv
import io
import json
import shutil
import time
from pathlib import PurePath
from random import Random, SystemRandom

import numpy as np
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from tests.data.readers.written_files import write_excel
from tests.fuzzing.damage import ODD_TEXTS, damaged, odd_json, odd_yaml, written_otherwise
from tests.pretrained import tokenizer_options
from textclf.cli.group import cli
from textclf.config.config import load_config
from textclf.config.starter import starter_config
from textclf.core.compression import COMPRESSIONS
from textclf.core.errors import TextclfError
from textclf.data.loading import read_splits
from textclf.data.readers import READERS
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.sources import Columns, read_files
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

SECONDS = 120  # for each target, in `make test-all`: ten minutes together
FEW_CASES = 150  # for each target, in `make test`
LONGEST = 10  # seconds of processor time that a case may take
TEXTS = ["a wonderful film", "好 吗", *ODD_TEXTS]


def config(number, folder):
    random = Random(number)
    content = random.choice(sorted((folder / "configs").glob("*.yaml"))).read_bytes()
    change = random.choice([damaged, odd_yaml])
    (folder / "damaged.yaml").write_bytes(change(content, random))
    overrides = [f"{random.choice(['seed', 'model.units', 'data.train', 'x', ''])}={random.choice(ODD_TEXTS)}"]
    load_config("damaged.yaml", random.choice([[], overrides]))


def readers(number, folder):
    random = Random(number)
    source = damaged_texts(random, folder)
    options = ReadingOptions(
        format=random.choice([None, None, *READERS]),
        encoding=random.choice(["utf-8", "utf-8", "gb18030", "utf-16", "latin-1", "cp1251", "shift_jis"]),
        delimiter=random.choice([None, None, ";", "\t"]),
        quoting=random.choice(["minimal", "minimal", "none", "unchecked"]),
    )
    columns = random.choice([["text"], ["text"], ["text", "label"]])
    for table in read_files(str(source), Columns(columns, random.choice(["label", "label", None, "x"])), options):
        assert len(table)
        assert all(isinstance(text, str) for text in table["text"].to_pylist())


def damaged_texts(random, folder):
    """A file of some format, or one that is called so, or a folder with it in."""
    name = random.choice(
        ["texts.csv", "texts.tsv", "texts.jsonl", "texts.json", "texts.parquet", "texts.xlsx", "texts.ft", "texts.txt"]
    )
    content = damaged((folder / name).read_bytes(), random)
    if name == "texts.jsonl" and random.random() < 0.5:
        lines = (folder / name).read_bytes().splitlines()
        content = b"\n".join(odd_json(line, random) for line in lines)
    if name not in ("texts.parquet", "texts.xlsx") and random.random() < 0.5:
        content = written_otherwise(content, random)
    if random.random() < 0.1:  # called what it is not
        name = random.choice(["texts.csv", "texts.jsonl", "texts.txt", "texts.xlsx", "texts", "texts.parquet"])
    if random.random() < 0.1:
        return spark_folder(name, content, random, folder)
    ending = random.choice(["", "", "", *COMPRESSIONS])
    path = folder / f"damaged/{name}{ending}" if random.random() < 0.2 else folder / f"damaged_{name}{ending}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path.parent if path.parent != folder else path


def spark_folder(name, content, random, folder):
    """The folder of a table that Spark has written, some of its parts empty or of another table."""
    path = folder / "spark"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "_SUCCESS").touch()
    for part in range(random.randint(1, 3)):
        ending = PurePath(name).suffix
        (path / f"part-0000{part}{ending}").write_bytes(random.choice([content, content, b"", content[:100]]))
        (path / f".part-0000{part}{ending}.crc").write_bytes(b"crc")
    return path


def new(number, folder):
    """A config that is written can be loaded, and its data read."""
    random = Random(number)
    source = damaged_texts(random, folder)
    given = {"encoding": ["utf-8", "cp1251", "utf-16"], "delimiter": [",", ";"], "quoting": ["none", "unchecked"]}
    reading = {name: random.choice(values) for name, values in given.items() if random.random() < 0.1}
    (folder / "new.yaml").write_text(starter_config(str(source), reading=reading), "utf-8")
    config = load_config(folder / "new.yaml")
    splits, _ = read_splits(config.data, config.targets, config.seed)
    assert len(splits["train"])


def tokenizers(number, folder):
    random = Random(number)
    content = (folder / f"tokenizers/{random.choice(sorted(TOKENIZERS))}.json").read_bytes()
    change = random.choice([damaged, odd_json, odd_json])
    preprocessor = Preprocessor.from_json(change(content, random))
    texts = random.choices(TEXTS, k=20)
    rows = preprocessor.encode(texts)
    assert rows.values.min() >= 0
    assert rows.values.max() < preprocessor.num_ids
    assert (rows.lengths > 0).all()
    np.testing.assert_array_equal(preprocessor.encode(texts[:1]).values, rows.values[: rows.lengths[0]])


def predict(number, folder):
    random = Random(number)
    source = damaged_texts(random, folder)
    arguments = random.choice([["--file", str(source)], ["--file", "-"], random.choices(TEXTS, k=3)])
    forms = {
        "--input-format": ["txt", "csv", "tsv", "jsonl", "parquet", "excel", "fasttext"],
        "--column": ["text", "x", "label"],
        "--encoding": ["utf-8", "gb18030", "utf-16"],
        "--delimiter": [";", "tab"],
        "--quoting": ["none", "minimal", "unchecked"],
    }
    forms |= {"--format": ["text", "jsonl", "csv"], "--top-k": ["1", "9"], "--threshold": ["0", "0.9"]}
    for option, values in forms.items():
        arguments = [*arguments, option, random.choice(values)] if random.random() < 0.3 else arguments
    given = source.read_bytes() if source.is_file() else b""
    done = CliRunner().invoke(cli, ["predict", "--run", "toy_en", *arguments], input=given, standalone_mode=False)
    if done.exception and not hasattr(done.exception, "exit_code"):  # neither ours nor click's for wrong usage
        raise done.exception


CASES = {"config": config, "readers": readers, "new": new, "tokenizers": tokenizers, "predict": predict}


@pytest.fixture
def folder(target, request, workplace):
    """Whole files of every kind, to be damaged; with a run where one is needed."""
    if target == "predict":
        shutil.copytree(request.getfixturevalue("finished_runs") / "runs", workplace / "runs", symlinks=True)
    [table] = read_files("data/toy_en/test.csv", Columns(["text"], "label"))
    rows = list(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))[:30]
    (workplace / "texts.csv").write_text(lines([("text", "label"), *rows], ","))
    (workplace / "texts.tsv").write_text(lines([("text", "label"), *rows], "\t"))
    (workplace / "texts.jsonl").write_text(
        "".join(f"{json.dumps({'text': text, 'label': label})}\n" for text, label in rows)
    )
    (workplace / "texts.ft").write_text("".join(f"__label__{label} {text}\n" for text, label in rows))
    (workplace / "texts.txt").write_text("".join(f"{text}\n" for text, _ in rows))
    (workplace / "texts.json").write_text(json.dumps([{"text": text, "label": label} for text, label in rows]))
    (workplace / "texts.xlsx").write_bytes(write_excel(rows))
    pyarrow.parquet.write_table(table.slice(0, 30), workplace / "texts.parquet")
    (workplace / "tokenizers").mkdir()
    for name in TOKENIZERS:
        options = tokenizer_options(name, vocabulary_size=300)
        Preprocessor.fit(options, [text for text, _ in rows]).save(workplace / f"tokenizers/{name}.json")
    return workplace


def lines(rows, delimiter):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def run_case(target, folder, number):
    started = time.process_time()
    try:
        CASES[target](number, folder)
    except TextclfError as error:
        assert 0 < len(str(error)) < 10_000  # noqa: PT017
    except Exception as error:
        error.add_note(f"case {number} of {target}")
        raise
    assert time.process_time() - started < LONGEST, f"case {number} of {target} took too long"


@pytest.mark.parametrize("target", CASES)
def test_damaged_files_are_used_or_rejected(folder, target):
    for number in range(FEW_CASES):
        run_case(target, folder, number)


@pytest.mark.slow
@pytest.mark.parametrize("target", CASES)
def test_damaged_files_for_minutes(folder, target):
    number, end = SystemRandom().randrange(2**40), time.monotonic() + SECONDS
    while time.monotonic() < end:
        run_case(target, folder, number)
        number += 1
