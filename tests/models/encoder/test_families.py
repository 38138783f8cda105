"""Every family gives what transformers and PyTorch give (`make_references.py`), whatever the padding."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from textclf.core.errors import ConfigError, DataError
from textclf.models import build_model, encoder
from textclf.models.encoder import num_positions
from textclf.models.encoder.config import read_encoder_config
from textclf.models.encoder.families import FAMILIES
from textclf.models.encoder.network import Tuning, encode_tokens
from textclf.models.encoder.tensors import layer_weights
from textclf.models.sizes import Sizes

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
    model = keras.Model(token_ids, encode_tokens(config, tuning, token_ids, num_positions(name, config)))
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


def test_the_tokenizer_says_which_row_of_the_word_table_is_padding(tmp_path):
    """The settings of some encoders have another id of padding than their tokenizer, which makes the ids."""
    folder = shutil.copytree(REFERENCES / "bert", tmp_path / "bert")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    words = tokenizer["model"]["vocab"]
    words["[PAD]"], words["[UNK]"] = words["[UNK]"], words["[PAD]"]
    for token in tokenizer["added_tokens"]:
        token["id"] = words[token["content"]]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    options = encoder.Options(weights=str(folder), tune_embedding=True)
    [table] = build_model(options, Sizes(len(words), 20), num_outputs=1).get_layer("embedding").get_weights()
    [words] = [values for name, values in tensors_of(folder).items() if name.endswith("word_embeddings.weight")]
    np.testing.assert_array_equal(table[:2], words[[1, 0]])
    np.testing.assert_array_equal(table[2:], words[2:])


def test_an_encoder_whose_graph_would_be_too_large_is_rejected_before_anything_is_read(tmp_path):
    settings = json.loads((REFERENCES / "bert/config.json").read_text())
    base = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
    (tmp_path / "config.json").write_text(json.dumps({**settings, **base, "vocab_size": 250_002}))
    with pytest.raises(ConfigError, match=r"at most 1,024 MiB, got .* with 1,0\d\d MiB\. Choose a smaller encoder"):
        encoder.check_files(encoder.Options(weights=str(tmp_path), tune_embedding=True), 100)
    with pytest.raises(DataError, match=r"expected model\.safetensors"):  # with 8 bits it fits
        encoder.check_files(encoder.Options(weights=str(tmp_path)), 100)


@pytest.mark.parametrize(("layers", "fits"), [("all", True), (2, True), (3, False)])
def test_more_trained_layers_than_the_encoder_has_are_an_error(layers, fits):
    options = encoder.Options(weights=str(REFERENCES / "bert"), trained_layers=layers)
    if fits:
        encoder.check_files(options, 20)
    else:
        with pytest.raises(ConfigError, match=r"model\.trained_layers: expected at most 2, the layers of .*, got 3\."):
            encoder.check_files(options, 20)
