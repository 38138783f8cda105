"""Compressed tokenizers from a stranger: bombs, damage, two tokenizers. Same bounds as for a tokenizer as it is."""

import gzip
import zlib

import pytest

import textclf
from tests.hostile.broken_files import damages, flipped
from tests.hostile.contents import TOKENIZERS
from tests.hostile.rejections import MIB, PACKED, PARTS, predicts_or_rejects, rejected, with_checksums
from textclf.core.compression import gzipped
from textclf.core.zip_archive import write_archive

FLIPS = 40


def bomb(size: int) -> bytes:
    """A gzip file of zeros, in a thousandth of the size; made in parts, so that it takes no memory here."""
    made = zlib.compressobj(9, wbits=31)
    parts = [made.compress(bytes(MIB)) for _ in range(size // MIB)]
    return b"".join([*parts, made.flush()])


def values(content: bytes) -> bytes:
    """More values than JSON may have, and fewer bytes."""
    return gzipped(b"[" + b"1," * 6_000_000 + b"1]")


CASES = {
    "a bomb": lambda _: bomb(65 * MIB),
    "a bomb of gigabytes": lambda _: bomb(1024 * MIB),
    "a bomb in a bomb": lambda _: gzipped(bomb(1024 * MIB)),
    "many values": values,
    "truncated": lambda packed: packed[:-1],
    "half": lambda packed: packed[: len(packed) // 2],
    "a byte behind it": lambda packed: packed + b"x",
    "another one behind it": lambda packed: packed + gzipped(b"{}"),
    "a wrong checksum": lambda packed: packed[:-8] + bytes(4) + packed[-4:],
    "a wrong length": lambda packed: packed[:-4] + bytes(4),
    "not compressed": gzip.decompress,
    "zlib": lambda packed: zlib.compress(gzip.decompress(packed)),
    "twice compressed": gzipped,
    "nothing": lambda _: gzipped(b""),
    **{f"JSON: {name}": lambda packed, change=change: gzipped(change(gzip.decompress(packed)))
       for name, change in list(TOKENIZERS.items())[::6]},
}  # fmt: skip


def test_the_one_without_harm_answers(packed):
    assert textclf.load(packed).predict_proba(["a"]).shape == (1, 2)


@pytest.mark.parametrize("case", CASES)
def test_hostile_tokenizer(packed, case, request):
    path = packed / PACKED
    path.write_bytes(CASES[case](path.read_bytes()))  # made before the bounds hold
    with_checksums(packed)
    request.getfixturevalue("within_bounds")
    rejected(lambda: textclf.load(packed))


def test_a_bomb_in_a_zip_file(packed, request):
    (packed / PACKED).write_bytes(bomb(1024 * MIB))
    with_checksums(packed)
    archive = packed.with_name("x.zip")
    write_archive(archive, {path.name: path.read_bytes() for path in packed.iterdir()})
    request.getfixturevalue("within_bounds")
    rejected(lambda: textclf.load(archive))


@pytest.mark.parametrize("damage", damages())
def test_damaged_tokenizer(packed, within_bounds, damage):
    damages()[damage](packed / PACKED)
    rejected(lambda: textclf.load(packed))


@pytest.mark.parametrize("seed", range(FLIPS))
def test_bit_flipped_before_the_checksum_was_made(packed, within_bounds, seed):
    path = packed / PACKED
    path.write_bytes(flipped(path.read_bytes(), seed))
    with_checksums(packed)
    predicts_or_rejects(packed)


def test_two_tokenizers_are_not_both_meant(packed, within_bounds):
    (packed / PARTS[1]).write_bytes(gzip.decompress((packed / PACKED).read_bytes()))
    with_checksums(packed)
    assert "expected tokenizer.json or tokenizer.json.gz, got both" in rejected(lambda: textclf.load(packed))


@pytest.mark.parametrize("named", [PACKED, PARTS[1]])
def test_a_tokenizer_that_the_list_does_not_name_is_not_read(packed, within_bounds, named):
    expected = textclf.load(packed).predict_proba(["a wonderful film"])
    tokenizer, compressed = packed / PARTS[1], packed / PACKED
    tokenizer.write_bytes(gzip.decompress(compressed.read_bytes()))
    other = compressed if named == PARTS[1] else tokenizer
    other.unlink()
    with_checksums(packed)
    other.write_bytes(b"harm")
    assert (textclf.load(packed).predict_proba(["a wonderful film"]) == expected).all()
