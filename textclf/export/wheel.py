"""The form `wheel`: a package for pip, `import reviews; reviews.predict([…])`, with the command `reviews "text"`.

A wheel is a zip file with a name and a list of its files (PEP 427). Installing one runs whatever code its maker put
into it, as for every package. The other forms hold no code.
"""

import base64
import hashlib
import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from textclf import __version__
from textclf.core.errors import RunError
from textclf.core.run_folder import CARD
from textclf.core.zip_archive import write_archive

FILE_NAME = re.compile(r"([A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?)-(\d+(?:\.\d+)*)-py3-none-any\.whl")
PACKAGE = "textclf-keras"
ENDING = "-1.0.0-py3-none-any.whl"
MODULE = '''"""The classifier {name}: {name}.predict(["some text"])."""

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

import textclf

FOLDER = Path(__file__).parent / "classifier"


@cache
def load() -> textclf.Classifier:
    """Return the classifier."""
    return textclf.load(FOLDER)


def predict(texts: Iterable[str]) -> list:
    """Return the label of every text; with a multi-label classifier the list of its labels."""
    return load().predict(texts)


def predict_proba(texts: Iterable[str]) -> np.ndarray:
    """Return the probability of every label for every text, in the order of `load().labels`."""
    return load().predict_proba(texts)


def main() -> None:
    """Run `textclf predict` with this classifier."""
    from textclf.cli.main import main

    sys.exit(main(["predict", "--run", str(FOLDER), *sys.argv[1:]]))
'''


def write_wheel(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a wheel; its file name says the names of the package and the version.

    Args:
        path: ends with `NAME-VERSION-py3-none-any.whl`.
        files: of the classifier folder, with a model card.

    Raises:
        RunError: the file name is not that of a wheel, or the name cannot be that of a package.
        WriteError: the folder is not writable, or the disk is full.
    """
    name, version = name_and_version(path)
    about = f"{name}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: A text classifier, made with textclf.\n"
        f"Requires-Dist: {PACKAGE}>={__version__}\nDescription-Content-Type: text/markdown\n\n"
    )
    packed = {
        f"{name}/__init__.py": MODULE.format(name=name).encode(),
        f"{name}/__main__.py": f"from {name} import main\n\nmain()\n".encode(),
        **{f"{name}/classifier/{file}": content for file, content in files.items()},
        f"{about}/METADATA": metadata.encode() + files[CARD],
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: textclf\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n".encode(),
    }
    lines = [f"{file},sha256={_digest(content)},{len(content)}" for file, content in packed.items()]
    record = "\n".join([*lines, f"{about}/RECORD,,", ""])
    write_archive(path, {**packed, f"{about}/RECORD": record.encode()})


def package_name(name: str) -> str:
    """Return the name of a run as that of a package: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def name_and_version(path: Path) -> tuple[str, str]:
    """Return the names of the package and its version, from the name of a wheel.

    Raises:
        RunError: the file name is not that of a wheel, or the name cannot be that of a package.
    """
    found = FILE_NAME.fullmatch(path.name)
    if not found:
        raise RunError(
            f"{path.name}: expected the name of a wheel, NAME-VERSION-py3-none-any.whl, in which NAME has letters, "
            "digits and _, and no _ at its end. Name it with --output, as in: --output reviews-1.0.0-py3-none-any.whl"
        )
    name, version = found.groups()
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "textclf":
        raise RunError(f"{path.name}: '{name}' is already the name of a module of Python. Choose another --output.")
    if _normalized(name) in _packages():
        raise RunError(f"{path.name}: pip would install it in place of the package '{name}'. Choose another --output.")
    return name, version


def _packages() -> set[str]:
    """Return the names of textclf and of the packages that it requires, as pip compares them."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        required = requires(PACKAGE) or []
    except PackageNotFoundError:  # not installed: run from its folder
        required = []
    return {PACKAGE, *(_normalized(re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0]) for each in required)}


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
