"""How files are read, beyond what their endings say."""

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from textclf.core.pydantic_options import Options


def _known_encoding(name: str) -> str:
    try:
        "a".encode(name)  # finds no codec of bytes such as hex, and none that only ever fails
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        raise ValueError("an encoding that Python knows, such as utf-8, gb18030, latin-1 or utf-16") from None
    return "utf-8" if codecs.lookup(name).name == "utf-8" else name


def _one_character(delimiter: str | None) -> str | None:
    if delimiter is None or (len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n'):
        return delimiter
    raise ValueError('one ASCII character such as ";", "|" or "\\t", neither a quote nor a line break')


class ReadingOptions(Options):
    """How files of texts are read. What does not concern a format is not looked at."""

    format: Literal["csv", "tsv", "jsonl", "parquet", "txt", "fasttext", "folder"] | None = Field(
        None, description="Format of the files; null: by their ending. folder: a text a file, in a folder a label."
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "utf-8", description="Encoding of the files, such as gb18030, latin-1 or utf-16; Parquet has its own."
    )
    delimiter: Annotated[str | None, AfterValidator(_one_character)] = Field(
        None, description="Character between the fields of a line; null: a comma, in .tsv a tab."
    )
    quoting: Literal["minimal", "none"] = Field(
        "minimal", description="minimal: fields may stand in double quotes; none: a quote is a character as any other."
    )
    text_separator: str = Field(" ", description="What stands between the texts of several columns.")


DEFAULTS = ReadingOptions()
