"""Pretrained encoders in ONNX: as Keras, with every family, pooling and side of padding, alone as in a batch."""

import keras
import numpy as np
import pytest

from tests.tolerances import assert_close
from textclf.export.onnx import build_graph
from textclf.inference.onnx.session import open_session
from textclf.inference.onnx.verify import check_graph
from textclf.models.encoder.config import EncoderConfig
from textclf.models.encoder.layers import FirstToken, QuantizedEmbedding, SelfAttention
from textclf.models.encoder.network import Tuning, encode_tokens

ROWS, WIDTH = 50, 9
CONFIG = EncoderConfig(
    vocab_size=ROWS,
    hidden_size=12,
    num_hidden_layers=3,
    num_attention_heads=3,
    intermediate_size=20,
    max_position_embeddings=WIDTH,
    type_vocab_size=1,
    hidden_act="gelu",
    layer_norm_eps=1e-12,
    pad_token_id=0,
)
LENGTHS = (9, 1, 4, 6)


def network(pooling, **changed):
    """A random encoder of three layers: with one, padding that is read in the second would not be found."""
    keras.utils.set_random_seed(3)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    config = EncoderConfig(**{**vars(CONFIG), **changed})
    states = encode_tokens(config, Tuning(3, True, 0.9, 0.1), token_ids, WIDTH)
    pooled = FirstToken()(states) if pooling == "cls" else keras.layers.GlobalAveragePooling1D()(states)
    model = keras.Model(token_ids, keras.layers.Dense(2, name="logits")(pooled))
    for weight in model.weights:
        weight.assign(np.random.default_rng(len(weight.path)).normal(scale=0.6, size=weight.shape))
    return model


def batch_of(rows, side):
    batch = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for line, row in zip(batch, rows, strict=True):
        line[slice(0, len(row)) if side == "right" else slice(len(line) - len(row), None)] = row
    return batch


@pytest.mark.parametrize(
    ("pooling", "activation", "side"), [("mean", "gelu", "right"), ("cls", "gelu", "left"), ("mean", "relu", "left")]
)
def test_the_graph_gives_what_keras_gives_alone_and_in_a_batch(pooling, activation, side):
    model = network(pooling, hidden_act=activation)
    graph = build_graph(model, activation="softmax", padding=side).SerializeToString()
    check_graph(graph)
    session = open_session(graph, names=["token_ids"], num_outputs=2)
    rows = [np.random.default_rng(length).integers(1, ROWS, length) for length in LENGTHS]
    batch = batch_of(rows, side)
    [probabilities] = session.run(None, {"token_ids": batch})
    assert np.ptp(probabilities) > 0.1  # the texts differ
    assert_close(probabilities, keras.ops.softmax(model(batch)))
    for row, expected in zip(rows, probabilities, strict=True):
        assert_close(session.run(None, {"token_ids": row.astype(np.int32)[None]})[0][0], expected)


def test_a_word_table_of_8_bits(tmp_path):
    table = np.random.default_rng(0).normal(size=(ROWS, 12)).astype(np.float32)
    table[7] = 0
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    layer = QuantizedEmbedding(ROWS, 12, name="embedding")
    states = SelfAttention(3)(layer(token_ids))
    model = keras.Model(token_ids, keras.layers.Dense(2, name="logits")(keras.layers.GlobalAveragePooling1D()(states)))
    layer.set_table(table)
    kept = np.asarray(layer(np.arange(ROWS)[None]))[0]
    assert (np.abs(kept - table) <= np.abs(table).max(axis=1, keepdims=True) / 127 * 0.501).all()
    assert not kept[7].any()
    layer.set_table(kept)  # what it gives is kept as it is
    np.testing.assert_allclose(np.asarray(layer(np.arange(ROWS)[None]))[0], kept, rtol=1e-6)
    assert not any(weight.path.startswith("embedding") for weight in model.trainable_weights)
    graph = build_graph(model, activation="softmax", padding="right")
    assert {weight.name: weight.data_type for weight in graph.graph.initializer}["embedding_codes"] == 3  # INT8
    batch = batch_of([np.arange(1, 8), np.arange(40, 42)], "right")
    session = open_session(graph.SerializeToString(), names=["token_ids"], num_outputs=2)
    assert_close(session.run(None, {"token_ids": batch})[0], keras.ops.softmax(model(batch)))
