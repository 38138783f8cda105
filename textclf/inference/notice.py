"""The files for people beside a classifier: model card, license, and NOTICE.

NOTICE says where a pretrained encoder comes from, and its license. Nothing reads these files to predict. Whoever copies
a classifier copies them, too.
"""

from pathlib import Path

from textclf.core.errors import RunError
from textclf.core.files import read_untrusted
from textclf.core.run_folder import LARGEST_BESIDE, NOTICE
from textclf.core.zip_archive import is_archive, read_archived


def write_notice(folder: Path, notice: str) -> None:
    """Write a notice, unless it is empty."""
    if notice:
        (folder / NOTICE).write_text(notice, encoding="utf-8")


def read_notice(folder: Path) -> str:
    """Return the notice of a classifier, as `read_beside`; empty if it has none."""
    return read_beside(folder, NOTICE).decode("utf-8", "replace")


def read_beside(folder: Path, name: str) -> bytes:
    """Return a file beside a classifier in a folder or zip file, which may come from a stranger; empty if it has none.

    Args:
        folder: or the zip file.
        name: one of `LARGEST_BESIDE`.

    Raises:
        RunError: it cannot be read.
    """
    try:
        read = read_archived if is_archive(folder) else read_untrusted
        return read(folder, name, LARGEST_BESIDE[name])
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / name}: cannot be read: {error}. Copy the classifier folder again.") from None
