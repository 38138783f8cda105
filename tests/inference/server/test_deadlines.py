"""A request that takes too long gets an answer that says so."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from textclf.inference.server.app import ENDPOINTS, make_app
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.openapi import statuses_of
from textclf.inference.server.serve import ServeOptions, make_server

from .conftest import TOKEN

BODY = b'{"inputs": "a"}'


async def answers(server, receive, later, path="/predict", method="POST", headers=()):
    """The statuses and bodies of a request, after so many seconds have passed at once."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    task = asyncio.ensure_future(make_app(server)(scope, receive, send))
    for _ in range(5):
        await asyncio.sleep(0)
    server.deadlines.sweep(time.monotonic() + later)
    if later <= LIMITS.seconds:
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    assert not server.deadlines._started
    assert not server.deadlines._late
    return [message.get("status") or message["body"] for message in sent]


def slowly(server):
    async def receive():
        for task in server.deadlines._started:
            server.deadlines._started[task] -= LIMITS.seconds - 1
        return await whole()

    return receive


async def whole():
    return {"type": "http.request", "body": BODY, "more_body": False}


async def never():
    await asyncio.Event().wait()


@pytest.fixture
def server(sources, monkeypatch):
    server = make_server(ServeOptions({"toy_en": sources["toy_en"]}))
    monkeypatch.setattr(server.batcher, "_running", True)  # so that texts wait for ever
    return server


@pytest.mark.parametrize(("receive", "status"), [(never, 408), (whole, 504)])
def test_too_late(server, receive, status):
    assert asyncio.run(answers(server, receive, LIMITS.seconds + 1))[0] == status


@pytest.mark.parametrize(("path", "method"), [("/metrics", "GET"), ("/reload", "POST")])
def test_a_worker_that_hangs_has_nothing_to_do_with_texts(server, path, method):
    server.channel = SimpleNamespace(ask=lambda _: never())
    server.token, headers = TOKEN, [(b"authorization", b"Bearer " + TOKEN)]
    status, body = asyncio.run(answers(server, whole, LIMITS.seconds + 1, path, method, headers))
    assert status == 504
    assert b"expected an answer within 30 s" in body
    assert b"texts" not in body
    [endpoint] = [one for one in ENDPOINTS if one.path == path]
    assert 504 in statuses_of(endpoint)


@pytest.mark.parametrize("receive", [never, whole])
def test_in_time_it_goes_on_and_its_end_is_its_end(server, receive):
    assert asyncio.run(answers(server, receive, LIMITS.seconds - 1)) == []


def test_a_slow_body_leaves_its_answer_as_much_time(server):
    assert asyncio.run(answers(server, slowly(server), LIMITS.seconds - 1)) == []
