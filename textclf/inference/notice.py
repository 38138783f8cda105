"""The file NOTICE of a classifier folder: where a pretrained encoder comes from, and its license.

It is for people. Nothing reads it to predict. Whoever copies a classifier copies it, too.
"""

from pathlib import Path

from textclf.core.errors import RunError
from textclf.core.files import MIB, read_untrusted
from textclf.core.zip_archive import is_archive, read_archived

NOTICE = "NOTICE"


def write_notice(folder: Path, notice: str) -> None:
    """Write a notice, unless it is empty."""
    if notice:
        (folder / NOTICE).write_text(notice, encoding="utf-8")


def read_notice(folder: Path) -> str:
    """Return the notice of a classifier folder or zip file, which may come from a stranger; empty if it has none.

    Raises:
        RunError: it cannot be read.
    """
    try:
        read = read_archived if is_archive(folder) else read_untrusted
        return read(folder, NOTICE, MIB).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / NOTICE}: cannot be read: {error}. Copy the classifier folder again.") from None
