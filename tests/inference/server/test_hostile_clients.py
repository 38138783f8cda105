"""Requests as nobody should make them: no internal error, bounded memory, and the server is well afterwards."""

import http.client
import json
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from textclf.inference.server.limits import LIMITS

ROOT = Path(__file__).parents[3]
MEGABYTE = 1_000_000
MOST_MEMORY = 500  # MB
HEAD = "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
PATHS = ("/predict", "/v1/predict", "/v2/models/toy_en/infer")
BODIES = {
    "deep lists": b'{"inputs": ' + b"[" * 100 + b"]" * 100 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "many values": b'{"inputs": [' + b"1," * 900_000 + b"1]}",
    "a long key": b'{"' + b"k" * 1_900_000 + b'": 1}',
    "the same key": b'{"inputs": "a", ' * 2 + b'"inputs": 1}',
    "UTF-16": '{"inputs": "好"}'.encode("utf-16"),
    "UTF-32 without a mark": '{"inputs": "好"}'.encode("utf-32-le"),
    "GB18030": '{"inputs": "味道很好"}'.encode("gb18030"),
    "Latin 1": '{"inputs": "é"}'.encode("latin-1"),
    "a mark": b'\xef\xbb\xbf{"inputs": "a"}',
    "NUL in a text": b'{"inputs": "a\\u0000b"}',
    "NUL in the body": b'{"inputs": "a\x00b"}',
    "half a surrogate": b'{"inputs": "\\ud83d"}',
    "encoded half a surrogate": b'{"inputs": "\xed\xa0\xbd"}',
    "NaN": b'{"inputs": "a", "parameters": {"threshold": NaN}}',
    "a large number": b'{"inputs": "a", "parameters": {"top_k": ' + b"9" * 4_000 + b"}}",
    "a large exponent": b'{"inputs": "a", "parameters": {"threshold": 1e999999}}',
    "nothing": b"",
    "cut": b'{"inputs": ["a", ',
    "a form": b"inputs=a",
    "zeros": bytes(1000),
}


@pytest.fixture(scope="module")
def server(sources):
    """A process with one classifier; yields its port, and a function for its memory in MB."""
    command = [sys.executable, "-m", "textclf", "serve", "--port", "0", "--run", sources["toy_en"]]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        port = next(int(found[1]) for line in running.stderr if (found := re.search(r"serving on .*:(\d+) ", line)))
        status = Path(f"/proc/{running.pid}/status")
        yield port, lambda: int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1024
        running.terminate()
        log = running.stderr.read()
    assert "internal error" not in log
    assert "Traceback" not in log


@pytest.fixture(autouse=True)
def well(server):
    """After every test the server answers, and has not taken more memory."""
    yield
    port, memory = server
    assert ask(port, "/predict", b'{"inputs": "a wonderful film"}')[0] == 200
    assert memory() < MOST_MEMORY


def ask(port, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, body, {"content-type": "application/json", **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answer(raw):
    """Everything that the server still sends."""
    received = b""
    try:
        while part := raw.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_answered_or_named(server, path, name):
    status, content = ask(server[0], path, BODIES[name])
    assert status in (200, 400, 413, 422), content
    if status != 200:
        assert json.loads(content)["detail"]


def test_bodies_that_are_cut(server):
    body = b'{"inputs": "a wonderful film"}'
    for end in range(len(body)):
        with connect(server[0]) as raw:
            raw.sendall(f"{HEAD.format('/predict')}content-length: {len(body)}\r\n\r\n".encode() + body[:end])
            raw.shutdown(socket.SHUT_WR)
            assert b" 500 " not in answer(raw)


def test_bodies_in_chunks(server):
    chunked = f"{HEAD.format('/predict')}transfer-encoding: chunked\r\n\r\n".encode()
    good = b"".join(b"1\r\n" + bytes([letter]) + b"\r\n" for letter in b'{"inputs": "a"}') + b"0\r\n\r\n"
    for sent, expected in (
        (good, b"HTTP/1.1 200"),
        (b"zz\r\n", b"HTTP/1.1 400"),
        (b"ffffffffffffffffff\r\n", b"HTTP/1.1 400"),
        (b"-1\r\n", b"HTTP/1.1 400"),
    ):
        with connect(server[0]) as raw:
            raw.sendall(chunked + sent)
            assert raw.recv(65536).startswith(expected)
    with connect(server[0]) as raw:  # both ways to say the length: one of two servers in a row would be deceived
        raw.sendall(f"{HEAD.format('/predict')}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n".encode() + good)
        assert raw.recv(65536).startswith(b"HTTP/1.1 400")


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_megabytes(server, chunked):
    part = b"a" * MEGABYTE
    with connect(server[0]) as raw:
        length = "transfer-encoding: chunked" if chunked else f"content-length: {100 * MEGABYTE}"
        raw.sendall(f"{HEAD.format('/predict')}{length}\r\n\r\n".encode())
        for _ in range(100):
            raw.sendall(f"{MEGABYTE:x}\r\n".encode() + part + b"\r\n" if chunked else part)
        if chunked:
            raw.sendall(b"0\r\n\r\n")
        assert b"HTTP/1.1 413" in raw.recv(65536)


@pytest.mark.slow
def test_50_bodies_that_never_end_have_bounded_memory(server):
    raws = [connect(server[0]) for _ in range(50)]
    for raw in raws:
        raw.sendall(f"{HEAD.format('/predict')}content-length: 1999999\r\n\r\n".encode() + b" " * 1_900_000)
    assert ask(server[0], "/predict", b'{"inputs": "a"}')[0] == 200
    for raw in raws:
        raw.close()


@pytest.mark.slow
def test_headers_that_come_slowly_end_the_connection(server):
    with connect(server[0]) as raw:
        began = time.monotonic()
        try:
            for letter in (HEAD.format("/predict") + "x: " + "a" * 10_000).encode():
                raw.sendall(bytes([letter]))
                time.sleep(0.05)
        except OSError:
            pass
        assert LIMITS.header_seconds - 1 < time.monotonic() - began < LIMITS.header_seconds + 30


@pytest.mark.slow
def test_500_idle_connections(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2000)), hard))
    idle = [connect(server[0]) for _ in range(500)]
    assert [ask(server[0], path, b'{"inputs": "a", "texts": "a"}')[0] for path in ("/ping", "/predict")] == [405, 422]
    time.sleep(LIMITS.header_seconds + 5)  # then they are ended
    assert all(answer(raw) == b"" for raw in idle)
    for raw in idle:
        raw.close()
