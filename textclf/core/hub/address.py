"""The address of a classifier on the hub: `hf://owner/name`, or `hf://owner/name@revision`."""

import os
import re
from typing import NamedTuple

from textclf.core.errors import RunError
from textclf.core.formatting import short_repr

SCHEME = re.compile("hf:/{1,2}")  # a Path has one slash where its text has two
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
REVISION = re.compile(r"[^\s@]+")
DEFAULT_REVISION = "main"


class Address(NamedTuple):
    """A repository of the hub, and a branch, tag or commit of it."""

    repository: str
    revision: str = DEFAULT_REVISION

    def __str__(self) -> str:
        revision = "" if self.revision == DEFAULT_REVISION else f"@{self.revision}"
        return f"hf://{self.repository}{revision}"


def is_address(run: str | os.PathLike) -> bool:
    """Return whether the name of a run is meant as an address of the hub."""
    return SCHEME.match(os.fspath(run)) is not None


def parse_address(run: str | os.PathLike) -> Address:
    """Return the address that a name is.

    Raises:
        RunError: it is none.
    """
    repository, at, revision = SCHEME.sub("", os.fspath(run), count=1).partition("@")
    if not NAME.fullmatch(repository) or (at and not REVISION.fullmatch(revision)):
        raise RunError(f"expected hf://owner/name or hf://owner/name@revision, got {short_repr(os.fspath(run))}.")
    return Address(repository, revision) if at else Address(repository)
