"""Errors of ONNX Runtime are reported by what they mean; its own text stays the cause."""

import numpy as np
import pytest

from tests.hostile.graphs import GRAPHS, graph
from textclf.inference.onnx.session import GraphError, open_session, run_session

INPUTS = {"token_ids": np.array([[1, 5]], np.int32)}
RUN_ERRORS = {
    "terabytes": "a batch needs more than [0-9]+ GiB of memory",
    "more terabytes": "a batch needs more than [0-9]+ GiB of memory",
    "outer products": "a batch needs more than [0-9]+ GiB of memory",
    "too few rows": "its node Gather cannot compute these texts",
}
LOAD_ERRORS = {
    "a circle": "the graph is not acyclic",
    "an input that is not there": "'nowhere' is not a graph input",
    "a wrong type": "Type Error: Type 'tensor.int32.' of input parameter",
}


def check_message(raised, case):
    assert raised.value.__cause__ is not None, case
    for of_its_own in ("ONNXRuntimeError", "::", "onnxruntime", ".cc:"):
        assert of_its_own not in str(raised.value)


@pytest.mark.parametrize("case", RUN_ERRORS)
def test_what_cannot_run_is_said_without_names_of_functions(case):
    session = open_session(GRAPHS[case](), names=["token_ids"], num_outputs=1)
    with pytest.raises(GraphError, match=f"^{RUN_ERRORS[case]}") as raised:
        run_session(session, INPUTS, 1)
    check_message(raised, case)


@pytest.mark.parametrize("case", LOAD_ERRORS)
def test_what_cannot_be_loaded_is_said_without_names_of_functions(case):
    with pytest.raises(GraphError, match=f"^not a valid ONNX graph: .*{LOAD_ERRORS[case]}") as raised:
        open_session(GRAPHS[case](), names=["token_ids"], num_outputs=1)
    check_message(raised, case)


def test_onnx_runtime_reports_nothing_to_its_makers(textclf_command, tmp_path):
    """Outside of CI, where it reports nothing, it would keep its reports below the home directory."""
    code = (
        "from tests.hostile.graphs import graph; from textclf.inference.onnx.session import open_session; "
        "open_session(graph(), names=['token_ids'], num_outputs=1)"
    )
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "CI": "", "GITHUB_ACTIONS": ""}
    assert textclf_command(python=("-c", code), env=environment).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_no_graph_are_said_to_be_none():
    with pytest.raises(GraphError, match="not an ONNX graph that can be loaded"):
        open_session(graph()[:20], names=["token_ids"], num_outputs=1)


def test_inputs_and_outputs_are_those_of_tokenizer_and_labels():
    for names, num_outputs in ((["ids"], 1), (["token_ids"], 2)):
        with pytest.raises(GraphError, match="do not fit the tokenizer and the labels"):
            open_session(graph(), names=names, num_outputs=num_outputs)
