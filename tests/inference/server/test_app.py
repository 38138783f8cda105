"""The endpoints over a real socket: the answers of the command line, and problems that name value and limit."""

import copy
import json
import logging
import socket
import statistics
import time

import pytest

import textclf
from textclf.inference.decisions import Decision
from textclf.inference.explain import format_explanations
from textclf.inference.predict import format_predictions
from textclf.inference.server.app import ENDPOINTS
from textclf.inference.server.limits import LIMITS

from .conftest import TOKEN, Client, serving

TEXTS = [
    "a wonderful film",
    "a waste of time",
    "味道很好",
    "",
    "cherry and sky",
    "tab\tand\nline \ud83d",
    "\x00 \U0001f600",
]
OPTIONS = [{}, {"top_k": 1}, {"top_k": 2}, {"threshold": 0.2}, {"threshold": 0.9}]


def lines(classifier, texts, function=format_predictions, **options):
    """What the command line prints for texts."""
    from textclf.core.text_column import text_array

    chunks = [text_array(texts).to_pylist()]
    return [json.loads(line) for line in function(classifier, chunks, "jsonl", **options)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", ["toy_en", "toy_topics", "toy_zh", "colours"])
def test_v1_answers_as_the_command_line(client, sources, name, options):
    classifier = textclf.load(sources[name])
    if "threshold" in options and classifier.targets.type == "multiclass":
        status, content, _ = client.ask("POST", "/v1/predict", {"texts": TEXTS, "model": name, **options})
        assert (status, "multiclass" in content["detail"]) == (422, True)
        return
    for explain, function in ((False, format_predictions), (True, format_explanations)):
        content = client.post("/v1/predict", {"texts": TEXTS, "model": name, "explain": explain, **options})
        assert content["model"] == name
        assert content["answers"] == approximately(lines(classifier, TEXTS, function, **options))


def approximately(value):
    """The same with numbers up to 1e-6: texts that are predicted together may differ in the last digit."""
    if isinstance(value, float):
        return pytest.approx(value, abs=2e-6)
    if isinstance(value, list):
        return [approximately(item) for item in value]
    return {key: approximately(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_one_text_is_a_list_of_one(client):
    assert client.post("/v1/predict", {"texts": "fine"}) == client.post("/v1/predict", {"texts": ["fine"]})
    assert client.post("/predict", {"inputs": "fine"}) == client.post("/predict", {"inputs": ["fine"]})
    assert client.post("/predict", {"inputs": []}) == []


@pytest.mark.parametrize("name", ["toy_en", "toy_topics", "colours"])
def test_predict_gives_nested_lists_with_the_best_first(client, sources, name):
    classifier = textclf.load(sources[name])
    content = client.post(f"/predict/{name}", {"inputs": TEXTS[:3]})
    for scores, expected in zip(content, lines(classifier, TEXTS[:3]), strict=True):
        assert {one["label"]: one["score"] for one in scores} == approximately(expected["probabilities"])
        assert [one["score"] for one in scores] == sorted((one["score"] for one in scores), reverse=True)
    top = client.post(f"/predict/{name}", {"inputs": TEXTS[:3], "parameters": {"top_k": 1}})
    assert top == [scores[:1] for scores in content]


def test_the_first_label_of_predict_is_the_answer_of_the_command_line(client, sources):
    classifier = textclf.load(sources["toy_en"])
    for threshold in (0.0, 0.3, 0.55, 1.0):
        content = client.post("/predict", {"inputs": TEXTS, "parameters": {"threshold": threshold}})
        expected = [line["label"] for line in lines(classifier, TEXTS, threshold=threshold)]
        assert [scores[0]["label"] for scores in content] == expected


def test_a_threshold_of_many_labels_leaves_the_predicted_ones(client, sources):
    classifier = textclf.load(sources["colours"])
    body = {"inputs": ["cherry and sky", "a plain day"], "parameters": {"threshold": 0.5}}
    found = [{one["label"] for one in scores} for scores in client.post("/predict/colours", body)]
    assert found == [set(line["labels"]) for line in lines(classifier, body["inputs"], threshold=0.5)]


def test_unsure_is_unsure_on_every_way(sources):
    with serving({"toy_en": sources["toy_en"]}) as (port, server):
        [served] = server.classifiers.all()
        unsure = copy.copy(served.classifier)
        unsure.decision = Decision(abstain_below=1.0)
        server.classifiers._served = {"toy_en": served._replace(classifier=unsure)}
        client = Client(port)
        assert client.post("/v1/predict", {"texts": "film"})["answers"][0]["label"] is None
        assert client.post("/predict", {"inputs": "film"})[0][0]["label"] == "unsure"
        outputs = client.post("/v2/models/toy_en/infer", infer(["film"]))["outputs"]
        assert outputs[0]["data"] == ["unsure"]
        assert b'textclf_answers_total{label="unsure",model="toy_en"} 3.0' in client.get("/metrics")


def infer(texts, shape=None, **more):
    tensor = {"name": "text", "shape": shape or [len(texts)], "datatype": "BYTES", "data": texts}
    return {"inputs": [tensor], **more}


def test_the_inference_protocol_answers_as_the_command_line(client, sources):
    for name in ("toy_en", "toy_topics", "colours"):
        classifier = textclf.load(sources[name])
        content = client.post(f"/v2/models/{name}/infer", infer(TEXTS[:5], id="7"))
        assert (content["model_name"], content["id"]) == (name, "7")
        label, probability, probabilities = content["outputs"]
        printed = [line.split("\t") for line in format_predictions(classifier, [TEXTS[:5]], "text")]
        assert label["data"] == [columns[0] for columns in printed]
        assert probability["shape"] == [5]
        assert probabilities["shape"] == [5, len(classifier.labels)]
        assert probabilities["data"] == pytest.approx(classifier.predict_proba(TEXTS[:5]).ravel().tolist(), abs=1e-6)


def test_the_inference_protocol_describes_itself(client):
    assert client.get("/v2")["name"] == "textclf"
    assert client.get("/v2/health/live") == {"live": True}
    assert client.get("/v2/health/ready") == {"ready": True}
    assert client.get("/v2/models/toy_en/ready") == {"name": "toy_en", "ready": True}
    described = client.get("/v2/models/toy_topics")
    assert [one["name"] for one in described["outputs"]] == ["label", "probability", "probabilities"]
    body = infer([["a"], ["b"]], [2, 1], outputs=[{"name": "label", "parameters": {"binary_data": False}}])
    assert [one["name"] for one in client.post("/v2/models/toy_en/infer", body)["outputs"]] == ["label"]


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


@pytest.fixture(scope="module")
def guarded(sources):
    with serving({"toy_en": sources["toy_en"]}, TOKEN, ("https://example.com",)) as (port, _):
        yield port


def test_without_the_token_only_public_endpoints_answer(guarded):
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{name}", "toy_en")
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN.decode()}):
            status, content, fields = Client(guarded).ask(endpoint.method, path, **headers)
            if endpoint.public:
                assert status == 200, path
            else:
                assert (status, fields["www-authenticate"]) == (401, "Bearer"), path
                assert "Authorization: Bearer TOKEN" in content["error"]


def test_with_the_token_requests_are_answered_and_classifiers_reload(guarded):
    client = Client(guarded, TOKEN)
    assert client.post("/predict", {"inputs": "a"})[0]
    assert client.post("/reload", None)["models"]["toy_en"]["result"] == "loaded"


def test_other_pages_may_ask_only_where_they_are_named(guarded, client):
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    _, _, headers = Client(guarded).ask("OPTIONS", "/predict", origin="https://example.com", **preflight)
    assert headers["access-control-allow-origin"] == "https://example.com"
    status, _, headers = Client(guarded).ask("OPTIONS", "/predict", origin="https://elsewhere.com", **preflight)
    assert (status, "access-control-allow-origin" in headers) == (400, False)
    _, _, headers = client.ask("POST", "/predict", {"inputs": "a"}, origin="https://example.com")
    assert "access-control-allow-origin" not in headers


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
