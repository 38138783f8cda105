"""Checkpoints: the weights of a training, or its whole state, as plain arrays in one .npz file. No pickle."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np

from textclf.core.errors import RunError
from textclf.core.files import atomic_file, parse_json

ABOUT = "about"  # the array that holds JSON
LARGEST_ABOUT = 64 * 2**20  # bytes: a history of a million epochs


def weights_of(model: keras.Model) -> dict[str, keras.Variable]:
    """What answers."""
    return _numbered("model", model.weights)


def state_of(model: keras.Model) -> dict[str, keras.Variable]:
    """All that a training changes: weights, seeds, the optimizer with its averages, the running metrics."""
    return {
        **_numbered("model", model.variables),
        **_numbered("optimizer", model.optimizer.variables),
        **_numbered("metrics", model.metrics_variables),
    }


def save_checkpoint(
    path: Path,
    variables: Mapping[str, keras.Variable],
    about: dict | None = None,
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write variables, and beside them other arrays and plain JSON; the file is there whole or not at all.

    Raises:
        WriteError: there is no room, or the folder is not ours to write.
    """
    content = {name: variable.numpy() for name, variable in variables.items()} | dict(arrays or {})
    if about is not None:
        content[ABOUT] = np.frombuffer(json.dumps(about, allow_nan=False).encode(), np.uint8)
    with atomic_file(path, "wb") as stream:
        np.savez(stream, allow_pickle=False, **content)


def load_checkpoint(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The JSON of a checkpoint (none is an empty one) and its arrays.

    Raises:
        RunError: it is no such file, or damaged. No more memory is asked for than the file has bytes.
    """
    try:
        arrays = dict(_arrays(path))
        about = arrays.pop(ABOUT, None)
        if about is None:
            return {}, arrays
        if about.nbytes > LARGEST_ABOUT:
            raise ValueError(f"{ABOUT} is larger than {LARGEST_ABOUT} bytes")
        return parse_json(about.tobytes()), arrays
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise damaged(path, str(getattr(error, "strerror", None) or error)) from None


def assign(path: Path, variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray]) -> None:
    """Put what was read from `path` into variables of the same kind; other arrays are left alone.

    Raises:
        RunError: one is missing, or of another shape or type.
    """
    found = {_number(name): array for name, array in arrays.items()}
    for name, variable in variables.items():
        array = found.get(_number(name))
        expected = tuple(variable.shape), np.dtype(variable.dtype)
        if array is None or (array.shape, array.dtype) != expected:
            received = "nothing" if array is None else f"{array.dtype} {array.shape}"
            raise damaged(path, f"{name}: expected {expected[1]} {expected[0]}, received {received}")
    for name, variable in variables.items():
        variable.assign(found[_number(name)])


def damaged(path: Path, reason: str) -> RunError:
    """The error for a checkpoint that cannot be used."""
    return RunError(f"{path}: damaged: {reason}. Remove the run, or choose another --run, to start over.")


def _arrays(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name and content of every array; what a header promises is compared with what is there before it is made."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} is compressed")
            with archive.open(entry) as stream:
                if np.lib.format.read_magic(stream) != (1, 0):
                    raise ValueError(f"{entry.filename} is no array of version 1.0")
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
                content = stream.read()
            if fortran or dtype.hasobject or len(content) != dtype.itemsize * np.prod(shape, dtype=object):
                raise ValueError(f"{entry.filename} is not what its header says")
            yield entry.filename.removesuffix(".npy"), np.frombuffer(content, dtype).reshape(shape)


def _numbered(group: str, variables: list[keras.Variable]) -> dict[str, keras.Variable]:
    return {f"{group}/{number:03d}/{variable.path}": variable for number, variable in enumerate(variables)}


def _number(name: str) -> str:
    """`model/003` of `model/003/lstm/kernel`: Keras counts the names of layers on from model to model of a process."""
    return "/".join(name.split("/")[:2])
