"""The two programs that XLA compiles: an LSTM forward through a chunk of tokens, and backward through it.

A batch is cut into parts of rows, which run on several cores, and each part into chunks of tokens. XLA compiles for one
shape only, so every chunk of every part is filled to the same shape, and `length` says where the filling begins.

One chunk, forward (`_forward`), and what it keeps for the way back (`_backward`); d_x is the gradient of x:

    inputs @ kernel + bias          all tokens at once, outside of XLA
          |
        added[token] + state @ recurrent_kernel
          |
          +--> input_gate, forget_gate, candidate, output_gate
          |
        cell      = forget_gate * cell + input_gate * candidate    kept: forget_gate
        tanh_cell = tanh(cell)                                     kept: state_to_cell = output_gate * (1 - tanh_cell^2)
        state     = output_gate * tanh_cell                        kept: to_gates, the derivative of each gate times
          |                                                              what the gate is multiplied with
        next token

    d_cell  += d_state * state_to_cell
    d_added  = [d_cell, d_cell, d_cell, d_state] * to_gates
    d_state  = d_added @ recurrent_kernel^T,  d_cell = d_cell * forget_gate        for the token before

The factors need neither state nor cell, so the way back reads nothing else. A padded token passes state and cell on.
"""

import logging
from typing import NamedTuple

import tensorflow as tf

log = logging.getLogger(__name__)


class KernelShape(NamedTuple):
    """The shape that the programs are compiled for, and the number of parts of a batch."""

    tokens: int  # of a chunk
    rows: int  # of a part
    parts: int  # run side by side


def lstm_states(sequences, mask, weights, shape: KernelShape):
    """Return the last state (batch, units) and all states (batch, tokens, units), both with their gradient.

    Args:
        sequences: (batch, tokens, dim).
        mask: where there is a token, (batch, tokens).
        weights: kernel, bias, recurrent kernel.
    """
    (rows, tokens), (chunk, fewest_rows, parts) = tf.unstack(tf.shape(mask)), shape
    part_rows = tf.maximum(fewest_rows, -(-rows // parts))
    filling = [[0, parts * part_rows - rows], [0, -tokens % chunk]]
    inputs = tf.transpose(tf.pad(sequences, [*filling, [0, 0]]), (1, 0, 2))
    mask = tf.transpose(tf.pad(mask, filling))
    lengths = tf.clip_by_value(tokens - chunk * tf.range(-(-tokens // chunk)), 0, chunk)
    outputs = [
        _part_states(part, tf.reshape(part_mask, (-1, chunk, part_rows)), lengths, *weights)
        for part, part_mask in zip(tf.split(inputs, parts, 1), tf.split(mask, parts, 1), strict=True)
    ]
    last = tf.concat([last for last, _ in outputs], 0)[:rows]
    states = tf.concat([states for _, states in outputs], 1)[:tokens, :rows]
    return last, tf.ensure_shape(tf.transpose(states, (1, 0, 2)), (None, None, last.shape[1]))


def compile_ahead(shape: KernelShape, units: int) -> None:
    """Run the programs once, so that they are compiled by the time the first batch comes."""
    tokens, rows, _ = shape
    try:
        added, recurrent_kernel = tf.zeros((tokens, rows, 4 * units)), tf.zeros((units, 4 * units))
        _both(added, recurrent_kernel, tf.zeros((tokens, rows), tf.bool), tf.zeros((rows, units)))
    except tf.errors.OpError as error:  # the training meets the same error and reports it
        log.debug("compiling ahead failed: %s", error)


@tf.custom_gradient
def _part_states(inputs, masks, lengths, kernel, bias, recurrent_kernel):
    """Return the last state (rows, units) and all states (tokens, rows, units) of a part, and their gradient.

    Args:
        inputs: whole chunks, (tokens, rows, dim).
        masks: where there is a token, (chunks, tokens of a chunk, rows).
        lengths: of each chunk, without its filling.
        kernel, bias, recurrent_kernel: the weights.
    """
    chunk, rows = tf.unstack(tf.shape(masks)[1:])
    width, units = inputs.shape[2], recurrent_kernel.shape[0]
    flat_inputs = tf.reshape(inputs, (-1, width))
    added = tf.nn.bias_add(tf.matmul(flat_inputs, kernel), bias)
    last, states, factors = _forward_chunks(
        tf.reshape(added, (-1, chunk, rows, 4 * units)), masks, lengths, recurrent_kernel
    )

    def gradients(d_last, d_states):
        d_chunks = tf.reshape(d_states, (-1, chunk, rows, units))
        d_added = _backward_chunks(d_last, d_chunks, recurrent_kernel, masks, lengths, factors)
        d_added = tf.reshape(d_added, (-1, 4 * units))
        previous = tf.reshape(tf.concat([tf.zeros((1, rows, units)), states[:-1]], 0), (-1, units))
        return (
            tf.reshape(tf.matmul(d_added, kernel, transpose_b=True), (-1, rows, width)),
            None,
            None,
            tf.matmul(flat_inputs, d_added, transpose_a=True),
            tf.reduce_sum(d_added, 0),
            tf.matmul(previous, d_added, transpose_a=True),
        )

    return (last, states), gradients


# All parts of a batch share one trace of each function below: tracing takes half a second of Python.
@tf.function(autograph=False)
def _forward_chunks(added, masks, lengths, recurrent_kernel):
    """Return the last state, all states (tokens, rows, units), and for each factor an array of chunks.

    Args:
        added: inputs @ kernel + bias, (chunks, tokens of a chunk, rows, 4 * units).
    """
    zeros = tf.zeros((tf.shape(masks)[2], recurrent_kernel.shape[0]))

    def run_chunk(number, state, cell, *arrays):
        next_state, next_cell, *outputs = _forward(
            added[number], recurrent_kernel, masks[number], lengths[number], state, cell
        )
        _set_shapes((next_state, next_cell), (state, cell))
        written = (array.write(number, value) for array, value in zip(arrays, outputs, strict=True))
        return number + 1, next_state, next_cell, *written

    _, last, _, states, *factors = tf.while_loop(
        lambda number, *_: number < tf.shape(masks)[0],
        run_chunk,
        (0, zeros, zeros, *(_chunk_array(masks) for _ in range(4))),
    )
    return last, states.concat(), [array.flow for array in factors]


@tf.function(autograph=False)
def _backward_chunks(d_last, d_states, recurrent_kernel, masks, lengths, factors):
    """Return the gradient of `added`, (tokens, rows, 4 * units), from those of the last state and of all states."""
    factors = [tf.TensorArray(tf.float32, flow=flow) for flow in factors]

    def run_chunk(number, d_added, *gradients):
        read = tuple(array.read(number) for array in factors)
        d_chunk, *next_gradients = _backward(
            d_states[number], recurrent_kernel, masks[number], lengths[number], read, gradients
        )
        _set_shapes(next_gradients, gradients)
        return number - 1, d_added.write(number, d_chunk), *next_gradients

    first = (tf.shape(d_states)[0] - 1, _chunk_array(d_states), d_last, tf.zeros_like(d_last))
    _, d_added, *_ = tf.while_loop(lambda number, *_: number >= 0, run_chunk, first)
    return d_added.concat()


def _chunk_array(chunks):
    """Return an empty array with a place for every chunk."""
    return tf.TensorArray(tf.float32, tf.shape(chunks)[0], clear_after_read=False)


def _set_shapes(new, old) -> None:
    """Give the results of a program, whose shapes TensorFlow does not know, the shapes of the loop around it."""
    for value, before in zip(new, old, strict=True):
        value.set_shape(before.shape)


# One signature for all shapes, so that the graph of the network finds the program that `compile_ahead` has compiled.
ROWS, MATRIX = tf.TensorSpec((None, None, None)), tf.TensorSpec((None, None))  # (tokens, rows, width)
MASK, LENGTH = tf.TensorSpec((None, None), tf.bool), tf.TensorSpec((), tf.int32)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH, MATRIX, MATRIX])
def _forward(added, recurrent_kernel, mask, length, state, cell):
    """Run a chunk forward.

    Args:
        added: inputs @ kernel + bias, (tokens, rows, 4 * units).
        state, cell: before the chunk, (rows, units).

    Returns:
        State and cell after the chunk; all states (tokens, rows, units); the factors `to_gates` (tokens, rows,
        4 * units), `state_to_cell` and `forget_gate` (tokens, rows, units). From `length` on all tokens have zeros.
    """

    def step(token, state, cell, *arrays):
        gates = tf.split(added[token] + tf.matmul(state, recurrent_kernel), 4, axis=1)  # in Keras's order
        input_gate, forget_gate, output_gate = (tf.sigmoid(gates[number]) for number in (0, 1, 3))
        candidate = tf.tanh(gates[2])
        new_cell = forget_gate * cell + input_gate * candidate
        tanh_cell = tf.tanh(new_cell)
        is_token = mask[token][:, None]
        to_gates = [
            candidate * input_gate * (1 - input_gate),
            cell * forget_gate * (1 - forget_gate),
            input_gate * (1 - candidate * candidate),
            tanh_cell * output_gate * (1 - output_gate),
        ]
        state = tf.where(is_token, output_gate * tanh_cell, state)
        values = (
            state,
            tf.where(is_token, tf.concat(to_gates, 1), 0.0),
            tf.where(is_token, output_gate * (1 - tanh_cell * tanh_cell), 0.0),
            tf.where(is_token, forget_gate, 1.0),
        )
        cell = tf.where(is_token, new_cell, cell)
        written = (array.write(token, value) for array, value in zip(arrays, values, strict=True))
        return token + 1, state, cell, *written

    first = (0, state, cell, *(_token_array(added) for _ in range(4)))
    _, state, cell, *arrays = tf.while_loop(lambda token, *_: token < length, step, first)
    return state, cell, *(array.stack() for array in arrays)


@tf.function(jit_compile=True, input_signature=[ROWS, MATRIX, MASK, LENGTH, (ROWS, ROWS, ROWS), (MATRIX, MATRIX)])
def _backward(d_states, recurrent_kernel, mask, length, factors, d_after):
    """Run a chunk backward.

    Args:
        d_states: gradients of all states, (tokens, rows, units).
        factors: of `_forward`.
        d_after: gradients of state and cell after the chunk, (rows, units) each.

    Returns:
        The gradients of `added` (tokens, rows, 4 * units), and of state and cell before the chunk.
    """
    to_gates, state_to_cell, forget_gate = factors
    transposed = tf.transpose(recurrent_kernel)

    def step(token, d_state, d_cell, d_added):
        d_state += d_states[token]
        d_cell += d_state * state_to_cell[token]
        d_gates = tf.concat([d_cell, d_cell, d_cell, d_state], 1) * to_gates[token]
        d_cell *= forget_gate[token]
        d_state = tf.matmul(d_gates, transposed) + tf.where(mask[token][:, None], 0.0, d_state)
        return token - 1, d_state, d_cell, d_added.write(token, d_gates)

    first = (length - 1, *d_after, _token_array(d_states))
    _, d_state, d_cell, d_added = tf.while_loop(lambda token, *_: token >= 0, step, first)
    return d_added.stack(), d_state, d_cell


@tf.function(input_signature=[ROWS, MATRIX, MASK, MATRIX])
def _both(added, recurrent_kernel, mask, state):
    """Call both programs from a graph, as the graph of a network does: only then it finds them compiled."""
    length = tf.constant(1)
    _, _, states, *factors = _forward(added, recurrent_kernel, mask, length, state, state)
    return _backward(states, recurrent_kernel, mask, length, tuple(factors), (state, state))


def _token_array(like):
    """Return an empty array with a place of (rows, any width) for every token."""
    return tf.TensorArray(tf.float32, size=tf.shape(like)[0], element_shape=(None, None))
