"""The sweep of the learning rate, and what is suggested from it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from textclf.cli.group import cli
from textclf.core.errors import ConfigError, TrainingError
from textclf.training import learning_rate_finder as rate_finding
from textclf.training.learning_rate_finder import Sweep, smoothed, suggested_rate

RATES = 1e-4 * 10 ** (np.arange(600) / 599 * 5)


def valley(at, deep=0.3):
    """A loss that falls to its lowest point at a rate and rises behind it."""
    return 0.7 - deep * np.exp(-(np.log10(RATES / at) ** 2))


def test_a_tenth_of_the_rate_of_the_lowest_loss_is_suggested():
    assert suggested_rate(RATES, valley(0.03)) == 0.003
    assert suggested_rate(RATES, valley(0.5)) == 0.05


def test_nothing_is_suggested_where_there_is_no_valley():
    assert suggested_rate(RATES, 0.7 - RATES / 100) is None  # it falls to the end
    assert suggested_rate(RATES, 0.7 + RATES / 100) is None  # it only rises
    assert suggested_rate(RATES, valley(0.03, deep=0.001)) is None
    with pytest.raises(TrainingError, match="not finite from the first step on"):
        suggested_rate(RATES[:0], RATES[:0])


def test_the_average_is_right_from_its_first_value_on():
    assert smoothed([3.0])[0] == pytest.approx(3.0)
    np.testing.assert_allclose(smoothed([2.0] * 50), 2.0)
    noisy = np.random.default_rng(0).normal(1, 0.5, 600)
    assert smoothed(list(noisy))[100:].std() < 0.1


def test_a_member_with_a_training_of_its_own_gets_the_rate_there(workplace, tiny_config, monkeypatch):
    monkeypatch.setattr(rate_finding, "sweep", lambda member, _: Sweep(member.name, "adam", RATES, RATES, 0.003))
    members = [
        {"model": {"architecture": "cnn", "embedding_dim": 8}},
        {"model": {"architecture": "cnn", "embedding_dim": 8}, "training": {"epochs": 2}},
        {"model": {"architecture": "ngrams"}, "training": {"optimizer": "liblinear"}},
    ]
    config = {**tiny_config(), "model": {"architecture": "ensemble", "members": members}}
    Path("own.yaml").write_text(json.dumps(config))
    shown = CliRunner().invoke(cli, ["find-rate", "own.yaml"], catch_exceptions=False).output
    suggested = [line for line in shown.splitlines() if line.startswith("suggestion")]
    assert suggested == [
        "suggestion: --set training.learning_rate=0.003",
        "suggestion: learning_rate: 0.003 below training of the member 2-cnn",
    ]


def test_a_config_without_a_learning_rate_is_an_error_before_the_data_are_read(workplace, tiny_config):
    config = {**tiny_config(), "model": {"architecture": "ngrams"}, "training": {"optimizer": "liblinear"}}
    with pytest.raises(ConfigError, match="liblinear has no learning rate"):
        rate_finding.find_rates({**config, "data": {"train": "absent.csv"}})


def test_the_command_sweeps_each_network_and_shows_what_it_found(workplace, tiny_config, monkeypatch):
    monkeypatch.setattr(rate_finding, "STEPS", 150)
    members = [{"model": {"architecture": "cnn", "embedding_dim": 8}}, {"model": {"architecture": "ngrams"}}]
    config = {**tiny_config(), "model": {"architecture": "ensemble", "members": members}}
    Path("both.yaml").write_text(json.dumps(config))
    found, find = [], rate_finding.find_rates
    monkeypatch.setattr(rate_finding, "find_rates", lambda *given: found.extend(find(*given)) or found)
    shown = CliRunner().invoke(cli, ["find-rate", "both.yaml", "--set", "seed=1"], catch_exceptions=False).output
    cnn, ngrams = found
    assert (cnn.network, ngrams.network) == ("1-cnn", "2-ngrams")
    for sweep in found:
        assert len(sweep.rates) == len(sweep.losses) <= 150
        assert sweep.rates[0] == pytest.approx(1e-4)
        assert (np.diff(np.log(sweep.rates)) > 0).all()
        assert sweep.losses.min() < sweep.losses[15] - 0.02  # it learned on the way
    assert cnn.losses[-1] > 1.5 * cnn.losses.min()  # and was lost in the end
    assert 1e-4 < cnn.suggested < 0.5
    assert f"suggestion: --set training.learning_rate={cnn.suggested:g}" in shown
    assert "1-cnn, adam" in shown
    assert "█" in shown
    assert ngrams.suggested is None  # toy texts are linear, at any rate
    assert "no suggestion" in shown
    assert not [path for path in Path("runs").iterdir() if path.name != ".cache"]
