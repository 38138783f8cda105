"""Predictions of a Keras network on the validation texts.

While a network is fitted, the inference engine validates it: what decides early stopping is what the classifier will
answer. In the end Keras predicts the same texts once, which gives logits, and a check of the exported graph.
"""

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from textclf.core.errors import TrainingError
from textclf.data.targets import Targets
from textclf.evaluation.metrics import measure
from textclf.export.onnx import build_graph
from textclf.inference.engine import Engine
from textclf.inference.onnx.session import GraphError, NotProbabilitiesError
from textclf.models.encoder.layers import SelfAttention
from textclf.preprocessing.ragged import RaggedArrays, longest, num_rows
from textclf.training.fitting.batches import evaluation_batches
from textclf.training.fitting.callbacks import not_finite
from textclf.training.fitting.optimizers.ema import ema_weights
from textclf.training.fitting.task import Task

METRICS = {"loss": "log_loss", "accuracy": "accuracy", "f1_macro": "f1_macro", "roc_auc": "roc_auc"}
# Rows of a batch for Keras: a graph takes as long for 500 short texts as for 100, but memory is limited.
FEWEST_ROWS, MOST_ROWS, MOST_TOKENS = 128, 1024, 2**16
MOST_ATTENTION_TOKENS = 2**13  # of a batch: the scores of 12 heads for 32 texts of 256 tokens take 100 MB


def validation_metrics(model: keras.Model, task: Task) -> dict[str, float]:
    """Measure a network on the validation texts, with the average of its weights if the optimizer keeps one.

    Returns:
        The metrics by which an interval is judged, without those that are undefined for these texts.

    Raises:
        TrainingError: the network predicts numbers that are not finite.
    """
    with ema_weights(model):
        probabilities = predict_probabilities(model, task)
    objective = task.objective
    metrics = measure(task.validation.classes, probabilities, objective.targets, objective.decision)
    return {name: metrics[source] for name, source in METRICS.items() if metrics[source] is not None}


def predict_probabilities(model: keras.Model, task: Task) -> np.ndarray:
    """Export a network, and return what the inference engine predicts for the validation texts, (texts, labels).

    Raises:
        TrainingError: the network predicts numbers that are not finite, or the engine has no memory for a batch.
    """
    arrays, preprocessor, targets = task.validation.arrays, task.preprocessor, task.objective.targets
    graph = build_graph(model, activation=targets.activation, padding=preprocessor.options.padding)
    operators = {node.op_type for node in graph.graph.node}
    engine = Engine(graph.SerializeToString(), preprocessor, targets.num_outputs, operators, names=list(arrays))
    try:
        return targets.probabilities(engine.run(arrays))
    except NotProbabilitiesError as error:
        raise not_finite(model, "validation loss", np.nan) from error
    except GraphError as error:
        raise TrainingError(
            f"the network cannot predict the validation texts: {error}. Try a smaller network, or a lower "
            "preprocessing.sequence_length."
        ) from error


def predict_logits(model: keras.Model, arrays: RaggedArrays, *, padding: str) -> np.ndarray:
    """Return what Keras computes for some texts, the logits of a network, (texts, outputs)."""
    length = longest(next(iter(arrays.values())))
    if any(isinstance(layer, SelfAttention) for layer in model.layers):
        batch_size = max(1, MOST_ATTENTION_TOKENS // length)
    else:
        batch_size = max(FEWEST_ROWS, min(MOST_TOKENS // length, MOST_ROWS))
    signature = [{tensor.name: tf.TensorSpec((None, None), tensor.dtype) for tensor in model.inputs}]
    predict = tf.function(partial(model, training=False), input_signature=signature, autograph=False)
    logits = np.empty((num_rows(arrays), model.output_shape[-1]), np.float32)
    for numbers, inputs in evaluation_batches(arrays, batch_size=batch_size, padding=padding):
        logits[numbers] = predict(inputs)
    return logits


def probabilities_of(logits: np.ndarray, targets: Targets) -> np.ndarray:
    """Return the probabilities of logits: (texts, outputs) -> (texts, labels)."""
    return targets.probabilities(keras.ops.convert_to_numpy(keras.activations.get(targets.activation)(logits)))


def log_loss(classes: np.ndarray, logits: np.ndarray, activation: str) -> float:
    """Return the mean log loss of logits, (texts, outputs).

    Args:
        classes: as `Targets.encode` returns them, or the probability of each output, (texts, outputs).
    """
    if activation == "softmax":
        highest = logits.max(axis=1)
        total = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
        true = logits[np.arange(len(classes)), classes] if classes.ndim == 1 else (classes * logits).sum(axis=1)
        return float((total - true).mean())
    return float((np.logaddexp(0, logits) - classes.reshape(logits.shape) * logits).mean())
