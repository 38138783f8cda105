"""The wording that messages, findings and written files share: values, lists, shares and counts on one line."""

import json
from collections.abc import Iterable
from typing import Any

LONGEST_SHOWN = 60  # characters of a value
MOST_SHOWN = 5  # items of a list


def short_repr(value: Any) -> str:
    """Return a value as a config would write it, on one line and shortened to `LONGEST_SHOWN` characters."""
    try:
        text = (
            f"'{escape_control(value)}'"
            if isinstance(value, str)
            else json.dumps(value, ensure_ascii=False, default=str)
        )
    except (TypeError, ValueError):  # no JSON: a key that is no text, or a mapping that contains itself
        text = type(value).__name__
    return shortened(text)


def escape_control(text: str) -> str:
    """Replace line breaks and other control characters by their escapes, so that the text stays on one line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def shortened(text: str) -> str:
    """Cut a text to `LONGEST_SHOWN` characters, the last of them an ellipsis."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def first_shown(items: Iterable[str]) -> str:
    """Join the first `MOST_SHOWN` items by commas, and say how many more there are."""
    items = list(items)
    more = f" and {len(items) - MOST_SHOWN} more" if len(items) > MOST_SHOWN else ""
    return ", ".join(items[:MOST_SHOWN]) + more


def percent(share: float) -> str:
    """Return a share as `7.8 %`. A share above 0 never becomes `0.0 %`."""
    return "below 0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def counted(count: int, noun: str) -> str:
    """Return `1 row` or `2 rows`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
