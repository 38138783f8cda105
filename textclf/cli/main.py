"""The program: runs one command and turns whatever happens into one message and an exit code."""

import errno
import gc
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

from textclf.cli.commands import cli
from textclf.core.errors import TextclfError
from textclf.core.signals import interrupt

FAULT_OF_OURS, INTERRUPTED = 3, 130
SELDOM = 50_000  # objects until garbage is looked for: what imports make is none, and looking takes 0.02 s of an answer
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


def run() -> None:
    """The program as it is installed: as `main`, but what only answers is gone at once.

    To end in order what Python, NumPy, pyarrow and ONNX Runtime have loaded takes 0.1 s, a quarter of an answer.
    `python -m textclf` ends in order, for whoever watches it with a profiler.
    """
    gc.set_threshold(SELDOM)
    code = main()
    if "tensorflow" in sys.modules or threading.active_count() > 1:  # files and servers may wait for their end
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, BrokenPipeError):  # it is closed, or nobody reads it any more
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 something the user can mend, 2 wrong usage, 3 a fault of ours, 130 interrupted, 143 terminated.
    """
    _log_to_screen()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return cli.main(arguments, prog_name="textclf", standalone_mode=False) or 0
    except TextclfError as error:
        _complain(str(error))
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("Interrupted.", err=True)
        return getattr(error.__cause__ or error, "exit_code", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in OF_THE_DISK:
            _complain(f"{error.filename or 'a file'}: cannot be written: {error.strerror}.")
            return TextclfError.exit_code
        import tempfile  # which takes a tenth of the time of --help

        path = Path(tempfile.gettempdir()) / f"textclf-fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        path.write_text(traceback.format_exc(), encoding="utf-8")
        _complain(f"a fault of textclf itself, {type(error).__name__}: {error}\nPlease report it with {path}.")
        return FAULT_OF_OURS


def _complain(message: str) -> None:
    click.echo(click.style("Error: ", fg="red", bold=True) + message, err=True)


def _log_to_screen() -> None:
    """What the package logs goes to the error stream; warnings are marked."""

    class Screen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            mark = click.style("Warning: ", fg="yellow") if record.levelno >= logging.WARNING else ""
            click.echo(mark + record.getMessage(), err=True)

    logger = logging.getLogger("textclf")
    if not logger.handlers:
        logger.addHandler(Screen())
    logger.setLevel(logging.INFO)
    logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
