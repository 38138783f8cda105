"""Adam as it was meant for embeddings."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """Keras's Adam, with the gradients of a token that occurs several times in a batch added up first.

    Keras 3 squares them one by one, so that the second moment of every frequent word is wrong (Keras 2 and
    PyTorch add them up first). Keras's Adam makes the gradient dense anyway, so this costs next to nothing.
    """

    def apply(self, grads, trainable_variables=None):
        """Gradients -> updated weights."""
        return super().apply([tf.convert_to_tensor(gradient) for gradient in grads], trainable_variables)
