"""Linear models by LIBLINEAR: the solution, the choice of the regularization, what is kept, and what a config says."""

import json

import numpy as np
import onnx
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import textclf
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, TrainingError
from textclf.data.targets import Targets
from textclf.inference.decisions import Decision
from textclf.models import build_model, ngrams
from textclf.models.sizes import Sizes
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers.word import Options as Words
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.ensemble import merge_linear
from textclf.training.fitting.liblinear import SCALINGS, Problem, predict, solve
from textclf.training.fitting.linear import _weights
from textclf.training.fitting.losses import LOSSES
from textclf.training.fitting.task import Objective, Task
from textclf.training.learning_rate_finder import find_rates

RANDOM = np.random.default_rng(0)
ROWS = csr_matrix(np.where(RANDOM.random((60, 12)) < 0.4, RANDOM.random((60, 12)), 0))
CLASSES = RANDOM.integers(0, 3, 60)
UNITS = (CLASSES[:, None] == np.arange(3)).astype(np.int8)
WEIGHTS = np.array([1.0, 3.0, 0.5])[CLASSES]
LINEAR = {"architecture": "ngrams"}
TRAINING = {"optimizer": "liblinear", "loss": "squared_hinge", "inverse_regularization": [0.1, 1.0, 10.0]}


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("loss", "solver"),
    [
        ("squared_hinge", LinearSVC(C=2, random_state=0)),
        ("log_loss", LogisticRegression(C=2, solver="liblinear", dual=True, random_state=0)),
    ],
)
def test_every_output_is_solved_as_by_scikit_learn(loss, solver, weights):
    problem = Problem(ROWS, UNITS, None if weights is None else weights[:, None], loss, "none", seed=0)
    logits = predict(solve(problem, 2), ROWS)
    expected = [solver.fit(ROWS, unit, weights).decision_function(ROWS) for unit in UNITS.T]
    np.testing.assert_allclose(logits, np.stack(expected, axis=1), atol=2e-3)


def test_each_label_of_several_has_weights_of_its_own():
    weights = np.where(UNITS > 0, [1.0, 5.0, 1.0], 1.0)
    logits = predict(solve(Problem(ROWS, UNITS, weights, "log_loss", "none", 0), 1), ROWS)
    unweighted = predict(solve(Problem(ROWS, UNITS, None, "log_loss", "none", 0), 1), ROWS)
    np.testing.assert_allclose(logits[:, [0, 2]], unweighted[:, [0, 2]], atol=1e-4)
    assert (logits[:, 1] > unweighted[:, 1]).mean() > 0.9


@pytest.mark.parametrize(
    ("type", "classes", "of_labels", "expected"),
    [
        ("multiclass", [0, 2], [1, 2, 3], [[1], [3]]),
        ("multilabel", [[1, 0, 1], [0, 1, 0]], [5, 6, 7], [[5, 1, 7], [1, 6, 1]]),
        ("multiclass", [0, 2], None, None),
    ],
)
def test_labels_and_rows_weigh_what_they_do_in_the_loss_of_a_network(type, classes, of_labels, expected):
    targets = Targets(type, ["a", "b", "c"], [1, 1, 1], ("a",))
    objective = Objective(targets, Decision(), None if of_labels is None else np.array(of_labels, np.float32))
    for of_rows in (None, np.array([2, 0.5], np.float32)):
        dataset = EncodedDataset({}, np.array(classes), of_rows)
        found = _weights(Task(dataset, dataset, Preprocessor.fit(Words(), ["a"]), objective, 0))
        if of_rows is not None:
            assert found.tolist() == (np.array([[1], [1]] if expected is None else expected) * [[2], [0.5]]).tolist()
        else:
            assert (found if found is None else found.tolist()) == expected


def test_naive_bayes_penalizes_what_separates_the_labels_less():
    """The second n-gram is in all texts of the label, the third in all others, the first in every second of both."""
    rows = csr_matrix(np.array([[0.5, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]] * 10))
    unit = np.array([1, 1, 0, 0] * 10)[:, None]
    plain, scaled = (solve(Problem(rows, unit, None, "squared_hinge", scaling, 0), 0.01) for scaling in SCALINGS)
    assert abs(plain.weights[0, 0]) > 0.001 > abs(scaled.weights[0, 0])
    assert scaled.weights[1, 0] > 0 > scaled.weights[2, 0]
    ratios = SCALINGS["naive_bayes"](rows, unit[:, 0])
    np.testing.assert_allclose(ratios / ratios[1], [0, 1, -1], atol=1e-9)
    np.testing.assert_allclose(np.mean(((rows @ np.diag(ratios)) ** 2).sum(axis=1)), 1)


def test_the_sum_of_linear_models_is_one_of_them():
    sizes = Sizes(10, 8, 12)
    models = [build_model(ngrams.Options(), sizes, num_outputs=3) for _ in range(2)]
    for model in models:
        model.set_weights([RANDOM.normal(size=weights.shape) for weights in model.get_weights()])
    hidden = build_model(ngrams.Options(hidden_units=2), sizes, num_outputs=3)
    (merged, other), scales = merge_linear([models[0], hidden, models[1]], [0.5, 3.0, 2.0])
    assert other is hidden
    assert scales == [1.0, 3.0]
    ids, weights = RANDOM.integers(0, 12, (5, 7)), RANDOM.random((5, 7)).astype(np.float32)
    given = {"ngram_ids": ids, "ngram_weights": weights}
    np.testing.assert_allclose(merged(given), 0.5 * models[0](given) + 2 * models[1](given), atol=1e-5)
    assert merge_linear([hidden, models[0]], [1, 2]) == ([hidden, models[0]], [1, 2])


def test_linear_members_are_one_in_the_graph(workplace, tiny_config):
    members = [
        {"model": LINEAR, "training": {**TRAINING, "ngram_scaling": scaling}} for scaling in ("none", "naive_bayes")
    ]
    members += [{"model": {"architecture": "cnn", "embedding_dim": 8, "widths": [2]}}]
    config = tiny_config(preprocessing={"ngrams": {"min_frequency": 1}})
    run = textclf.train({**config, "model": {"architecture": "ensemble", "members": members}}, run="r")
    graph = onnx.load(run.classifier / "model.onnx").graph
    num_ids = textclf.load(run).preprocessor.num_ngrams
    assert sum(list(tensor.dims) == [num_ids, 1] for tensor in graph.initializer) == 1
    networks = run.read_metadata()["networks"]
    assert networks["1-ngrams"]["weight"] > 0
    assert run.read_metadata()["onnx_difference"] < 1e-5


@pytest.mark.parametrize(("loss", "bias"), [("squared_hinge", 1), ("log_loss", np.log(121))])
@pytest.mark.parametrize(("value", "sign"), [(0, -1), (1, 1)])
def test_a_label_that_no_text_has_or_every_text_is_answered_so(value, sign, loss, bias):
    solution = solve(Problem(ROWS, np.full((60, 1), value), None, loss, "none", 0), 1)
    assert not solution.weights.any()
    assert solution.bias == pytest.approx(sign * bias)


@pytest.mark.parametrize("strength", [0.1, 8])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_label_without_a_text_is_not_predicted_among_many(loss, strength):
    units = (np.arange(60)[:, None] % 30 == np.arange(31)).astype(np.int8)
    logits = predict(solve(Problem(ROWS, units, None, loss, "none", 0), strength), ROWS)
    assert (logits.argmax(axis=1) < 30).all()


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("loss", LOSSES)
def test_texts_of_weight_0_are_as_if_they_were_not_there(loss, scaling):
    for used in (CLASSES != 2, CLASSES < 0):  # without the texts of a label, and without any
        weighted = solve(Problem(ROWS, UNITS, used[:, None].astype(np.float32), loss, scaling, 0), 1)
        left_out = solve(Problem(ROWS[used], UNITS[used], None, loss, scaling, 0), 1)
        np.testing.assert_allclose(weighted.weights, left_out.weights, atol=1e-5)
        np.testing.assert_allclose(weighted.bias, left_out.bias, atol=1e-5)


def test_a_solution_that_is_not_finite_is_an_error():
    with pytest.raises(TrainingError, match=r"got 1e\+300, of which the weights are not finite\. Remove it"):
        solve(Problem(ROWS, UNITS, None, "log_loss", "none", 0), 1e300)


def test_the_best_on_validation_is_taken_kept_and_used_again(workplace, tiny_config, monkeypatch):
    config = {**tiny_config(preprocessing={"ngrams": {"min_frequency": 1}}), "model": LINEAR}
    config["training"] = {**TRAINING, "refit": True}
    run = textclf.train(config, run="r")
    log = run.log.read_text()
    losses = {
        float(line.split()[-5].rstrip(":")): float(line.split()[-1])
        for line in log.splitlines()
        if "validation log loss" in line
    }
    assert list(losses) == TRAINING["inverse_regularization"]
    about = run.read_metadata()["networks"]["ngrams"]
    assert about["inverse_regularization"] == min(losses, key=losses.get)
    before = run.predictions.read_bytes()
    run.metadata.write_text(json.dumps({**run.read_metadata(), "status": "interrupted"}))
    monkeypatch.setattr("textclf.training.fitting.linear.solve", None)  # nothing is solved twice
    assert textclf.train(config, run="r").predictions.read_bytes() == before


def test_settings_that_liblinear_cannot_use_are_said_at_once(tiny_config):
    members = [
        {"model": {"architecture": "cnn"}, "training": {**TRAINING, "augmentation": {"deletion": 0.1}}},
        {"model": {**LINEAR, "hidden_units": 8}, "training": TRAINING},
    ]
    config = {**tiny_config(), "model": {"architecture": "ensemble", "members": members}}
    with pytest.raises(ConfigError) as caught:
        load_config(config, ["targets.label_smoothing=0.1"])
    message = str(caught.value)
    assert "members.2.training.optimizer" in message
    assert "got cnn" in message
    assert "got ngrams with hidden units" in message
    assert "training.augmentation" in message
    assert "targets.label_smoothing" in message
    with pytest.raises(ConfigError, match="inverse_regularization"):
        load_config({**tiny_config(), "model": LINEAR}, ["training.inverse_regularization=[0]"])


@pytest.mark.parametrize("overrides", [["model.architecture=cnn"], ["training.optimizer=adam"]])
def test_vectors_of_ngrams_are_only_for_what_liblinear_solves(tiny_config, overrides):
    config = {**tiny_config(), "model": LINEAR, "training": {**TRAINING, "ngram_vectors": 50}}
    assert load_config(config).training.ngram_vectors == 50
    with pytest.raises(ConfigError, match=r"ngram_vectors +.*expected 0 unless liblinear solves `ngrams`, got 50"):
        load_config(config, overrides)


def test_it_has_no_learning_rate(workplace, tiny_config):
    with pytest.raises(ConfigError, match="liblinear has no learning rate"):
        find_rates({**tiny_config(), "model": LINEAR, "training": TRAINING})
