"""Settings that earlier versions had: ignored where they were off, so that old runs can still be read."""

from collections.abc import Iterator
from typing import Any

from textclf.config.yaml import Document, Path, Problem

# Setting of `augmentation` -> the value that switched it off (None: any value), and what to do instead.
REMOVED_FROM_AUGMENTATION: dict[str, tuple[float | None, str]] = {
    "character_noise": (0, "training on typos lowered accuracy wherever it was measured (docs/experiments.md)"),
    "noise_copies": (None, ""),
    "unknown": (0, "use model.word_dropout, which drops tokens as well"),
}


def drop_removed_settings(document: Document) -> None:
    """Delete settings that no longer exist from the data, and add a problem for each that was switched on."""
    for path, augmentation in _augmentations(document.data):
        for name, (off, instead) in REMOVED_FROM_AUGMENTATION.items():
            if name in augmentation and augmentation.pop(name) != off and off is not None:
                setting = (*path, name)
                message = f"this setting was removed: {instead}. Delete the line"
                document.problems.append(Problem(setting, document.places.get(setting, ""), message))


def _augmentations(data: Any) -> Iterator[tuple[Path, dict]]:
    """The path and the content of every `augmentation` of a config, those of an ensemble's members included."""
    members = _within(data, "model", "members")
    paths: list[Path] = [("training",)]
    if isinstance(members, list):
        paths += [("model", "members", number, "training") for number in range(len(members))]
    for path in paths:
        found = _within(data, *path, "augmentation")
        if isinstance(found, dict):
            yield (*path, "augmentation"), found


def _within(data: Any, *path: str | int) -> Any:
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
