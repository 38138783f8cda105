"""Python strings -> one column of texts."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


def text_array(texts: Iterable[str] | pa.Array) -> pa.LargeStringArray:
    """Texts as one column. What is no valid Unicode (half of a surrogate pair) becomes U+FFFD.

    Built from bytes, because `pa.array` imports pandas, which takes longer than to answer.

    Raises:
        TypeError: a text that is no string, or one string where a list of them is needed.
    """
    if isinstance(texts, pa.Array):
        if texts.null_count or not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            raise TypeError(f"expected texts, received a column of {texts.type} with {texts.null_count} nulls")
        return texts.cast(pa.large_string())
    if isinstance(texts, str):
        raise TypeError("expected a list of texts, received one text: put it in a list")
    encoded = [_utf8(text) for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    buffers = [pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.LargeStringArray.from_buffers(len(encoded), *buffers)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    except AttributeError:
        raise TypeError(f"expected texts, received {type(text).__name__}: {text!r:.60}") from None
