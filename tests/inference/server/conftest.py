"""A real server on a free port of loopback, with the toy classifiers; and clients of few lines."""

import http.client
import json
import re
import threading
from contextlib import contextmanager

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from tests.browser import chromium
from textclf.inference.server.app import make_app
from textclf.inference.server.connections import listen
from textclf.inference.server.serve import ServeOptions, Service, make_server

TEXTS = [
    "a wonderful film",
    "a waste of time",
    "味道很好",
    "",
    "cherry and sky",
    "tab\tand\nline \ud83d",
    "\x00 \U0001f600",
]
TOKEN = b"a-token-of-the-tests-0123456789"


def infer(texts, shape=None, **more):
    """The body of a request of the inference protocol."""
    tensor = {"name": "text", "shape": shape or [len(texts)], "datatype": "BYTES", "data": texts}
    return {"inputs": [tensor], **more}


class Client:
    """One kept connection."""

    def __init__(self, port: int, token: bytes | None = None):
        self.port = port
        self.headers = {"authorization": f"Bearer {token.decode()}"} if token else {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, object, dict]:
        """Return status, content (parsed if it is JSON) and headers in lower case."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        self.connection.request(method, path, body, {**self.headers, **headers})
        response = self.connection.getresponse()
        content = response.read()
        fields = {name.lower(): value for name, value in response.getheaders()}
        parsed = json.loads(content) if "json" in fields.get("content-type", "") else content
        return response.status, parsed, fields

    def post(self, path: str, body: object, **headers: str) -> object:
        """Return the content of a successful answer."""
        status, content, _ = self.ask("POST", path, body, **headers)
        assert status == 200, content
        return content

    def get(self, path: str) -> object:
        """Return the content of a successful answer."""
        status, content, _ = self.ask("GET", path)
        assert status == 200, content
        return content


@contextmanager
def serving(sources: dict, token: bytes | None = None, origins: tuple = (), allow_hosts: frozenset | None = None):
    """Run a server in a thread; yields its port and what its requests share."""
    server = make_server(ServeOptions(sources, token=token, allow_hosts=allow_hosts))
    listener = listen("127.0.0.1", 0)
    service = Service(server, make_app(server, origins))
    thread = threading.Thread(target=service.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1], server
    finally:
        service.should_exit = service.force_exit = True
        thread.join(30)


@pytest.fixture(scope="session")
def sources(finished_runs):
    """The toy classifiers: two labels, five topics, Chinese, and several colours a text."""
    runs = {name: str(finished_runs / "runs" / name) for name in ("toy_en", "toy_topics", "toy_zh")}
    return {**runs, "colours": str(finished_runs / "colours")}


@pytest.fixture(scope="session")
def running(sources):
    """A server of all toy classifiers without a token."""
    with serving(sources) as running:
        yield running


@pytest.fixture
def client(running):
    client = Client(running[0])
    yield client
    client.connection.close()


@pytest.fixture(scope="module")  # while it is open, no other test may start an event loop
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser, running):
    """Open the page with options of a browser context; afterwards there is no error and no request to elsewhere."""
    contexts, errors, asked = [], [], []

    def open_page(port=running[0], path="/", **options):
        context = browser.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}{path}")
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if "status of 401" not in error] == []
    assert [url for url in asked if not re.match(r"(http://127\.0\.0\.1:|data:|blob:http://127)", url)] == []
