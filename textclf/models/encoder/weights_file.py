"""Read the weights of a pretrained encoder from `.safetensors` files, which may come from a stranger.

A file is the length of its header in 8 bytes, a header of JSON, and the values. The library `safetensors` is not used:
it gives NumPy no BF16, and took 13 s and 1.4 GB for a hostile header of 87 MB.
"""

import os
import stat
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from textclf.core.errors import DataError, did_you_mean
from textclf.core.files import MIB, parse_json
from textclf.core.formatting import first_shown, short_repr
from textclf.core.hub.encoders import INDEX, WEIGHTS

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
MOST_HEADER_BYTES = 8 * MIB  # a large encoder has 400 tensors: 50 kB
MOST_DIMS = 8
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}  # NumPy has no BF16: the upper half of a float32
ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class Tensor(NamedTuple):
    """Where the values of one tensor are."""

    file: Path
    dtype: str  # a key of `ITEM_BYTES`
    shape: tuple[int, ...]
    start: int  # position in the file, bytes


def read_index(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a folder by name: of `model.safetensors`, or of the files that its index names.

    Reads the headers only.

    Raises:
        DataError: there are no weights, only pickled ones, or a file is damaged.
    """
    if (folder / WEIGHTS).exists():
        return read_header(folder / WEIGHTS)
    if not (folder / INDEX).exists():
        raise DataError(_why_no_weights(folder))
    tensors: dict[str, Tensor] = {}
    files: dict[str, dict[str, Tensor]] = {}
    for name, file in _read_weight_map(folder / INDEX).items():
        if file not in files:
            files[file] = read_header(folder / file)
        if name not in files[file]:
            raise DataError(f"{folder / file}: damaged: {INDEX} names {short_repr(name)} in it, but it is not there.")
        tensors[name] = files[file][name]
    return tensors


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a small file of an encoder. A link is followed: the cache of the hub consists of links.

    Raises:
        DataError: the file cannot be read, or is no object of JSON of at most `MOST_HEADER_BYTES`.
    """
    try:
        with _open_regular(path) as stream:
            content = stream.read(MOST_HEADER_BYTES + 1)
        if len(content) > MOST_HEADER_BYTES:
            raise ValueError(f"expected at most {MOST_HEADER_BYTES:,} bytes, got more")
        content = parse_json(content)
        if not isinstance(content, dict):
            raise ValueError("expected an object of names and values")
        return content
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DataError(f"{path}: damaged: {error}. Download or copy it again.") from None


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of one `.safetensors` file by name, after checking that they fill the file exactly.

    Raises:
        DataError: the file cannot be read, or is damaged.
    """
    try:
        with _open_regular(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= min(MOST_HEADER_BYTES, size - 8):
                raise ValueError(f"its header has {length:,} bytes, the file {size:,}")
            header = parse_json(stream.read(length))
        return _checked_tensors(header, path, 8 + length, size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DataError(f"{path}: damaged: {error}. Download or copy it again.") from None


def read_tensor(tensors: dict[str, Tensor], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values of one tensor as float32.

    Args:
        tensors: from `read_index`.
        name: of the tensor.
        shape: that the config of the encoder asks for.

    Raises:
        DataError: there is no such tensor, or it has another shape or type, or its values are not finite.
    """
    if name not in tensors:
        folder = next((f"{tensor.file.parent}: " for tensor in tensors.values()), "")
        raise DataError(f"{folder}expected a tensor '{name}', but there is none{did_you_mean(name, tensors, '.')}")
    tensor = tensors[name]
    where = f"{tensor.file}: {name}"
    if tensor.shape != tuple(shape):
        raise DataError(
            f"{where}: expected the shape {_shown(shape)} that config.json says, got {_shown(tensor.shape)}."
        )
    if tensor.dtype not in DTYPES:
        raise DataError(f"{where}: expected values of {', '.join(DTYPES)}, got {tensor.dtype}.")
    try:
        values = np.fromfile(tensor.file, DTYPES[tensor.dtype], prod(shape), offset=tensor.start)
    except OSError as error:
        raise DataError(f"{tensor.file}: cannot be read: {error.strerror}.") from None
    if len(values) != prod(shape):
        raise DataError(f"{where}: the file changed while it was read.")
    if tensor.dtype == "BF16":
        values = (values.astype("<u4") << 16).view("<f4")
    with np.errstate(over="ignore"):  # an F64 beyond float32 becomes infinite, and is rejected below
        values = values.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise DataError(f"{where}: expected finite numbers, got NaN or infinity.")
    return values.reshape(shape)


def _checked_tensors(header: Any, path: Path, start: int, size: int) -> dict[str, Tensor]:
    """Return the tensors that a header lists.

    Args:
        header: the parsed JSON.
        start: where the values begin, bytes.
        size: of the file, bytes.
    """
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    entries = {name: _checked_entry(name, entry) for name, entry in header.items() if name != "__metadata__"}
    end = 0
    for name, (_, _, first, last) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if first != end:
            raise ValueError(f"the values of {short_repr(name)} begin at {first:,}, not at {end:,}")
        end = last
    if start + end != size:
        raise ValueError(f"its header asks for {start + end:,} bytes, the file has {size:,}")
    return {name: Tensor(path, dtype, shape, start + first) for name, (dtype, shape, first, _) in entries.items()}


def _checked_entry(name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Return type, shape, start and end of one tensor."""
    given: Any = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = given.get("dtype"), given.get("shape"), given.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise ValueError(f"the type of {short_repr(name)} is {short_repr(dtype)}")
    if not _are_sizes(shape) or len(shape) > MOST_DIMS or not _are_sizes(offsets) or len(offsets) != 2:
        raise ValueError(f"expected a shape and two positions for {short_repr(name)}, got {short_repr(entry)}")
    first, last = offsets
    if prod(shape) * ITEM_BYTES[dtype] != last - first:
        raise ValueError(f"{short_repr(name)} of shape {short_repr(shape)} has {last - first:,} bytes")
    return dtype, tuple(shape), first, last


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**48 for value in values)


def _read_weight_map(path: Path) -> dict[str, str]:
    """Return the file of each tensor, which is in the same folder as the index."""
    files = read_object(path).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise DataError(f"{path}: expected a weight_map with the file of each tensor, got none.")
    for file in files.values():
        if not isinstance(file, str) or Path(file).name != file or "\\" in file or Path(file).suffix != ".safetensors":
            raise DataError(f"{path}: expected names of .safetensors files in the same folder, got {short_repr(file)}.")
    return files


def _why_no_weights(folder: Path) -> str:
    pickles = [path.name for path in sorted(folder.iterdir()) if path.suffix in PICKLES] if folder.is_dir() else []
    if not pickles:
        return f"{folder}: expected {WEIGHTS}, but there is none. Name a folder with {WEIGHTS} and config.json."
    return (
        f"{folder}: expected {WEIGHTS}, got {first_shown(pickles)}. These files are pickles: reading them can run any "
        "program that is in them. Where you trust them, convert them with the package transformers: "
        "AutoModel.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER)."
    )


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape) or "()"


def _open_regular(path: Path) -> BinaryIO:
    """Open an ordinary file for reading; a named pipe would wait for ever, and a device never ends."""
    stream = open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")  # noqa: PTH123, SIM115
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise ValueError("expected an ordinary file, got something else")
    return stream
