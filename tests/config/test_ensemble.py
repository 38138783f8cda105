"""What networks ask of the config: networks of n-grams need some."""

import logging

import pytest

from textclf.config.config import load_config
from textclf.config.ensemble import check_ngrams
from textclf.core.errors import ConfigError
from textclf.training.check import check_config, check_requirements

NO_LENGTHS = {"longest_words": 0, "longest_characters": 0}


def config_of(network, ngrams):
    return {"data": {"train": "a.csv"}, "model": network, "preprocessing": {"ngrams": ngrams}}


@pytest.mark.parametrize("ngrams", [NO_LENGTHS, {"longest_words": 0, "shortest_characters": 6}])
@pytest.mark.parametrize("network", [{"architecture": "ngrams"}, {"architecture": "ensemble"}])
def test_a_network_of_ngrams_needs_some(network, ngrams):
    config = config_of(network, ngrams)
    expected = r"preprocessing\.ngrams: expected n-grams of words or of characters, got neither\. Set longest_words"
    with pytest.raises(ConfigError, match=expected):
        check_requirements(load_config(config))
    assert "preprocessing.ngrams" in {finding.subject for finding in check_config(config).findings}


@pytest.mark.parametrize(
    ("network", "ngrams", "warnings"),
    [
        ("ngrams", {"shortest_characters": 6}, 1),
        ("ngrams", {"longest_characters": 0}, 0),
        ("ngrams", {"longest_words": 0}, 0),
        ("ngrams", {"shortest_characters": 5}, 0),
        ("cnn", NO_LENGTHS, 0),
    ],
)
def test_other_lengths_are_used_with_a_warning_where_they_contradict(network, ngrams, warnings, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("textclf"), "propagate", True)
    config = load_config(config_of({"architecture": network}, ngrams))
    check_ngrams(config.model, config.preprocessing.ngrams)
    assert ["longest_characters (5) is below shortest_characters (6)" in text for text in caplog.messages] == (
        [True] * warnings
    )
