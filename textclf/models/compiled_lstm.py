"""An LSTM whose steps run as one compiled program, with its gradient written out: twice as fast on processors.

Keras's loop is a graph of small operations for each token, and of twice as many for the gradient. Here XLA compiles
both loops, and what needs none (all that the input adds, the gradients of the weights) is one large product outside.
"""

import logging

import keras
import tensorflow as tf

log = logging.getLogger(__name__)
# Tokens that all batches together go through one after the other. A compiled loop saves 0.2 ms of processor time on
# each (64 units, batches of 32), and XLA takes one to two seconds for each of some four shapes.
PAYING_TOKENS = 20_000


@keras.saving.register_keras_serializable("textclf")
class LSTM(keras.layers.LSTM):
    """Keras's LSTM; in training as a compiled program once `longest` is set.

    It computes what Keras's does (a test compares both with their gradients). XLA compiles a program for every shape of
    a batch, so a batch is filled up to `longest` tokens, a half or a quarter of it and so on; the loop ends with
    the last token all the same.
    """

    longest: int | None = None  # most tokens of a text; `None`: Keras's own loop

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """States from (batch, tokens, dim): the last, all of them, and what Keras calls the states."""
        if not training or self.longest is None or self.recurrent_dropout:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool) if mask is None else mask
        inputs, mask = tf.transpose(sequences, (1, 0, 2)), tf.transpose(mask)
        if self.go_backwards:
            inputs, mask = tf.reverse(inputs, [0]), tf.reverse(mask, [0])
        added = tf.tensordot(inputs, self.cell.kernel.value, 1) + self.cell.bias
        states = _states(added, tf.convert_to_tensor(self.cell.recurrent_kernel), mask, self.longest)
        last = states[-1]  # padding keeps the state
        return last, tf.transpose(states, (1, 0, 2)), [last, last]


def choose_loops(model: keras.Model, *, mean_length: float, longest: int, steps: int, padding: str) -> None:
    """Let every LSTM of a model run compiled in training where that pays, and say in the log what was chosen and why.

    Args:
        mean_length, longest: tokens of the texts.
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
        log.info("LSTM: compiled for this processor")
        for layer in layers:
            layer.longest = longest


def filled_length(length, longest: int):
    """The smallest of `longest`, its half, its quarter … that a batch fits into, down to some 32 to 64.

    A batch longer than `longest`, which augmentation may make, stays as it is.
    """
    lengths = [longest]
    while lengths[-1] > 64:
        lengths.append(-(-lengths[-1] // 2))
    lengths = tf.constant(lengths[::-1])
    place = tf.minimum(tf.searchsorted(lengths, length[None])[0], tf.size(lengths) - 1)
    return tf.maximum(length, lengths[place])


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
        states, cells, gates = _forward(tf.pad(added, [*filling, [0, 0]]), recurrent_kernel, filled_mask, length)

        def gradients(upstream):
            upstream = tf.pad(upstream, [*filling, [0, 0]])
            of_added = _backward(upstream, recurrent_kernel, filled_mask, length, cells, gates)[:length]
            before = tf.concat([tf.zeros_like(states[:1]), states[: length - 1]], 0)
            flat = tf.reshape(before, (-1, units)), tf.reshape(of_added, (-1, 4 * units))
            return of_added, tf.matmul(*flat, transpose_a=True)

        return states[:length], gradients

    return states_of(added, recurrent_kernel)


@tf.function(jit_compile=True)
def _forward(added, recurrent_kernel, mask, length):
    """States, cells (tokens, batch, units) and gates (tokens, batch, 4 * units), each 0 from `length` on."""
    units = recurrent_kernel.shape[0]
    zeros = tf.zeros((tf.shape(added)[1], units))

    def step(token, state, cell, states, cells, gates):
        new = added[token] + tf.matmul(state, recurrent_kernel)
        entered, kept, candidate, shown = tf.split(new, 4, axis=1)  # in Keras's order
        entered, kept, shown = tf.sigmoid(entered), tf.sigmoid(kept), tf.sigmoid(shown)
        candidate = tf.tanh(candidate)
        there = mask[token][:, None]
        cell = tf.where(there, kept * cell + entered * candidate, cell)
        state = tf.where(there, shown * tf.tanh(cell), state)
        gate = tf.concat([entered, kept, candidate, shown], 1)
        written = states.write(token, state), cells.write(token, cell), gates.write(token, gate)
        return token + 1, state, cell, *written

    beginning = (0, zeros, zeros, _rows(added, units), _rows(added, units), _rows(added, 4 * units))
    written = tf.while_loop(lambda token, *_: token < length, step, beginning)[3:]
    return tuple(array.stack() for array in written)


@tf.function(jit_compile=True)
def _backward(upstream, recurrent_kernel, mask, length, cells, gates):
    """The gradient of what the input added, from that of all states."""
    zeros = tf.zeros_like(cells[0])
    transposed = tf.transpose(recurrent_kernel)

    def step(token, of_state, of_cell, of_added):
        entered, kept, candidate, shown = tf.split(gates[token], 4, axis=1)
        bent = tf.tanh(cells[token])
        before = tf.where(token > 0, cells[tf.maximum(token - 1, 0)], zeros)
        there = mask[token][:, None]
        of_state += upstream[token]
        through = of_cell + of_state * shown * (1 - bent * bent)
        of_gates = [
            through * candidate * entered * (1 - entered),
            through * before * kept * (1 - kept),
            through * entered * (1 - candidate * candidate),
            of_state * bent * shown * (1 - shown),
        ]
        of_new = tf.where(there, tf.concat(of_gates, 1), 0.0)
        of_cell = tf.where(there, through * kept, of_cell)
        of_state = tf.matmul(of_new, transposed) + tf.where(there, 0.0, of_state)
        return token - 1, of_state, of_cell, of_added.write(token, of_new)

    beginning = (length - 1, zeros, zeros, _rows(gates, gates.shape[-1]))
    return tf.while_loop(lambda token, *_: token >= 0, step, beginning)[3].stack()


def _rows(like, units: int):
    """Room for (batch, units) of every token."""
    return tf.TensorArray(tf.float32, size=tf.shape(like)[0], element_shape=(None, units))
