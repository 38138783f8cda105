"""Requests made at random from the description of the server itself. Needs schemathesis; `make test-all` runs it."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
def test_no_request_brings_an_internal_error(running, client, tmp_path):
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    url = f"http://127.0.0.1:{running[0]}/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "run", url, "--checks", CHECKS, "--max-examples", "30"]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600, check=False)
    assert finished.returncode == 0, finished.stdout[-3000:]
    assert client.get("/ping") == b"pong"
