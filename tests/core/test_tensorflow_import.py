"""TensorFlow's start-up messages stay off the screen, and its import skips what textclf does not use."""

import gc
import os
import sys

import pytest

from textclf.core import program
from textclf.core.tensorflow_import import UNUSED, importing_tensorflow


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


SCRIPT = """
import sys
from textclf.core import program
program.started = True
from textclf.core.tensorflow_import import importing_tensorflow
with importing_tensorflow():
    import keras
    import tensorflow as tf
print(*(name for name in ("pandas", "sklearn", "scipy") if name in sys.modules))
import pandas, sklearn
print(keras.src.trainers.data_adapters.array_slicing.pandas is pandas)
for _ in range(12):
    tf.function(lambda x: x + 1)(tf.constant(1))
traced = tf.function(lambda x: x + 1)
for number in range(12):
    traced(number)
"""


def test_what_is_left_out_can_be_imported_afterwards_and_repeated_tracing_is_nothing_to_warn_of(textclf_command):
    finished = textclf_command(python=("-c", SCRIPT))
    assert finished.stdout.decode().splitlines() == ["", "False"], finished.stderr.decode()
    assert finished.stderr == b""


@pytest.mark.parametrize(
    ("started", "expected"), [(True, {*UNUSED} - {"pandas"}), (False, set())], ids=["the program", "a library"]
)
def test_what_is_imported_already_stays_and_to_a_library_everything(monkeypatch, started, expected):
    monkeypatch.setattr(program, "started", started)
    for name in UNUSED:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "pandas", pytest)
    with importing_tensorflow():
        assert {name for name in UNUSED if name in sys.modules and sys.modules[name] is None} == expected
        assert sys.modules["pandas"] is pytest
    assert ({*UNUSED} & sys.modules.keys()) == {"pandas"}


def test_whatever_happens_nothing_stays_left_out(monkeypatch):
    monkeypatch.setattr(program, "started", True)
    before = {name: sys.modules.get(name, "not there") for name in UNUSED}
    with pytest.raises(ImportError), importing_tensorflow():
        import no_such_package  # noqa: F401
    assert {name: sys.modules.get(name, "not there") for name in UNUSED} == before
    assert gc.isenabled()
