"""Weights during training: plain arrays in one .npz file, no pickle, whole or not at all."""

from pathlib import Path

import keras
import numpy as np

from textclf.files import atomic_file


def save_checkpoint(path: Path, model: keras.Model, *, with_optimizer: bool) -> None:
    """Write the model's weights, and the optimizer's state if it is to go on from there."""
    with atomic_file(path, "wb") as stream:
        np.savez(stream, **{name: variable.numpy() for name, variable in _variables(model, with_optimizer).items()})


def load_checkpoint(path: Path, model: keras.Model, *, with_optimizer: bool) -> None:
    """Put saved weights into a model of the same form."""
    with np.load(path, allow_pickle=False) as arrays:
        for name, variable in _variables(model, with_optimizer).items():
            variable.assign(arrays[name])


def _variables(model: keras.Model, with_optimizer: bool) -> dict[str, keras.Variable]:
    variables = {f"model/{number:03d}/{weight.path}": weight for number, weight in enumerate(model.weights)}
    if with_optimizer:
        states = enumerate(model.optimizer.variables)
        variables |= {f"optimizer/{number:03d}/{state.name}": state for number, state in states}
    return variables
