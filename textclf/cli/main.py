"""The program: run one command, print at most one message, and return an exit code."""

import errno
import gc
import io
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from textclf.cli.group import cli
from textclf.cli.terminal import discard, prepare_streams, print_message
from textclf.core import program
from textclf.core.errors import ReaderGoneError, TextclfError
from textclf.core.signals import ending_signals, interrupt

INTERNAL_ERROR, INTERRUPTED = 3, 130
GC_THRESHOLD = 50_000  # objects: imports leave no garbage, and collecting during them takes 0.02 s of a prediction
# By module, where the names differ.
DISTRIBUTIONS = {"dateutil": "python-dateutil", "ruamel": "ruamel.yaml", "sklearn": "scikit-learn"}
CANNOT_WRITE = "cannot be written: {}."
CANNOT_USE = "cannot be read or written: {}. Check its permissions and the disk."
DISK_ERRORS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS), CANNOT_WRITE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EIO), CANNOT_USE),
}


def run() -> None:
    """Run the installed program: as `main`, but a command that only predicts exits without cleaning up.

    Unloading Python, NumPy, pyarrow and ONNX Runtime takes 0.1 s, a quarter of a prediction. `python -m textclf` exits
    normally, which a profiler needs.
    """
    gc.set_threshold(GC_THRESHOLD)
    code = main()
    if "tensorflow" in sys.modules or threading.active_count() > 1:  # open files or connections may have to be closed
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, BrokenPipeError):  # the stream is closed, or its reader is gone
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None, command: click.Command = cli) -> int:
    """Run one command.

    Args:
        arguments: by default those of the process.
        command: `textclf`, or the program of a wheel.

    Returns:
        The exit code: 0 success, 1 error the user can fix, 2 wrong usage, 3 internal error, 129 terminal closed,
        130 interrupted, 143 terminated.
    """
    program.started = True
    prepare_streams()
    _log_to_stderr()
    for number in ending_signals():
        signal.signal(number, interrupt)
    try:
        return command.main(arguments, prog_name=command.name, standalone_mode=False) or 0
    except TextclfError as error:
        _print_error(str(error), multiline=error.multiline)
        return error.exit_code
    except click.ClickException as error:
        print_message(_usage_message(error), multiline=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        return _interrupted(error.__cause__ or error)
    except ReaderGoneError:
        discard(sys.stdout)
        discard(sys.stderr)
        return 0
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # a module in C, whose import failed because of it
            return _interrupted(error.__cause__)
        if isinstance(error, ModuleNotFoundError) and (advice := missing_package(error)):
            _print_error(advice)
            return TextclfError.exit_code
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            _print_error(f"{error.filename or 'a file'}: {DISK_ERRORS[error.errno].format(error.strerror)}")
            return TextclfError.exit_code
        path = _write_traceback()
        _print_error(f"internal error ({type(error).__name__}: {error}). Please report it and attach {path}")
        return INTERNAL_ERROR


def _interrupted(error: BaseException) -> int:
    print_message("Interrupted.")
    return getattr(error, "exit_code", INTERRUPTED)


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return what to install, if a package is missing; `None` if it is installed and lacks a module."""
    module = (error.name or "").partition(".")[0]
    if module in ("", "textclf") or module in sys.modules:
        return None
    package = DISTRIBUTIONS.get(module, module)
    return f"this needs the package {package}, which is not installed. pip install textclf-keras installs all packages."


def _write_traceback() -> Path:
    """Write the traceback of the current exception to a temporary file and return its path."""
    import tempfile  # takes a tenth of the time of `--help`

    path = Path(tempfile.gettempdir()) / f"textclf-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path


def _usage_message(error: click.ClickException) -> str:
    """Return what click would print: the usage of the command, and what is wrong with the arguments."""
    shown = io.StringIO()
    error.show(shown)
    context = error.ctx if isinstance(error, click.NoSuchOption) else None
    hint = ""
    if context and any(parameter.name == "texts" for parameter in context.command.params):
        hint = f'Put -- before a text that begins with a dash: {context.command_path} -- "-1"\n'
    return (shown.getvalue() + hint).removesuffix("\n")


def _print_error(message: str, *, multiline: bool = False) -> None:
    print_message(message, "Error: ", "red", multiline=multiline)


def _log_to_stderr() -> None:
    """Send the package's log to standard error, and mark warnings."""

    class StderrHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            mark = "Warning: " if record.levelno >= logging.WARNING else ""
            print_message(record.getMessage(), mark, "yellow")

    logger = logging.getLogger("textclf")
    if not logger.handlers:
        logger.addHandler(StderrHandler())
    logger.setLevel(logging.INFO)
    logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
