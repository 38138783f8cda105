"""Every family gives what transformers and PyTorch give (`make_references.py`), whatever the padding."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from textclf.models.encoder.config import read_encoder_config
from textclf.models.encoder.families import FAMILIES
from textclf.models.encoder.network import Tuning, encode_tokens
from textclf.models.encoder.tensors import layer_weights

REFERENCES = Path(__file__).parent / "references"
AS_THE_REFERENCE = 1e-4  # at most, between two libraries; 5e-6 is what is found


def tensors_of(folder: Path) -> dict[str, np.ndarray]:
    """All tensors of a small file."""
    content = (folder / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(content[start:], "<f4", np.prod(entry["shape"]), entry["data_offsets"][0]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
    }


def encoder_of(folder: Path) -> keras.Model:
    name, config = read_encoder_config(folder)
    family, tensors = FAMILIES[name], tensors_of(folder)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    tuning = Tuning(trained_layers=config.num_hidden_layers, embedding=True, layer_decay=0.9, dropout=0.1)
    positions = config.max_position_embeddings - family.first_position(config)
    model = keras.Model(token_ids, encode_tokens(config, tuning, token_ids, positions))
    for layer, weights in layer_weights(config, family, tensors, lambda name, shape: tensors[name].reshape(shape)):
        model.get_layer(layer).set_weights(weights)
    return model


def expected_of(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The token ids of each text, those of padding exchanged with 0, and the vectors of its tokens."""
    _, config = read_encoder_config(folder)
    with np.load(folder / "expected.npz") as file:
        ids, states, ends = file["ids"], file["states"], np.cumsum(file["lengths"])[:-1]
    exchange = np.arange(config.vocab_size)
    exchange[[0, config.pad_token_id]] = config.pad_token_id, 0
    return list(zip(np.split(exchange[ids], ends), np.split(states, ends), strict=True))


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    """The model of a family, and what the reference gives."""
    folder = REFERENCES / request.param
    return encoder_of(folder), expected_of(folder)


def test_a_text_alone_gives_what_the_reference_gives(family):
    model, texts = family
    for ids, states in texts[::6]:
        assert np.abs(np.asarray(model(ids[None]))[0] - states).max() < AS_THE_REFERENCE


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_is_never_read(family, side):
    model, texts = family
    width = 3 + max(len(ids) for ids, _ in texts)
    batch = np.zeros((len(texts), width), np.int32)
    places = [slice(0, len(ids)) if side == "right" else slice(width - len(ids), width) for ids, _ in texts]
    for row, place, (ids, _) in zip(batch, places, texts, strict=True):
        row[place] = ids
    for found, place, (_, states) in zip(np.asarray(model(batch)), places, texts, strict=True):
        assert np.abs(found[place] - states).max() < AS_THE_REFERENCE
