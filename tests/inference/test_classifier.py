"""The classifier folder: it can be copied, predicts any text, and damage is an error."""

import json
import shutil

import numpy as np
import pytest

import textclf
from tests.hostile.rejections import with_checksums
from tests.tolerances import assert_close, close_to
from textclf.core.errors import RunError

THREE_LABELS = {"labels": ["a", "b", "c"], "counts": [1, 1, 1], "majority": ["a"], "separator": "|"}
ODD_TEXTS = [
    "", "   ", "\x00", "a\x00b", "🎉🎉", "👩‍👩‍👧", "今天天气很好", "مرحبا بالعالم", "ภาษาไทย", "\ud83d", "é" * 10_000,
    "good " * 100_000, "\n", "\ufeff", "x" * 1_000_000,
]  # fmt: skip


def test_a_copied_folder_answers_the_same(finished_runs, tmp_path, classifier):
    shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "copied")
    texts = ["a wonderful film", "terrible", "我喜欢"]
    copied = textclf.load(tmp_path / "copied").predict_proba(texts)
    assert_close(copied, classifier.predict_proba(texts))


def test_a_text_alone_and_among_longer_ones_gets_the_same_answer(classifier):
    texts = ["bad", "a wonderful film with a great cast", "word " * 500, "", "今天天气很好"] * 60
    together = classifier.predict_proba(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts[:5]])
    assert_close(together[:5], alone)
    assert_close(together, np.tile(alone, (60, 1)))


@pytest.mark.parametrize("name", ["toy_en", "toy_zh", "toy_topics"])
@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_every_text_gets_an_answer(finished_runs, name, text):
    classifier = textclf.load(finished_runs / "runs" / name)
    [row] = classifier.predict_proba([text])
    assert np.isfinite(row).all()
    assert row.sum() == close_to(1)
    assert classifier.predict([text])[0] in classifier.labels


def test_no_texts_no_answers(classifier):
    assert classifier.predict([]) == []
    assert classifier.predict_proba([]).shape == (0, 2)


def test_one_string_is_not_a_list_of_texts(classifier):
    with pytest.raises(TypeError, match="put it in a list"):
        classifier.predict("a wonderful film")


def test_labels_are_the_names_in_the_data(finished_runs):
    assert textclf.load(finished_runs / "runs/toy_zh").labels == ["好评", "差评"]
    topics = ["business", "food", "health", "science", "sports", "travel"]
    assert textclf.load(finished_runs / "runs/toy_topics").labels == topics


@pytest.fixture
def folder(finished_runs, tmp_path):
    return shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "classifier")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "labels.json", "classifier.json"])
@pytest.mark.parametrize("damage", ["truncated", "one byte", "empty", "missing"])
def test_damage_is_an_error(folder, name, damage):
    path = folder / name
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "missing":
        path.unlink()
    else:
        changed = bytes([content[middle] ^ 0xFF])
        damaged = {"truncated": content[:middle], "one byte": content[:middle] + changed + content[middle + 1 :]}
        path.write_bytes(damaged.get(damage, b""))
    with pytest.raises(RunError, match=r"classifier"):
        textclf.load(folder)


def test_a_newer_format_is_an_error_with_advice(folder):
    about = json.loads((folder / "classifier.json").read_text())
    (folder / "classifier.json").write_text(json.dumps({**about, "format_version": 99}))
    with pytest.raises(RunError, match=r"format 99.*pip install --upgrade textclf-keras"):
        textclf.load(folder)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"format_version": "1", "files": {}}', '{"format_version": 1}'])
def test_metadata_of_another_kind_is_an_error(folder, content):
    (folder / "classifier.json").write_text(content)
    with pytest.raises(RunError, match="damaged"):
        textclf.load(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", b"[]"),
        ("labels.json", json.dumps({"type": "binary", **THREE_LABELS}).encode()),
        ("labels.json", json.dumps({"type": "multiclass", **THREE_LABELS}).encode()),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b'{"options": {"tokenizer": "word", "sequence_length": -1}, "state": {"vocabulary": []}}'),
        ("tokenizer.json", b'{"options": {"tokenizer": "word"}, "state": {"vocabulary": [1, 2]}}'),
        ("model.onnx", b"not a graph"),
    ],
)
def test_a_file_with_the_right_checksum_and_the_wrong_content_is_an_error(folder, name, content):
    (folder / name).write_bytes(content)
    with_checksums(folder)
    with pytest.raises(RunError, match="damaged"):
        textclf.load(folder)
