"""TensorFlow and Keras, imported in two thirds of the time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textclf.core import program

# What they take along where it is installed, for data and models that are not given to them here.
UNUSED = ("IPython", "PIL", "matplotlib", "pandas", "scipy", "sklearn")


@contextmanager
def quick_import() -> Iterator[None]:
    """Imports of large packages within the block leave out what is not needed, and garbage is not looked for.

    An import makes hundreds of thousands of objects and leaves none of them over. Looking through them again and again
    takes a sixth of the time of importing TensorFlow, and as much again of what it does first. scikit-learn and pandas
    take a third. Those are left out in the program only: whoever uses the package may give Keras a table of pandas.
    """
    # An import finds `None` and fails, as if it were not installed.
    left_out: dict[str, Any] = {name: None for name in UNUSED if name not in sys.modules and program.started}
    sys.modules.update(left_out)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for name in left_out:
            sys.modules.pop(name, None)
