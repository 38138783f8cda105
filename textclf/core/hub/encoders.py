"""Download a pretrained encoder."""

import logging
import re
import sys
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path

from textclf.core.errors import DataError
from textclf.core.hub.problems import Wanted, is_unreachable, needs_package, why_not

log = logging.getLogger(__name__)

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
# Everything else in a repository is left where it is: pickles, code, other formats of the same weights.
CONFIG = "config.json"
SMALL_FILES = [CONFIG, "tokenizer.json", "1_Pooling/config.json", "README.md", "LICENSE*", "NOTICE*"]
WEIGHT_FILES = [WEIGHTS, INDEX, "model-?????-of-?????.safetensors"]
COMMIT = re.compile("[0-9a-f]{40}")
MOST_SECONDS = 10  # to wait for an answer of the hub


_commits: dict[tuple[str, str], str] = {}  # repository and revision -> the commit to use


def use_commit(repository: str, revision: str, commit: str) -> None:
    """Read this commit from now on: that with which an interrupted run began. A branch may have moved on."""
    if COMMIT.fullmatch(commit):
        _commits[repository, revision] = commit


def download_encoder(repository: str, revision: str) -> Path:
    """Return the folder of a repository in the cache of the hub, named after the commit; download what the cache lacks.

    Raises:
        DataError: it cannot be had; the message says what to do.
    """
    return _download_once(repository, _commits.get((repository, revision), revision), with_weights=True)


def download_settings(repository: str, revision: str) -> Path:
    """Return the same folder when it has the small files: whether an encoder can be used costs no large download.

    Raises:
        DataError: they cannot be had.
    """
    return _download_once(repository, _commits.get((repository, revision), revision), with_weights=False)


@cache  # the tokenizer and the network of a training get the same commit
def _download_once(repository: str, revision: str, *, with_weights: bool) -> Path:
    name = f"model.weights: '{repository}'"
    try:
        from huggingface_hub import constants, errors
    except ImportError:
        raise DataError(needs_package(name)) from None
    wanted = Wanted(
        repository,
        revision,
        name,
        Path(constants.HF_HUB_CACHE),
        revision_advice="Check model.revision.",
        otherwise="name a folder with the files",
        missing="neither such a folder nor such a repository",
    )
    try:
        folder = _download(repository, revision, with_weights=with_weights)
    except (OSError, ValueError, errors.HTTPError) as error:
        raise DataError(why_not(error, wanted)) from error
    if with_weights and not _has_weights(folder):
        raise DataError(
            f"model.weights: '{repository}' has no {WEIGHTS} at revision '{revision}'. textclf reads no pickles "
            "(.bin, .pt): they can run any program. Choose another repository, or a revision with the file, such as "
            "'refs/pr/1'."
        )
    return folder


def _download(repository: str, revision: str, *, with_weights: bool) -> Path:
    from huggingface_hub import get_cached_repo_tree, snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    if not (sys.stderr and sys.stderr.isatty()):
        disable_progress_bars()
    if cached := _find_cached(repository, revision, with_weights=with_weights):
        return cached
    folder = Path(snapshot_download(repository, revision=revision, allow_patterns=SMALL_FILES))
    if not with_weights:
        return folder
    files = get_cached_repo_tree(repository, revision=folder.name)
    weights = [file for file in files if any(fnmatchcase(file.path, pattern) for pattern in WEIGHT_FILES)]
    if not weights:  # the client would print a warning of its own
        return folder
    log.info("downloading %s: %.0f MB", repository, sum(file.size for file in weights) / 1e6)
    return Path(snapshot_download(repository, revision=folder.name, allow_patterns=WEIGHT_FILES))


def _find_cached(repository: str, revision: str, *, with_weights: bool) -> Path | None:
    """Return the folder in the cache of the hub, if it has the files and the hub need not or cannot be asked.

    Fails at once without a network, where a download would try again for 25 s.
    """
    from huggingface_hub import HfApi, errors, snapshot_download

    cached = partial(
        snapshot_download,
        repository,
        revision=revision,
        allow_patterns=[*SMALL_FILES, *(WEIGHT_FILES if with_weights else [])],
        local_files_only=True,
    )
    if COMMIT.fullmatch(revision):
        with suppress(errors.LocalEntryNotFoundError):
            folder = Path(cached())
            if _has_weights(folder) if with_weights else (folder / CONFIG).exists():
                return folder
    try:
        HfApi().model_info(repository, revision=revision, expand=["sha"], timeout=MOST_SECONDS)
        return None
    except (errors.HTTPError, errors.OfflineModeIsEnabled) as error:
        if not is_unreachable(error):
            raise
        try:
            folder = Path(cached())
        except errors.LocalEntryNotFoundError as not_cached:
            raise not_cached from error
        log.warning("%s: the hub cannot be reached; using the files in its cache, %s", repository, folder)
        return folder


def _has_weights(folder: Path) -> bool:
    return any((folder / name).exists() for name in (WEIGHTS, INDEX))
