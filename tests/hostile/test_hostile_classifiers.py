"""Classifiers from a stranger: a clear sentence, in two seconds and half a gigabyte, nothing outside touched."""

import json
from pathlib import Path

import pytest

import textclf
from tests.hostile.broken_files import damages, flipped
from tests.hostile.contents import ABOUT, LABELS, TOKENIZERS
from tests.hostile.graphs import GRAPHS, graph, terabytes
from tests.hostile.rejections import MOST_MB, PARTS, predicts_or_rejects, rejected, with_checksums
from textclf.cli.main import main
from textclf.inference.onnx.verify import check_graph

FLIPS = 40


@pytest.mark.parametrize("damage", damages())
@pytest.mark.parametrize("name", [*PARTS, "classifier.json"])
def test_damaged_file_of_a_classifier(classifier, within_bounds, name, damage):
    damages()[damage](classifier / name)
    if damage.startswith("bit") and name == "classifier.json":
        predicts_or_rejects(classifier)  # the name of a column is another, which nobody can know
    else:
        rejected(lambda: textclf.load(classifier))


@pytest.mark.parametrize("case", GRAPHS)
def test_hostile_graph(classifier, within_bounds, case):
    (classifier / "model.onnx").write_bytes(GRAPHS[case]())
    with_checksums(classifier)
    rejected(lambda: textclf.load(classifier))


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
    rejected(lambda: textclf.load(classifier).reading)  # which is only looked at when a file is to be read


@pytest.mark.parametrize("seed", range(FLIPS))
@pytest.mark.parametrize("name", PARTS)
def test_bit_flipped_before_the_checksum_was_made(classifier, within_bounds, name, seed):
    path = classifier / name
    path.write_bytes(flipped(path.read_bytes(), seed))
    with_checksums(classifier)
    predicts_or_rejects(classifier)


def test_every_graph_that_is_truncated_is_rejected():
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


# As a user


@pytest.mark.parametrize("case", ["external data outside", "unknown operator", "terabytes", "weight that is no number"])
def test_program_says_it_in_one_line(classifier, textclf_command, case):
    (classifier / "model.onnx").write_bytes(GRAPHS[case]())
    with_checksums(classifier)
    says_one_line(textclf_command("predict", "--run", str(classifier), "a wonderful film"))


@pytest.mark.parametrize("damage", ["a pipe", "huge", "endless", "a link out of the folder"])
def test_program_rejects_what_is_not_a_file(classifier, textclf_command, damage):
    damages()[damage](classifier / "tokenizer.json")
    says_one_line(textclf_command("predict", "--run", str(classifier), "a wonderful film"))


def says_one_line(finished):
    assert finished.returncode == 1, finished.stderr.decode()
    assert finished.stdout == b""
    assert finished.stderr.startswith(b"Error: ")
    assert finished.stderr.count(b"\n") == 1


GREEDY = """
import re, sys
from textclf.inference.onnx import session as onnx_session
onnx_session.MOST_WORK_BYTES = 2**24
session = onnx_session.open_session(open(sys.argv[1], "rb").read(), names=["token_ids"], num_outputs=1)
try:
    onnx_session.run_session(session, {"token_ids": onnx_session.np.ones((1, 2), "int32")}, 1)
except onnx_session.GraphError:
    print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory as Linux does")
def test_constants_are_not_made_before_memory_is_bounded(tmp_path, textclf_command):
    (tmp_path / "model.onnx").write_bytes(terabytes(10**8))
    finished = textclf_command(str(tmp_path / "model.onnx"), python=("-c", GREEDY))
    assert int(finished.stdout) < MOST_MB
