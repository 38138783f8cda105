"""The notice of a classifier: people read it, and a copy of the classifier has it."""

import os
import shutil

import pytest

import textclf
from textclf.core.errors import RunError
from textclf.inference.notice import read_notice, write_notice


def test_a_notice_is_no_part_of_what_predicts(finished_runs, tmp_path):
    folder = shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "classifier")
    before = textclf.load(folder).predict_proba(["a wonderful film"])
    assert read_notice(folder) == ""
    write_notice(folder, "")
    assert not (folder / "NOTICE").exists()
    write_notice(folder, "License: mit\n")
    assert read_notice(folder) == "License: mit\n"
    assert (textclf.load(folder).predict_proba(["a wonderful film"]) == before).all()


def test_a_notice_of_a_stranger(finished_runs, tmp_path):
    folder = shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "classifier")
    (tmp_path / "secret").write_text("mine")
    (folder / "NOTICE").symlink_to(tmp_path / "secret")
    textclf.load(folder)
    with pytest.raises(RunError, match="symbolic link"):
        read_notice(folder)
    (folder / "NOTICE").unlink()
    os.mkfifo(folder / "NOTICE")
    textclf.load(folder)
    with pytest.raises(RunError, match="ordinary file"):
        read_notice(folder)
