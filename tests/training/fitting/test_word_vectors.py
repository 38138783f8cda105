"""Pretrained vectors in the embedding of a network: put there, frozen or tuned, and without their file afterwards."""

import itertools
import shutil

import keras
import numpy as np
import pytest

import textclf
from textclf.core.errors import ConfigError, DataError
from textclf.models import build_model
from textclf.models.embedding import VectorOptions
from textclf.models.lstm import Options
from textclf.models.sizes import Sizes
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers.word import Options as Words
from textclf.training.check import check_config
from textclf.training.fitting.cooccurrence import cooccurrence_vectors
from textclf.training.fitting.word_vectors import UnfreezeEmbedding, load_word_vectors

TEXTS = ["a good film", "A bad film", "Fine film"]  # film, a, bad, fine, good: ids 2 to 6


def write_vectors(path, words=("good", "Film", "other"), dim=4):
    vectors = {word: np.arange(dim) + 10.0 * number for number, word in enumerate(words)}
    path.write_text("".join(f"{word} {' '.join(map(str, vector))}\n" for word, vector in vectors.items()))
    return vectors


@pytest.fixture
def vectors(tmp_path):
    return write_vectors(tmp_path / "v.txt")


def network(tmp_path, **settings):
    """A network whose embedding begins with the file, and its preprocessor."""
    keras.utils.set_random_seed(1)
    preprocessor = Preprocessor.fit(Words(vocabulary_size=50, sequence_length=5), TEXTS)
    options = VectorOptions(file=str(tmp_path / "v.txt"), **settings)
    sizes = Sizes(preprocessor.num_ids, 5)
    model = build_model(Options(embedding_dim=4, units=3, dropout=0.0, vectors=options), sizes, num_outputs=1)
    load_word_vectors(model, options, preprocessor, preprocessor.encode(TEXTS), seed=1)
    model.compile(keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)  # a few steps, which take long to trace
    return model, preprocessor


def step(model, preprocessor, epochs=1, callbacks=()):
    arrays = {"token_ids": preprocessor.encode_arrays(TEXTS)["token_ids"]}
    inputs = preprocessor.pad(arrays)
    model.fit(inputs, np.ones((3, 1)), epochs=epochs, callbacks=list(callbacks), verbose=0)


def table_of(model):
    return model.get_layer("embedding").get_weights()[0]


def test_the_embedding_begins_with_the_vectors_and_the_rest_is_random_in_their_range(tmp_path, vectors, caplog):
    caplog.set_level("INFO", "textclf")
    model, preprocessor = network(tmp_path)
    ids, table = preprocessor.tokenizer.ids(), table_of(model)
    np.testing.assert_array_equal(table[ids["good"]], vectors["good"])
    np.testing.assert_array_equal(table[ids["film"]], vectors["Film"])
    others = np.delete(table, [ids["good"], ids["film"]], axis=0)
    assert 0.5 < others.std() / np.std([vectors["good"], vectors["Film"]]) < 1.5
    assert "vectors for 2 of 5 tokens of the vocabulary, 1 of them by their lower-case form; 50.0% of" in caplog.text


@pytest.mark.parametrize(("settings", "moves"), [({}, True), ({"tuned": False}, False)])
def test_vectors_are_tuned_or_frozen(tmp_path, vectors, settings, moves):
    model, preprocessor = network(tmp_path, **settings)
    before = table_of(model)
    step(model, preprocessor)
    assert (table_of(model) != before).any() == moves
    assert (model.get_layer("logits").get_weights()[1] != 0).all()  # the rest is trained


def test_vectors_are_tuned_from_an_epoch_on(tmp_path, vectors):
    model, preprocessor = network(tmp_path, frozen_epochs=2)
    tables = [table_of(model)]
    remember = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: tables.append(table_of(model)))
    step(model, preprocessor, epochs=4, callbacks=[UnfreezeEmbedding(2), remember])
    changed = [(before != after).any() for before, after in itertools.pairwise(tables)]
    assert changed == [False, False, True, True]


def test_a_classifier_does_not_need_the_file(workplace, tiny_config):
    write_vectors(workplace / "v.txt", ("film", "good", "bad"), dim=8)
    vectors = {"file": "v.txt", "frozen_epochs": 1}
    run = textclf.train(tiny_config(model={"vectors": vectors}), run="with_vectors")
    (workplace / "v.txt").unlink()
    shutil.move(run.classifier, workplace / "elsewhere")
    assert textclf.load(workplace / "elsewhere").predict(["a good film"])


def test_without_a_file_vectors_are_learned_from_the_training_texts(workplace, tiny_config, caplog):
    caplog.set_level("INFO", "textclf")
    runs = [textclf.train(tiny_config(model={"vectors": {}}), run=name) for name in ("first", "second")]
    assert "tokens, learned from the training texts" in caplog.text
    first, second = (run.classifier.joinpath("model.onnx").read_bytes() for run in runs)
    assert first == second


def test_the_embedding_begins_with_the_learned_vectors():
    texts = ["a good film", "a bad film", "a good film"] * 3
    preprocessor = Preprocessor.fit(Words(vocabulary_size=50, sequence_length=5), [*texts, "unseen"])
    options = VectorOptions()
    model = build_model(
        Options(embedding_dim=4, units=3, vectors=options), Sizes(preprocessor.num_ids, 5), num_outputs=1
    )
    rows = preprocessor.encode(texts)
    load_word_vectors(model, options, preprocessor, rows, seed=1)
    learned, table = cooccurrence_vectors(rows, preprocessor.num_ids, 4, seed=1), table_of(model)
    ids = preprocessor.tokenizer.ids()
    for word in ("good", "bad", "film"):
        np.testing.assert_array_equal(table[ids[word]], learned[ids[word]])
    assert table[ids["unseen"]].any()  # random


def test_without_a_file_vectors_are_learned_from_unlabelled_texts_too(caplog):
    caplog.set_level("INFO", "textclf")
    texts, unlabelled = ["a good film", "a bad film"], ["a dull film"] * 3
    preprocessor = Preprocessor.fit(Words(vocabulary_size=50, sequence_length=5), [*texts, *unlabelled])
    options = VectorOptions()
    model = build_model(
        Options(embedding_dim=4, units=3, vectors=options), Sizes(preprocessor.num_ids, 5), num_outputs=1
    )
    load_word_vectors(model, options, preprocessor, preprocessor.encode(texts), 1, preprocessor.encode(unlabelled))
    all_texts = preprocessor.encode([*texts, *unlabelled])
    learned, word = (
        cooccurrence_vectors(all_texts, preprocessor.num_ids, 4, seed=1),
        preprocessor.tokenizer.ids()["dull"],
    )
    assert learned[word].any()
    np.testing.assert_array_equal(table_of(model)[word], learned[word])
    assert "vectors for 5 tokens, learned from the training texts and 3 unlabelled texts" in caplog.text


def test_a_network_begins_with_vectors_of_unlabelled_texts(workplace, tiny_config, caplog):
    caplog.set_level("INFO", "textclf")
    (workplace / "more.csv").write_text("text\na dull film\n")
    config = tiny_config(data={"unlabelled": "more.csv"}, model={"vectors": {}}, training={"epochs": 1})
    textclf.train(config, run="r")
    assert "learned from the training texts and 1 unlabelled texts" in caplog.text


def test_what_is_wrong_with_the_file_is_said_before_there_is_a_run(workplace, tiny_config):
    write_vectors(workplace / "v.txt")
    with pytest.raises(ConfigError, match=r"model.embedding_dim: expected 4, .*got 8"):
        textclf.train(tiny_config(model={"vectors": {"file": "v.txt"}}))
    with pytest.raises(DataError, match=r"none.txt: expected a file, but there is none"):
        textclf.train(tiny_config(model={"vectors": {"file": "none.txt"}}))
    assert not (workplace / "runs").exists()
    report = check_config(tiny_config(model={"vectors": {"file": "v.txt"}}))
    assert [finding.subject for finding in report.findings if finding.severity == "error"] == ["model.vectors"]
