"""Endpoints over a real socket: problems that name value and limit, counters, and what the server says of itself."""

import json
import logging
import socket
import statistics
import time

import pytest

from textclf.inference.server.limits import LIMITS

from .conftest import Client, infer, serving

WRONG = [
    ("/predict", b"", 400, "the body is empty"),
    ("/predict", b"{", 400, "expected a body of JSON"),
    ("/predict", b"\xff\xfe\xfd", 400, "expected a body of JSON"),
    ("/predict", b"[" * 100_000, 400, "nested too deeply"),
    ("/predict", b'{"inputs": NaN}', 400, "NaN"),
    ("/predict", b'{"inputs": ' + b"1" * 5000 + b"}", 400, "expected a body of JSON"),
    ("/predict", [], 422, "expected a JSON object, got a list of 0"),
    ("/predict", {}, 422, "inputs: this field is required, got nothing. A text or a list of texts."),
    ("/predict", {"inputs": 3}, 422, "inputs: expected a text or a list of texts, got 3"),
    ("/predict", {"inputs": ["a", None]}, 422, "inputs[1]: expected a text, got nothing"),
    ("/predict", {"inputs": [{"text": "a"}]}, 422, "inputs[0]: expected a text, got an object"),
    ("/predict", {"inputs": "a", "paramters": {}}, 422, "did you mean 'parameters'?"),
    ("/predict", {"inputs": "a", "parameters": {"top_k": 0}}, 422, "parameters.top_k: expected an integer >= 1"),
    ("/predict", {"inputs": "a", "parameters": {"top_k": True}}, 422, "expected an integer >= 1"),
    ("/predict", {"inputs": "a", "parameters": {"threshold": 2}}, 422, "expected a number from 0 to 1, got 2"),
    ("/predict", {"inputs": ["a"] * 1001}, 422, "expected at most 1,000 texts a request, got 1,001"),
    ("/predict", {"inputs": "a" * 100_001}, 422, "at most 100,000 characters a text, got 100,001"),
    ("/predict/%7Bname%7D", {"inputs": "a"}, 404, "expected one of toy_en"),
    ("/v1/predict", {"texts": "a", "model": "toy_ne"}, 404, "did you mean 'toy_en'?"),
    ("/v1/predict", {"texts": "a" * 2001, "explain": True}, 422, "at most 2,000 characters with explain"),
    ("/v1/predict", {"texts": ["a"] * 21, "explain": True}, 422, "at most 20 texts with explain"),
    ("/v1/predict", {"texts": "a", "explain": "yes"}, 422, "explain: expected true or false, got 'yes'"),
    ("/v2/models/toy_en/infer", {"inputs": []}, 422, "inputs: expected a list of 1 object, got a list of 0"),
    ("/v2/models/toy_en/infer", infer(["a"], [2]), 422, "inputs[0].shape: expected [1]"),
    ("/v2/models/toy_en/infer", infer([1]), 422, "inputs[0].data[0]: expected a text, got 1"),
    ("/v2/models/toy_en/infer", infer(["a"], outputs=[{"name": "x"}]), 422, "outputs[0].name: expected label"),
    ("/v2/models/toy_en/infer", infer(["a"], outputs=[{"name": "label"}] * 9), 422, "at most once, got a list of 9"),
    ("/v2/models/toy_en/infer", {"inputs": [{}]}, 422, "inputs[0].name"),
    ("/reload", None, 403, "--token-file"),
    ("/nowhere", {}, 404, "/openapi.json"),
]


@pytest.mark.parametrize(("path", "body", "status", "detail"), WRONG, ids=lambda value: str(value)[:40])
def test_a_problem_names_what_was_expected_and_received(client, path, body, status, detail):
    got, content, headers = client.ask("POST", path, body)
    assert got == status, content
    assert headers["content-type"] == "application/problem+json"
    assert detail in content["detail"]
    assert content["error"] == content["detail"]
    assert (content["status"], content["type"]) == (status, "about:blank")
    assert client.get("/ping") == b"pong"


def test_another_method_is_told_which_is_allowed(client):
    status, content, headers = client.ask("GET", "/predict")
    assert (status, headers["allow"]) == (405, "POST")
    assert "expected POST" in content["detail"]


def test_a_binary_or_compressed_body_gets_a_sentence(client):
    headers = {"Inference-Header-Content-Length": "10"}
    status, content, _ = client.ask("POST", "/v2/models/toy_en/infer", infer(["a"]), **headers)
    assert (status, "binary_data=False" in content["error"]) == (400, True)
    status, content, _ = client.ask("POST", "/predict", b"\x1f\x8b", **{"content-encoding": "gzip"})
    assert (status, "not compressed" in content["error"]) == (415, True)


def test_a_large_body_is_not_read(client, running):
    status, content, headers = client.ask("POST", "/predict", b" " * (LIMITS.body_bytes + 1))
    assert (status, headers["connection"]) == (413, "close")
    assert "at most 2,000,000 bytes, got 2,000,001" in content["detail"]
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:  # announced, never sent
        raw.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_large_body_in_chunks_is_refused_as_it_streams(client):
    status, content, _ = client.ask("POST", "/predict", (b" " * 2**16 for _ in range(40)))
    assert (status, "at most 2,000,000 bytes" in content["detail"]) == (413, True)


def test_texts_are_never_logged(client, caplog, running, monkeypatch):
    secret = "a secret that nobody may read"

    def fail(*arguments, **options):
        raise ValueError(secret)

    [server] = running[1:]
    monkeypatch.setattr(server.batcher, "predict", fail)
    logger = logging.getLogger("textclf")
    monkeypatch.setattr(logger, "propagate", True)
    status, content, _ = client.ask("POST", "/predict", {"inputs": secret})
    assert (status, content["detail"]) == (500, "internal error (ValueError); the server's log has more.")
    assert "internal error in /predict: ValueError" in caplog.text
    assert secret not in caplog.text


def test_requests_and_answers_are_counted(sources):
    with serving({"toy_en": sources["toy_en"]}) as (port, _):
        client = Client(port)
        client.post("/predict", {"inputs": ["a", "b", "c"]})
        client.ask("POST", "/predict", {})
        assert client.ask("GET", "/nowhere")[1]["detail"].endswith("got '/nowhere'.")
        metrics = client.get("/metrics").decode()
    assert 'textclf_requests_total{code="200",route="/predict"} 1.0' in metrics
    assert 'textclf_requests_total{code="422",route="/predict"} 1.0' in metrics
    assert 'textclf_requests_total{code="404",route="(no endpoint)"} 1.0' in metrics
    assert 'textclf_request_seconds_count{route="/predict"} 2.0' in metrics
    assert "textclf_batch_texts_sum 3.0" in metrics
    assert "textclf_queue_seconds_count 1.0" in metrics
    assert "textclf_waiting_texts 0.0" in metrics
    answered = [line.split() for line in metrics.splitlines() if line.startswith("textclf_answers_total{")]
    assert sum(float(value) for _, value in answered) == 3
    assert 'model="toy_en",run="toy_en"' in metrics


def test_answers_and_problems_are_utf_8(client):
    for path, body, expected in (
        ("/v1/predict", {"texts": "味道很好 \ud83d", "model": "toy_zh"}, '"text":"味道很好 \ufffd"'),
        ("/v1/predict", {"texts": "a", "model": "味\ud83d"}, "味"),
        (
            "/v2/models/toy_zh/infer",
            {"id": "味\ud83d", "inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}]},
            '"id":"味\\ud83d"',
        ),
    ):
        client.connection.request("POST", path, json.dumps(body))
        content = client.connection.getresponse().read()
        assert expected in content.decode()
        json.loads(content)


def test_models_say_what_they_are(client, sources):
    described = {one["name"]: one for one in client.get("/v1/models")["models"]}
    assert list(described) == list(sources)
    one = described["toy_en"]
    assert (one["type"], one["labels"], one["run"]) == ("binary", ["negative", "positive"], "toy_en")
    assert one["takes_threshold"]
    assert not described["toy_topics"]["takes_threshold"]
    assert one["scores"]["part"] == "test"
    assert 0 < one["scores"]["accuracy"] <= 1
    assert one["trained"]


def test_requests_on_a_kept_connection_do_not_wait_for_acknowledgements(client):
    """Without TCP_NODELAY each takes 44 ms."""
    seconds = []
    for _ in range(30):
        started = time.perf_counter()
        client.get("/ping")
        seconds.append(time.perf_counter() - started)
    assert statistics.median(seconds) < 0.02
