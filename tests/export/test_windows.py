"""Long texts in windows: as the mean of the windows, each encoded as a text of its own; in Keras as in ONNX."""

import json

import keras
import numpy as np
import pytest

from tests.pretrained import REFERENCES
from tests.tolerances import assert_close
from textclf.export.onnx import build_graph
from textclf.inference.onnx.session import open_session
from textclf.inference.onnx.verify import check_graph
from textclf.models import build_model
from textclf.models.encoder import Options
from textclf.models.sizes import Sizes

LENGTH = 6  # tokens of a window
TOKENS = (18, 1, 6, 8, 12)  # of each text
NUM_IDS = json.loads((REFERENCES / "bert/config.json").read_text())["vocab_size"]


def network(pooling, *, windows, trained_layers="all"):
    options = Options(weights=str(REFERENCES / "bert"), pooling=pooling, trained_layers=trained_layers)
    model = build_model(options, Sizes(NUM_IDS, LENGTH, windows=windows), num_outputs=3)
    head = np.random.default_rng(0).normal(size=(16, 3)), np.array([0.1, 0.2, 0.3])
    model.get_layer("logits").set_weights(head)
    return model


def rows():
    return [np.random.default_rng(number).integers(1, NUM_IDS, number).astype(np.int32) for number in TOKENS]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_text_gives_the_mean_of_its_windows(pooling):
    whole, one = network(pooling, windows=True), network(pooling, windows=False)
    batch = np.zeros((len(TOKENS), max(TOKENS)), np.int32)
    for line, row in zip(batch, rows(), strict=True):
        line[: len(row)] = row
    logits = np.asarray(whole({"token_ids": batch}))
    for row, found in zip(rows(), logits, strict=True):
        parts = [one({"token_ids": row[None, start : start + LENGTH]}) for start in range(0, len(row), LENGTH)]
        assert_close(found, np.mean(parts, axis=0)[0])


@pytest.mark.parametrize(("pooling", "trained_layers"), [("mean", "all"), ("cls", 0)])
def test_the_graph_gives_what_keras_gives_alone_and_in_a_batch(pooling, trained_layers):
    model = network(pooling, windows=True, trained_layers=trained_layers)
    graph = build_graph(model, activation="softmax", padding="right").SerializeToString()
    check_graph(graph)
    session = open_session(graph, names=["token_ids"], num_outputs=3)
    for count in range(1, len(TOKENS) + 1):  # batches of other widths
        some = rows()[-count:]
        batch = np.zeros((count, max(map(len, some))), np.int32)
        for line, row in zip(batch, some, strict=True):
            line[: len(row)] = row
        [probabilities] = session.run(None, {"token_ids": batch})
        assert_close(probabilities, keras.ops.softmax(model({"token_ids": batch})))
        for row, expected in zip(some, probabilities, strict=True):
            assert_close(session.run(None, {"token_ids": row[None]})[0][0], expected)


def test_the_gradient_of_padded_windows_is_finite():
    import tensorflow as tf

    model = network("mean", windows=True)
    batch = np.zeros((2, 18), np.int32)
    batch[0], batch[1, :2] = 5, 5
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model({"token_ids": batch}) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(np.isfinite(tf.convert_to_tensor(gradient)).all() for gradient in gradients)
