"""Download a classifier, or find it in the cache.

The cache has ordinary files, not the links of the client's own cache: reading a classifier follows no link. Each commit
has a folder of its own, which is there with all of its files, checked, or not at all.
"""

import hashlib
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from textclf.core.errors import RunError
from textclf.core.files import MIB, atomic_file, atomic_folder, checksum, make_folder
from textclf.core.hub.address import Address
from textclf.core.hub.encoders import COMMIT, MOST_SECONDS
from textclf.core.hub.problems import Wanted, is_unreachable, needs_package, why_not
from textclf.core.run_folder import (
    LABELS,
    LARGEST_BESIDE,
    LARGEST_FILES,
    METADATA,
    MODEL,
    PACKED_TOKENIZER,
    TOKENIZER,
)

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile, RepoFolder

log = logging.getLogger(__name__)

LIMITS = {**LARGEST_FILES, **LARGEST_BESIDE}  # no other file of a repository is downloaded
FOLDER = "textclf"  # in the client's folder for the caches of other libraries


def download_classifier(address: Address) -> Path:
    """Return the folder of a classifier of the hub in the cache; download it if the cache lacks it.

    Raises:
        RunError: it cannot be had, it is too large, or its files are not those that the hub promises.
    """
    try:
        from huggingface_hub import constants
    except ImportError:
        raise RunError(needs_package(str(address))) from None
    wanted = Wanted(
        *address,
        name=str(address),
        place=Path(constants.HF_ASSETS_CACHE, FOLDER, address.repository.replace("/", "--")),
        revision_advice=f"Check what follows the @: a branch, a tag or a commit of {address.repository}.",
        otherwise="name a copy of its folder",
    )
    # A commit never changes, so the hub need not be asked.
    if COMMIT.fullmatch(wanted.revision) and (folder := _folder(wanted, wanted.revision)).is_dir():
        return folder
    with _explained(wanted):
        return _newest(wanted)


@contextmanager
def _explained(wanted: Wanted) -> Iterator[None]:
    """Turn what the client raises into one sentence."""
    from huggingface_hub import errors

    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, errors.HTTPError) as error:
        raise RunError(why_not(error, wanted)) from error


def _newest(wanted: Wanted) -> Path:
    """Return the folder of the commit that a revision is now; the one that it was, if the hub cannot be reached."""
    from huggingface_hub import HfApi, constants, errors

    hub = HfApi(endpoint=constants.ENDPOINT)
    try:  # without the model card, whose metadata may be anything
        info = hub.model_info(wanted.repository, revision=wanted.revision, expand=["sha"], timeout=MOST_SECONDS)
    except (errors.HTTPError, errors.OfflineModeIsEnabled) as error:
        if not is_unreachable(error):
            raise
        if folder := _remembered(wanted):
            log.warning("%s: the hub cannot be reached; commit %s is in the cache", wanted.name, folder.parent.name)
            return folder
        raise errors.LocalEntryNotFoundError(wanted.name) from error
    commit = str(info.sha)
    if not COMMIT.fullmatch(commit):  # it becomes the name of a folder
        raise ValueError("the hub does not say which commit this is")
    folder = _folder(wanted, commit)
    if not folder.is_dir():
        found = hub.get_paths_info(wanted.repository, list(LIMITS), revision=commit)
        _download(wanted, commit, _checked(wanted, found), folder)
    log.info("%s: commit %s", wanted.name, commit)
    if wanted.revision != commit:
        _remember(wanted, commit)
    return folder


def _folder(wanted: Wanted, commit: str) -> Path:
    """Return the folder of a commit. It has the name of the repository, by which others call the classifier."""
    return wanted.place / commit / wanted.repository.rpartition("/")[2]


def _reference(wanted: Wanted) -> Path:
    return wanted.place / "refs" / quote(wanted.revision, safe="")


def _remember(wanted: Wanted, commit: str) -> None:
    """Note which commit a revision is, for when the hub cannot be asked."""
    make_folder(wanted.place / "refs")
    with atomic_file(_reference(wanted)) as stream:
        stream.write(commit)


def _remembered(wanted: Wanted) -> Path | None:
    """Return the folder of the commit that a revision was when the hub was last asked."""
    with suppress(OSError, ValueError):
        commit = _reference(wanted).read_text(encoding="ascii")
        if COMMIT.fullmatch(commit) and (folder := _folder(wanted, commit)).is_dir():
            return folder
    return None


def _checked(wanted: Wanted, listed: "list[RepoFile | RepoFolder]") -> "list[RepoFile]":
    """Return the files to download, after checking that none is missing or too large."""
    from huggingface_hub.hf_api import RepoFile

    found = {file.path: file for file in listed if isinstance(file, RepoFile) and file.path in LIMITS}
    tokenizer = PACKED_TOKENIZER if PACKED_TOKENIZER in found else TOKENIZER
    if missing := [name for name in (MODEL, tokenizer, LABELS, METADATA) if name not in found]:
        raise RunError(
            f"{wanted.name}: expected a classifier of textclf, but the repository has no {', '.join(missing)}. Check "
            "the name."
        )
    for name, file in found.items():
        if type(file.size) is not int or not 0 <= file.size <= LIMITS[name]:
            size = f"{file.size / MIB:,.0f} MiB" if type(file.size) is int else "no size"
            raise RunError(f"{wanted.name}: {name}: expected at most {LIMITS[name] // MIB:,} MiB, got {size}.")
    return list(found.values())


def _download(wanted: Wanted, commit: str, files: "list[RepoFile]", folder: Path) -> None:
    """Download the files of a commit into a folder, completely or not at all."""
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.utils import disable_progress_bars

    if not (sys.stderr and sys.stderr.isatty()):
        disable_progress_bars()
    log.info("downloading %s: %.1f MB", wanted.name, sum(file.size for file in files) / 1e6)
    make_folder(folder.parent)
    # If another process was faster, its folder is the same. Errors of the client are none of writing.
    with suppress(FileExistsError), atomic_folder(folder) as partial, _explained(wanted):
        for file in files:
            hf_hub_download(
                wanted.repository, file.path, revision=commit, local_dir=partial, endpoint=constants.ENDPOINT
            )
            _check(wanted, partial / file.path, file)
        shutil.rmtree(partial / ".cache")  # what the client notes


def _check(wanted: Wanted, path: Path, promised: "RepoFile") -> None:
    """Check that a file is the one that the hub names with the commit: the client compares only sizes."""
    size = path.stat().st_size
    if promised.lfs:
        expected, got = promised.lfs.sha256, checksum(path)
    else:
        blob = b"blob %d\0" % size + path.read_bytes()
        expected, got = str(promised.blob_id), hashlib.sha1(blob, usedforsecurity=False).hexdigest()
    if (size, got) != (promised.size, expected):
        raise RunError(
            f"{wanted.name}: {path.name}: expected {promised.size:,} bytes with the checksum {expected}, as the hub "
            f"says, got {size:,} with {got}. Try again."
        )
