"""Checkpoints hold every weight and the optimizer, as plain arrays."""

import keras
import numpy as np
import pytest

from textclf.checkpoints import load_checkpoint, save_checkpoint


def fitted_model(seed):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="logits")(keras.layers.Dense(4, name="hidden")(inputs)))
    model.compile(optimizer="adam", loss="mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 1)))
    return model


@pytest.mark.parametrize("with_optimizer", [True, False])
def test_what_was_saved_comes_back(tmp_path, with_optimizer):
    saved, other = fitted_model(1), fitted_model(2)
    save_checkpoint(tmp_path / "best.npz", saved, with_optimizer=with_optimizer)
    load_checkpoint(tmp_path / "best.npz", other, with_optimizer=with_optimizer)
    for one, two in zip(saved.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    same_state = all(
        np.array_equal(one, two) for one, two in zip(saved.optimizer.variables, other.optimizer.variables, strict=True)
    )
    assert same_state == with_optimizer
    assert [path.name for path in tmp_path.iterdir()] == ["best.npz"]


def test_no_pickle_is_ever_loaded(tmp_path):
    model = fitted_model(1)
    save_checkpoint(tmp_path / "best.npz", model, with_optimizer=False)
    names = np.load(tmp_path / "best.npz").files
    np.savez(tmp_path / "bad.npz", **dict.fromkeys(names, np.array([{"code": 1}], object)))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_checkpoint(tmp_path / "bad.npz", model, with_optimizer=False)
