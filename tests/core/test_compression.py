"""Gzip in memory: equal bytes each time, unpacked within a limit, refused where it is not one whole file."""

import gzip
import time
import zlib

import pytest

from textclf.core.compression import gunzipped, gzipped
from textclf.core.files import MIB


@pytest.mark.parametrize("content", [b"", b"{}", bytes(MIB)])
def test_a_gzip_file_has_its_content_and_no_time(content, monkeypatch):
    packed = gzipped(content)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert gzipped(content) == packed
    assert gunzipped(packed, MIB) == gzip.decompress(packed) == content
    assert gunzipped(gzip.compress(content), MIB) == content


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzipped(bytes(MIB + 1)), "expected at most 1 MiB in the gzip file, got more"),
        (gzipped(bytes(1000))[:-1], "truncated"),
        (gzipped(bytes(1000))[:15], "truncated"),
        (b"", "truncated"),
        (gzipped(b"1") + b"x", "more bytes behind it"),
        (gzipped(b"1") + gzipped(b"2"), "more bytes behind it"),
        (gzipped(b"1")[:-8] + bytes(8), "not a valid gzip file"),
        (zlib.compress(b"1"), "not a valid gzip file"),
        (b"{}", "not a valid gzip file"),
    ],
    ids=range(9),
)
def test_another_gzip_file_is_refused(packed, words):
    with pytest.raises(ValueError, match=words):
        gunzipped(packed, MIB)
