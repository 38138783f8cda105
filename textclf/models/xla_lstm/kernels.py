"""What an LSTM does with a batch, as programs that XLA compiles: one through a stretch of tokens, and one back.

They are called for one stretch after the other. Products of all tokens at once stay outside, where they are as quick or
quicker.
"""

import logging
from typing import NamedTuple

import tensorflow as tf

log = logging.getLogger(__name__)


class KernelShape(NamedTuple):
    """What XLA compiles programs for: a batch is cut into pieces of this shape, and filled up to it."""

    tokens: int  # of a stretch
    rows: int
    parts: int  # of a batch, computed side by side


def lstm_states(sequences, mask, weights, shapes: KernelShape, *, with_gradient: bool):
    """The last state (batch, units), and all of them (batch, tokens, units).

    Args:
        sequences: (batch, tokens, dim).
        mask: where there is a token, (batch, tokens).
        weights: kernel, bias, recurrent kernel.
        with_gradient: whether to keep what a gradient is made of.
    """
    (rows, tokens), (stretch, fewest_rows, parts) = tf.unstack(tf.shape(mask)), shapes
    of_part = tf.maximum(fewest_rows, -(-rows // parts))
    filling = [[0, parts * of_part - rows], [0, -tokens % stretch]]
    inputs = tf.transpose(tf.pad(sequences, [*filling, [0, 0]]), (1, 0, 2))
    mask = tf.transpose(tf.pad(mask, filling))
    lengths = tf.clip_by_value(tokens - stretch * tf.range(-(-tokens // stretch)), 0, stretch)
    states_of_part = _states_with_gradient if with_gradient else _states
    of_parts = [
        states_of_part(part, tf.reshape(there, (-1, stretch, of_part)), lengths, *weights)
        for part, there in zip(tf.split(inputs, parts, 1), tf.split(mask, parts, 1), strict=True)
    ]
    last = tf.concat([last for last, _ in of_parts], 0)[:rows]
    states = tf.concat([states for _, states in of_parts], 1)[:tokens, :rows]
    return last, tf.ensure_shape(tf.transpose(states, (1, 0, 2)), (None, None, last.shape[1]))


def compile_ahead(shapes: KernelShape, units: int) -> None:
    """Run the programs of a training once: they are ready by the time that the first batch comes."""
    tokens, rows, _ = shapes
    try:
        added, recurrent_kernel = tf.zeros((tokens, rows, 4 * units)), tf.zeros((units, 4 * units))
        _both(added, recurrent_kernel, tf.zeros((tokens, rows), tf.bool), tf.zeros((rows, units)))
    except tf.errors.OpError as error:  # the network will meet it too, and say so
        log.debug("compiling ahead failed: %s", error)


@tf.function(autograph=False)
def _states(inputs, masks, lengths, kernel, bias, recurrent_kernel):
    """Inputs (tokens, rows, dim) of whole stretches -> the last state (rows, units), and all (tokens, rows, units).

    What the inputs add to the gates is computed stretch by stretch: batches that are answered are large.

    Args:
        masks: where there is a token, (stretches, tokens, rows).
        lengths: of each stretch, without what it was filled up with.
        kernel, bias, recurrent_kernel: the weights.
    """
    of_stretches = tf.reshape(inputs, (-1, *tf.unstack(tf.shape(masks)[1:]), inputs.shape[2]))

    def added_in(number):
        return _added(of_stretches[number], kernel, bias)

    last, states = _through(_answering, added_in, masks, lengths, recurrent_kernel, left=1)
    return last, states.concat()


@tf.custom_gradient
def _states_with_gradient(inputs, masks, lengths, kernel, bias, recurrent_kernel):
    """The same, and its gradient."""
    stretch, rows = tf.unstack(tf.shape(masks)[1:])
    width, units = inputs.shape[2], recurrent_kernel.shape[0]
    added = tf.reshape(_added(inputs, kernel, bias), (-1, stretch, rows, 4 * units))
    last, states, factors = _all_forward(added, masks, lengths, recurrent_kernel)

    def gradients(of_last, of_states):
        of_stretches = tf.reshape(of_states, (-1, stretch, rows, units))
        of_added = _all_backward(of_last, of_stretches, recurrent_kernel, masks, lengths, factors)
        of_added = tf.reshape(of_added, (-1, 4 * units))
        before = tf.reshape(tf.concat([tf.zeros((1, rows, units)), states[:-1]], 0), (-1, units))
        return (
            tf.reshape(tf.matmul(of_added, kernel, transpose_b=True), (-1, rows, width)),
            None,
            None,
            tf.matmul(tf.reshape(inputs, (-1, width)), of_added, transpose_a=True),
            tf.reduce_sum(of_added, 0),
            tf.matmul(before, of_added, transpose_a=True),
        )

    return (last, states), gradients


def _added(inputs, kernel, bias):
    """What inputs (tokens, rows, dim) add to the gates, (tokens, rows, 4 * units)."""
    tokens, rows, width = tf.unstack(tf.shape(inputs))
    flat = tf.matmul(tf.reshape(inputs, (-1, width)), kernel)
    return tf.reshape(tf.nn.bias_add(flat, bias), (tokens, rows, kernel.shape[1]))


# The parts of a batch share one trace of each: making a graph takes Python half a second.
@tf.function(autograph=False)
def _all_forward(added, masks, lengths, recurrent_kernel):
    """The last state, all states (tokens, rows, units), and an array of stretches for each of `_forward`'s factors."""
    last, states, *factors = _through(_forward, lambda number: added[number], masks, lengths, recurrent_kernel, left=4)
    return last, states.concat(), [array.flow for array in factors]


def _through(program, added_in, masks, lengths, recurrent_kernel, *, left: int):
    """The last state, and an array of stretches for everything that the program leaves.

    Args:
        added_in: number of a stretch -> what its inputs add to the gates, (tokens, rows, 4 * units).
        left: how much the program leaves.
    """
    beginning = tf.zeros((tf.shape(masks)[2], recurrent_kernel.shape[0]))

    def go_on(number, state, cell, *arrays):
        next_state, next_cell, *new = program(
            added_in(number), recurrent_kernel, masks[number], lengths[number], state, cell
        )
        _keep_shapes((next_state, next_cell), (state, cell))
        written = (array.write(number, value) for array, value in zip(arrays, new, strict=True))
        return number + 1, next_state, next_cell, *written

    arrays = (_array(masks) for _ in range(left))
    _, last, _, *arrays = tf.while_loop(
        lambda number, *_: number < tf.shape(masks)[0], go_on, (0, beginning, beginning, *arrays)
    )
    return last, *arrays


@tf.function(autograph=False)
def _all_backward(of_last, of_states, recurrent_kernel, masks, lengths, factors):
    """The gradient of what the inputs added, (tokens, rows, 4 * units), from those of the last state and of all."""
    factors = [tf.TensorArray(tf.float32, flow=flow) for flow in factors]

    def go_back(number, of_added, *gradients):
        of_stretch, *new = _backward(
            of_states[number], recurrent_kernel, masks[number], lengths[number],
            *(array.read(number) for array in factors), *gradients,
        )  # fmt: skip
        _keep_shapes(new, gradients)
        return number - 1, of_added.write(number, of_stretch), *new

    beginning = (tf.shape(of_states)[0] - 1, _array(of_states), of_last, tf.zeros_like(of_last))
    _, of_added, *_ = tf.while_loop(lambda number, *_: number >= 0, go_back, beginning)
    return of_added.concat()


def _array(stretches):
    """Room for something of every stretch."""
    return tf.TensorArray(tf.float32, tf.shape(stretches)[0], clear_after_read=False)


def _keep_shapes(new, old) -> None:
    """A program's results are of any shape, as far as the loop around it knows."""
    for value, before in zip(new, old, strict=True):
        value.set_shape(before.shape)


# One signature for all shapes: a program that `compile_ahead` made is found again by the network's graph.
ROWS, MATRIX = tf.TensorSpec((None, None, None)), tf.TensorSpec((None, None))  # (tokens, rows, width)
MASK, LENGTH = tf.TensorSpec((None, None), tf.bool), tf.TensorSpec((), tf.int32)
THROUGH = {"jit_compile": True, "input_signature": [ROWS, MATRIX, MASK, LENGTH, MATRIX, MATRIX]}


@tf.function(**THROUGH)
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
        entered, kept, candidate, shown = _gates(added[token] + tf.matmul(state, recurrent_kernel))
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


@tf.function(**THROUGH)
def _answering(added, recurrent_kernel, mask, length, state, cell):
    """State and cell after a stretch, and all states, where nobody asks for a gradient."""

    def step(token, state, cell, states):
        entered, kept, candidate, shown = _gates(added[token] + tf.matmul(state, recurrent_kernel))
        new_cell = kept * cell + entered * candidate
        there = mask[token][:, None]
        state = tf.where(there, shown * tf.tanh(new_cell), state)
        return token + 1, state, tf.where(there, new_cell, cell), states.write(token, state)

    _, state, cell, states = tf.while_loop(lambda token, *_: token < length, step, (0, state, cell, _rows(added)))
    return state, cell, states.stack()


def _gates(new):
    """Input gate, forget gate, candidate and output gate, (rows, units) each, from (rows, 4 * units)."""
    entered, kept, candidate, shown = tf.split(new, 4, axis=1)  # in Keras's order
    return tf.sigmoid(entered), tf.sigmoid(kept), tf.tanh(candidate), tf.sigmoid(shown)


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
