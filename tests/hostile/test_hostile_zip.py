"""Zip files from a stranger: bombs, paths that lead out, damage. Same bounds as for a folder, nothing is unpacked."""

import re
import struct
import zipfile
from pathlib import Path

import pytest

import textclf
from tests.hostile.broken_files import damages, flipped
from tests.hostile.rejections import predicts_or_rejects, rejected
from textclf.core.zip_archive import write_archive

NAMES = ("model.onnx", "tokenizer.json", "labels.json", "classifier.json")
FLIPS = 60
OTHERS = ("missing", "a folder", "a link out of the folder")  # the user names the zip file, so it may be a link


@pytest.fixture
def packed(classifier) -> Path:
    """The zip file of a classifier."""
    path = classifier.with_name("classifier.zip")
    write_archive(path, {name: (classifier / name).read_bytes() for name in NAMES})
    return path


def rewritten(path: Path, change) -> None:
    """Pack it anew: `change` gets name and content of each file, and returns the same of what is to be packed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            for other, changed in change(name, content):
                archive.writestr(other, changed)


def bomb(path):
    """A tokenizer of 70 MiB in 70 kB: more than it may have, and quick to make."""
    rewritten(path, lambda name, content: [(name, bytes(70 << 20) if name == "tokenizer.json" else content)])


def bomb_that_lies(path):
    """The same, but the list of files says that it is small."""
    bomb(path)
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 70 << 20), struct.pack("<I", 1000)))


def out_of_the_folder(path):
    rewritten(path, lambda name, content: [(f"../{name}", content)])


def an_absolute_path(path):
    rewritten(path, lambda name, content: [(f"/tmp/{name}", content)])


def twice(path):
    rewritten(path, lambda name, content: [(name, content), (f"other/{name}", b"{}")])


def thousands_of_files(path):
    rewritten(path, lambda name, content: [(name, content), *((f"{name}{number}", b"") for number in range(500))])


def with_entries(path, field: int, value: int) -> None:
    """Set a field of two bytes in the head of each file, and in the list of files, where it is two bytes later."""
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", field + 2), (b"PK\x03\x04", field)):
        for found in re.finditer(re.escape(signature), bytes(content)):
            struct.pack_into("<H", content, found.start() + offset, value)
    path.write_bytes(content)


def encrypted(path):
    with_entries(path, 6, 1)


def packed_otherwise(path):
    with_entries(path, 8, 99)


def without_the_model(path):
    rewritten(path, lambda name, content: [] if name == "model.onnx" else [(name, content)])


def with_a_comment(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\x05\x06" * 9


CASES = [
    bomb, bomb_that_lies, out_of_the_folder, an_absolute_path, twice, thousands_of_files, encrypted, packed_otherwise,
    without_the_model, with_a_comment,
]  # fmt: skip


def test_the_zip_without_harm_answers(packed):
    assert textclf.load(packed).predict_proba(["a"]).shape == (1, 2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_hostile_zip(packed, case, request):
    case(packed)  # made before the bounds hold
    request.getfixturevalue("within_bounds")
    rejected(lambda: textclf.load(packed))


@pytest.mark.parametrize("damage", [name for name in damages() if name not in OTHERS])
def test_damaged_zip(packed, within_bounds, damage):
    damages()[damage](packed)
    if damage.startswith("bit"):
        predicts_or_rejects(packed)
    else:
        rejected(lambda: textclf.load(packed))


@pytest.mark.parametrize("seed", range(FLIPS))
def test_zip_with_a_wrong_bit(packed, within_bounds, seed):
    packed.write_bytes(flipped(packed.read_bytes(), seed))
    predicts_or_rejects(packed)
