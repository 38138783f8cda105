"""Slow and large clients are cut off; the others do not notice."""

import asyncio
import socket
import sys
from types import SimpleNamespace

import pytest

from textclf.core.errors import TextclfError
from textclf.inference.server.app import make_app
from textclf.inference.server.connections import Sweeper, accept_all, listen
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.serve import ServeOptions, Service, make_server


class Connection:
    """What the sweeper sees of uvicorn's protocol."""

    def __init__(self, cycle=None, keep_alive=None):
        self.cycle, self.timeout_keep_alive_task, self.ended = cycle, keep_alive, False
        self.transport = SimpleNamespace(abort=lambda: setattr(self, "ended", True))


class Cycle:
    """uvicorn's state of one request."""

    def __init__(self, complete):
        self.response_complete = complete


@pytest.mark.parametrize(
    ("connection", "seconds"),
    [
        (Connection(), LIMITS.header_seconds),
        (Connection(Cycle(True)), LIMITS.header_seconds),
        (Connection(Cycle(False)), LIMITS.connection_seconds),
        (Connection(Cycle(True), object()), None),
    ],
    ids=["silent", "half a request", "no reader", "kept"],
)
def test_a_connection_ends_after_its_time(connection, seconds):
    sweeper = Sweeper()
    sweeper.sweep([connection], now=0.0)
    for now in range(1, 1000):
        sweeper.sweep([connection], now=float(now))
        assert connection.ended == (seconds is not None and now > seconds)
        if connection.ended:
            break


def test_a_busy_connection_never_ends():
    sweeper, connection = Sweeper(), Connection()
    for now in range(1000):
        connection.cycle = Cycle(False)  # another request
        assert sweeper.sweep([connection], now=float(now)) == 0


def test_a_connection_that_is_gone_is_forgotten():
    sweeper = Sweeper()
    sweeper.sweep([Connection()], now=0.0)
    sweeper.sweep([], now=1.0)
    assert not sweeper._since


def test_headers_have_a_limit(running, client):
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(b"GET /ping HTTP/1.1\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            raw.sendall((b"x: " + b"a" * 8000 + b"\r\n") * 10_000)
    for header in (b"GET /ping HTTP/1.1\r\nx: " + b"a" * 65_000 + b"\r\n", b"GET /" + b"a" * 65_000):
        with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
            raw.sendall(header + b"\r\n\r\n")
            answer = raw.recv(2000)
            assert answer.startswith(b"HTTP/1.1 431")
            assert b"expected at most 64,000 bytes of headers and trailers" in answer
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:  # one that does not end
        raw.sendall(b"GET /ping HTTP/1.1\r\nx: ")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            raw.sendall(b"a" * 100_000_000)
    assert client.get("/ping") == b"pong"


def test_a_large_body_before_the_next_request_is_no_header(running):
    body = b'{"inputs": "a"' + b" " * 500_000 + b"}"
    post = b"POST /predict HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(post * 3 + b"GET /ping HTTP/1.1\r\nconnection: close\r\n\r\n")
        received = everything(raw)
    assert received.count(b"HTTP/1.1 200") == 4


CHUNKED = b"GET /ping HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


@pytest.mark.parametrize("line", [b"", b"x: "], ids=["many trailers", "one that does not end"])
def test_trailers_have_a_limit(running, client, line):
    end = b"\r\n" if not line else b""
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(CHUNKED + line)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            raw.sendall((b"x: " + b"a" * 8000 + end) * 10_000)
    assert client.get("/ping") == b"pong"


def test_few_trailers_are_ignored(running):
    post = b'POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nf\r\n{"inputs": "a"}\r\n0\r\n'
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall((post + b"content-encoding: gzip\r\n\r\n") * 2 + b"GET /ping HTTP/1.1\r\nconnection: close\r\n\r\n")
        assert everything(raw).count(b"HTTP/1.1 200") == 3


def test_many_chunks_are_no_headers(running):
    body = b'{"inputs": "a"' + b" " * 300_000 + b"}"
    chunks = [b"%x\r\n" % len(part) for part in (body[at : at + 3] for at in range(0, len(body), 3))]
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(b"POST /predict HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n" + chunks[0])
        for number in range(len(chunks)):  # each ends behind the length of the next
            following = chunks[number + 1] if number + 1 < len(chunks) else b"0\r\n\r\n"
            raw.sendall(body[number * 3 : number * 3 + 3] + b"\r\n" + following)
        assert everything(raw).startswith(b"HTTP/1.1 200")


def everything(raw):
    received = b""
    while part := raw.recv(65536):
        received += part
    return received


PING = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"
BROKEN = {
    "no HTTP": b"BAD\r\n\r\n",
    "a body": b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("number", [1, 3])
def test_what_follows_requests_does_not_take_their_answers(running, broken, number):
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(PING * number + BROKEN[broken])
        answers = everything(raw).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200"] * number + [b"400"]


def test_what_is_no_http_is_answered_and_forgotten(running, client):
    for nonsense in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 100, b"GET / HTTP/9.9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
            raw.sendall(nonsense)
            answer = raw.recv(1000)
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"application/problem+json" in answer
            assert raw.recv(1000) == b""
    assert client.get("/ping") == b"pong"


def test_idle_connections_take_no_place(running, client):
    idle = [socket.create_connection(("127.0.0.1", running[0]), timeout=30) for _ in range(200)]
    assert client.post("/predict", {"inputs": "a"})
    for raw in idle:
        raw.close()


def test_a_port_in_use_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TextclfError, match=rf"cannot listen on 127.0.0.1:{port}: .*Choose another"):
            listen("127.0.0.1", port)
    with pytest.raises(TextclfError, match=r"cannot listen on no\.such\.host\.invalid"):
        listen("no.such.host.invalid", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is one of Linux")
def test_no_connection_comes_between_the_last_one_and_the_close():
    with listen("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            [accepted] = accept_all(listener.dup())  # the other descriptor keeps it open
            with accepted:
                with pytest.raises(TimeoutError):
                    socket.create_connection(address, 0.2)
                client.sendall(b"a request")
                accepted.setblocking(True)
                assert accepted.recv(20) == b"a request"


@pytest.mark.parametrize("turns", range(6))
def test_a_connection_is_kept_that_is_accepted_while_the_server_stops(with_runs, turns):
    """Whatever asyncio has done for it by then."""

    async def stop_after_turns():
        service.config.load()
        service.lifespan = service.config.lifespan_class(service.config)
        listener = listen("127.0.0.1", 0)
        await service.startup([listener])
        with socket.create_connection(listener.getsockname(), 10) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            client.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            await service.shutdown([listener])
            return client.recv(20)

    server = make_server(ServeOptions({"toy_en": "runs/toy_en"}))
    service = Service(server, make_app(server, []))
    try:
        assert asyncio.run(stop_after_turns()).startswith(b"HTTP/1.1 200")
    finally:
        for part in (server.batcher, server.explainer, server.classifiers):
            part.close()
