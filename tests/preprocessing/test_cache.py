"""The cache of encoded texts gives what encoding gives, and nothing else ever."""

import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pretrained import tokenizer_options
from textclf.core.errors import WriteError
from textclf.core.text_column import text_array
from textclf.preprocessing import cache
from textclf.preprocessing.cache import encoded_texts
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

SPLITS = {
    "train": text_array(["a good film", "a bad film", "很好看", "", "good good film"] * 3),
    "validation": text_array(["a film", "unheard of"]),
}
OPTIONS = TOKENIZERS["word"].Options()


@pytest.fixture
def said(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("textclf"), "propagate", True)
    caplog.set_level(logging.INFO)
    return caplog


def assert_same(rows, expected):
    np.testing.assert_array_equal(rows.values, expected.values)
    np.testing.assert_array_equal(rows.offsets, expected.offsets)


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_the_second_time_gives_what_the_first_gave(tokenizer, tmp_path, said):
    if tokenizer == "jieba":
        pytest.importorskip("rjieba")
    options = tokenizer_options(tokenizer)
    for _ in range(2):
        preprocessor, rows = encoded_texts(options, SPLITS, tmp_path / "cache")
        expected = Preprocessor.fit(options, SPLITS["train"])
        assert preprocessor.state == expected.state
        for name, texts in SPLITS.items():
            assert_same(rows[name]["token_ids"], expected.encode(texts))
    assert [record.message for record in said.records if "reused" in record.message] == [said.records[-1].message]
    assert len(entries(tmp_path / "cache")) == 1


@pytest.mark.parametrize(
    ("options", "splits"),
    [
        (TOKENIZERS["word"].Options(lowercase=False), SPLITS),
        (TOKENIZERS["character"].Options(), SPLITS),
        (OPTIONS, SPLITS | {"validation": text_array(["a film unheard", "of"])}),
        (OPTIONS, {"train": SPLITS["train"]}),
        (OPTIONS, SPLITS | {"train": SPLITS["train"].take(list(reversed(range(15))))}),
    ],
)
def test_other_texts_or_settings_are_another_entry(options, splits, tmp_path, said):
    encoded_texts(OPTIONS, SPLITS, tmp_path)
    encoded_texts(options, splits, tmp_path)
    assert len(entries(tmp_path)) == 2
    assert "reused" not in said.text


def test_a_preprocessor_of_two_splits_is_another_entry(tmp_path):
    alone, _ = encoded_texts(OPTIONS, SPLITS, tmp_path)
    both, rows = encoded_texts(OPTIONS, SPLITS, tmp_path, learned_from=("train", "validation"))
    assert set(both.state["vocabulary"]) - set(alone.state["vocabulary"]) == {"unheard", "of"}
    expected = Preprocessor.fit(OPTIONS, [text for texts in SPLITS.values() for text in texts.to_pylist()])
    assert both.state == expected.state
    for name, texts in SPLITS.items():
        assert_same(rows[name]["token_ids"], expected.encode(texts))
    assert len(entries(tmp_path)) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(drawn=st.data())
def test_a_damaged_entry_is_made_again(drawn, tmp_path, said):
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    encoded_texts(OPTIONS, SPLITS, tmp_path / "cache")
    preprocessor = Preprocessor.fit(OPTIONS, SPLITS["train"])
    (entry,) = (tmp_path / "cache").iterdir()
    file = drawn.draw(st.sampled_from(sorted(entry.iterdir())))
    content = bytearray(file.read_bytes())
    place = drawn.draw(st.integers(0, len(content) - 1))
    how = drawn.draw(st.sampled_from(["gone", "cut", "changed", "longer", "random"]))
    if how == "gone":
        file.unlink()
    elif how == "cut":
        file.write_bytes(content[:place])
    elif how == "changed":
        content[place] ^= 1 << drawn.draw(st.integers(0, 7))
        file.write_bytes(content)
    else:
        file.write_bytes((content if how == "longer" else b"") + drawn.draw(st.binary(min_size=1, max_size=99)))
    _, rows = encoded_texts(OPTIONS, SPLITS, tmp_path / "cache")
    for name, texts in SPLITS.items():
        assert_same(rows[name]["token_ids"], preprocessor.encode(texts))
    assert how == "changed" or "damaged" in said.text  # a changed digit of a version number does no harm


def test_the_entries_used_longest_ago_go_first(tmp_path, monkeypatch):
    for number, size in enumerate((6_000, 7_000, 8_000)):
        encoded_texts(TOKENIZERS["word"].Options(vocabulary_size=size), SPLITS, tmp_path)
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (number, number))
    assert len(entries(tmp_path)) == 3
    monkeypatch.setattr(cache, "LARGEST_CACHE", 1)
    encoded_texts(TOKENIZERS["word"].Options(vocabulary_size=7_000), SPLITS, tmp_path)  # is used again
    encoded_texts(OPTIONS, SPLITS, tmp_path)
    assert len(entries(tmp_path)) == 1
    assert encoded_texts(OPTIONS, SPLITS, tmp_path)[0].options == OPTIONS


def test_what_was_left_half_written_goes_when_it_is_old(tmp_path):
    for name, age in ((".a.partial", 0), (".b.partial", 2 * cache.LONG_AGO)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    encoded_texts(OPTIONS, SPLITS, tmp_path)
    assert entries(tmp_path)[0] == ".a.partial"
    assert len(entries(tmp_path)) == 2


def test_an_entry_that_another_process_removes_meanwhile_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "going").mkdir()
    listed = Path.iterdir

    def gone(path):
        if path.name == "going":
            raise FileNotFoundError(2, "No such file or directory")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", gone)
    assert encoded_texts(OPTIONS, SPLITS, tmp_path)[0].options == OPTIONS


def test_an_entry_of_a_folder_that_cannot_be_written_is_used(tmp_path, monkeypatch, said):
    encoded_texts(OPTIONS, SPLITS, tmp_path)

    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(cache.os, "utime", read_only)
    encoded_texts(OPTIONS, SPLITS, tmp_path)
    assert "reused" in said.text
    assert "damaged" not in said.text


def test_a_fault_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write_arrays", full)
    with pytest.raises(WriteError, match="No space left"):
        encoded_texts(OPTIONS, SPLITS, tmp_path)
    assert entries(tmp_path) == []
