"""Zip files: equal bytes each time, read in memory, refused where they are not what textclf writes."""

import time
import zipfile

import pytest

from textclf.core.files import MIB
from textclf.core.zip_archive import is_archive, read_archived, write_archive

FILES = {"a.json": b"{}", "b.bin": bytes(1000)}


def test_equal_files_give_equal_bytes_whenever_they_are_written(tmp_path, monkeypatch):
    write_archive(tmp_path / "first.zip", FILES)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_archive(tmp_path / "second.zip", FILES)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert {name: read_archived(tmp_path / "first.zip", name, MIB) for name in FILES} == FILES


def test_a_folder_around_the_files_does_no_harm(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("classifier/a.json", b"1")
    assert read_archived(tmp_path / "x.zip", "a.json", MIB) == b"1"


@pytest.mark.parametrize("name", ["../a.json", "./a.json", "deep/er/a.json", "b.json", "a.json/b"])
def test_other_places_do_not_count(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, b"1")
    with pytest.raises(FileNotFoundError):
        read_archived(tmp_path / "x.zip", "a.json", MIB)


def test_a_file_that_is_there_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.json", b"1")
        archive.writestr("folder/a.json", b"2")
    with pytest.raises(ValueError, match="twice"):
        read_archived(tmp_path / "x.zip", "a.json", MIB)


def test_a_file_has_a_limit(tmp_path):
    write_archive(tmp_path / "x.zip", {"a.json": bytes(2 * MIB)})
    assert (tmp_path / "x.zip").stat().st_size < 10_000
    with pytest.raises(ValueError, match="at most 1 MiB, got 2 MiB"):
        read_archived(tmp_path / "x.zip", "a.json", MIB)


def test_only_an_existing_file_with_the_ending_is_an_archive(tmp_path):
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "file.zip").touch()
    names = ["folder.zip", "missing.zip", "file.zip", "x" * 5000 + ".zip", "\0.zip"]
    assert [is_archive(tmp_path / name) for name in names] == [False, False, True, False, False]
