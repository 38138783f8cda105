"""Encoded texts kept for the next training on the same texts with the same preprocessing. They stay in files."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from textclf import __version__
from textclf.errors import TextclfError
from textclf.files import cannot_write, checksum, make_folder, parse_json, write_json
from textclf.hashing import texts_digest
from textclf.mapped import map_file
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.token_ids import TokenIds

log = logging.getLogger(__name__)
FORMAT_VERSION = 1
ABOUT, TOKENIZER = "about.json", "tokenizer.json"
PARTIAL = ".partial"
LONG_AGO = 24 * 3600  # seconds: whoever wrote it was killed
LARGEST_CACHE = 10 * 2**30  # bytes; the entries that were not used for longest go first


def encoded_texts(
    options: PreprocessingOptions, splits: Mapping[str, pa.LargeStringArray], folder: Path
) -> tuple[Preprocessor, dict[str, TokenIds]]:
    """A preprocessor that has learned from `train`, and all splits encoded; from the cache if they are there.

    Args:
        folder: of the cache; made if it is missing.

    Raises:
        WriteError: there is no room, or the folder is not ours to write.
    """
    digests = {name: texts_digest(texts) for name, texts in splits.items()}
    known = [FORMAT_VERSION, __version__, options.model_dump(mode="json"), digests]
    entry = folder / hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]
    if entry.is_dir():
        try:
            found = _read(entry, splits)
        except (OSError, ValueError, KeyError, TypeError, TextclfError) as error:
            log.warning("%s: damaged (%s): the texts are encoded again", entry, error)
            shutil.rmtree(entry, ignore_errors=True)
        else:
            log.info("vocabulary and encoded texts of an earlier run are used again: %s", entry)
            return found
    make_folder(folder)
    _write(entry, options, splits)
    _remove_oldest(folder, LARGEST_CACHE)
    return _read(entry, splits)


def _write(entry: Path, options: PreprocessingOptions, splits: Mapping[str, pa.LargeStringArray]) -> None:
    """The folder under another name, renamed when it is whole."""
    partial = Path(tempfile.mkdtemp(dir=entry.parent, prefix=f".{entry.name}.", suffix=PARTIAL))
    try:
        preprocessor = Preprocessor.fit(options, splits["train"])
        preprocessor.save(partial / TOKENIZER)
        for name, texts in splits.items():
            _write_rows(partial, name, preprocessor.encode_chunks(texts))
        files = {path.name: checksum(path) for path in sorted(partial.iterdir())}
        write_json(partial / ABOUT, {"format_version": FORMAT_VERSION, "files": files})
        partial.chmod(0o755)
        if not entry.exists():  # another training may have been as fast
            partial.rename(entry)
    except OSError as error:
        raise cannot_write(entry, error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_rows(folder: Path, split: str, parts: Iterable[TokenIds]) -> None:
    end = np.zeros(1, np.int64)
    with (folder / _ids(split)).open("wb") as ids, (folder / _offsets(split)).open("wb") as offsets:
        offsets.write(end.tobytes())
        for part in parts:
            ids.write(part.ids.tobytes())
            offsets.write((part.offsets[1:] + end).tobytes())
            end += part.offsets[-1]


def _read(entry: Path, splits: Iterable[str]) -> tuple[Preprocessor, dict[str, TokenIds]]:
    """What `_write` left, mapped into memory.

    Raises:
        OSError, ValueError, KeyError, TypeError, TextclfError: something is missing or was changed.
    """
    for name, expected in parse_json((entry / ABOUT).read_bytes())["files"].items():
        if checksum(entry / name) != expected:
            raise ValueError(f"{name} is not what was written")
    rows = {}
    for split in splits:
        with (entry / _ids(split)).open("rb") as ids, (entry / _offsets(split)).open("rb") as offsets:
            rows[split] = TokenIds(map_file(ids, np.int32), map_file(offsets, np.int64))
    os.utime(entry)
    return Preprocessor.from_json((entry / TOKENIZER).read_bytes()), rows


def _remove_oldest(folder: Path, most_bytes: int) -> None:
    """The entries beyond so many bytes, the last used one excepted; and what was left half-written long ago."""
    used = {path: path.stat().st_mtime for path in folder.iterdir() if path.is_dir()}
    whole = sorted((path for path in used if path.suffix != PARTIAL), key=used.get, reverse=True)
    unwanted = [path for path in used if path.suffix == PARTIAL and time.time() - used[path] > LONG_AGO]
    size = 0
    for entry in whole:
        size += sum(path.stat().st_size for path in entry.iterdir())
        if size > most_bytes and entry != whole[0]:
            unwanted.append(entry)
    for path in unwanted:
        shutil.rmtree(path, ignore_errors=True)


def _ids(split: str) -> str:
    return f"{split}.token_ids.int32"


def _offsets(split: str) -> str:
    return f"{split}.offsets.int64"
