"""The sentences for what is wrong with a file, shared by the readers."""

from pathlib import Path

from textclf.errors import DataError, did_you_mean


def missing_columns(name: str, wanted: list[str], found: list[str]) -> DataError:
    """The error for a file that lacks a column: which one, and which there are."""
    missing = next(column for column in wanted if column not in found)
    return DataError(
        f"{name}: expected a column '{missing}', but the columns are: {', '.join(found) or '(none)'}"
        f"{did_you_mean(missing, found, otherwise='.')} "
        "Name the right one: data.text_column and data.label_column in a config, "
        "--text-column and --label-column of evaluate, --column of predict."
    )


def not_utf8(name: str, error: UnicodeDecodeError) -> DataError:
    """The error for bytes that are no UTF-8, with their line where the file can be read again."""
    place = ""
    if Path(name).is_file():
        with Path(name).open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as fault:
                    place, error = f" in line {number}", fault
                    break
    return DataError(
        f"{name}: expected UTF-8 text, received byte 0x{error.object[error.start]:02x}{place}. "
        "Save the file as UTF-8, or convert it: iconv -f GB18030 -t UTF-8 old.csv > new.csv "
        "(with the encoding it really has)."
    )
