"""What a network asks of other sections, the config has unless it says otherwise."""

import pytest

from tests.pretrained import BERT
from textclf.config.config import load_config
from textclf.core.errors import ConfigError
from textclf.core.options import plain
from textclf.models.encoder import FINE_TUNING, FROZEN

ENCODER = {"architecture": "encoder", "weights": BERT}
ENSEMBLE = {"architecture": "ensemble", "members": [{"model": {"architecture": "ngrams"}}, {"model": ENCODER}]}


def load(model, **sections):
    return load_config({"data": {"train": "a.csv"}, "model": model, **sections})


def has(settings, expected):
    return {name: plain(getattr(settings, name)) for name in expected} == expected


def test_an_encoder_brings_its_tokenizer_and_its_recipe():
    config = load(ENCODER)
    assert (config.preprocessing.tokenizer, config.preprocessing.weights) == ("pretrained", BERT)
    assert has(config.training, FINE_TUNING)
    assert has(load({**ENCODER, "trained_layers": 0}).training, FROZEN)


def test_an_explicit_setting_wins():
    config = load(ENCODER, training={"epochs": 7}, preprocessing={"tokenizer": "pretrained", "sequence_length": 9})
    assert has(config.training, {**FINE_TUNING, "epochs": 7})
    assert (config.preprocessing.sequence_length, config.preprocessing.weights) == (9, BERT)


def test_a_member_of_an_ensemble_has_its_own_recipe():
    config = load(ENSEMBLE, training={"batch_size": 7})
    ngrams, encoder = config.model.members
    assert ngrams.training is None
    assert has(encoder.training, {**FINE_TUNING, "batch_size": 7})
    assert config.preprocessing.tokenizer == "pretrained"
    own = {"epochs": 1}
    config = load({**ENSEMBLE, "members": [{"model": ENCODER, "training": own}]}, training={"batch_size": 7})
    assert has(config.model.members[0].training, {**FINE_TUNING, "epochs": 1})


def test_other_networks_ask_for_nothing():
    assert load({"architecture": "cnn"}) == load({"architecture": "cnn"}, preprocessing={"tokenizer": "word"})


def test_a_resolved_config_is_the_same_again():
    config = load(ENSEMBLE)
    assert load_config(config) == config
    assert load_config(plain(config)) == config


@pytest.mark.parametrize(
    ("preprocessing", "expected"),
    [
        ({"tokenizer": "word"}, "preprocessing.tokenizer  expected 'pretrained', as the network (encoder) asks for"),
        ({"weights": "other/encoder"}, f"preprocessing.weights  expected '{BERT[:20]}"),
    ],
)
def test_another_tokenizer_is_a_problem(preprocessing, expected):
    with pytest.raises(ConfigError) as caught:
        load(ENCODER, preprocessing=preprocessing)
    assert " ".join(expected.split()) in " ".join(str(caught.value).split())


CNN = {"architecture": "cnn", "embedding_dim": 8, "vectors": {}}
PRETRAINED = {"tokenizer": "pretrained", "weights": BERT}


@pytest.mark.parametrize("model", [ENCODER, {**CNN, "vectors": {"file": "v.txt"}}])
def test_a_pretrained_tokenizer_learns_nothing_from_unlabelled_texts(model):
    with pytest.raises(ConfigError, match=r"data\.unlabelled  expected null, as a pretrained tokenizer .*got 'b\.csv'"):
        load(model, data={"train": "a.csv", "unlabelled": "b.csv"}, preprocessing=PRETRAINED)


@pytest.mark.parametrize(("model", "preprocessing"), [(ENSEMBLE, {}), (CNN, PRETRAINED), (CNN, {})])
def test_n_grams_and_word_vectors_learn_from_unlabelled_texts(model, preprocessing):
    config = load(model, data={"train": "a.csv", "unlabelled": "b.csv"}, preprocessing=preprocessing)
    assert config.data.unlabelled == "b.csv"


@pytest.mark.parametrize("model", [3, [], {"architecture": []}, {"architecture": "ensemble", "members": [3, {}]}])
@pytest.mark.parametrize("others", [{"preprocessing": 3}, {"training": []}, {"training": "x", "preprocessing": []}])
def test_anything_may_stand_there(model, others):
    with pytest.raises(ConfigError):
        load(model, **others)
    with pytest.raises(ConfigError):
        load(ENCODER, **others)
