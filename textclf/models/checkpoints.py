"""Checkpoints: the weights of a model, or the whole state of a training, as plain arrays in one .npz file.

No pickle: a run folder may come from a stranger. `load_checkpoint` allocates no more memory than the file has bytes.
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from textclf.core.errors import RunError
from textclf.core.files import atomic_file, parse_json

METADATA = "about"  # the name of the array that holds JSON
LARGEST_METADATA = 64 * 2**20  # bytes: enough for a history of a million epochs


def weights_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the weights that predict."""
    return _numbered("model", model.weights)


def trained_weights_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the weights that training changes."""
    return _numbered("model", model.trainable_weights)


def state_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Return every variable that training changes: weights, seeds, the optimizer and its averages, metrics."""
    return {
        **_numbered("model", model.variables),
        **_numbered("optimizer", model.optimizer.variables),
        **_numbered("metrics", model.metrics_variables),
    }


def save_checkpoint(
    path: Path,
    variables: Mapping[str, keras.Variable],
    metadata: dict | None = None,
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write variables to a file, completely or not at all.

    Args:
        path: where to.
        variables: by name, as from `weights_of` and `state_of`.
        metadata: plain JSON to store beside them.
        arrays: further arrays to store beside them.

    Raises:
        WriteError: the disk is full, or the folder is not writable.
    """
    content = {name: variable.numpy() for name, variable in variables.items()} | dict(arrays or {})
    if metadata is not None:
        content[METADATA] = np.frombuffer(json.dumps(metadata, allow_nan=False).encode(), np.uint8)
    with atomic_file(path, "wb") as stream:
        np.savez(stream, allow_pickle=False, **content)


def load_checkpoint(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Return the metadata of a checkpoint, {} if it has none, and its arrays.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        arrays = _read_arrays(path)
        metadata = arrays.pop(METADATA, None)
        if metadata is None:
            return {}, arrays
        if metadata.nbytes > LARGEST_METADATA:
            raise ValueError(f"{METADATA}: expected at most {LARGEST_METADATA:,} bytes, got {metadata.nbytes:,}")
        return parse_json(metadata.tobytes()), arrays
    except (OSError, EOFError, ValueError, OverflowError, zipfile.BadZipFile, RuntimeError) as error:
        raise damaged(path, str(getattr(error, "strerror", None) or error)) from None


def assign(variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray], *, path: Path) -> None:
    """Assign the arrays of a checkpoint to variables; arrays without a variable are ignored.

    Args:
        variables: by name, as from `weights_of` and `state_of`.
        arrays: as from `load_checkpoint`.
        path: of the checkpoint, for messages.

    Raises:
        RunError: an array is missing, or has another shape or type; no variable has changed then.
    """
    found = {_number(name): array for name, array in arrays.items()}
    for name, variable in variables.items():
        array = found.get(_number(name))
        expected = tuple(variable.shape), np.dtype(variable.dtype)
        if array is None or (array.shape, array.dtype) != expected:
            received = "nothing" if array is None else f"{array.dtype} {array.shape}"
            raise damaged(path, f"{name}: expected {expected[1]} {expected[0]}, got {received}")
    for name, variable in variables.items():
        variable.assign(found[_number(name)])


def damaged(path: Path, reason: str) -> RunError:
    """Return the error for a checkpoint that cannot be used."""
    return RunError(f"{path}: damaged: {reason}. Remove the run, or choose another --run, to start over.")


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:  # could unpack to more than the file has bytes
                raise ValueError(f"{entry.filename}: expected an uncompressed array")
            arrays[entry.filename.removesuffix(".npy")] = _parse_array(entry.filename, archive.read(entry))
    return arrays


def _parse_array(name: str, content: bytes) -> np.ndarray:
    """Return the array of a .npy file. `np.load` would allocate what the header says before it reads the data."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"{name}: expected an array of version 1.0, got {version[0]}.{version[1]}")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    num_bytes = len(content) - stream.tell()
    if fortran_order or dtype.hasobject or dtype.itemsize * math.prod(shape) != num_bytes:
        raise ValueError(f"{name}: its header says {dtype} {shape}, but it has {num_bytes:,} bytes of data")
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape)


def _numbered(group: str, variables: list[keras.Variable]) -> dict[str, keras.Variable]:
    return {f"{group}/{number:03d}/{variable.path}": variable for number, variable in enumerate(variables)}


def _number(name: str) -> str:
    """Return `model/003` of `model/003/lstm/kernel`: Keras numbers layer names on from model to model of a process."""
    return "/".join(name.split("/")[:2])
