"""What TensorFlow says of its own accord stays off the screen; what fails is shown."""

import os

import pytest

from textclf.training.tensorflow_import import held_back


def test_what_native_code_writes_is_dropped(capfd):

    with held_back():
        os.write(2, b"oneDNN custom operations are on\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_what_it_wrote_before_a_failure_is_shown(capfd):

    def fails():
        os.write(2, b"no such library\n")
        raise RuntimeError

    with pytest.raises(RuntimeError), held_back():
        fails()
    assert capfd.readouterr().err == "no such library\n"


def test_functions_that_are_traced_again_are_nothing_to_warn_of(textclf_command):
    script = """
from textclf.training.tensorflow_import import held_back
with held_back():
    import tensorflow as tf
for _ in range(12):
    tf.function(lambda x: x + 1)(tf.constant(1))
traced = tf.function(lambda x: x + 1)
for number in range(12):
    traced(number)
"""
    assert textclf_command(python=("-c", script)).stderr == b""
