"""Import TensorFlow and Keras quickly, and keep their start-up messages off the screen.

The import takes 3.2 s instead of 5.0 s without `UNUSED`, and 4.3 s instead of 5.1 s without garbage collection (2
cores, docs/experiments.md).
"""

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textclf.core import program

# Keras and TensorFlow import these where they are installed, for features that textclf does not use.
UNUSED = ("IPython", "PIL", "matplotlib", "pandas", "scipy", "sklearn")


@contextmanager
def importing_tensorflow() -> Iterator[None]:
    """Within the block, imports skip `UNUSED`, do not collect garbage, and print nothing.

    Only the program skips `UNUSED` (`core.program`): a caller of the package may hand Keras a pandas table afterwards.

    If the block fails, everything that native code wrote to standard error is shown.
    """
    with _suppress_native_output(), _fast_import():
        yield


@contextmanager
def _fast_import() -> Iterator[None]:
    # A module that is None fails to import, as if it were not installed.
    skipped: dict[str, Any] = {name: None for name in UNUSED if program.started and name not in sys.modules}
    sys.modules.update(skipped)
    gc.disable()  # the import makes hundreds of thousands of objects, none of them garbage
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for name in skipped:
            sys.modules.pop(name, None)


@contextmanager
def _suppress_native_output() -> Iterator[None]:
    # No environment variable silences all of TensorFlow's native code (tensorflow/tensorflow#100442).
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow warns of repeated tracing; an ensemble's networks and new batch shapes need it.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
