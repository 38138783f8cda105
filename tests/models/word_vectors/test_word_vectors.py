"""Word vectors from files of every format, whole, damaged and made up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.word_vectors.vector_files import compressed, counted_text, fasttext_binary, glove, word2vec_binary
from tests.tolerances import assert_close
from textclf.core.errors import ConfigError, DataError, TextclfError
from textclf.models.word_vectors import check_vectors, read_vectors
from textclf.models.word_vectors.fasttext import FastTextHeader, subword_hashes
from textclf.models.word_vectors.vocabulary_vectors import BY_LOWER_CASE, BY_SUBWORDS, EXACT, MISSING

TABLE = {
    "the": [0.1, 0.2, -0.3],
    "Film": [1.0, 2.0, 3.0],
    "film": [4.0, 5.0, 6.0],
    "好": [7.0, 8.0, 9.0],
    "Paris": [-1.0, 0.0, 1.0],
    "PARIS": [9.0, 9.0, 9.0],
    "lastword": [2.5, 2.5, 2.5],
}
IDS = {"film": 2, "paris": 3, "好": 4, "The": 5, "unseen": 6, "lastword": 7}
FILES = {
    "glove.txt": glove(TABLE),
    "crawl.vec": counted_text(TABLE),
    "word2vec.txt": counted_text(TABLE, end=b"\n"),
    "news.bin": word2vec_binary(TABLE),
    "other.bin": word2vec_binary(TABLE, end=b""),
    "fasttext.bin": fasttext_binary(TABLE),
}
FILES |= {f"{name}.gz": compressed(content) for name, content in FILES.items()}


def read(path, content, ids=IDS, dim=3):
    path.write_bytes(content)
    return read_vectors(path, ids, num_ids=8, dim=dim)


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_vectors_of_the_vocabulary(tmp_path, name):
    vectors = read(tmp_path / name, FILES[name])
    expected = np.zeros((8, 3), np.float32)
    expected[2], expected[3], expected[4], expected[5], expected[7] = (
        TABLE[word] for word in ("film", "Paris", "好", "the", "lastword")
    )
    np.testing.assert_array_equal(vectors.vectors, expected)
    assert vectors.found.tolist() == [0, 0, EXACT, BY_LOWER_CASE, EXACT, BY_LOWER_CASE, MISSING, EXACT]


def test_an_equal_word_replaces_one_that_was_like_it_wherever_it_stands(tmp_path):
    content = glove({"FILM": [1, 1], "film": [2, 2], "Film": [3, 3]})
    assert read(tmp_path / "a.txt", content, {"film": 2, "Film": 4}, dim=2).vectors[[2, 4]].tolist() == [[2, 2], [3, 3]]


def test_words_with_a_space_are_none_of_ours(tmp_path):
    content = glove(TABLE) + b"film noir 0.5 0.5 0.5\n\n"
    np.testing.assert_array_equal(read(tmp_path / "a.txt", content).vectors[2], TABLE["film"])


def fnv(text: bytes) -> int:
    hashed = 2166136261
    for byte in text:
        hashed = ((hashed ^ (byte - 256 if byte > 127 else byte) % 2**32) * 16777619) % 2**32
    return hashed


def test_pieces_are_those_of_the_sources():
    header = FastTextHeader(count=0, dim=1, words=0, buckets=1, minn=1, maxn=3)
    pieces = ["<a", "<aé", "a", "aé", "aé>", "é", "é>"]  # neither < nor > alone
    assert sorted(subword_hashes("aé".encode(), header)) == sorted(fnv(piece.encode()) for piece in pieces)
    assert fnv(b"a") == 0xE40C292C  # of the published table of FNV-1a


@pytest.mark.parametrize("packed", [False, True])
def test_a_word_of_fasttext_is_the_mean_of_its_row_and_its_pieces(tmp_path, packed):
    buckets = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32)
    content = fasttext_binary(TABLE, buckets, shortest=3, longest=4)
    vectors = read(tmp_path / ("a.bin.gz" if packed else "a.bin"), compressed(content) if packed else content)

    def mean(word, *rows):
        marked = f"<{word}>"
        pieces = [marked[start : start + n] for n in (3, 4) for start in range(len(marked) - n + 1)]
        return np.mean([*rows, *(buckets[fnv(piece.encode()) % 5000] for piece in pieces)], axis=0)

    assert_close(vectors.vectors[2], mean("film", TABLE["film"]))
    assert_close(vectors.vectors[3], mean("Paris", TABLE["Paris"]))
    assert_close(vectors.vectors[6], mean("unseen"))
    assert vectors.found[[2, 3, 6]].tolist() == [EXACT, BY_LOWER_CASE, BY_SUBWORDS]


def test_labels_and_old_supervised_models_have_no_pieces(tmp_path):
    rows = np.ones((4, 3), np.float32)
    content = fasttext_binary(TABLE, rows, shortest=3, longest=4, version=11, model=3, labels=["__label__a", "unseen"])
    vectors = read(tmp_path / "a.bin", content)
    np.testing.assert_array_equal(vectors.vectors[2], np.float32(TABLE["film"]))
    assert vectors.found[6] == MISSING


FAULTS = {
    "cut.bin": (word2vec_binary(TABLE)[:-20], "ends before its last vector"),
    "cut.bin.gz": (compressed(word2vec_binary(TABLE)[:-20]), "ends before its last vector"),
    "damaged.vec.gz": (compressed(counted_text(TABLE))[:-30], "cannot be decompressed"),
    "short.vec": (counted_text(TABLE).replace(b"7 3", b"8 3"), "ends before its last vector"),
    "huge.vec": (b"9999999999 3\nfilm 1 2 3\n", "cannot hold them"),
    "huge.bin": (b"9999999999 3\nfilm 123412341234", "cannot hold them"),
    "huge.fasttext": (fasttext_binary(TABLE)[:56] + b"\xff\xff\xff\x7f" * 9, "cannot be read"),
    "infinite.txt": (glove({"film": [1, 2, 3]}).replace(b"2.0000", b"1e99"), "vector 1: expected finite numbers"),
    "nan.bin": (word2vec_binary({"film": [1, float("nan"), 3]}), "vector 1: expected finite numbers"),
    "word.txt": (glove(TABLE).replace(b"film 4.0000", b"film four"), "vector 3: expected numbers after the word"),
    "few.txt": (glove(TABLE).replace(b"film 4.0000", b"film"), "vector 3: expected 3 numbers after the word, got 2"),
    "texts.csv": (b"text,label\na film,good\n", "expected a word and its numbers in each line"),
    "words.txt": (b"one two three four\n", "vector 1: expected numbers after the word"),
    "text.bin": (glove(TABLE), "must end in .txt or .vec"),
    "binary.txt": (word2vec_binary({"x" * 40000: [1, 2, 3]}), "is its name right"),
    "empty.txt": (b"", "expected a word and its numbers"),
    "quantized.bin": (fasttext_binary(TABLE, quantized=True), "quantized"),
    "pruned.bin": (fasttext_binary(TABLE, pruned=3), "quantized"),
    "future.bin": (fasttext_binary(TABLE, version=13), "version 13"),
    "cut.fasttext.bin": (fasttext_binary(TABLE)[:-90], "cannot hold them|ends before its last"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_is_not_vectors_is_a_clear_error(tmp_path, name):
    content, message = FAULTS[name]
    with pytest.raises(DataError, match=message) as raised:
        read(tmp_path / name, content)
    assert name in str(raised.value)


def test_the_numbers_of_a_vector_are_those_of_the_embedding(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        check_vectors(tmp_path / name, 3)
        with pytest.raises(ConfigError, match=r"model.embedding_dim: expected 3, .*got 64"):
            check_vectors(tmp_path / name, 64)


def test_only_files_are_read(tmp_path):
    with pytest.raises(DataError, match="there is none"):
        check_vectors(tmp_path / "none.txt", 3)
    with pytest.raises(DataError, match="device or a pipe"):
        check_vectors("/dev/zero", 3)


@st.composite
def damaged_files(draw):
    """A valid file with bytes changed, cut out, put in or repeated."""
    name = draw(st.sampled_from(["glove.txt", "crawl.vec", "news.bin", "fasttext.bin", "glove.txt.gz"]))
    content = bytearray(FILES[name])
    if name == "fasttext.bin" and draw(st.booleans()):
        content = bytearray(fasttext_binary(TABLE, np.ones((3, 3)), shortest=1, longest=3))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        content[start : start + draw(st.integers(0, 9))] = draw(st.binary(max_size=9))
    return name, bytes(content)


@given(damaged_files() | st.tuples(st.sampled_from(["a.txt", "a.bin", "a.vec.gz"]), st.binary(max_size=200)))
@settings(deadline=None)
def test_any_bytes_are_read_or_rejected(tmp_path_factory, file):
    name, content = file
    path = tmp_path_factory.getbasetemp() / name
    try:
        vectors = read(path, content)
    except TextclfError:
        pass
    else:
        assert np.isfinite(vectors.vectors).all()
        assert (vectors.vectors[vectors.found == MISSING] == 0).all()
