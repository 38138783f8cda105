"""A training that is killed, however often and wherever, ends with the very files of one that is left alone."""

import itertools
import json
import random
import sys
import time
from pathlib import Path

import pytest

import textclf
from tests.conftest import write_colours
from tests.pretrained import BERT
from tests.reliability.killing import differences, killed, plans, run_dying, train_under_fire
from textclf.core.run_folder import RunFolder

KILLS = 12
TRAINING = {"epochs": 3, "learning_rate": 0.01, "checkpoint_steps": 2}
TEXTS = {"vocabulary_size": 500, "sequence_length": 40}
ENGLISH = {"train": "data/toy_en/train.csv", "test": "data/toy_en/test.csv"}
TOPICS = {"train": "data/toy_topics/train.csv", "test": "data/toy_topics/test.csv"}
LSTM = {"embedding_dim": 8, "units": 8, "dropout": 0.3}
CNN = {"architecture": "cnn", "embedding_dim": 8, "filters": 8, "widths": [2, 3]}
CONFIGS = {
    "lstm with dropout": {
        "data": ENGLISH,
        "model": {**LSTM, "recurrent_dropout": 0.2, "word_dropout": 0.1, "bidirectional": False},
    },
    "two layers in both directions": {"data": TOPICS, "model": {**LSTM, "num_layers": 2, "bidirectional": True}},
    "cnn": {"data": ENGLISH, "model": CNN},
    "several labels a text": {"data": {"train": "colours.csv"}, "model": LSTM},
    "class weights": {"data": ENGLISH, "model": LSTM, "targets": {"class_weights": {"positive": 3}}},
    "averages, augmentation, mixup and four validations an epoch": {
        "data": ENGLISH,
        "model": LSTM,
        "training": {
            **TRAINING,
            "ema_decay": 0.9,
            "weight_decay": 0.1,
            "schedule": "linear",
            "validations_per_epoch": 4,
            "augmentation": {"deletion": 0.1, "swap": 0.1, "mixup": 0.3},
        },
    },
    "an ensemble, fitted again": {
        "data": ENGLISH,
        "model": {"architecture": "ensemble", "members": [{"model": {"architecture": "ngrams"}}, {"model": CNN}]},
        "training": {**TRAINING, "epochs": 2, "refit": True, "schedule": "cosine", "warmup": 0.2},
    },
    "an ensemble with inner folds": {
        "data": {**ENGLISH, "unlabelled": "data/toy_topics/train.csv"},
        "model": {
            "architecture": "ensemble",
            "members": [
                {"model": {"architecture": "ngrams"}, "training": {"optimizer": "liblinear", "ngram_vectors": 20}},
                {"model": {**CNN, "vectors": {}}},
            ],
        },
        "training": {**TRAINING, "epochs": 2, "refit": True, "inner_folds": 3},
    },
    "an encoder, fine-tuned": {
        "data": ENGLISH,
        "preprocessing": {"sequence_length": 40},
        "model": {"architecture": "encoder", "weights": BERT, "tune_embedding": True},
        "training": {**TRAINING, "ema_decay": 0.9},
    },
    "a frozen encoder": {
        "data": ENGLISH,
        "preprocessing": {"sequence_length": 40},
        "model": {"architecture": "encoder", "weights": BERT, "trained_layers": 0},
    },
    "an lstm long enough to be compiled": {
        "data": ENGLISH,
        "preprocessing": {**TEXTS, "tokenizer": "character"},
        "model": LSTM,
        "training": {**TRAINING, "batch_size": 1, "checkpoint_steps": 100},
    },
}


@pytest.fixture
def workplace(workplace):
    write_colours(workplace / "colours.csv")
    return workplace


def written(name: str) -> Path:
    path = Path("config.json")  # JSON is YAML
    path.write_text(json.dumps({"preprocessing": TEXTS, "training": TRAINING, **CONFIGS[name]}), encoding="utf-8")
    return path


@pytest.mark.parametrize("steps", [None, pytest.param(7, marks=pytest.mark.slow)])
def test_killed_between_two_states_and_within_the_writing_of_one(workplace, steps):
    config = written("cnn")
    untouched, other = (textclf.train(config, [f"seed={seed}"], run=f"seed-{seed}") for seed in (42, 1))
    found = differences(untouched.path, other.path)  # which the comparison must be able to see
    assert {"history.csv", "metrics.json", "checkpoints/best.npz"} < set(found)
    assert any(name.startswith("checkpoints/last.npz/model/") for name in found)
    size = untouched.last_checkpoint.stat().st_size
    if steps:  # a process imports TensorFlow for 3 s
        assert killed(run_dying({"steps": steps}, "train", str(config), "--run", "killed"))
    assert killed(run_dying({"bytes": int(2.5 * size)}, "train", str(config), "--run", "killed"))
    assert differences(untouched.path, textclf.resume("killed").path) == []
    assert len(Path("runs/killed/history.csv").read_text().splitlines()) == 1 + TRAINING["epochs"]
    assert not list(Path("runs").rglob("*.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_killed_twelve_times_at_random(workplace, name, capsys):
    config, chance, kills, started = written(name), random.Random(name), [], time.monotonic()
    assert run_dying({}, "train", str(config), "--run", "untouched").returncode == 0
    untouched = RunFolder("runs/untouched")
    states = [*untouched.path.rglob("last.npz"), *untouched.path.rglob("best.npz")]  # liblinear writes only the best
    moments = plans(chance, untouched.read_metadata()["seconds_fitting"], states[0].stat().st_size)
    for number in itertools.count(1):
        run = Path(f"runs/killed-{number}")
        kills += train_under_fire(config, run.name, moments, kills=min(4, KILLS - len(kills)))
        assert differences(untouched.path, run) == []
        if len(kills) == KILLS:
            break
    kinds = {kind: sum(kind in plan for plan in kills) for kind in ("seconds", "bytes", "renames")}
    minutes = (time.monotonic() - started) / 60
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {len(kills)} kills {kinds} in {number} runs, {minutes:.1f} minutes\n")
