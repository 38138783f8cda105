"""The forms in which a classifier leaves: each function writes the files of a classifier to one path.

`FORMATS` has one entry for each `--format`. A format is written completely or not at all.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from textclf.core.files import atomic_folder
from textclf.core.run_folder import RunFolder
from textclf.core.zip_archive import write_archive
from textclf.export import wheel
from textclf.export.keras_files import keras_files, saved_model_files
from textclf.export.web_files import web_files
from textclf.export.wheel import write_wheel
from textclf.inference.classifier import Classifier

FILES = (".zip", ".whl")  # endings; a folder may have a name such as reviews.v2


class Format(NamedTuple):
    """How one form is written."""

    write: Callable[[Path, Mapping[str, bytes]], None]
    ending: str  # of the default name
    # Of a classifier, its name and its run: files beside those of the classifier.
    more_files: Callable[[Classifier, str, RunFolder | None], dict[str, bytes]] | None = None
    full_precision: bool = False  # has the weights as they were trained


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a classifier folder.

    Raises:
        FileExistsError: the path exists.
        WriteError: the disk is full, or the folder above is not writable.
    """
    with atomic_folder(path) as partial:
        for name, content in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)


FORMATS: dict[str, Format] = {
    "folder": Format(write_folder, ""),
    "zip": Format(write_archive, ".zip"),
    "wheel": Format(write_wheel, wheel.ENDING),
    "web": Format(write_folder, "-web", web_files),
    "keras": Format(write_folder, "-keras", keras_files, full_precision=True),
    "saved_model": Format(write_folder, "-saved_model", saved_model_files, full_precision=True),
}


def name_of(place: Path) -> str:
    """Return the name of a classifier folder, or of a file without its ending."""
    return place.stem if place.suffix.lower() in FILES else place.name
