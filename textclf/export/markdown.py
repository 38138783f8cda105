"""Markdown in which no value can be markup."""

import html
import re
from collections.abc import Iterable, Sequence

SPECIAL = re.compile(r"([\\`*_{}\[\]#|~])")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table and an empty line."""
    lines = [header, ["---"] * len(header), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def text(value: object) -> str:
    """Return a value as Markdown on one line, so that no name can be markup."""
    return SPECIAL.sub(r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def code(value: object) -> str:
    """Return a value for the inside of backquotes in a table."""
    line = " ".join(str(value).split())
    return (
        "".join(letter if letter.isprintable() else "\ufffd" for letter in line).replace("`", "'").replace("|", "\\|")
    )
