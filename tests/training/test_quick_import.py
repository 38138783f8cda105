"""Keras without what it only takes along: in the program, and nowhere else."""

import gc

import pytest

from textclf.core import program
from textclf.training.quick_import import UNUSED, quick_import

SCRIPT = """
import sys
{before}
from textclf.training.quick_import import quick_import
with quick_import():
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
    import sys

    monkeypatch.setattr(program, "started", True)
    before = {name: sys.modules.get(name, "not there") for name in UNUSED}
    with pytest.raises(ImportError), quick_import():
        import no_such_package  # noqa: F401
    assert {name: sys.modules.get(name, "not there") for name in UNUSED} == before
    assert gc.isenabled()
