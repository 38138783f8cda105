"""Keep vocabulary and encoded texts in files, for the next training with the same texts, settings and version.

An entry is a folder, written under another name and renamed when it is complete. Its arrays are mapped from its files.
"""

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from textclf import __version__
from textclf.core.errors import TextclfError
from textclf.core.files import PARTIAL, atomic_folder, checksum, make_folder, parse_json, write_json
from textclf.core.memmap import map_file
from textclf.core.text_column import stored_texts
from textclf.core.text_hashing import texts_digest
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import DTYPES, Ragged, RaggedArrays
from textclf.preprocessing.tokenizers import TOKENIZERS

log = logging.getLogger(__name__)
FORMAT_VERSION = 2
ABOUT, TOKENIZER = "about.json", "tokenizer.json"
LONG_AGO = 24 * 3600  # seconds, after which a partial entry is left over from a killed process
LARGEST_CACHE = 10 * 2**30  # bytes; the least recently used entries are removed first


def encoded_texts(
    options: PreprocessingOptions,
    splits: Mapping[str, pa.LargeStringArray],
    folder: Path,
    names: Sequence[str] = ("token_ids",),
    learned_from: Sequence[str] = ("train",),
) -> tuple[Preprocessor, dict[str, RaggedArrays]]:
    """Return a preprocessor that has learned from some splits, and all splits encoded, from the cache if it has them.

    Args:
        folder: the cache; created if it is missing.
        names: the arrays that the network reads.
        learned_from: the names of the splits from which the preprocessor learns.

    Raises:
        WriteError: the disk is full, or the folder is not writable.
    """
    digests = {name: texts_digest(texts) for name, texts in splits.items()}
    fingerprint = getattr(TOKENIZERS[options.tokenizer], "fingerprint", None)
    files = fingerprint(options) if fingerprint else ""
    known = [FORMAT_VERSION, __version__, asdict(options), files, list(names), digests, list(learned_from)]
    entry = folder / hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]
    if entry.is_dir():
        try:
            found = _read(entry, splits, names)
        except (OSError, ValueError, KeyError, TypeError, TextclfError) as error:
            log.warning("%s: damaged (%s); encoding the texts again", entry, error)
            shutil.rmtree(entry, ignore_errors=True)
        else:
            log.info("reused vocabulary and encoded texts of an earlier run: %s", entry)
            return found
    make_folder(folder)
    _write(entry, options, splits, names, learned_from)
    _remove_oldest(folder, LARGEST_CACHE)
    return _read(entry, splits, names)


def _write(
    entry: Path,
    options: PreprocessingOptions,
    splits: Mapping[str, pa.LargeStringArray],
    names: Sequence[str],
    learned_from: Sequence[str],
) -> None:
    """Encode the texts into an entry of the cache."""
    try:
        with atomic_folder(entry) as partial:
            preprocessor, encoded = _learn(options, splits, names, learned_from)
            preprocessor.save(partial / TOKENIZER)
            for name, texts in splits.items():
                _write_arrays(partial, name, encoded.get(name, preprocessor.encode_chunks(texts)), names)
            files = {path.name: checksum(path) for path in sorted(partial.iterdir())}
            write_json(partial / ABOUT, {"format_version": FORMAT_VERSION, "files": files})
    except FileExistsError:  # another training has written it meanwhile
        log.debug("%s exists already", entry)


def _learn(
    options: PreprocessingOptions,
    splits: Mapping[str, pa.LargeStringArray],
    names: Sequence[str],
    learned_from: Sequence[str],
) -> tuple[Preprocessor, dict[str, Iterable[RaggedArrays]]]:
    """Return a preprocessor, and the splits that it has encoded while it learned."""
    if len(learned_from) > 1:
        return Preprocessor.fit(options, stored_texts(splits[name] for name in learned_from), names), {}
    [only] = learned_from
    preprocessor, parts = Preprocessor.fit_encode(options, splits[only], names)
    return preprocessor, {only: parts}


def _write_arrays(folder: Path, split: str, parts: Iterable[RaggedArrays], names: Iterable[str]) -> None:
    with ExitStack() as stack:
        files = {
            name: [
                stack.enter_context((folder / file).open("wb"))
                for file in (_values(split, name), _offsets(split, name))
            ]
            for name in names
        }
        ends = {name: np.zeros(1, np.int64) for name in names}
        for _, offsets in files.values():
            offsets.write(np.zeros(1, np.int64).tobytes())
        for part in parts:
            for name, (values, offsets) in files.items():
                values.write(part[name].values.tobytes())
                offsets.write((part[name].offsets[1:] + ends[name]).tobytes())
                ends[name] += part[name].offsets[-1]


def _read(entry: Path, splits: Iterable[str], names: Sequence[str]) -> tuple[Preprocessor, dict[str, RaggedArrays]]:
    """Return what `_write` wrote, mapped into memory.

    Raises:
        OSError, ValueError, KeyError, TypeError, TextclfError: something is missing or was changed.
    """
    for name, expected in parse_json((entry / ABOUT).read_bytes())["files"].items():
        if checksum(entry / name) != expected:
            raise ValueError(f"{name} has changed since it was written")
    arrays: dict[str, RaggedArrays] = {
        split: {name: _map_rows(entry, split, name) for name in names} for split in splits
    }
    with suppress(OSError):  # of a folder that cannot be written
        os.utime(entry)
    return Preprocessor.from_json((entry / TOKENIZER).read_bytes()), arrays


def _map_rows(entry: Path, split: str, name: str) -> Ragged:
    with (entry / _values(split, name)).open("rb") as values, (entry / _offsets(split, name)).open("rb") as offsets:
        return Ragged(map_file(values, DTYPES[name]), map_file(offsets, np.int64))


def _remove_oldest(folder: Path, most_bytes: int) -> None:
    """Remove the least recently used entries beyond `most_bytes`, but never the last used one, and old partial ones."""
    used, sizes = {}, {}
    for path in folder.iterdir():
        with suppress(OSError):  # another training removes it at the same time, or it is no folder
            sizes[path] = sum(file.stat().st_size for file in path.iterdir())
            used[path] = path.stat().st_mtime
    whole = sorted((path for path in used if path.suffix != PARTIAL), key=used.__getitem__, reverse=True)
    unwanted = [path for path in used if path.suffix == PARTIAL and time.time() - used[path] > LONG_AGO]
    size = 0
    for entry in whole:
        size += sizes[entry]
        if size > most_bytes and entry != whole[0]:
            unwanted.append(entry)
    for path in unwanted:
        shutil.rmtree(path, ignore_errors=True)


def _values(split: str, name: str) -> str:
    return f"{split}.{name}.{np.dtype(DTYPES[name]).name}"


def _offsets(split: str, name: str) -> str:
    return f"{split}.{name}.offsets.int64"
