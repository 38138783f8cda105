"""`LSTM`, and the choice between its kernels and Keras's loop."""

import logging
from threading import Thread
from typing import NamedTuple

import keras
import tensorflow as tf

from textclf.core.cores import num_threads
from textclf.models.xla_lstm.kernels import KernelShape, compile_ahead, lstm_states

log = logging.getLogger(__name__)
# Sequential tokens of all batches of a training. The kernels save 0.2 ms of processor time on each (64 units, batches
# of 32), and XLA takes some seconds to compile them.
FEWEST_SEQUENTIAL_TOKENS = 20_000
SHORTEST_CHUNK, LONGEST_CHUNK = 16, 64  # tokens: the overhead of a chunk is the time of about five tokens
FEWEST_ROWS = 16  # of a part of a batch: a product of fewer rows takes hardly less time
FEWEST_TOKENS_FOR_PARTS = 30  # of a mean text: the overhead of a part is the time of about ten tokens


class Workload(NamedTuple):
    """The size of a training, by which kernels are chosen."""

    mean_length: float  # tokens of a text
    longest: int  # tokens
    batch_size: int  # texts
    steps: int  # of the whole training, unless it stops early


@keras.saving.register_keras_serializable("textclf")
class LSTM(keras.layers.LSTM):
    """Keras's LSTM, which trains with compiled kernels once `kernel_shape` is set.

    Input (batch, tokens, dim) and its mask (batch, tokens), padding on either side. Output (batch, units), or
    (batch, tokens, units) with the same mask; a padded token repeats the state before it.
    """

    kernel_shape: KernelShape | None = None  # None: Keras's own loop

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Return the last state, all states, and the states in Keras's form, of sequences (batch, tokens, dim)."""
        if not training or self.kernel_shape is None or self.recurrent_dropout:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool) if mask is None else mask
        if self.go_backwards:
            sequences, mask = tf.reverse(sequences, [1]), tf.reverse(mask, [1])
        weights = [weight.value for weight in (self.cell.kernel, self.cell.bias, self.cell.recurrent_kernel)]
        last, states = lstm_states(sequences, mask, weights, self.kernel_shape)
        return last, states, [last, last]


def choose_kernels(model: keras.Model, workload: Workload, *, padding: str) -> None:
    """Let every LSTM of a model train with compiled kernels where that pays, and log the choice with its reason.

    Args:
        padding: the side on which the texts are padded.
    """
    layers = lstms_of(model)
    if not layers:
        return
    has_dropout = any(layer.recurrent_dropout for layer in layers)
    if tf.config.list_physical_devices("GPU"):
        cudnn = not has_dropout and padding == "right"
        log.info("LSTM: %s", "cuDNN kernel" if cudnn else "Keras's loop (cuDNN needs padding: right and no dropout)")
    elif has_dropout:
        log.info("LSTM: Keras's loop (the compiled kernels have no recurrent dropout)")
    elif workload.steps * workload.mean_length < FEWEST_SEQUENTIAL_TOKENS:
        log.info("LSTM: Keras's loop (compiling kernels takes longer than this training)")
    else:
        parts = _num_parts(workload.batch_size) if workload.mean_length >= FEWEST_TOKENS_FOR_PARTS else 1
        log.info("LSTM: compiled kernels, batches in %d part%s", parts, "s"[: parts > 1])
        shape = KernelShape(_chunk_length(workload), -(-workload.batch_size // parts), parts)
        for layer in layers:
            layer.kernel_shape = shape
        for units in {layer.units for layer in layers}:
            Thread(target=compile_ahead, args=(shape, units)).start()


def lstms_of(model: keras.Model) -> list[LSTM]:
    """Return all LSTMs of a model, also those within a bidirectional layer."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, LSTM)]


def _num_parts(batch_size: int) -> int:
    return max(1, min(num_threads(), batch_size // FEWEST_ROWS))


def _chunk_length(workload: Workload) -> int:
    """Return the tokens of a chunk: about a mean text, so that most texts need one, within bounds."""
    usual = max(SHORTEST_CHUNK, min(round(1.25 * workload.mean_length), LONGEST_CHUNK))
    return min(workload.longest, usual)
