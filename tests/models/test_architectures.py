"""The contract of every architecture in the table, for every kind of logits: it runs by itself for a new one."""

import itertools

import keras
import numpy as np
import onnxruntime
import pytest

from textclf.models import ARCHITECTURES, build_model
from textclf.onnx_graph import build_graph
from textclf.targets import TYPES, Targets

NUM_IDS = 12
TARGETS = {
    "binary": Targets("binary", ["no", "yes"], [1, 1], ["no"]),
    "multiclass": Targets("multiclass", list("abc"), [1] * 3, ["a"]),
    "multilabel": Targets("multilabel", list("abc"), [1] * 3, ["a"]),
}
# Values that differ from the default, and keep the network small; a new option needs a line here.
OTHER = {
    "embedding_dim": 5, "units": 3, "num_layers": 2, "bidirectional": True,
    "pooling": "attention", "dropout": 0.5, "recurrent_dropout": 0.5, "l2": 0.1,
}  # fmt: skip
SMALL = {"embedding_dim": 6, "units": 4}
# Settings that change the form of a network, beside its defaults.
VARIANTS = {
    "lstm": [
        {"num_layers": 2},
        {"bidirectional": True, "num_layers": 3},
        {"pooling": "max"},
        {"pooling": "mean", "num_layers": 2},
        {"pooling": "max_mean", "bidirectional": True},
        {"pooling": "attention", "bidirectional": True},
    ],
}


def options_of(architecture: str, **changed):
    known = ARCHITECTURES[architecture].Options.model_fields
    small = {name: value for name, value in SMALL.items() if name in known}
    return ARCHITECTURES[architecture].Options(**{**small, **changed})


def model_of(architecture: str, targets: Targets = TARGETS["binary"], **changed) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = build_model(options_of(architecture, **changed), num_ids=NUM_IDS, num_units=targets.num_units)
    model.compile(optimizer="adam", loss=targets.loss())
    return model


def session_of(model: keras.Model, activation: str, padding: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(build_graph(model, activation=activation, padding=padding).SerializeToString())


def batch(width: int = 7) -> np.ndarray:
    """Five rows of different lengths, padded on the right."""
    random = np.random.default_rng(0)
    token_ids = random.integers(1, NUM_IDS, (5, width)).astype(np.int32)
    for row, length in enumerate([7, 1, 3, 5, 2]):
        token_ids[row, length:] = 0
    return token_ids


def left_padded(token_ids: np.ndarray) -> np.ndarray:
    return np.stack([np.roll(row, np.count_nonzero(row == 0)) for row in token_ids])


cases = pytest.mark.parametrize(
    ("architecture", "targets"), [(a, t) for a, t in itertools.product(ARCHITECTURES, TARGETS.values())]
)
each = pytest.mark.parametrize("architecture", ARCHITECTURES)
each_variant = pytest.mark.parametrize(
    ("architecture", "changed"),
    [(architecture, changed) for architecture in ARCHITECTURES for changed in [{}, *VARIANTS[architecture]]],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value.values())) or "default",
)


def test_every_target_type_has_a_case():
    assert set(TARGETS) == set(TYPES)


def test_every_architecture_has_variants():
    assert set(VARIANTS) == set(ARCHITECTURES)


@cases
def test_logits_have_a_column_for_every_unit(architecture, targets):
    logits = model_of(architecture, targets)({"token_ids": batch()})
    assert logits.shape == (5, targets.num_units)


@cases
def test_a_few_steps_lower_the_loss(architecture, targets):
    model = model_of(architecture, targets)
    model.optimizer.learning_rate = 0.05
    classes = np.arange(5) % len(targets.labels)
    if targets.many:
        classes = np.eye(len(targets.labels), dtype=np.float32)[classes]
    losses = [float(model.train_on_batch({"token_ids": batch()}, classes)) for _ in range(30)]
    assert losses[-1] < losses[0] / 2


@each_variant
def test_padding_is_never_read(architecture, changed):
    model = model_of(architecture, **changed)
    narrow, wide = batch(7), np.pad(batch(7), ((0, 0), (0, 6)))
    left = left_padded(wide)
    expected = model.predict_on_batch({"token_ids": narrow})
    np.testing.assert_allclose(model.predict_on_batch({"token_ids": wide}), expected, atol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch({"token_ids": left}), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("architecture", "targets", "changed"),
    [
        *((architecture, targets, {}) for architecture in ARCHITECTURES for targets in TARGETS.values()),
        *(
            (architecture, TARGETS["binary"], changed)
            for architecture in ARCHITECTURES
            for changed in VARIANTS[architecture]
        ),
    ],
)
def test_onnx_gives_what_keras_gives(architecture, targets, changed):
    model = model_of(architecture, targets, **changed)
    for weight in model.weights:  # biases are zero at first, and would hide a wrong order of gates
        if weight.trainable:
            weight.assign(np.random.default_rng(2).normal(0, 0.5, weight.shape))
    for padding, token_ids in (("right", batch()), ("left", left_padded(batch()))):
        session = session_of(model, targets.activation, padding)
        expected = keras.activations.get(targets.activation)(model.predict_on_batch({"token_ids": token_ids}))
        [answer] = session.run(None, {"token_ids": token_ids})
        np.testing.assert_allclose(answer, expected, atol=1e-6)


@each_variant
def test_a_text_gets_the_same_answer_alone_and_in_a_batch(architecture, changed):
    model = model_of(architecture, **changed)
    session = session_of(model, "sigmoid", "right")
    together = model.predict_on_batch({"token_ids": batch()})
    [answers] = session.run(None, {"token_ids": batch()})
    for row, token_ids in enumerate(batch()):
        alone = token_ids[token_ids != 0][None]
        np.testing.assert_allclose(model.predict_on_batch({"token_ids": alone}), together[[row]], atol=1e-6)
        [answer] = session.run(None, {"token_ids": alone})
        np.testing.assert_allclose(answer, answers[[row]], atol=1e-6)


@each
def test_the_same_seed_gives_the_same_weights(architecture):
    first, second = model_of(architecture).get_weights(), model_of(architecture).get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("architecture", "option"),
    [(name, option) for name, module in ARCHITECTURES.items() for option in module.Options.model_fields],
)
def test_every_option_is_used(architecture, option):
    if option == "architecture":
        return
    changed = model_of(architecture, **{option: OTHER[option]})
    assert description(changed) != description(model_of(architecture))


def description(model: keras.Model) -> str:
    return str([{**layer.get_config(), "name": ""} for layer in model.layers])


def test_number_of_weights_of_the_default_lstm():
    model = build_model(ARCHITECTURES["lstm"].Options(), num_ids=1000, num_units=1)
    # embedding 1000 * 64, four gates of (64 inputs + 64 states + a bias) * 64, logits 64 + 1
    assert model.count_params() == 64_000 + 4 * (64 + 64 + 1) * 64 + 65
