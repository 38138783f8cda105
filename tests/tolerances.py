"""How far float32 results may differ that two programs, batches or processors compute in another order.

A rounding has a relative error of at most eps / 2 = 6e-8. ONNX Runtime, TensorFlow and NumPy add up the terms of a
product in another order, and so does the same library on another processor (AVX2, AVX-512, AMX) or for another shape
of batch. The networks of the tests have fewer than 200 roundings between an input and a probability, on values of
about 1: products of up to 16 terms, a softmax over up to 13 tokens, some ten layers. In the worst case all errors
have one sign: 200 * eps / 2 = 1.2e-5. The error is relative to the values on the way, not to the result, which may be
near 0 after a cancellation: hence an absolute part of the same size.

A real mistake, such as a padded token that is read or gates in a wrong order, changes a result by 1e-3 or more.
"""

import numpy as np
import pytest

ROUNDINGS = 200
TOLERANCE = ROUNDINGS * float(np.finfo(np.float32).eps) / 2


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=TOLERANCE, atol=TOLERANCE)


def close_to(expected):
    return pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)
