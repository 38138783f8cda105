"""Files that a user names: an ordinary file is replaced whole and keeps what belongs to it, all else is written to."""

import os
import stat
import subprocess
import threading

import pytest

from textclf.core.errors import WriteError
from textclf.core.output_file import is_standard_output, output_file, would_replace

needs_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may change an owner")
no_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")


def write(path, content="new\n"):
    with output_file(path) as stream:
        stream.write(content)


def write_half(path, problem):
    with output_file(path) as stream:
        stream.write("half" * 100_000)
        raise problem


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444 | stat.S_IWUSR, 0o755])
def test_an_existing_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "out.csv"
    path.write_text("an old content")
    path.chmod(mode)
    write(path)
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@needs_root
@pytest.mark.parametrize("owner", [(1234, 5678), (0, 4321), (1234, 0)])
def test_an_existing_file_keeps_its_owner(tmp_path, owner):
    path = tmp_path / "out.csv"
    path.write_text("old")
    os.chown(path, *owner)
    write(path)
    assert (path.stat().st_uid, path.stat().st_gid) == owner


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("names", [1, 2])
def test_an_error_keeps_the_old_content_and_leaves_nothing_beside_it(tmp_path, problem, names):
    path = tmp_path / "out.csv"
    path.write_text("old")
    if names == 2:
        os.link(path, tmp_path / "same.csv")
    with pytest.raises((problem, WriteError)):
        write_half(path, problem)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == names


@pytest.mark.parametrize("content", ["old", None, "an old content that is longer than the new one" * 1000])
def test_a_link_is_followed_and_stays_a_link(tmp_path, content):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target.csv", tmp_path / "link.csv"
    if content is not None:
        target.write_text(content)
    link.symlink_to("far/target.csv")
    second = tmp_path / "second.csv"
    second.symlink_to(link)
    write(second)
    assert second.is_symlink()
    assert link.is_symlink()
    assert not target.is_symlink()
    assert target.read_text() == "new\n"


def test_all_names_of_a_file_have_the_new_content(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("an old content that is longer")
    os.link(first, second)
    write(first)
    assert first.samefile(second)
    assert second.read_text() == "new\n"


def test_a_circle_of_links_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "out.csv"
    path.symlink_to(path)
    with pytest.raises(WriteError, match=r"out\.csv"):
        write(path)


def test_a_named_pipe_stays_one_and_gets_every_line_at_once(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received, first = [], threading.Event()

    def read():
        with path.open() as stream:
            for line in stream:
                received.append(line)
                first.set()

    reader = threading.Thread(target=read)
    reader.start()
    with output_file(path) as stream:
        stream.write("one\n")
        assert first.wait(20)  # before the end
        stream.write("two\n")
    reader.join(20)
    assert received == ["one\n", "two\n"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_pipe_that_nobody_reads_any_more_is_no_write_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError), output_file(f"/dev/fd/{writing}") as stream:
        stream.write("new\n")
    os.close(writing)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "{link}", "/dev/../dev/fd/{}"])
@pytest.mark.parametrize("flags", [os.O_APPEND, 0])
def test_an_open_file_goes_on_where_it_is(tmp_path, name, flags):
    path, link = tmp_path / "log", tmp_path / "link"
    path.write_text("before\n")
    handle = os.open(path, os.O_WRONLY | flags)
    os.lseek(handle, 0, os.SEEK_END)
    link.symlink_to(f"/proc/self/fd/{handle}")
    try:
        inode = path.stat().st_ino
        write(name.format(handle, link=link))
        os.write(handle, b"after\n")
    finally:
        os.close(handle)
    assert path.read_text() == "before\nnew\nafter\n"
    assert path.stat().st_ino == inode


def test_a_device_stays_a_device_and_its_error_is_one(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    write(link)
    assert stat.S_ISCHR(link.stat().st_mode)
    with pytest.raises(WriteError, match="No space left"):
        write("/dev/full")


@pytest.mark.parametrize("name", [".", "missing/out.csv", "a\0b", "socket"])
def test_what_cannot_be_written_is_named(tmp_path, name):
    import socket

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(WriteError, match="cannot be written"):
            write(tmp_path / name)
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


@no_root
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(WriteError, match="Permission denied"):
        write(path)
    assert path.read_text() == "old"


def test_only_an_ordinary_file_would_be_replaced(tmp_path):
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    link.symlink_to(path)
    assert not would_replace(path)
    assert not would_replace(link)
    path.write_text("old")
    assert would_replace(path)
    assert would_replace(link)
    assert not would_replace(tmp_path / "missing")
    assert not would_replace("/dev/null")


def test_standard_output_is_known_under_all_its_names(tmp_path, root):
    (tmp_path / "link").symlink_to("/proc/self/fd/1")
    for name in ("/dev/fd/1", "/proc/self/fd/1", tmp_path / "link", "-"):
        assert is_standard_output(name)
    assert not is_standard_output(tmp_path / "other")
    assert not is_standard_output("/dev/fd/2")


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("(textclf configs toy_en --output >(tr a-z A-Z >&3) > /dev/null) 3>&1 | cat > {copy}", "SEED: 42"),
        ("textclf configs toy_en --output {link} > {copy}", "seed: 42"),
        ("textclf configs toy_en --output - > {copy}", "seed: 42"),
        ("textclf configs toy_en --output {link} | cat > {copy}", "seed: 42"),
        ("echo before > {copy}; textclf configs toy_en --output {link} >> {copy}", "before\n# "),
    ],
)
def test_a_shell_gets_what_it_asks_for(workplace, tmp_path, shell, expected):
    copy, link = tmp_path / "copy", tmp_path / "link"
    link.symlink_to("/proc/self/fd/1")
    script = shell.replace("textclf ", f"{os.sys.executable} -m textclf ").format(copy=copy, link=link)
    done = subprocess.run(["bash", "-c", script], cwd=workplace, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert expected in copy.read_text()
    assert "wrote" not in copy.read_text()
