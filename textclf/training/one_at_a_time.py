"""One training at a time in a process: all threads share the random state of Keras, and the log of the package."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from textclf.core.errors import TrainingError

_lock = threading.RLock()
_processes: set[int] = set()  # that train or have trained: this one, or its parent if this is a fork


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Within the block no other thread trains.

    Raises:
        TrainingError: the process is a fork of one that has trained. TensorFlow would wait forever for the threads of
            that process.
    """
    if _processes - {os.getpid()}:
        raise TrainingError(
            "cannot train in this process: it is a fork of a process that has trained, where TensorFlow stops "
            "working. Start processes with multiprocessing.get_context('spawn')."
        )
    with _lock:
        _processes.add(os.getpid())
        try:
            yield
        finally:
            if "tensorflow" not in sys.modules:
                _processes.clear()
