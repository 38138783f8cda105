"""An LSTM whose steps run as compiled programs, with its gradient written out: on all cores, in a third of the time.

Keras's loop is a graph of small operations for each token, and of twice as many for the gradient.
"""

import logging
import os
from threading import Thread

import keras
import tensorflow as tf

from textclf.models.xla_lstm.kernels import KernelShape, compile_ahead, lstm_states

log = logging.getLogger(__name__)
# Tokens that all batches together go through one after the other. A compiled loop saves 0.2 ms of processor time on
# each (64 units, batches of 32), and XLA takes some seconds.
PAYING_TOKENS = 20_000
SHORTEST_STRETCH, LONGEST_STRETCH = 16, 64  # tokens: a call takes as long as some five of them
FEWEST_ROWS = 16  # of a part of a batch: a product of fewer rows takes hardly less time
PARTED_TOKENS = 30  # of a text: starting a program of its own for each part takes as long as some ten of them
# Tokens that are answered in all validations together; the compiled loop takes 1 µs less for each (64 units).
PAYING_ANSWERS = 1_000_000


@keras.saving.register_keras_serializable("textclf")
class LSTM(keras.layers.LSTM):
    """Keras's LSTM, as compiled programs once it has the shapes of what it is to compute.

    It computes what Keras's does (a test compares both with their gradients).
    """

    shapes: KernelShape | None = None  # in training; `None`: Keras's own loop
    answering_shapes: KernelShape | None = None  # otherwise

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """States from (batch, tokens, dim): the last, all of them, and what Keras calls the states."""
        shapes = self.shapes if training else self.answering_shapes
        if shapes is None or (training and self.recurrent_dropout):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool) if mask is None else mask
        if self.go_backwards:
            sequences, mask = tf.reverse(sequences, [1]), tf.reverse(mask, [1])
        weights = [weight.value for weight in (self.cell.kernel, self.cell.bias, self.cell.recurrent_kernel)]
        last, states = lstm_states(sequences, mask, weights, shapes, with_gradient=bool(training))
        return last, states, [last, last]


def choose_kernels(
    model: keras.Model, *, mean_length: float, longest: int, batch_size: int, steps: int, padding: str
) -> None:
    """Let every LSTM of a model run compiled in training where that pays, and say in the log what was chosen and why.

    Args:
        mean_length, longest: tokens of the texts.
        batch_size: texts in a batch.
        steps: how many there will be, if training does not stop early.
    """
    layers = lstms_of(model)
    if not layers:
        return
    dropping = any(layer.recurrent_dropout for layer in layers)
    if tf.config.list_physical_devices("GPU"):
        own = not dropping and padding == "right"
        log.info("LSTM: %s", "the GPU's kernel" if own else "Keras's loop; the GPU's kernel wants padding on the right")
    elif dropping:
        log.info("LSTM: Keras's loop; the compiled one knows no recurrent dropout")
    elif steps * mean_length < PAYING_TOKENS:
        log.info("LSTM: Keras's loop; compiling another takes longer than this training")
    else:
        parts = _parts(batch_size) if mean_length >= PARTED_TOKENS else 1
        log.info("LSTM: compiled for this processor, batches in %d part%s side by side", parts, "s"[: parts > 1])
        shapes = KernelShape(_stretch(mean_length, longest), -(-batch_size // parts), parts)
        for layer in layers:
            layer.shapes = shapes
        for units in {layer.units for layer in layers}:
            Thread(target=compile_ahead, args=(shapes, units)).start()


def choose_inference_kernels(
    model: keras.Model, *, mean_length: float, longest: int, batch_size: int, texts: int
) -> None:
    """The same for a model's answers, where it trains compiled.

    Args:
        texts: how many it answers in all.
    """
    layers, parts = [layer for layer in lstms_of(model) if layer.shapes], _parts(batch_size)
    if layers and texts * mean_length >= PAYING_ANSWERS:
        log.info("LSTM: compiled for validation too, batches in %d part%s", parts, "s"[: parts > 1])
        for layer in layers:
            layer.answering_shapes = KernelShape(_stretch(mean_length, longest), -(-batch_size // parts), parts)


def lstms_of(model: keras.Model) -> list[LSTM]:
    """All its LSTMs, those of both directions too."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, LSTM)]


def _parts(batch_size: int) -> int:
    return max(1, min(os.cpu_count() or 1, batch_size // FEWEST_ROWS))


def _stretch(mean_length: float, longest: int) -> int:
    return min(longest, max(SHORTEST_STRETCH, min(round(1.25 * mean_length), LONGEST_STRETCH)))
