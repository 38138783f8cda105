"""Recognize the exports of annotation tools, in which a column that looks like labels is none."""

from collections.abc import Collection, Mapping
from shlex import quote

from textclf.core.errors import DataError
from textclf.core.formatting import escape_control
from textclf.data.readers.options import ReadingOptions

VERDICTS = "answer"  # Prodigy: what the annotator thought of a row, not a label
REFUSED = ("reject", "ignore")
PRODIGY = "_task_hash"
LABEL_STUDIO = "annotations"  # objects with the labels, beside fields that count them


def check_export(path: str, samples: Mapping[str, list], unreadable: Collection[str], reading: ReadingOptions) -> None:
    """Check that the labels of a file are those of its texts.

    Raises:
        DataError: they are nested (Label Studio), or the annotator rejected some (Prodigy).
    """
    if LABEL_STUDIO in unreadable and any(name.startswith("data.") for name in samples):
        raise DataError(
            f"{path}: expected a field with labels, got the nested JSON of Label Studio. Export it as JSON-MIN or CSV."
        )
    if PRODIGY in samples and any(verdict in REFUSED for verdict in samples.get(VERDICTS, ())):
        raise DataError(
            f"{path}: expected rows with the answer 'accept', got also rows of Prodigy that somebody rejected or "
            f"ignored. Keep the others: jq -c 'select(.answer == \"accept\")' {escape_control(quote(path))}. "
            f"If the answers are the labels, use {reading.named('label_column')} {VERDICTS}."
        )
