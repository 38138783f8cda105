"""Files of word vectors in every format, written by hand."""

import gzip
import struct

import numpy as np


def glove(table) -> bytes:
    return b"".join(word.encode() + b" " + _numbers(vector) + b"\n" for word, vector in table.items())


def counted_text(table, end=b" \n") -> bytes:
    """As word2vec and fastText have it; the latter ends every line with a space."""
    lines = b"".join(word.encode() + b" " + _numbers(vector) + end for word, vector in table.items())
    return b"%d %d\n" % (len(table), len(next(iter(table.values())))) + lines


def word2vec_binary(table, end=b"\n") -> bytes:
    rows = b"".join(word.encode() + b" " + np.asarray(vector, "<f4").tobytes() + end for word, vector in table.items())
    return b"%d %d\n" % (len(table), len(next(iter(table.values())))) + rows


def fasttext_binary(
    table, bucket_rows=(), *, shortest=0, longest=0, version=12, model=2, labels=(), quantized=False, pruned=-1
) -> bytes:
    """fastText's saved model, as its sources have it (args, dictionary, input matrix); what follows is left out."""
    rows = np.array([*table.values(), *bucket_rows], "<f4")
    settings = [rows.shape[1], 5, 5, 1, 5, 1, 2, model, len(bucket_rows), shortest, longest, 100]
    content = struct.pack("<14id", 793712314, version, *settings, 1e-4)
    content += struct.pack("<3i2q", len(table) + len(labels), len(table), len(labels), 1000, pruned)
    for kind, words in enumerate([table, labels]):
        content += b"".join(word.encode() + b"\0" + struct.pack("<qb", 7, kind) for word in words)
    return content + struct.pack("<?2q", quantized, *rows.shape) + rows.tobytes()


def compressed(content: bytes) -> bytes:
    return gzip.compress(content)


def _numbers(vector) -> bytes:
    return " ".join(f"{number:.4f}" for number in vector).encode()
