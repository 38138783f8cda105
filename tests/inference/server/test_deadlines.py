"""A request that takes too long gets an answer that says so."""

import asyncio
import time

import pytest

from textclf.inference.server.app import make_app
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.serve import ServeOptions, make_server

BODY = b'{"inputs": "a"}'


async def statuses(server, receive, later):
    """The status of a request to /predict, after so many seconds have passed at once."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
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
    return [message["status"] for message in sent if "status" in message]


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
    assert asyncio.run(statuses(server, receive, LIMITS.seconds + 1)) == [status]


@pytest.mark.parametrize("receive", [never, whole])
def test_in_time_it_goes_on_and_its_end_is_its_end(server, receive):
    assert asyncio.run(statuses(server, receive, LIMITS.seconds - 1)) == []
