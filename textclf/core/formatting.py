"""The wording that messages, findings and written files share: values, lists, shares and counts on one line."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST_SHOWN = 60  # characters of a value
MOST_SHOWN = 5  # items of a list
SUMMARY_METRICS = {"accuracy": "accuracy", "f1_macro": "F1 macro", "log_loss": "log loss", "roc_auc": "ROC AUC"}
LABEL_METRICS = {"precision": "precision", "recall": "recall", "f1": "F1"}
LABEL_HEADER = ["label", *LABEL_METRICS.values(), "rows"]  # of `label_rows`
# What moves the cursor, changes colours, ends a line or turns the direction of writing: C0, DEL, C1, the separators of
# lines and paragraphs, and the controls of direction (Unicode's Bidi_Control, and their deprecated relatives).
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]")

UNDECODED = re.compile("[\ud800-\udfff]")  # bytes of a file name that are not UTF-8, as Python has them


def short_repr(value: Any) -> str:
    """Return a value as a config would write it, on one line and shortened to `LONGEST_SHOWN` characters."""
    try:
        text = (
            f"'{escape_control(value)}'"
            if isinstance(value, str)
            else json.dumps(value, ensure_ascii=False, default=lambda other: f"{type(other).__name__} {other}")
        )
    except (TypeError, ValueError):  # no JSON: a key that is no text, or a mapping that contains itself
        text = type(value).__name__
    return shortened(text)


def escape_control(text: str) -> str:
    """Replace line breaks and other control characters by their escapes, so that the text stays on one line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def escape_unsafe(text: str) -> str:
    r"""Replace what may not reach a terminal, line breaks included, by escapes: `\x1b`, `\n`, `\u202e`.

    Other invisible characters stay, because writing needs them: the joiners of Persian, Hindi and emoji.
    """
    return UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def json_escape_unsafe(line: str) -> str:
    """Replace in JSON what may not reach a terminal by the escapes of JSON. Line breaks between values stay."""
    return UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else json_escape(found[0]), line)


def json_escape(characters: str) -> str:
    r"""Return every character as `\uXXXX`, those beyond 16 bits as two, as JSON has it."""
    units = characters.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


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


def summary_header() -> list[str]:
    """Return the titles of `summary_row`."""
    accuracy, *others = SUMMARY_METRICS.values()
    return ["rows", accuracy, "majority", *others]


def summary_row(metrics: Mapping) -> list[str]:
    """Return the main metrics of a split, beside the accuracy of the most frequent label."""
    accuracy, *others = format_figures(metrics[name] for name in SUMMARY_METRICS)
    return [str(metrics["rows"]), accuracy, format_figure(metrics["majority_accuracy"]), *others]


def label_rows(metrics: Mapping) -> list[list[str]]:
    """Return the metrics of each label. Of many labels that the classifier does not have, most are one row."""
    unknown = metrics.get("unknown_labels", {})
    rest = {*list(unknown)[MOST_SHOWN:]}
    rows = []
    for label, of_label in metrics["by_class"].items():
        if label not in rest:
            name = f"{label} (unknown)" if label in unknown else label
            rows.append([name, *format_figures(of_label[metric] for metric in LABEL_METRICS), str(of_label["support"])])
    if rest:
        support = sum(unknown[label] for label in rest)
        rows.append([f"({counted(len(rest), 'more unknown label')})", *format_figures([0.0] * 3), str(support)])
    return rows


def format_figures(values: Iterable[float | None]) -> list[str]:
    """Return numbers as `format_figure`."""
    return list(map(format_figure, values))


def format_figure(value: float | None) -> str:
    """Return a number with four digits, `None` as a dash."""
    return "–" if value is None else f"{value:.4f}"
