"""A network of which one can follow every step by hand."""

import keras

from textclf.models.layers import Embedding
from textclf.training.fitting.optimizers import use_sparse_updates


def model_of(optimizer, dim: int = 3, rows: int = 6, sparse: bool = False, factor: float | None = None):
    """Token ids -> the mean of their embeddings -> one number."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None,), dtype="int32")
    table = Embedding(rows, dim)
    if factor:
        table.rate_factor = factor
    features = keras.layers.GlobalAveragePooling1D()(table(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(features))
    if sparse:
        use_sparse_updates(model, optimizer, ids_per_step=1)
    model.compile(optimizer=optimizer, loss="mse")
    return model
