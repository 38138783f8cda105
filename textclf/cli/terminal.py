"""Print to standard output and standard error. Every command prints through this module.

The functions escape control characters of labels, texts and file names (`\\x1b`), so that none reaches a terminal. They
also escape line breaks within a value. A character that the encoding of the output lacks becomes `\\uXXXX`, which
is the same text in JSON.
"""

import codecs
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import click

from textclf.core.errors import WriteError
from textclf.core.formatting import escape_unsafe, json_escape, json_escape_unsafe

ENCODE_ERRORS = "textclf.escape"
ESCAPED = False  # whether a character was written as an escape because the encoding lacks it


def prepare_streams() -> None:
    """Make standard output and error write what they cannot encode as escapes; replace closed streams.

    A number below 3 that is closed would be given to the next file that is opened, which libraries would then print to.
    """
    for _ in range(3):
        handle = os.open(os.devnull, os.O_RDWR)
        if handle > 2:
            os.close(handle)
            break
    codecs.register_error(ENCODE_ERRORS, _escape)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 (open to the end)
        with suppress(AttributeError, ValueError):  # a test or a notebook has put something else in its place
            getattr(sys, name).reconfigure(errors=ENCODE_ERRORS)


def _escape(error: UnicodeError) -> tuple[str, int]:
    global ESCAPED  # noqa: PLW0603 (an error handler of a codec has no state)
    if not isinstance(error, UnicodeEncodeError):
        raise error
    ESCAPED = True
    return json_escape(error.object[error.start : error.end]), error.end


def print_line(line: str, *, error: bool = False, **style: bool | str) -> None:
    """Print one line; what would break it is escaped.

    Args:
        error: print on standard error.
        style: of the whole line on a terminal, as for `click.style`.
    """
    print_parts((line, style), error=error)


def print_parts(*parts: tuple[str, dict], error: bool = False) -> None:
    """Print one line of parts, each with its style as for `click.style`."""
    styled = (click.style(escape_unsafe(text), **style) if style else escape_unsafe(text) for text, style in parts)
    _write("".join(styled), error=error)


def print_message(message: str, mark: str = "", color: str | None = None, *, multiline: bool = False) -> None:
    """Print a message on standard error, after a coloured mark such as `Error: `.

    A training outlives whoever reads its messages: where nobody does, or the terminal is closed, nothing is printed.

    Args:
        multiline: whether line breaks in the message are meant.
    """
    marked = click.style(mark, fg=color, bold=color == "red") if mark else ""
    lines = message.split("\n") if multiline else [message]
    try:
        _write(marked + "\n".join(map(escape_unsafe, lines)), error=True)
    except (BrokenPipeError, WriteError):
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Send nowhere what a stream still holds and gets: Python would fail when it writes that at its end."""
    with suppress(AttributeError, OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_written(path: object) -> None:
    """Say which file was written: on standard error where the file is standard output itself."""
    from textclf.core.output_file import is_standard_output

    print_line(f"wrote {path}", error=is_standard_output(str(path)))


def print_json(content: object) -> None:
    """Print plain data as indented JSON."""
    import json

    _write(json_escape_unsafe(json.dumps(content, ensure_ascii=False, indent=2)))


def print_data(lines: Iterable[str], format: str) -> None:
    """Print lines of data as they come: exactly as they are, but on a terminal without control characters.

    Args:
        format: text, jsonl or csv.
    """
    stream = sys.stdout
    shown: Callable[[str], str] = str  # as it is
    if is_terminal():
        shown = json_escape_unsafe if format == "jsonl" else _with_tabs
    for line in lines:
        with _write_errors("standard output"):
            stream.write(f"{shown(line)}\n")
            stream.flush()
    if ESCAPED and format != "jsonl":
        print_message(
            f"standard output is {stream.encoding}, which lacks some characters of the texts: they are written as "
            "\\uXXXX. For the exact text set PYTHONIOENCODING=utf-8, or write a file with --output.",
            "Warning: ",
            "yellow",
        )


def print_blocks(blocks: Iterable[list[tuple[str, bool]]]) -> None:
    """Print the blocks of a table, see `tables.Table.blocks`, with an empty line between them."""
    for number, block in enumerate(blocks):
        if number:
            _write("")
        for line, is_header in block:
            _write(click.style(line, bold=True) if is_header and line else line)


def is_terminal(stream=None) -> bool:
    """Return whether standard output, or another stream, is a terminal."""
    try:
        return (stream or sys.stdout).isatty()
    except (AttributeError, ValueError):
        return False


def terminal_width() -> int | None:
    """Return the width of the terminal in columns, or `None` where standard output is a pipe or a file."""
    import shutil  # `predict` needs it not, and starts 5 ms earlier without

    return shutil.get_terminal_size().columns if is_terminal() else None


def _with_tabs(line: str) -> str:
    return "\t".join(map(escape_unsafe, line.split("\t")))


def _write(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    plain = not is_terminal(stream) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    with _write_errors("standard error" if error else "standard output"):
        click.echo(text, file=stream, color=not plain)


@contextmanager
def _write_errors(name: str) -> Iterator[None]:
    """Name the stream that cannot be written, as when the disk is full."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError(f"{name}: cannot be written: {error.strerror}.") from None
