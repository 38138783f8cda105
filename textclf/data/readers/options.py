"""Settings for reading files, beyond what their endings say."""

import codecs
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from textclf.core.options import Check, Options, checked, setting


def _known_encoding(name: object) -> str:
    try:
        if not isinstance(name, str):
            raise ValueError
        "a".encode(name)  # rejects codecs of bytes such as hex, and those that always fail
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        raise ValueError("an encoding that Python knows, such as utf-8, gb18030, latin-1 or utf-16") from None
    return "utf-8" if codecs.lookup(name).name == "utf-8" else name


def _one_character(delimiter: object) -> str | None:
    if delimiter is None:
        return None
    if isinstance(delimiter, str) and len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n':
        return delimiter
    raise ValueError('one ASCII character such as ";", "|" or "\\t", neither a quote nor a line break')


class ReadingOptions(Options):
    """Settings for reading files. Settings that do not apply to a format are ignored."""

    format: Literal["csv", "tsv", "jsonl", "json", "parquet", "excel", "txt", "fasttext", "folder"] | None = setting(
        default=None,
        description="Format of the files (null: by their ending). folder: one text per file, in one folder per label.",
    )
    encoding: Annotated[str, Check(_known_encoding)] = setting(
        default="utf-8", description="Encoding of the files, such as gb18030, latin-1 or utf-16. Parquet has its own."
    )
    delimiter: Annotated[str | None, Check(_one_character)] = setting(
        default=None,
        description="Character between the fields of a line (null: the one that gives the columns, first a comma, "
        "in .tsv a tab).",
    )
    quoting: Literal["minimal", "none", "unchecked"] = setting(
        default="minimal",
        description="minimal: fields may be in double quotes, and a field that seems to hold other rows is an error. "
        "unchecked: as minimal, without that error. none: a quote is an ordinary character.",
    )
    sheet: str | None = setting(
        default=None, min_length=1, description="Sheet of an Excel file (null: the first one that has rows)."
    )
    text_separator: str = setting(default=" ", description="Text between the texts of several columns.")

    @property
    def several_labels(self) -> str:
        """What to do about several labels of a text where one is expected."""
        return "Set targets.type to multilabel."

    def named(self, name: str, value: str = "") -> str:
        """Return the name of a setting, and a value for it, as a message advises it."""
        return f"data.{name}: {value}" if value else f"data.{name}"


class ReadingArguments(ReadingOptions):
    """Settings for files that no config names. Messages advise the options of the command line."""

    @property
    def several_labels(self) -> str:
        """What to do about several labels of a text where the classifier predicts one."""
        return "The classifier predicts one label a text: leave one, or train with targets.type multilabel."

    def named(self, name: str, value: str = "") -> str:
        """Return the name of an option, and a value for it, as a message advises it."""
        option = {"format": "--input-format"}.get(name, f"--{name.replace('_', '-')}")
        return f"{option} {value}" if value else option


def arguments_like(trained: ReadingOptions, given: Mapping[str, Any]) -> ReadingArguments:
    """Return how to read files for a classifier: as given, and texts of several columns joined as in training.

    Raises:
        ValueError: one of the given values cannot be used.
    """
    return checked(ReadingArguments, {"text_separator": trained.text_separator, **given})


DEFAULTS = ReadingOptions()
