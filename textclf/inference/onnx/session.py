"""An ONNX graph made ready to answer, within bounds: of memory, of shape, and of what a probability can be."""

import os
from collections.abc import Iterable
from functools import cache

import numpy as np
import onnxruntime
from onnxruntime import InferenceSession

# Of intermediate values, for each core. A batch of 64 texts of 256 tokens takes some 100 MB in an LSTM of 256 units
# in both directions; a graph from a stranger may ask for any number of terabytes.
MOST_WORK_BYTES = 2**30
LARGEST_PROBABILITY = 1.001  # rounding


class GraphError(ValueError):
    """A graph that cannot be used."""


def open_session(model: bytes, *, names: Iterable[str], num_units: int) -> InferenceSession:
    """A session for a graph that `check_graph` has seen.

    Args:
        names: of the arrays that the preprocessor makes.

    Raises:
        GraphError: ONNX Runtime cannot use it, or its inputs and outputs are others.
    """
    _share_bounded_memory()
    options = onnxruntime.SessionOptions()
    # Batches run side by side in threads of ours, so that a single text starts no pool at all.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")  # weights are not work
    try:
        # Folding constants takes memory of its own, without bound. Our graphs have next to none to fold.
        session = InferenceSession(
            model, options, providers=["CPUExecutionProvider"], disabled_optimizers=["ConstantFolding"]
        )
    except Exception as error:  # onnxruntime has no common class for its errors
        raise GraphError(f"it is no usable ONNX model: {_first_line(error)}") from None
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if sorted(node.name for node in inputs) != sorted(names) or [node.shape[1:] for node in outputs] != [[num_units]]:
        raise GraphError("its inputs and outputs do not fit the labels")
    return session


def run_session(session: InferenceSession, inputs: dict[str, np.ndarray], num_units: int) -> np.ndarray:
    """What the graph makes of a batch, float32 (rows, num_units).

    Raises:
        GraphError: it fails, or gives no probabilities.
    """
    try:
        outputs = session.run(None, inputs)[0]
    except Exception as error:
        raise GraphError(f"it cannot compute: {_first_line(error)}") from None
    rows = len(next(iter(inputs.values())))
    if not isinstance(outputs, np.ndarray) or outputs.dtype != np.float32 or outputs.shape != (rows, num_units):
        raise GraphError("what it computes is not a probability for every label")
    if not ((outputs >= 0) & (outputs <= LARGEST_PROBABILITY)).all():  # false for what is no number, too
        raise GraphError("what it computes are no probabilities from 0 to 1")
    return outputs


@cache
def _share_bounded_memory() -> None:
    """One store of memory for all sessions of the process, with an upper limit."""
    cores = os.cpu_count() or 1
    limits = {"max_mem": MOST_WORK_BYTES * cores, "arena_extend_strategy": 1}  # 1: as much as is asked for
    about = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(about, onnxruntime.OrtArenaCfg(limits))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
