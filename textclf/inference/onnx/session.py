"""ONNX Runtime sessions with bounds on memory, shapes and output values."""

import os
import re
from collections.abc import Iterable
from functools import cache

import numpy as np

# Since version 1.29 ONNX Runtime reports its use to its makers, and keeps a database of reports in the home directory
# (microsoft/onnxruntime#27379). It reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime
from onnxruntime import InferenceSession

# Memory of intermediate values per core. A batch of 64 texts of 256 tokens takes about 100 MB in a bidirectional LSTM
# of 256 units; the graph of a stranger may ask for terabytes.
MOST_WORK_BYTES = 2**30
LARGEST = 1.001  # above 1 by rounding
# ONNX Runtime has no class for its errors of memory; these are the words of its allocator.
OUT_OF_MEMORY = re.compile(r"bfc_arena|bad_alloc|failed to allocate|overflow", re.IGNORECASE)
NODE = re.compile(r"while running (\w{1,50}) node")
WRONG_MODEL = re.compile(r"invalid model\.\s*(?:error: )?(.{1,200})", re.IGNORECASE)


class GraphError(ValueError):
    """An ONNX graph that cannot be loaded or run. ONNX Runtime's own error is the `__cause__`."""


class NotProbabilitiesError(GraphError):
    """The output of a graph is not finite, or not from 0 to 1."""


def open_session(model: bytes, *, names: Iterable[str], num_outputs: int) -> InferenceSession:
    """Return a session for a graph that `verify.check_graph` has accepted.

    Args:
        model: the serialized graph.
        names: the inputs that the graph must have.
        num_outputs: the width of its output, (batch, num_outputs).

    Raises:
        GraphError: ONNX Runtime cannot load the graph, or it has other inputs or outputs.
    """
    _limit_memory()
    options = onnxruntime.SessionOptions()
    # The engine runs batches in its own threads; a single text should start none.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Weights do not count as intermediate values.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    try:
        # Constant folding allocates outside of the limit. Graphs of textclf have almost nothing to fold.
        session = InferenceSession(
            model, options, providers=["CPUExecutionProvider"], disabled_optimizers=["ConstantFolding"]
        )
    except Exception as error:  # the errors of ONNX Runtime have no common class
        raise GraphError(_why_not_loaded(error)) from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if sorted(node.name for node in inputs) != sorted(names) or [node.shape[1:] for node in outputs] != [[num_outputs]]:
        raise GraphError("its inputs and outputs do not fit the tokenizer and the labels")
    return session


def run_session(
    session: InferenceSession, inputs: dict[str, np.ndarray], num_outputs: int, *, lowest: float = 0.0
) -> np.ndarray:
    """Run a graph on one batch.

    Args:
        lowest: of the outputs: 0 for probabilities, -1 for vectors of length 1.

    Returns:
        Probabilities or vectors, float32 (rows, num_outputs).

    Raises:
        GraphError: the graph fails, or its output has another shape.
        NotProbabilitiesError: its output is not probabilities.
    """
    try:
        outputs = session.run(None, inputs)[0]
    except Exception as error:
        raise GraphError(_why_not_run(error)) from error
    expected = (len(next(iter(inputs.values()))), num_outputs)
    if not isinstance(outputs, np.ndarray) or outputs.dtype != np.float32 or outputs.shape != expected:
        raise GraphError("its output is not one probability for every label")
    if not ((outputs >= lowest * LARGEST) & (outputs <= LARGEST)).all():  # False for NaN, too
        raise NotProbabilitiesError("its output is not probabilities from 0 to 1")
    return outputs


@cache
def _limit_memory() -> None:
    """Give all sessions of the process one memory arena with an upper limit."""
    limits = {"max_mem": _memory_limit(), "arena_extend_strategy": 1}  # 1: grow by what is asked for, not by doubling
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(limits))


def _memory_limit() -> int:
    return MOST_WORK_BYTES * (os.cpu_count() or 1)


def _why_not_loaded(error: Exception) -> str:
    found = WRONG_MODEL.search(str(error))
    return f"not a valid ONNX graph: {found[1].rstrip('. ')}" if found else "not an ONNX graph that can be loaded"


def _why_not_run(error: Exception) -> str:
    if OUT_OF_MEMORY.search(str(error)):
        return f"a batch needs more than {_memory_limit() / 2**30:.0f} GiB of memory"
    found = NODE.search(str(error))
    node = f"its node {found[1]}" if found else "it"
    return f"{node} cannot compute these texts: a shape, or an id beyond a table, does not fit"
