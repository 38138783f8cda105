"""The contract of every architecture in the table, for every kind of logits: it runs by itself for a new one."""

import functools
import itertools
from typing import NamedTuple

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from tests.pretrained import BERT, REFERENCES
from tests.tolerances import assert_close
from textclf.core.options import fields_of
from textclf.data.targets import TYPES, Targets
from textclf.export.onnx import build_graph
from textclf.inference.decisions import Decision
from textclf.models import ARCHITECTURES, build_model
from textclf.models.embedding import VectorOptions
from textclf.models.sizes import Sizes
from textclf.training.fitting.losses import build_loss
from textclf.training.fitting.task import Objective

SIZES = Sizes(num_ids=12, sequence_length=7, num_ngrams=12)
TARGETS = {
    "binary": Targets("binary", ["no", "yes"], [1, 1], ("no",)),
    "multiclass": Targets("multiclass", list("abc"), [1] * 3, ("a",)),
    "multilabel": Targets("multilabel", list("abc"), [1] * 3, ("a",)),
}
# Values that differ from the default, and keep the network small; a new option needs a line here.
OTHER = {
    "embedding_dim": 5, "units": 3, "num_layers": 2, "bidirectional": True,
    "pooling": "attention", "dropout": 0.6, "recurrent_dropout": 0.5, "l2": 0.1, "word_dropout": 0.5,
    "spatial_dropout": 0.5, "widths": [1], "filters": 3, "num_heads": 3, "head_dim": 2, "hidden_units": 7,
    "positions": "sinusoidal", "vectors": VectorOptions(file="v.txt", tuned=False),
    "weights": str(REFERENCES / "roberta"), "trained_layers": 1, "tune_embedding": True, "layer_decay": 0.5,
    "head_rate": 2.0,
}  # fmt: skip
OTHER_OF = {("encoder", "pooling"): "cls"}
# In the layers of a network. `test_contrastive.py` and `test_frozen.py` have tests of these.
NOT_SEEN = {"architecture", "revision", "contrastive_steps", "label_texts", "label_text_weight"}
SMALL = {
    "embedding_dim": 6, "units": 4, "filters": 5, "num_heads": 2, "head_dim": 3, "hidden_units": 8, "weights": BERT,
}  # fmt: skip
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
    "cnn": [{"widths": [1]}, {"widths": [2, 9]}],  # one wider than every text
    "transformer": [
        {"num_layers": 2, "positions": "sinusoidal"},
        {"pooling": "mean"},
        {"pooling": "max"},
        {"pooling": "attention", "embedding_dim": 5},
    ],
    "ngrams": [{"hidden_units": 5}],
    "encoder": [
        {"pooling": "cls"},
        {"trained_layers": 1, "weights": str(REFERENCES / "roberta")},
        {"trained_layers": 0, "weights": str(REFERENCES / "distilbert")},
        {"tune_embedding": True, "weights": str(REFERENCES / "xlm-roberta"), "pooling": "cls"},
    ],
}


def options_of(architecture: str, **changed):
    known = fields_of(ARCHITECTURES[architecture].Options)
    small = {name: value for name, value in SMALL.items() if name in known}
    return ARCHITECTURES[architecture].Options(**{**small, **changed})


def model_of(architecture: str, targets: Targets = TARGETS["binary"], **changed) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = build_model(options_of(architecture, **changed), SIZES, num_outputs=targets.num_outputs)
    model.compile(optimizer="adam", loss=build_loss(Objective(targets, Decision())), jit_compile=False)
    return model


def session_of(model: keras.Model, activation: str, padding: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(build_graph(model, activation=activation, padding=padding).SerializeToString())


def batch(architecture: str, width: int = 7) -> dict[str, np.ndarray]:
    """Five rows of different lengths, padded on the right."""
    random = np.random.default_rng(0)
    ids = random.integers(1, SIZES.num_ids, (5, width)).astype(np.int32)
    weights = random.uniform(0.1, 1, (5, width)).astype(np.float32)
    for row, length in enumerate([7, 1, 3, 5, 2]):
        ids[row, length:] = weights[row, length:] = 0
    arrays = {"token_ids": ids, "ngram_ids": ids, "ngram_weights": weights}
    return {name: arrays[name] for name in ARCHITECTURES[architecture].INPUTS}


def logits_of(model: keras.Model, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Called as it stands: to compile each of these networks takes far longer than to run it."""
    return np.asarray(model(arrays))


def wider(arrays: dict[str, np.ndarray], more: int) -> dict[str, np.ndarray]:
    return {name: np.pad(array, ((0, 0), (0, more))) for name, array in arrays.items()}


def left_padded(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: np.stack([np.roll(row, np.count_nonzero(row == 0)) for row in array]) for name, array in arrays.items()
    }


def alone(arrays: dict[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    """One text without its padding."""
    return {name: array[row][array[row] != 0][None] for name, array in arrays.items()}


each = pytest.mark.parametrize("architecture", ARCHITECTURES)


def case_of(architecture: str, changed: dict, targets: str):
    name = " ".join(map(str, [architecture, *changed.values(), targets]))
    return pytest.param((architecture, TARGETS[targets], changed), id=name)


# The defaults and every variant. The kinds of logits take turns, so that each architecture has all three.
CASES = [
    case_of(architecture, changed, targets)
    for architecture, variants in VARIANTS.items()
    for changed, targets in zip([{}, *variants, {}][: max(3, 1 + len(variants))], itertools.cycle(TARGETS))
]


def test_every_target_type_has_a_case():
    assert set(TARGETS) == set(TYPES)


def test_every_architecture_has_variants():
    assert set(VARIANTS) == set(ARCHITECTURES)


@pytest.mark.parametrize(("architecture", "targets"), list(zip(ARCHITECTURES, itertools.cycle(TARGETS.values()))))
def test_steps_down_the_gradient_lower_the_loss(architecture, targets):
    model, arrays = model_of(architecture, targets, dropout=0.0), batch(architecture)
    classes = np.arange(5)[:, None] % len(targets.labels)
    if targets.multilabel:
        classes = np.eye(len(targets.labels))[classes[:, 0]]
    classes = classes.astype(np.float32)

    @tf.function  # the steps of `train_on_batch` take three times as long to trace
    def step():
        with tf.GradientTape() as tape:
            loss = model.compute_loss(y=classes, y_pred=model(arrays, training=True))
        variables = [weight.value for weight in model.trainable_weights]
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.5 * tf.convert_to_tensor(gradient))
        return loss

    losses = [float(step()) for _ in range(300)]
    assert losses[-1] < losses[0] / 2


class Built(NamedTuple):
    """A network, its logits for a batch, and its ONNX graph."""

    model: keras.Model
    activation: str
    arrays: dict[str, np.ndarray]
    logits: np.ndarray
    session: onnxruntime.InferenceSession


@pytest.fixture(scope="module", params=CASES)
def built(request) -> Built:
    """One of the networks that all tests about padding and ONNX read: to build it takes longer than to test it."""
    architecture, targets, changed = request.param
    model, arrays = model_of(architecture, targets, **changed), batch(architecture)
    for weight in model.weights:  # biases are zero at first, and would hide a wrong order of gates
        if weight.trainable:
            weight.assign(np.random.default_rng(2).normal(0, 0.5, weight.shape))
    session = session_of(model, targets.activation, "right")
    return Built(model, targets.activation, arrays, logits_of(model, arrays), session)


def test_padding_is_never_read(built):
    wide = wider(built.arrays, 6)
    assert_close(logits_of(built.model, wide), built.logits)
    assert_close(logits_of(built.model, left_padded(wide)), built.logits)


def test_onnx_gives_what_keras_gives(built):
    assert built.logits.shape == (5, built.model.output_shape[-1])
    expected = keras.activations.get(built.activation)(built.logits)
    [right] = built.session.run(None, built.arrays)
    assert_close(right, expected)
    [left] = session_of(built.model, built.activation, "left").run(None, left_padded(built.arrays))
    assert_close(left, expected)


def test_a_text_gets_the_same_answer_alone_and_in_a_batch(built):
    [answers] = built.session.run(None, built.arrays)
    for row in range(5):
        [answer] = built.session.run(None, alone(built.arrays, row))
        assert_close(answer, answers[[row]])
    for row in (0, 1, 4):
        assert_close(logits_of(built.model, alone(built.arrays, row)), built.logits[[row]])


@each
def test_the_same_seed_gives_the_same_weights(architecture):
    first, second = model_of(architecture).get_weights(), model_of(architecture).get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("architecture", "option"),
    [(name, option) for name, module in ARCHITECTURES.items() for option in fields_of(module.Options)],
)
def test_every_option_is_used(architecture, option):
    if option in NOT_SEEN:
        return
    changed = model_of(architecture, **{option: OTHER_OF.get((architecture, option), OTHER.get(option))})
    assert description(changed) != default_description(architecture)


@functools.cache
def default_description(architecture: str) -> str:
    return description(model_of(architecture))


def description(model: keras.Model) -> str:
    rates = [getattr(layer, "rate_factor", None) for layer in model.layers]
    return str([{**layer.get_config(), "name": ""} for layer in model.layers] + rates)


def test_number_of_weights_of_the_default_lstm():
    model = build_model(ARCHITECTURES["lstm"].Options(), Sizes(1000, 256), num_outputs=1)
    # embedding 1000 * 64, four gates of (64 inputs + 64 states + a bias) * 64, logits 64 + 1
    assert model.count_params() == 64_000 + 4 * (64 + 64 + 1) * 64 + 65


def test_a_transformer_knows_the_order_of_the_tokens():
    for positions in ("learned", "sinusoidal"):
        model = model_of("transformer", positions=positions)
        for weight in model.weights:
            if weight.trainable:
                weight.assign(np.random.default_rng(2).normal(0, 0.5, weight.shape))
        forward, backward = ({"token_ids": np.array([ids])} for ids in ([1, 2, 3, 4], [4, 3, 2, 1]))
        difference = logits_of(model, forward) - logits_of(model, backward)
        assert np.abs(difference).max() > 1e-4


def test_equal_widths_of_a_cnn_count_once():
    assert model_of("cnn", widths=[2, 2]).count_params() == model_of("cnn", widths=[2]).count_params()


def test_recurrent_dropout_hides_the_same_numbers_at_every_step():
    """Variational dropout (Gal & Ghahramani 2016) is what Keras does: one mask for all tokens of a text."""
    keras.utils.set_random_seed(0)
    # A cell that hands its state on unchanged but for the dropout: what one mask leaves, it leaves at every step.
    layer = keras.layers.LSTM(40, recurrent_dropout=0.5, return_sequences=True, use_bias=False)
    layer.build((None, None, 1))
    kernel, recurrent = np.zeros((1, 160), np.float32), np.zeros((40, 160), np.float32)
    kernel[:, 0:40] = kernel[:, 120:] = 50  # the input and output gates are open
    recurrent[:, 80:120] = np.eye(40)  # the candidate is the last state
    kernel[:, 80:120] = 0.5
    layer.set_weights([kernel, recurrent])
    states = np.asarray(layer(np.ones((1, 6, 1), np.float32), training=True))[0]
    dropped = np.isclose(states[1:], states[1:].min(axis=1, keepdims=True), atol=1e-5)
    assert 0.2 < dropped.mean() < 0.8
    assert (dropped == dropped[0]).all()


@pytest.mark.parametrize(
    "architecture", [name for name in ARCHITECTURES if "l2" in fields_of(ARCHITECTURES[name].Options)]
)
def test_the_penalty_is_on_all_kernels_and_on_no_table(architecture):
    """So that a step does not move what a batch does not have."""
    for l2 in (0.0, 0.1):
        model, arrays = model_of(architecture, l2=l2, dropout=0.0), batch(architecture)
        kernels = [weight for weight in model.trainable_weights if "kernel" in weight.path]
        penalty = l2 * sum(float(np.square(kernel.numpy()).sum()) for kernel in kernels)
        assert float(sum(model.losses)) == pytest.approx(penalty, rel=1e-4)
        logits = model(arrays)
        classes = np.zeros((5, 1), np.float32)
        without = float(model.loss(classes, logits))
        assert float(model.compute_loss(y=classes, y_pred=logits)) == pytest.approx(without + penalty, rel=1e-4)
