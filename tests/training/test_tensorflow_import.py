"""TensorFlow's start-up messages stay off the screen, and its import skips what textclf does not use."""

import gc
import os
import sys

import pytest

from textclf.core import program
from textclf.training.tensorflow_import import UNUSED, importing_tensorflow


def test_what_native_code_writes_is_dropped(capfd):

    with importing_tensorflow():
        os.write(2, b"oneDNN custom operations are on\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_what_it_wrote_before_a_failure_is_shown(capfd):

    def fails():
        os.write(2, b"no such library\n")
        raise RuntimeError

    with pytest.raises(RuntimeError), importing_tensorflow():
        fails()
    assert capfd.readouterr().err == "no such library\n"


def test_functions_that_are_traced_again_are_nothing_to_warn_of(textclf_command):
    script = """
from textclf.training.tensorflow_import import importing_tensorflow
with importing_tensorflow():
    import tensorflow as tf
for _ in range(12):
    tf.function(lambda x: x + 1)(tf.constant(1))
traced = tf.function(lambda x: x + 1)
for number in range(12):
    traced(number)
"""
    assert textclf_command(python=("-c", script)).stderr == b""


SCRIPT = """
import sys
{before}
from textclf.training.tensorflow_import import importing_tensorflow
with importing_tensorflow():
    import keras
print(*(name for name in ("pandas", "sklearn", "scipy") if name in sys.modules))
import pandas, sklearn
print(keras.src.trainers.data_adapters.array_slicing.pandas is pandas)
"""


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("from textclf.core import program; program.started = True", ["", "False"]),
        ("from textclf.core import program; program.started = True; import pandas", ["pandas", "True"]),
        ("import textclf", ["pandas sklearn scipy", "True"]),
    ],
    ids=["the program", "the program that has read a table", "a library"],
)
def test_what_is_left_out_can_be_imported_afterwards(textclf_command, before, expected):
    finished = textclf_command(python=("-c", SCRIPT.format(before=before)))
    assert finished.stdout.decode().splitlines() == expected, finished.stderr.decode()


def test_whatever_happens_nothing_stays_left_out(monkeypatch):
    monkeypatch.setattr(program, "started", True)
    before = {name: sys.modules.get(name, "not there") for name in UNUSED}
    with pytest.raises(ImportError), importing_tensorflow():
        import no_such_package  # noqa: F401
    assert {name: sys.modules.get(name, "not there") for name in UNUSED} == before
    assert gc.isenabled()
