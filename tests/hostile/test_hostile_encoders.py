"""Pretrained encoders from a stranger: a clear sentence, within the same bounds, nothing outside touched."""

import json
import os

import numpy as np
import pytest
import safetensors.numpy

from tests.conftest import ROOT
from tests.hostile.broken_files import HUGE, damages
from tests.hostile.contents import NO_OBJECTS
from tests.hostile.rejections import rejected
from textclf.models.encoder.config import read_encoder_config
from textclf.models.encoder.weights_file import read_header, read_index, read_tensor
from textclf.preprocessing.tokenizers import pretrained


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "given/encoder").mkdir(parents=True)
    return tmp_path / "given/encoder"


def tensor(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def weights_file(header, values=bytes(8), length=None):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(content) if length is None else length).to_bytes(8, "little") + content + values


WEIGHTS = {
    "truncated": weights_file({"a": tensor()}, bytes(6)),
    "longer than its header says": weights_file({"a": tensor()}, bytes(9)),
    "a tensor within another": weights_file({"a": tensor(), "b": tensor(offsets=(4, 12))}, bytes(12)),
    "the same bytes twice": weights_file({"a": tensor(), "b": tensor()}),
    "a hole": weights_file({"a": tensor(), "b": tensor(offsets=(12, 20))}, bytes(20)),
    "more numbers than bytes": weights_file({"a": tensor(shape=(3,))}),
    "a shape beyond 64 bits": weights_file({"a": tensor(shape=(2**62, 2**62))}),
    "a shape of digits": weights_file(b'{"a": {"dtype": "F32", "shape": [' + b"9" * 4000 + b']}}'),
    "a negative shape": weights_file({"a": tensor(shape=(-2,))}),
    "a thousand dimensions": weights_file({"a": tensor(shape=[1] * 999 + [2])}),
    "a shape of truth": weights_file({"a": tensor(shape=(True, 2))}),
    "a shape of fractions": weights_file({"a": tensor(shape=(2.0,))}),
    "nothing times a lot": weights_file({"a": tensor(shape=(0, 2**62), offsets=(0, 0))}, b""),
    "backward": weights_file({"a": tensor(offsets=(8, 0))}),
    "one position": weights_file({"a": tensor(offsets=(8,))}),
    "positions of texts": weights_file({"a": tensor(offsets=("0", "8"))}),
    "an object of Python": weights_file({"a": tensor("object")}),
    "a type of a list": weights_file({"a": tensor(["F32"])}),
    "no entry": weights_file({"a": None}),
    "a list": weights_file([1, 2]),
    "no JSON": weights_file(b"{'a': 1}"),
    "no UTF-8": weights_file(b'{"\xff\xfe": 1}'),
    "nested": weights_file(b'{"a":' * 100_000),
    "many values": weights_file(b'{"a": [' + b"1," * 3_000_000 + b"1]}"),
    "a header of a gigabyte": weights_file(b"{}", length=2**30),
    "a header beyond 64 bits": weights_file(b"{}", length=2**64 - 1),
    "a header of nothing": weights_file(b"{}", length=0),
    "a tensor twice": weights_file(b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a": 1}'),
}  # fmt: skip


@pytest.mark.parametrize("case", WEIGHTS)
def test_hostile_weights(folder, within_bounds, case):
    (folder / "model.safetensors").write_bytes(WEIGHTS[case])
    rejected(lambda: read_index(folder))


def test_a_header_of_gigabytes_that_is_there(folder, within_bounds):
    path = folder / "model.safetensors"
    path.write_bytes(weights_file(b"{}", length=HUGE - 8))
    os.truncate(path, HUGE)
    rejected(lambda: read_index(folder))


@pytest.mark.parametrize("damage", [name for name in damages() if "bit" not in name and "link out" not in name])
@pytest.mark.parametrize("name", ["model.safetensors", "model.safetensors.index.json"])
def test_damaged_file_of_an_encoder(folder, within_bounds, name, damage):
    safetensors.numpy.save_file({"a": np.ones(1000, np.float32)}, folder / "model.safetensors")
    if name != "model.safetensors":
        (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
        (folder / name).write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    damages()[damage](folder / name)
    rejected(lambda: read_tensor(read_index(folder), "a", (1000,)))


INDEX = {
    "a file above": {"weight_map": {"a": "../secret.safetensors"}},
    "a file of the system": {"weight_map": {"a": "/etc/passwd"}},
    "a file of Windows": {"weight_map": {"a": "..\\secret.safetensors"}},
    "a file in a folder": {"weight_map": {"a": "inner/secret.safetensors"}},
    "a pickle": {"weight_map": {"a": "model.bin"}},
    "a number": {"weight_map": {"a": 3}},
    "a NUL": {"weight_map": {"a": "a\0.safetensors"}},
    "no files": {"weight_map": {}},
    "a list of files": {"weight_map": ["model.safetensors"]},
    "no map": {},
    "no object": 3,
}


@pytest.mark.parametrize("case", INDEX)
def test_hostile_index(folder, within_bounds, case):
    (folder / "inner").mkdir()
    for place in (folder / "inner", folder.parent):
        safetensors.numpy.save_file({"a": np.ones(2, np.float32)}, place / "secret.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps(INDEX[case]))
    rejected(lambda: read_index(folder))


CONFIG = json.loads((ROOT / "tests/models/encoder/references/bert/config.json").read_text())
CONFIGS = {
    **{case: change(b"{}") for case, change in NO_OBJECTS.items()},
    "a vocabulary of billions": {"vocab_size": 10**12},
    "layers of billions": {"num_hidden_layers": 10**9},
    "vectors of billions": {"hidden_size": 2**40, "num_attention_heads": 2**20},
    "each size at its limit": {"vocab_size": 2_000_000, "hidden_size": 8192, "num_hidden_layers": 96},
    "positions of billions": {"max_position_embeddings": 10**15},
    "no size": {"hidden_size": 0},
    "a negative size": {"intermediate_size": -1},
    "a size of a text": {"vocab_size": "30522"},
    "a size of truth": {"num_hidden_layers": True},
    "a size of a fraction": {"hidden_size": 16.5},
    "a size of a list": {"hidden_size": [16]},
    "heads that do not divide": {"num_attention_heads": 3},
    "an epsilon of nothing": {"layer_norm_eps": 0},
    "an activation of its own": {"hidden_act": "os.system"},
    "an activation of a list": {"hidden_act": ["gelu"]},
    "padding beyond the vocabulary": {"pad_token_id": 10**6},
    "other positions": {"position_embedding_type": "relative_key"},
    "another family": {"model_type": "gpt2"},
    "a family of a path": {"model_type": "../../evil"},
    "a family of a list": {"model_type": ["bert"]},
    "no family": {"model_type": None},
}


@pytest.mark.parametrize("case", CONFIGS)
def test_hostile_config_of_an_encoder(folder, within_bounds, case):
    content = CONFIGS[case]
    (folder / "config.json").write_bytes(
        content if isinstance(content, bytes) else json.dumps({**CONFIG, **content}).encode()
    )
    rejected(lambda: read_encoder_config(folder))


@pytest.mark.parametrize("damage", [name for name in damages() if "bit" not in name and "link out" not in name])
def test_damaged_config_of_an_encoder(folder, within_bounds, damage):
    (folder / "config.json").write_text(json.dumps(CONFIG))
    read_encoder_config(folder)
    damages()[damage](folder / "config.json")
    rejected(lambda: read_encoder_config(folder))


BERT = json.loads((ROOT / "tests/models/encoder/references/bert/tokenizer.json").read_text())
TOKENIZERS = {
    **{case: change(b"{}") for case, change in NO_OBJECTS.items()},
    "no model": {"model": None},
    "a model of a list": {"model": []},
    "another model": {"model": {"type": "os.system"}},
    "ids of texts": {"model": {**BERT["model"], "vocab": {"[PAD]": "0", "[UNK]": "1"}}},
    "negative ids": {"model": {**BERT["model"], "vocab": {"[PAD]": -1, "[UNK]": -2}}},
    "ids of billions": {"model": {**BERT["model"], "vocab": {"[PAD]": 0, "[UNK]": 2**32 - 1}}, "added_tokens": []},
    "no token of padding": {"model": {**BERT["model"], "vocab": {"[UNK]": 0, "a": 1}}, "added_tokens": []},
    "no token for unknown text": {"model": {**BERT["model"], "vocab": {"[PAD]": 0, "a": 1}}, "added_tokens": []},
    "a token for unknown text that the words lack": {"model": {**BERT["model"], "unk_token": "[NONE]"}},
    "no unknown piece": {
        "model": {"type": "Unigram", "unk_id": None, "vocab": [["[PAD]", 0.0], ["[UNK]", 0.0], ["a", -1.0]]}
    },
    "a normalizer of its own": {"normalizer": {"type": "Command", "run": "touch harmed"}},
    "an expression that is none": {"normalizer": {"type": "Replace", "pattern": {"Regex": "(("}, "content": ""}},
    "a normalizer that is damaged": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "!!"}},
    "special tokens that are none": {"post_processor": {"type": "BertProcessing", "sep": 3, "cls": 2}},
    "added tokens of numbers": {"added_tokens": [1, 2]},
}


@pytest.mark.parametrize("case", TOKENIZERS)
def test_hostile_tokenizer_of_an_encoder(folder, within_bounds, case):
    content = TOKENIZERS[case]
    (folder / "tokenizer.json").write_bytes(
        content if isinstance(content, bytes) else json.dumps({**BERT, **content}).encode()
    )
    rejected(lambda: pretrained.learn(None, pretrained.Options(weights=str(folder))))


def test_a_classifier_whose_tokenizer_fails_at_unknown_text():
    options = pretrained.Options(weights=str(ROOT / "tests/models/encoder/references/bert"))
    state = pretrained.learn(None, options)
    pieces = json.loads(state["tokenizer"])
    pieces["model"]["unk_token"] = "[NONE]"
    with pytest.raises(ValueError, match=r"\[NONE\]"):
        pretrained.load({**state, "tokenizer": json.dumps(pieces)}, options)


@pytest.mark.parametrize("damage", [name for name in damages() if "bit" not in name and "link out" not in name])
def test_damaged_tokenizer_of_an_encoder(folder, within_bounds, damage):
    (folder / "tokenizer.json").write_text(json.dumps(BERT))
    pretrained.learn(None, pretrained.Options(weights=str(folder)))
    damages()[damage](folder / "tokenizer.json")
    rejected(lambda: pretrained.learn(None, pretrained.Options(weights=str(folder))))


def test_the_weights_without_harm_are_read(folder):
    (folder / "model.safetensors").write_bytes(weights_file({"a": tensor(), "__metadata__": {"format": "pt"}}))
    np.testing.assert_array_equal(read_tensor(read_index(folder), "a", (2,)), [0, 0])


@pytest.mark.parametrize("seed", range(40))
def test_a_byte_is_another(folder, within_bounds, seed):
    """The values may be others, which nobody can know; but nothing else happens than an error."""
    pick = np.random.default_rng(seed)
    content = bytearray(weights_file({"a": tensor(), "b": tensor("F16", (2, 2), (8, 16))}, bytes(16)))
    content[pick.integers(len(content))] = pick.integers(256)
    (folder / "model.safetensors").write_bytes(content)
    try:
        header = read_header(folder / "model.safetensors")
    except Exception as error:
        caught = error
        rejected(lambda: (_ for _ in ()).throw(caught))
    else:
        assert all(isinstance(size, int) for entry in header.values() for size in entry.shape)
