"""Adam adds up the gradients of a token before it squares them."""

import keras
import numpy as np

from textclf.optimizers import Adam


def trained_embedding(optimizer, token_ids):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None,), dtype="int32")
    features = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(6, 3)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(features))
    model.compile(optimizer=optimizer, loss="mse")
    for _ in range(3):
        model.train_on_batch(token_ids, np.array([[1.0], [3.0]]))
    return model.get_weights()[0]


def numpy_adam(token_ids):
    """The same three steps by hand, with a dense gradient."""
    keras.utils.set_random_seed(0)
    table = keras.layers.Embedding(6, 3)
    table.build()
    dense = keras.layers.Dense(1)
    dense.build((None, 3))
    weights = [table.get_weights()[0].astype(np.float64), *(w.astype(np.float64) for w in dense.get_weights())]
    counts = np.stack([np.bincount(row, minlength=6) for row in token_ids]) / token_ids.shape[1]  # (texts, ids)
    first, second = [[np.zeros_like(w) for w in weights] for _ in range(2)]
    for step in range(1, 4):
        embedding, kernel, bias = weights
        error = (counts @ embedding @ kernel + bias) - np.array([[1.0], [3.0]])
        gradients = [counts.T @ (error @ kernel.T), (counts @ embedding).T @ error, error.sum(axis=0)]
        for number, gradient in enumerate(gradients):
            first[number] += 0.1 * (gradient - first[number])
            second[number] += 0.001 * (gradient**2 - second[number])
            rate = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights[number] = weights[number] - rate * first[number] / (np.sqrt(second[number]) + 1e-7)
    return weights[0]


def test_a_token_that_occurs_often_gets_the_step_of_its_summed_gradient():
    token_ids = np.array([[1, 1, 1, 2], [1, 3, 3, 2]])
    np.testing.assert_allclose(trained_embedding(Adam(0.01), token_ids), numpy_adam(token_ids), atol=1e-5)


def test_keras_itself_still_needs_this():
    token_ids = np.array([[1, 1, 1, 2], [1, 3, 3, 2]])
    difference = trained_embedding(keras.optimizers.Adam(0.01), token_ids) - numpy_adam(token_ids)
    assert np.abs(difference).max() > 1e-4, "Keras adds up duplicates itself now: textclf.optimizers can go"
