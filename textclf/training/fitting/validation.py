"""What a Keras network says to the validation texts while it is trained."""

from collections.abc import Callable
from functools import partial
from itertools import chain

import keras
import numpy as np
import tensorflow as tf

from textclf.models.xla_lstm.layer import choose_inference_kernels
from textclf.preprocessing.ragged import RaggedArrays, longest, mean_length, num_rows
from textclf.training.fitting.batches import evaluation_batches, num_steps

# Rows of a batch: a graph takes as long for 500 short texts as for 100, but memory is limited.
FEWEST_ROWS, MOST_ROWS, MOST_TOKENS = 128, 1024, 2**16


class ValidationPredictor:
    """Logits of the same texts, as often as they are asked for.

    Args:
        arrays: the encoded texts; no row is empty.
        times: about how often that will be: what is worth compiling for it.
    """

    def __init__(self, model: keras.Model, arrays: RaggedArrays, *, padding: str, times: int):
        self.model, texts, most_tokens = model, num_rows(arrays), longest(next(iter(arrays.values())))
        rows = max(FEWEST_ROWS, min(MOST_TOKENS // most_tokens, MOST_ROWS))
        batch_size = -(-texts // num_steps(texts, rows))  # all about as large, for programs of one shape
        self.batches: Callable = partial(evaluation_batches, arrays, batch_size=batch_size, padding=padding)
        self.shape = texts, model.output_shape[-1]
        choose_inference_kernels(
            model, mean_length=mean_length(arrays), longest=most_tokens, batch_size=batch_size, texts=times * texts
        )
        signature = [{tensor.name: tf.TensorSpec((None, None), tensor.dtype) for tensor in model.inputs}]
        self.graph = tf.function(partial(model, training=False), input_signature=signature, autograph=False)

    def warm_up(self) -> None:
        """Make the graph and run it once; it may be called beside the first steps of a training."""
        function = self.graph.get_concrete_function()
        if not _changes_variables(function):
            _, inputs = next(self.batches())
            self.graph(inputs)

    def predict_logits(self) -> np.ndarray:
        """By the weights of the moment, (texts, units)."""
        logits = np.empty(self.shape, np.float32)
        for numbers, inputs in self.batches():
            logits[numbers] = self.graph(inputs)
        return logits


def _changes_variables(function) -> bool:
    """Keras's recurrent dropout draws numbers even where it drops nothing; drawn once more, all that follow differ."""
    graph = function.graph.as_graph_def()
    nodes = chain(graph.node, *(part.node_def for part in graph.library.function))
    return any(node.op.startswith("Assign") for node in nodes)
