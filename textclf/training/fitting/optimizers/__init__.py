"""Optimizers with sparse updates of embeddings, weight decay, an EMA of the weights, and learning-rate schedules.

`OPTIMIZERS` lists what `training.optimizer` can be. `build_optimizer` makes one, `use_sparse_updates` builds it for a
model. Keras's own optimizers square the gradients of a repeated token one by one and update all rows of an embedding in
each step. These sum the gradients first, and update only the rows of the batch where that is faster.
"""

from collections.abc import Callable

from textclf.training.fitting.optimizers.adagrad import Adagrad, build_adagrad
from textclf.training.fitting.optimizers.adam import Adam, build_adam
from textclf.training.fitting.optimizers.updates import use_sparse_updates

__all__ = ["OPTIMIZERS", "Adagrad", "Adam", "build_optimizer", "use_sparse_updates"]
OPTIMIZERS: dict[str, Callable[..., Adam | Adagrad]] = {"adam": build_adam, "adagrad": build_adagrad}


def build_optimizer(options, *, learning_rate) -> Adam | Adagrad:
    """Return the optimizer of `training.optimizer`.

    Args:
        options: `TrainingOptions`.
        learning_rate: a number, or a Keras schedule.
    """
    return OPTIMIZERS[options.optimizer](options, learning_rate)
