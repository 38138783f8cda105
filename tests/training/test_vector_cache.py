"""The cache of text vectors: each text is encoded once, whatever is asked for and however often."""

import numpy as np
import pytest

from textclf.preprocessing.ragged import Ragged, concatenate, take
from textclf.training import vector_cache
from textclf.training.vector_cache import ABOUT, VECTORS, VectorCache, row_hashes

ROWS = Ragged.from_lengths(np.arange(1, 16), np.array([4, 1, 3, 2, 5]))


class Encoder:
    """An encoder that notes the texts it encodes: the vector is the first id, and the number of ids."""

    def __init__(self):
        self.encoded = 0

    def __call__(self, rows: Ragged) -> np.ndarray:
        self.encoded += len(rows.lengths)
        return np.stack([rows.values[rows.offsets[:-1]], rows.lengths], axis=1).astype(np.float32)


@pytest.fixture
def encoder():
    return Encoder()


def vectors(cache, rows, encoder):
    return cache.vectors(rows, encoder).values.reshape(len(rows.lengths), -1).tolist()


def test_each_text_is_encoded_once(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(vector_cache, "ROWS_AT_ONCE", 2)
    cache = VectorCache(tmp_path, "key", 2)
    expected = Encoder()(ROWS).tolist()
    assert vectors(cache, ROWS, encoder) == expected
    assert encoder.encoded == 5
    twice = concatenate([ROWS, take(ROWS, np.array([3, 0, 3])), Ragged.from_lengths(np.array([99]), np.array([1]))])
    assert vectors(VectorCache(tmp_path, "key", 2), twice, encoder) == [
        *expected, expected[3], expected[0], expected[3], [99, 1],
    ]  # fmt: skip
    assert encoder.encoded == 6


def test_another_encoder_has_other_vectors(tmp_path, encoder):
    for key in ("one", "other"):
        VectorCache(tmp_path, key, 2).vectors(ROWS, encoder)
    assert encoder.encoded == 10


def test_rows_are_mapped_and_of_one_length(tmp_path, encoder):
    found = VectorCache(tmp_path, "key", 2).vectors(ROWS, encoder)
    assert found.values.dtype == np.float32
    assert found.offsets.tolist() == [0, 2, 4, 6, 8, 10]
    assert not found.values.flags.writeable


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-4])])
@pytest.mark.parametrize("name", [VECTORS, ABOUT])
def test_a_damaged_part_is_encoded_again(tmp_path, encoder, damage, name, caplog):
    cache = VectorCache(tmp_path, "key", 2)
    expected = vectors(cache, ROWS, encoder)
    [part] = cache.folder.iterdir()
    damage(part / name)
    assert vectors(cache, ROWS, encoder) == expected
    assert "encoding its texts again" in caplog.text
    assert encoder.encoded == 10


def test_what_was_encoded_before_an_interruption_is_kept(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(vector_cache, "ROWS_AT_ONCE", 2)

    def stop_at_the_last(rows):
        if encoder.encoded == 4:
            raise KeyboardInterrupt
        return encoder(rows)

    cache = VectorCache(tmp_path, "key", 2)
    with pytest.raises(KeyboardInterrupt):
        cache.vectors(ROWS, stop_at_the_last)
    assert vectors(cache, ROWS, encoder) == Encoder()(ROWS).tolist()
    assert encoder.encoded == 5


def test_an_interruption_leaves_the_other_parts_as_they_are(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(vector_cache, "ROWS_AT_ONCE", 8)
    monkeypatch.setattr(vector_cache, "TOKENS_AT_ONCE", 16)
    rows = Ragged.from_lengths(np.arange(240), np.array([7, 20, 3, 6] + [5] * 40 + [2, 2]))

    def stop_after_two(rows):
        if encoder.encoded > 4:
            raise KeyboardInterrupt
        return encoder(rows)

    whole, broken = (VectorCache(tmp_path / name, "key", 2) for name in ("whole", "broken"))
    vectors(whole, rows, encoder)
    encoder.encoded = 0
    with pytest.raises(KeyboardInterrupt):
        broken.vectors(rows, stop_after_two)
    assert list(broken.folder.iterdir())
    vectors(broken, rows, encoder)
    names = {path.name for path in whole.folder.iterdir()}
    assert {path.name for path in broken.folder.iterdir()} == names
    assert len(names) > 10


def test_few_long_texts_are_a_part_of_their_own(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(vector_cache, "TOKENS_AT_ONCE", 2048)
    rows = Ragged.from_lengths(np.arange(2300), np.array([1] * 100 + [1100, 1100]))
    cache = VectorCache(tmp_path, "key", 2)
    assert vectors(cache, rows, encoder) == Encoder()(rows).tolist()
    assert len(list(cache.folder.iterdir())) == 2


def test_only_equal_rows_have_equal_hashes():
    rows = Ragged.from_lengths(np.array([1, 2, 1, 2, 1, 2, 3]), np.array([2, 2, 1, 1, 1]))
    first, second, *others = row_hashes(rows).tolist()
    assert first == second
    assert len({first, *others}) == 4
