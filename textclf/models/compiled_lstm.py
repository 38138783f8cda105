"""An LSTM whose steps run as compiled programs, with its gradient written out: on all cores, in a third of the time.

Keras's loop is a graph of small operations for each token, and of twice as many for the gradient. Here XLA compiles a
program that goes through a stretch of tokens, and one that goes back; they are called for one stretch after the other.
Products of all tokens at once stay outside, where they are as quick or quicker.
"""

import logging
import os
from threading import Thread
from typing import NamedTuple

import keras
import tensorflow as tf

log = logging.getLogger(__name__)
# Tokens that all batches together go through one after the other. A compiled loop saves 0.2 ms of processor time on
# each (64 units, batches of 32), and XLA takes some seconds.
PAYING_TOKENS = 20_000
SHORTEST_STRETCH, LONGEST_STRETCH = 16, 64  # tokens: a call takes as long as some five of them
FEWEST_ROWS = 16  # of a part of a batch: a product of fewer rows takes hardly less time
PARTED_TOKENS = 30  # of a text: starting a program of its own for each part takes as long as some ten of them


class Shapes(NamedTuple):
    """What XLA compiles programs for: a batch is cut into pieces of this shape, and filled up to it."""

    tokens: int  # of a stretch
    rows: int
    parts: int  # of a batch, computed side by side


@keras.saving.register_keras_serializable("textclf")
class LSTM(keras.layers.LSTM):
    """Keras's LSTM; in training as compiled programs once `shapes` is set.

    It computes what Keras's does (a test compares both with their gradients).
    """

    shapes: Shapes | None = None  # `None`: Keras's own loop

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """States from (batch, tokens, dim): the last, all of them, and what Keras calls the states."""
        if not training or self.shapes is None or self.recurrent_dropout:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool) if mask is None else mask
        if self.go_backwards:
            sequences, mask = tf.reverse(sequences, [1]), tf.reverse(mask, [1])
        (rows, tokens), (stretch, fewest_rows, parts) = tf.unstack(tf.shape(mask)), self.shapes
        of_part = tf.maximum(fewest_rows, -(-rows // parts))
        filling = [[0, parts * of_part - rows], [0, -tokens % stretch]]
        inputs = tf.transpose(tf.pad(sequences, [*filling, [0, 0]]), (1, 0, 2))
        mask = tf.transpose(tf.pad(mask, filling))
        weights = [weight.value for weight in (self.cell.kernel, self.cell.bias, self.cell.recurrent_kernel)]
        lengths = tf.clip_by_value(tokens - stretch * tf.range(-(-tokens // stretch)), 0, stretch)
        of_parts = [
            _states(part, there, lengths, stretch, weights)
            for part, there in zip(tf.split(inputs, parts, 1), tf.split(mask, parts, 1), strict=True)
        ]
        last = tf.concat([last for last, _ in of_parts], 0)[:rows]
        states = tf.concat([states for _, states in of_parts], 1)[:tokens, :rows]
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
        stretch = min(longest, max(SHORTEST_STRETCH, min(round(1.25 * mean_length), LONGEST_STRETCH)))
        shapes = Shapes(stretch, -(-batch_size // parts), parts)
        for layer in layers:
            layer.shapes = shapes
        for units in {layer.units for layer in layers}:
            Thread(target=_compile, args=(shapes, units)).start()


def _compile(shapes: Shapes, units: int) -> None:
    """Run both programs once: they are ready by the time that the first batch comes."""
    tokens, rows, _ = shapes
    try:
        added, recurrent_kernel = tf.zeros((tokens, rows, 4 * units)), tf.zeros((units, 4 * units))
        _both(added, recurrent_kernel, tf.zeros((tokens, rows), tf.bool), tf.zeros((rows, units)))
    except tf.errors.OpError as error:  # the network will meet it too, and say so
        log.debug("compiling ahead failed: %s", error)


def _states(inputs, mask, lengths, stretch: int, weights):
    """Inputs (tokens, rows, dim) of whole stretches -> the last state (rows, units), and all (tokens, rows, units).

    Args:
        mask: where there is a token, (tokens, rows).
        lengths: of each stretch, without what it was filled up with.
        weights: kernel, bias, recurrent kernel.
    """
    rows, width = tf.shape(inputs)[1], inputs.shape[2]
    masks = tf.reshape(mask, (-1, stretch, rows))

    @tf.custom_gradient
    def states_of(inputs, kernel, bias, recurrent_kernel):
        units = recurrent_kernel.shape[0]
        inputs = tf.reshape(inputs, (-1, width))
        added = tf.reshape(tf.nn.bias_add(tf.matmul(inputs, kernel), bias), (-1, stretch, rows, 4 * units))
        last, states, factors = _all_forward(added, recurrent_kernel, masks, lengths)

        def gradients(of_last, of_states):
            of_pieces = tf.reshape(of_states, (-1, stretch, rows, units))
            of_added = _all_backward(of_last, of_pieces, recurrent_kernel, masks, lengths, factors)
            of_added = tf.reshape(of_added, (-1, 4 * units))
            before = tf.reshape(tf.concat([tf.zeros((1, rows, units)), states[:-1]], 0), (-1, units))
            return (
                tf.reshape(tf.matmul(of_added, kernel, transpose_b=True), (-1, rows, width)),
                tf.matmul(inputs, of_added, transpose_a=True),
                tf.reduce_sum(of_added, 0),
                tf.matmul(before, of_added, transpose_a=True),
            )

        return (last, states), gradients

    return states_of(inputs, *weights)


def _all_forward(added, recurrent_kernel, masks, lengths):
    """The last state, all states (tokens, rows, units), and an array of stretches for each of `_forward`'s factors."""
    beginning = tf.zeros((tf.shape(added)[2], recurrent_kernel.shape[0]))

    def go_on(number, state, cell, *arrays):
        next_state, next_cell, *left = _forward(
            added[number], recurrent_kernel, masks[number], lengths[number], state, cell
        )
        _keep_shapes((next_state, next_cell), (state, cell))
        written = (array.write(number, value) for array, value in zip(arrays, left, strict=True))
        return number + 1, next_state, next_cell, *written

    arrays = (_array(added) for _ in range(4))
    _, last, _, states, *factors = tf.while_loop(
        lambda number, *_: number < tf.shape(added)[0], go_on, (0, beginning, beginning, *arrays)
    )
    return last, states.concat(), factors


def _all_backward(of_last, of_states, recurrent_kernel, masks, lengths, factors):
    """The gradient of `added`, (tokens, rows, 4 * units), from those of the last state and of all."""

    def go_back(number, of_added, *gradients):
        of_piece, *new = _backward(
            of_states[number], recurrent_kernel, masks[number], lengths[number],
            *(array.read(number) for array in factors), *gradients,
        )  # fmt: skip
        _keep_shapes(new, gradients)
        return number - 1, of_added.write(number, of_piece), *new

    beginning = (tf.shape(of_states)[0] - 1, _array(of_states), of_last, tf.zeros_like(of_last))
    _, of_added, *_ = tf.while_loop(lambda number, *_: number >= 0, go_back, beginning)
    return of_added.concat()


def _array(pieces):
    """Room for something of every stretch."""
    return tf.TensorArray(tf.float32, tf.shape(pieces)[0], clear_after_read=False)


def _keep_shapes(new, old) -> None:
    """A program's results are of any shape, as far as the loop around it knows."""
    for value, before in zip(new, old, strict=True):
        value.set_shape(before.shape)


# One signature for all shapes: a program that `_compile` made is found again by the network's graph.
ROWS, MATRIX = tf.TensorSpec((None, None, None)), tf.TensorSpec((None, None))  # (tokens, rows, width)
MASK, LENGTH = tf.TensorSpec((None, None), tf.bool), tf.TensorSpec((), tf.int32)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH, MATRIX, MATRIX])
def _forward(added, recurrent_kernel, mask, length, state, cell):
    """State and cell after a stretch, and all that the gradient is made of: factors that need no state.

    Args:
        added: what the inputs add to the gates, (tokens, rows, 4 * units).

    Returns:
        state, cell (rows, units); all states (tokens, rows, units); what the gradients of cell and state are multiplied
        by for the gates (tokens, rows, 4 * units), for the cell (tokens, rows, units), and for the cell of the token
        before. What has tokens is 0 from `length` on.
    """

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

    beginning = (0, state, cell, *(_rows(added) for _ in range(4)))
    _, state, cell, *written = tf.while_loop(lambda token, *_: token < length, step, beginning)
    return state, cell, *(array.stack() for array in written)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH, *[ROWS] * 3, *[MATRIX] * 2])
def _backward(of_states, recurrent_kernel, mask, length, of_gates, of_shown, kept, of_state, of_cell):
    """The gradients of a stretch, from those of what came after it and what `_forward` left.

    Returns:
        of what the inputs added (tokens, rows, 4 * units), of state and cell before them.
    """
    transposed = tf.transpose(recurrent_kernel)

    def step(token, of_state, of_cell, of_added):
        of_state += of_states[token]
        through = of_cell + of_state * of_shown[token]
        of_new = tf.concat([through, through, through, of_state], 1) * of_gates[token]
        of_cell = through * kept[token]
        of_state = tf.matmul(of_new, transposed) + tf.where(mask[token][:, None], 0.0, of_state)
        return token - 1, of_state, of_cell, of_added.write(token, of_new)

    beginning = (length - 1, of_state, of_cell, _rows(of_states))
    _, of_state, of_cell, of_added = tf.while_loop(lambda token, *_: token >= 0, step, beginning)
    return of_added.stack(), of_state, of_cell


@tf.function(input_signature=[ROWS, MATRIX, MASK, MATRIX])
def _both(added, recurrent_kernel, mask, state):
    """Both programs, called by a graph: it is what a network's graph finds them under."""
    length = tf.constant(1)
    _, _, states, *factors = _forward(added, recurrent_kernel, mask, length, state, state)
    return _backward(states, recurrent_kernel, mask, length, *factors, state, state)


def _rows(like):
    """Room for (rows, any width) of every token."""
    return tf.TensorArray(tf.float32, size=tf.shape(like)[0], element_shape=(None, None))
