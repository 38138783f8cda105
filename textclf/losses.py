"""The Keras losses on logits, one for each type of target."""

import numpy as np


def binary_loss(label_smoothing: float, weights: np.ndarray | None):  # noqa: ARG001 (rows carry the weights)
    """One unit: classes 0 and 1."""
    import keras

    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)


def multiclass_loss(label_smoothing: float, weights: np.ndarray | None):  # noqa: ARG001 (rows carry the weights)
    """A unit a label: class indices, one right."""
    import keras

    if not label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def smoothed_crossentropy(classes, logits):
        truth = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(classes, (-1,)), "int32"), logits.shape[-1])
        return keras.losses.categorical_crossentropy(truth, logits, from_logits=True, label_smoothing=label_smoothing)

    return smoothed_crossentropy


def multilabel_loss(label_smoothing: float, weights: np.ndarray | None):
    """A unit a label, each right or not: the mean over labels, a missed label costing its weight."""
    import keras

    positive_weights = 1.0 if weights is None else keras.ops.convert_to_tensor(weights)

    def weighted_crossentropy(truth, logits):
        truth = truth * (1 - label_smoothing) + label_smoothing / 2
        missed = positive_weights * truth * keras.ops.softplus(-logits)
        return keras.ops.mean(missed + (1 - truth) * keras.ops.softplus(logits), axis=-1)

    return weighted_crossentropy
