"""An LSTM whose steps run as compiled programs, with its gradient written out: on all cores, in a third of the time.

Keras's loop is a graph of small operations for each token, and of twice as many for the gradient. Here XLA compiles
both loops, and what needs none (all that the input adds, the gradients of the weights) is one large product outside.
"""

import logging
import os
from threading import Thread
from typing import NamedTuple

import keras
import tensorflow as tf

log = logging.getLogger(__name__)
# Tokens that all batches together go through one after the other. A compiled loop saves 0.2 ms of processor time on
# each (64 units, batches of 32), and XLA takes a second for each of some four shapes.
PAYING_TOKENS = 20_000
FEWEST_ROWS = 16  # of a part of a batch: a product of fewer rows takes hardly less time
PARTED_TOKENS = 30  # of a text: starting a program of its own for each part takes as long as some ten of them


class Shapes(NamedTuple):
    """What XLA compiles programs for; a batch is filled up to one of these shapes."""

    longest: int  # most tokens of a text
    batch_size: int
    parts: int  # of a batch, computed side by side


@keras.saving.register_keras_serializable("textclf")
class LSTM(keras.layers.LSTM):
    """Keras's LSTM; in training as compiled programs once `shapes` is set.

    It computes what Keras's does (a test compares both with their gradients). XLA compiles a program for every shape of
    a batch, so a batch is filled up to `longest` tokens, a half or a quarter of it and so on; the loop ends with
    the last token all the same.
    """

    shapes: Shapes | None = None  # `None`: Keras's own loop

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """States from (batch, tokens, dim): the last, all of them, and what Keras calls the states."""
        if not training or self.shapes is None or self.recurrent_dropout:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool) if mask is None else mask
        rows, parts = tf.shape(sequences)[0], self.shapes.parts
        missing = tf.where(rows <= self.shapes.batch_size, self.shapes.batch_size - rows, -rows % parts)
        inputs = tf.transpose(tf.pad(sequences, [[0, missing], [0, 0], [0, 0]]), (1, 0, 2))
        mask = tf.transpose(tf.pad(mask, [[0, missing], [0, 0]]))
        if self.go_backwards:
            inputs, mask = tf.reverse(inputs, [0]), tf.reverse(mask, [0])
        kernel, recurrent_kernel = self.cell.kernel.value, tf.convert_to_tensor(self.cell.recurrent_kernel)
        states = tf.concat(
            [
                _states(tf.tensordot(part, kernel, 1) + self.cell.bias, recurrent_kernel, there, self.shapes.longest)
                for part, there in zip(tf.split(inputs, parts, 1), tf.split(mask, parts, 1), strict=True)
            ],
            axis=1,
        )[:, :rows]
        last = states[-1]  # padding keeps the state
        return last, tf.transpose(states, (1, 0, 2)), [last, last]


def choose_loops(
    model: keras.Model, *, mean_length: float, longest: int, batch_size: int, steps: int, padding: str
) -> None:
    """Let every LSTM of a model run compiled in training where that pays, and say in the log what was chosen and why.

    Args:
        mean_length, longest: tokens of the texts.
        batch_size: texts in a batch.
        steps: how many there will be, if training does not stop early.
    """
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, LSTM)]
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
        parts = max(1, min(os.cpu_count() or 1, batch_size // FEWEST_ROWS)) if mean_length >= PARTED_TOKENS else 1
        log.info("LSTM: compiled for this processor, batches in %d part%s side by side", parts, "s"[: parts > 1])
        shapes = Shapes(longest, -(-batch_size // parts) * parts, parts)
        for layer in layers:
            layer.shapes = shapes
        usual_first = sorted(_lengths(longest), key=lambda length: abs(length - mean_length))
        for units in {layer.units for layer in layers}:
            Thread(target=_compile, args=(usual_first, shapes.batch_size // parts, units)).start()


def filled_length(length, longest: int):
    """The smallest of `longest`, its half, its quarter … that a batch fits into, down to some 32 to 64.

    A batch longer than `longest`, which augmentation may make, stays as it is.
    """
    lengths = tf.constant(_lengths(longest))
    place = tf.minimum(tf.searchsorted(lengths, length[None])[0], tf.size(lengths) - 1)
    return tf.maximum(length, lengths[place])


def _lengths(longest: int) -> list[int]:
    lengths = [longest]
    while lengths[-1] > 64:
        lengths.append(-(-lengths[-1] // 2))
    return lengths[::-1]


def _compile(lengths: list[int], rows: int, units: int) -> None:
    """Run both programs once for each length: they are ready by the time that the first batches come."""
    recurrent_kernel, length = tf.zeros((units, 4 * units)), tf.constant(1)

    @tf.function(input_signature=[ROWS, MASK])  # a program is looked for under what a graph calls it
    def both(added, mask):
        states, *factors = _forward(added, recurrent_kernel, mask, length)
        return _backward(states, recurrent_kernel, mask, length, *factors)

    try:
        for tokens in lengths:
            both(tf.zeros((tokens, rows, 4 * units)), tf.zeros((tokens, rows), tf.bool))
    except tf.errors.OpError as error:  # the network will meet it too, and say so
        log.debug("compiling ahead failed: %s", error)


def _states(added, recurrent_kernel, mask, longest: int):
    """What the input adds (tokens, batch, 4 * units) -> all states (tokens, batch, units).

    Args:
        mask: where there is a token, (tokens, batch).
    """
    length, units = tf.shape(added)[0], recurrent_kernel.shape[0]
    filling = [[0, filled_length(length, longest) - length], [0, 0]]
    filled_mask = tf.pad(mask, filling)

    @tf.custom_gradient
    def states_of(added, recurrent_kernel):
        states, *factors = _forward(tf.pad(added, [*filling, [0, 0]]), recurrent_kernel, filled_mask, length)

        def gradients(upstream):
            upstream = tf.pad(upstream, [*filling, [0, 0]])
            of_added = _backward(upstream, recurrent_kernel, filled_mask, length, *factors)[:length]
            # The state before the first token is 0: it adds nothing.
            before, of_later = tf.reshape(states[: length - 1], (-1, units)), tf.reshape(of_added[1:], (-1, 4 * units))
            return of_added, tf.matmul(before, of_later, transpose_a=True)

        return states[:length], gradients

    return states_of(added, recurrent_kernel)


# One signature for all shapes: a program that `_compile` made is found by the network's graph, too.
ROWS, MATRIX = tf.TensorSpec((None, None, None)), tf.TensorSpec((None, None))  # (tokens, batch, width)
MASK, LENGTH = tf.TensorSpec((None, None), tf.bool), tf.TensorSpec((), tf.int32)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH])
def _forward(added, recurrent_kernel, mask, length):
    """States, and all that the gradient is made of: factors that need no state, so that the way back is short.

    Returns:
        states (tokens, batch, units); what the gradients of cell and state are multiplied by for the gates
        (tokens, batch, 4 * units), for the cell (tokens, batch, units), and for the cell of the token before. Each is
        0 from `length` on.
    """
    units = tf.shape(recurrent_kernel)[0]
    zeros = tf.zeros((tf.shape(added)[1], units))

    def step(token, state, cell, *written):
        new = added[token] + tf.matmul(state, recurrent_kernel)
        entered, kept, candidate, shown = tf.split(new, 4, axis=1)  # in Keras's order
        entered, kept, shown = tf.sigmoid(entered), tf.sigmoid(kept), tf.sigmoid(shown)
        candidate = tf.tanh(candidate)
        new_cell = kept * cell + entered * candidate
        bent = tf.tanh(new_cell)
        there = mask[token][:, None]
        of_gates = [
            candidate * entered * (1 - entered),
            cell * kept * (1 - kept),
            entered * (1 - candidate * candidate),
            bent * shown * (1 - shown),
        ]
        state = tf.where(there, shown * bent, state)
        values = (
            state,
            tf.where(there, tf.concat(of_gates, 1), 0.0),
            tf.where(there, shown * (1 - bent * bent), 0.0),
            tf.where(there, kept, 1.0),
        )
        cell = tf.where(there, new_cell, cell)
        rows = (array.write(token, value) for array, value in zip(written, values, strict=True))
        return token + 1, state, cell, *rows

    beginning = (0, zeros, zeros, *(_rows(added) for _ in range(4)))
    written = tf.while_loop(lambda token, *_: token < length, step, beginning)[3:]
    return tuple(array.stack() for array in written)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH, ROWS, ROWS, ROWS])
def _backward(upstream, recurrent_kernel, mask, length, of_gates, of_shown, kept):
    """The gradient of what the input added, from that of all states and what `_forward` left."""
    zeros = tf.zeros_like(kept[0])
    transposed = tf.transpose(recurrent_kernel)

    def step(token, of_state, of_cell, of_added):
        of_state += upstream[token]
        through = of_cell + of_state * of_shown[token]
        of_new = tf.concat([through, through, through, of_state], 1) * of_gates[token]
        of_cell = through * kept[token]
        of_state = tf.matmul(of_new, transposed) + tf.where(mask[token][:, None], 0.0, of_state)
        return token - 1, of_state, of_cell, of_added.write(token, of_new)

    beginning = (length - 1, zeros, zeros, _rows(upstream))
    return tf.while_loop(lambda token, *_: token >= 0, step, beginning)[3].stack()


def _rows(like):
    """Room for (batch, any width) of every token."""
    return tf.TensorArray(tf.float32, size=tf.shape(like)[0], element_shape=(None, None))
