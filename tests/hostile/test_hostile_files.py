"""Files from a stranger: one clear sentence, in two seconds and half a gigabyte, and nothing outside is touched."""

import gzip
import hashlib
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import textclf
from tests.hostile.broken_files import damages, flipped
from tests.hostile.contents import ABOUT, LABELS, NO_OBJECTS, TOKENIZERS
from tests.hostile.graphs import GRAPHS, graph, terabytes
from textclf.__main__ import main
from textclf.errors import TextclfError
from textclf.graph_check import check_graph
from textclf.prediction import open_texts, read_texts
from textclf.run_folder import RunFolder

PARTS = ("model.onnx", "tokenizer.json", "labels.json")
MOST_SECONDS, MOST_MB = 2, 500
FLIPS = 40
MIB = 2**20


def process_memory(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) // 1024
    return 0


@pytest.fixture
def within_bounds(tmp_path):
    """Time, memory and what lies around, before and after."""
    before = around(tmp_path)
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")  # the peak begins anew
    memory, started = process_memory("VmRSS"), time.process_time()
    yield
    assert time.process_time() - started < MOST_SECONDS
    assert process_memory("VmHWM") - memory < MOST_MB
    assert around(tmp_path) == before


def around(folder):
    """Everything beside what the stranger gave."""
    return {path for path in folder.rglob("*") if "given" not in path.parts[len(folder.parts) :][:1]}


def refused(call):
    with pytest.raises(TextclfError) as caught:
        call()
    message = str(caught.value)
    assert 10 < len(message) < 1000
    assert "Traceback" not in message
    assert message.count("\n") <= 3  # a config names each fault on a line
    return message


@pytest.fixture
def classifier(finished_runs, tmp_path):
    """A copy of a classifier, for a stranger to spoil."""
    return shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "given/classifier")


@pytest.fixture
def run(finished_runs, tmp_path, monkeypatch):
    """A copy of a run below `given/runs`, and the working directory two above it."""
    (tmp_path / "data").symlink_to(finished_runs / "data")
    shutil.copytree(finished_runs / "runs/toy_en", tmp_path / "given/runs/mine")
    monkeypatch.chdir(tmp_path)
    return RunFolder(tmp_path / "given/runs/mine")


def with_checksums(folder):
    """Make the list of files fit again, as somebody would who means harm."""
    about = json.loads((folder / "classifier.json").read_text())
    about["files"] = {}
    for name in PARTS:
        content = (folder / name).read_bytes()
        about["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "classifier.json").write_text(json.dumps(about))


def answers_or_refuses(folder):
    try:
        probabilities = textclf.load(folder).predict_proba(["a wonderful film", "", "好"])
    except TextclfError as error:
        assert "Traceback" not in str(error)  # noqa: PT017
    else:
        assert np.isfinite(probabilities).all()


# A classifier


@pytest.mark.parametrize("damage", damages())
@pytest.mark.parametrize("name", [*PARTS, "classifier.json"])
def test_damaged_file_of_a_classifier(classifier, within_bounds, name, damage):
    damages()[damage](classifier / name)
    if damage.startswith("bit") and name == "classifier.json":
        answers_or_refuses(classifier)  # the name of a column is another, which nobody can know
    else:
        refused(lambda: textclf.load(classifier))


@pytest.mark.parametrize("case", GRAPHS)
def test_hostile_graph(classifier, within_bounds, case):
    (classifier / "model.onnx").write_bytes(GRAPHS[case]())
    with_checksums(classifier)
    refused(lambda: textclf.load(classifier))


def test_the_graph_without_harm_answers(classifier):
    (classifier / "model.onnx").write_bytes(graph())
    with_checksums(classifier)
    assert textclf.load(classifier).predict_proba(["a"]).shape == (1, 2)


@pytest.mark.parametrize(
    ("name", "case", "change"),
    [
        *(("labels.json", case, change) for case, change in LABELS.items()),
        *(("tokenizer.json", case, change) for case, change in TOKENIZERS.items()),
        *(("classifier.json", case, change) for case, change in ABOUT.items()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_content_with_the_right_checksum(classifier, within_bounds, name, case, change):
    path = classifier / name
    path.write_bytes(change(path.read_bytes()))
    if name != "classifier.json":
        with_checksums(classifier)
    refused(lambda: textclf.load(classifier))


@pytest.mark.parametrize("seed", range(FLIPS))
@pytest.mark.parametrize("name", PARTS)
def test_bit_flipped_before_the_checksum_was_made(classifier, within_bounds, name, seed):
    path = classifier / name
    path.write_bytes(flipped(path.read_bytes(), seed))
    with_checksums(classifier)
    answers_or_refuses(classifier)


def test_every_graph_that_is_cut_off_is_refused():
    whole = graph()
    check_graph(whole)
    for end in range(len(whole) - 1):
        try:
            check_graph(whole[:end])
        except ValueError:
            continue
        assert end > len(whole) - 10, end  # the set of operators comes last, and may be missing


def test_labels_cannot_command_a_terminal(classifier, capsys):
    content = json.loads((classifier / "labels.json").read_text())
    labels = ["\x1b]0;owned\x07\x1b[2J", "\x9b31mred"]
    content.update(labels=labels, majority=labels[:1])
    (classifier / "labels.json").write_text(json.dumps(content))
    with_checksums(classifier)
    assert main(["predict", "--run", str(classifier), "a wonderful film", "a waste of time"]) == 0
    assert not set("\x1b\x07\x9b") & set(capsys.readouterr().out)


# A run


@pytest.mark.parametrize("damage", damages())
@pytest.mark.parametrize("name", ["run.json", "config.yaml"])
def test_damaged_file_of_a_run(run, within_bounds, name, damage):
    damages()[damage](run.path / name)
    if damage.startswith("bit"):
        try:
            textclf.evaluate(run, output=run.path / "here")
        except TextclfError as error:
            assert "Traceback" not in str(error)  # noqa: PT017
    else:
        refused(lambda: textclf.evaluate(run))


@pytest.mark.parametrize("damage", [name for name in damages() if name not in {"missing"} and "bit" not in name])
def test_damaged_metrics_are_said_and_the_list_is_shown(run, within_bounds, damage, monkeypatch, capsys):
    damages()[damage](run.metrics)
    refused(run.read_metrics)
    monkeypatch.chdir(run.path.parent.parent)
    assert main(["list"]) == 0
    assert "damaged" in capsys.readouterr().out


@pytest.mark.parametrize("case", NO_OBJECTS)
def test_about_of_a_run_that_is_no_object(run, within_bounds, case):
    run.about.write_bytes(NO_OBJECTS[case](b"{}"))
    if case != "number":
        refused(run.read_about)


YAML = {
    "brackets": "[" * 90_000,
    "braces": "{" * 90_000,
    "aliases": "a: &a [*a, *a]\n" * 6000,
    "a billion laughs": "a0: &a0 1\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n}, ' * 9}]\n" for n in range(20)),
    "an object of Python": "!!python/object/apply:os.system ['touch harmed']",
    "a tag": "data: !!python/name:os.system",
    "too long": "#" * 200_000,
    "many lines": "- 1\n" * 20_000,
    "many values": f"a: [{'1,' * 40_000}]",
    "deep": "".join(" " * n + "a:\n" for n in range(400)),
}  # fmt: skip


@pytest.mark.parametrize("case", YAML)
def test_hostile_config(run, within_bounds, case):
    run.config.write_text(YAML[case])
    refused(lambda: textclf.evaluate(run))


@pytest.mark.parametrize(
    "test", ["/etc/passwd", "../secret.csv", "secret.csv", "/dev/zero", "/etc/*", "data/toy_en/train.csv"]
)
def test_a_run_reads_no_file_but_its_own_test_file(run, tmp_path, test):
    (tmp_path / "secret.csv").write_text("text,label\nmy password,positive\n")
    run.config.write_text(run.config.read_text().replace("data/toy_en/test.csv", test))
    about = run.read_about()
    run.update_about(data_sha256={**about["data_sha256"], test: "0" * 64, "data/toy_en/train.csv": None})
    refused(lambda: textclf.evaluate(run))
    assert not run.evaluations.exists()


@pytest.mark.parametrize("name", ["evaluations", "evaluations/test", "evaluations/other", "classifier", "config.yaml"])
def test_no_link_in_a_run_is_followed(run, tmp_path, within_bounds, name):
    elsewhere = tmp_path / "given/elsewhere"
    path = run.path / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.mkdir()
    path.symlink_to(elsewhere)
    shutil.copy("data/toy_en/test.csv", tmp_path / "given/other.csv")
    refused(lambda: textclf.evaluate(run, "given/other.csv" if name.endswith("other") else None))
    assert not elsewhere.is_dir() or name == "classifier" or list(elsewhere.iterdir()) == []


def test_the_untouched_run_is_measured(run):
    assert textclf.evaluate(run)["accuracy"] >= 0
    assert (run.evaluations / "test/metrics.json").exists()


# Texts


def packed(path, *parts):
    """A compressed file; each part is bytes and how often they come."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for content, times in parts:
            for _ in range(times):
                stream.write(content)


BOMBS = {
    "field.csv.gz": [(b'text,label\n"', 1), (b"x" * MIB, 200)],
    "header.csv.gz": [(b"x" * MIB, 100)],
    "columns.csv.gz": [(b"," * MIB, 100)],
    "quoted columns.csv.gz": [(b'"', 1), (b"\n," * MIB, 50)],
    "fields.csv.gz": [(b"text,label\n", 1), (b"," * MIB, 100)],
    "fields.tsv.gz": [(b"text\tlabel\n", 1), (b"\t" * MIB, 100)],
    "line.txt.gz": [(b"x" * MIB, 100)],
    "line.jsonl.gz": [(b'{"text": "', 1), (b"x" * MIB, 100)],
    "list.jsonl.gz": [(b'{"text": [', 1), (b"[]," * (MIB // 4), 10), (b"[]]}\n", 1)],
    "line.fasttext.gz": [(b"__label__a ", 1), (b"x" * MIB, 100)],
}


@pytest.mark.parametrize("name", BOMBS)
def test_little_file_that_unpacks_to_much(tmp_path, within_bounds, name):
    (tmp_path / "given").mkdir()
    path = tmp_path / "given" / name
    packed(path, *BOMBS[name])
    refused(lambda: read_all(path))


def test_little_parquet_file_that_unpacks_to_much(tmp_path, within_bounds):
    (tmp_path / "given").mkdir()
    path = tmp_path / "given/bomb.parquet"
    texts = pa.DictionaryArray.from_arrays(np.zeros(5000, np.int32), ["x" * 1_000_000])
    pa.parquet.write_table(pa.table({"text": texts}), path)
    assert path.stat().st_size < MIB
    refused(lambda: read_all(path))


def read_all(path):
    with open_texts(str(path)) as stream:
        for _ in read_texts(stream, format=None, column="text", name=str(path)):
            pass


# As a user


@pytest.mark.parametrize("case", ["external data outside", "unknown operator", "terabytes", "weight that is no number"])
def test_program_says_it_in_one_line(classifier, textclf_command, case):
    (classifier / "model.onnx").write_bytes(GRAPHS[case]())
    with_checksums(classifier)
    says_one_line(textclf_command("predict", "--run", str(classifier), "a wonderful film"))


@pytest.mark.parametrize("damage", ["a pipe", "huge", "endless", "a link out of the folder"])
def test_program_refuses_what_is_no_file(classifier, textclf_command, damage):
    damages()[damage](classifier / "tokenizer.json")
    says_one_line(textclf_command("predict", "--run", str(classifier), "a wonderful film"))


def says_one_line(finished):
    assert finished.returncode == 1, finished.stderr.decode()
    assert finished.stdout == b""
    assert finished.stderr.startswith(b"Error: ")
    assert finished.stderr.count(b"\n") == 1


GREEDY = """
import resource, sys
from textclf import onnx_session
onnx_session.MOST_WORK_BYTES = 2**24
session = onnx_session.open_session(open(sys.argv[1], "rb").read(), num_units=1)
try:
    onnx_session.run_session(session, {"token_ids": onnx_session.np.ones((1, 2), "int32")}, 1)
except onnx_session.GraphError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_constants_are_not_made_before_memory_is_bounded(tmp_path, textclf_command):
    (tmp_path / "model.onnx").write_bytes(terabytes(10**8))
    finished = textclf_command(str(tmp_path / "model.onnx"), python=("-c", GREEDY))
    assert int(finished.stdout) < MOST_MB
