"""A column of texts, made of Python strings or of chunks, in memory or mapped from a file."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import pyarrow as pa

from textclf.core.errors import TextTypeError
from textclf.core.memmap import map_file, temporary_file

LARGEST_IN_MEMORY = 16 * 2**20  # bytes of a column: about 12,000 film reviews, or 200,000 comments


def text_array(texts: Iterable[str] | pa.Array) -> pa.LargeStringArray:
    """Return the texts as one column. What is no valid Unicode (half of a surrogate pair) becomes U+FFFD.

    It is built from bytes, because `pa.array` imports pandas, which takes longer than a prediction.

    Raises:
        TextTypeError: a text is missing or no string, or `texts` is no column: one string, or a set without an order.
    """
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return _of_arrow(texts)
    if isinstance(texts, str):
        raise TextTypeError("expected a list of texts, got one text: put it in a list.")
    if isinstance(texts, set | frozenset) or not hasattr(texts, "__iter__"):
        raise TextTypeError(f"expected a list of texts, got {type(texts).__name__}: {texts!r:.60}.")
    texts = texts if isinstance(texts, list | tuple) else list(texts)
    try:
        encoded = list(map(str.encode, texts))
    except (UnicodeEncodeError, TypeError):
        encoded = [_utf8(text, position) for position, text in enumerate(texts)]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
    buffers = [pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.LargeStringArray.from_buffers(len(encoded), *buffers)


def bytes_of(texts: pa.LargeStringArray) -> tuple[memoryview, np.ndarray]:
    """Return the texts in UTF-8, text after text, and where each begins and the last one ends, int64 (texts + 1,)."""
    _, offsets, content = texts.buffers()
    places = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = memoryview(content) if content else memoryview(b"")
    return content[places[0] : places[-1]], places - places[0]


def rebased(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return a slice as a column of its own, without a copy. For a slice, pyarrow allocates as for the whole column."""
    content, offsets = bytes_of(texts)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(content))


def stored_texts(chunks: Iterable[pa.LargeStringArray]) -> pa.LargeStringArray:
    """Return the chunks as one column: in memory, or above `LARGEST_IN_MEMORY` mapped from a temporary file.

    Raises:
        WriteError: the disk is full.
    """
    gathered, size, rest = [], 0, iter(chunks)
    for chunk in rest:
        gathered.append(chunk)
        size += chunk.nbytes
        if size > LARGEST_IN_MEMORY:
            in_order = (gathered.pop(0) for _ in range(len(gathered)))  # frees each chunk after it is written
            return _in_file(chain(in_order, rest))
    return pa.concat_arrays(gathered) if gathered else text_array([])


def _in_file(chunks: Iterator[pa.LargeStringArray]) -> pa.LargeStringArray:
    with temporary_file() as data, temporary_file() as ends:
        end = np.zeros(1, np.int64)
        ends.write(end.tobytes())
        for chunk in chunks:
            content, offsets = bytes_of(chunk)
            data.write(content)
            ends.write((offsets[1:] + end).tobytes())
            end += offsets[-1]
        places, texts = map_file(ends, np.int64), map_file(data, np.uint8)
    return pa.LargeStringArray.from_buffers(len(places) - 1, pa.py_buffer(places), pa.py_buffer(texts))


def _of_arrow(column: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if column.null_count:
        raise _missing("null", "null", column.is_null().to_pylist().index(True))
    if str(column.type) not in ("string", "large_string", "string_view"):
        raise TextTypeError(f"expected texts, got a column of {column.type}.")
    return column if pa.types.is_large_string(column.type) else column.cast(pa.large_string())


def _utf8(text: object, position: int) -> bytes:
    if isinstance(text, str):
        try:
            return text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    name = type(text).__name__
    if text is None or name in ("NAType", "NaTType") or (isinstance(text, float) and text != text):
        raise _missing(name, repr(text), position)
    advice = " Decode it: .decode()" if isinstance(text, bytes) else ""
    raise TextTypeError(f"expected texts, got {name} at position {position}: {text!r:.60}.{advice}")


def _missing(kind: str, value: str, position: int) -> TextTypeError:
    return TextTypeError(
        f"expected texts, got {kind} at position {position} ({value}): the text is missing. Leave it out, or put '' "
        "for it."
    )
