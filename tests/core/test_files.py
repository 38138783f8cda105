"""Files: opened with a clear fault, written whole or not at all."""

import errno
import hashlib
import json
import os
import signal
from pathlib import Path

import pytest

from textclf.core.errors import DataError, WriteError
from textclf.core.files import (
    MOST_NAMED,
    _flush_folder,
    atomic_file,
    atomic_folder,
    checksum,
    checksums,
    make_folder,
    open_file,
    write_json,
)
from textclf.core.output_file import output_file
from textclf.core.signals import Interrupted


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.json"


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def write_half(path, fault):
    with atomic_file(path) as stream:
        stream.write("half")
        stream.flush()
        raise fault


def test_content_is_there_after_the_block(path):
    with atomic_file(path) as stream:
        stream.write("天气 é\r\n\n")
    assert path.read_bytes() == "天气 é\r\n\n".encode()


def test_bytes_are_written_as_they_are(path):
    with atomic_file(path, "wb") as stream:
        stream.write(b"\xff\x00\r\n")
    assert path.read_bytes() == b"\xff\x00\r\n"


def test_old_content_is_replaced_whole(path):
    path.write_text("a long old content")
    with atomic_file(path) as stream:
        stream.write("new")
    assert path.read_text() == "new"


def test_name_is_not_there_before_the_block_ends(path):
    with atomic_file(path) as stream:
        stream.write("half")
        stream.flush()
        assert not path.exists()
        assert len(list(path.parent.iterdir())) == 1  # in the same folder, so that renaming it is one step


def test_a_file_that_is_there_is_no_error_where_its_folder_cannot_be_read(path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    _flush_folder(path.parent)


@pytest.mark.parametrize("name", ["x" * 255, "中" * 85], ids=["ASCII", "Chinese"])
def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path, name):
    for opened in (atomic_file, output_file, output_file):  # the last replaces a file
        with opened(tmp_path / name) as stream:
            stream.write("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("fault", [ValueError(), KeyboardInterrupt(), SystemExit()])
def test_fault_inside_leaves_nothing(path, fault):
    with pytest.raises(type(fault)):
        write_half(path, fault)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("fault", [ValueError(), KeyboardInterrupt()])
def test_fault_inside_keeps_the_old_content(path, fault):
    path.write_text("old")
    with pytest.raises(type(fault)):
        write_half(path, fault)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_else_is_left_beside_the_file(path):
    for _ in range(2):
        with atomic_file(path) as stream:
            stream.write("content")
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664), (0o077, 0o600)])
def test_file_has_the_rights_of_any_new_file(path, umask, mask, mode):
    umask(mask)
    with atomic_file(path) as stream:
        stream.write("content")
    assert path.stat().st_mode & 0o777 == mode
    assert umask(mask) == mask


def test_folder_that_is_missing_is_not_made(tmp_path):
    with pytest.raises(WriteError), atomic_file(tmp_path / "none" / "file"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_to_do_about_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file: expected a folder to write to, got a file\. Name another one\.$"):
        make_folder(tmp_path / "file")
    with pytest.raises(WriteError, match=r"there is no folder .*none\. Make it, or name another one\.$"):
        write_json(tmp_path / "none" / "a.json", {})


def test_json_is_readable_and_ends_with_a_line_end(path):
    content = {"文本": ["a", 1.5, None, True], "b": {}}
    write_json(path, content)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == content
    assert text.startswith('{\n  "文本": [\n')
    assert text.endswith("}\n")


@pytest.mark.parametrize("content", [float("nan"), [float("inf")], {"a": -float("inf")}, {"a": object()}])
def test_json_refuses_what_json_has_not_and_keeps_the_old_file(path, content):
    write_json(path, {"old": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json(path, {"a": 1, "b": content})
    assert json.loads(path.read_text()) == {"old": 1}
    assert list(path.parent.iterdir()) == [path]


def test_file_is_opened_for_bytes(path):
    path.write_bytes(b"\xff\r\n")
    with open_file(path) as stream:
        assert stream.read() == b"\xff\r\n"


def test_missing_file_and_folder_are_named(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(DataError, match=rf"^none: expected a file, but there is none \(looked in {path.parent}\)"):
        open_file("none")
    with pytest.raises(DataError, match=rf"^{path}: expected a file, but there is none\. Check the path\.$"):
        open_file(path)
    with pytest.raises(DataError, match=rf"^{path.parent}: expected a file, got a folder\.$"):
        open_file(path.parent)


@pytest.mark.parametrize("address", ["https://example.com/a.csv", "s3://bucket/a.csv"])
def test_an_address_is_no_file(address):
    with pytest.raises(
        DataError, match=rf"^{address}: expected a file, got an address\. Download it, and name the file"
    ):
        open_file(address)


def test_checksum_is_sha256(path):
    path.write_bytes(b"abc" * 100_000)
    assert checksum(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
    with pytest.raises(DataError):
        checksum(path.parent)


def test_many_files_of_a_folder_have_one_checksum_of_names_and_contents(tmp_path):
    files = [tmp_path / label / f"{number}.txt" for label in "ab" for number in range(MOST_NAMED + (label == "b"))]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(file.name)
    names = list(map(str, files))
    before = checksums(names)
    assert list(before) == [*names[:MOST_NAMED], f"{tmp_path / 'b'} ({MOST_NAMED + 1} files)"]
    assert before[names[0]] == checksum(names[0])
    files[-1].write_text("changed")
    changed = checksums(names)
    files[-1].write_text(files[-1].name)
    files[-1].rename(files[-1].with_name("renamed.txt"))
    renamed = checksums([*names[:-1], str(files[-1].with_name("renamed.txt"))])
    assert len({list(found.values())[-1] for found in (before, changed, renamed)}) == 3
    assert list(changed.values())[:-1] == list(before.values())[:-1]


def test_names_that_are_no_text_are_written_and_come_back(path):
    """A file name may hold any bytes; Python has them as halves of surrogate pairs, which UTF-8 has not."""
    write_json(path, {"caf\udce9.csv": "x"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"caf\udce9.csv": "x"}


def test_an_empty_name_is_said_to_be_one():
    with pytest.raises(DataError, match=r"^expected the path of a file, got an empty one"):
        open_file("")


@pytest.mark.parametrize("opened", [atomic_file, atomic_folder])
@pytest.mark.parametrize("place", ["file/a.txt", f"{'a' * 300}/a.txt"])
def test_a_place_where_nothing_can_be_made_is_named(tmp_path, opened, place):
    (tmp_path / "file").write_text("in place of a folder")
    with pytest.raises(WriteError, match=rf"^{tmp_path / place}: cannot be written: .+"), opened(tmp_path / place):
        pass


def test_a_signal_at_the_moment_when_the_file_is_made_leaves_nothing(tmp_path, monkeypatch):
    made = Path.open

    def interrupted(path: Path, *arguments, **options):
        made(path, *arguments, **options).close()
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(Path, "open", interrupted)
    with pytest.raises(Interrupted), atomic_file(tmp_path / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []
