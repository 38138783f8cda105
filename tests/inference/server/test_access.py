"""Who may ask: names in the Host header, tokens, and origins of pages."""

import socket

import pytest

from textclf.cli.serve import allowed_hosts
from textclf.inference.server import access
from textclf.inference.server.access import check_host
from textclf.inference.server.app import ENDPOINTS
from textclf.inference.server.problems import RequestError

from .conftest import TOKEN, Client, serving

ALLOWED = [b"localhost", b"LOCALHOST:8000", b"app.localhost", b"127.0.0.1:8000", b"10.1.2.3", b"[::1]:8000", b"[::1]"]
REFUSED = [
    b"evil.example",
    b"evil.example:8000",
    b"localhost.evil.example",
    b"127.0.0.1.evil.example",
    b"",
    b"[evil",
    b"\xff",
]


@pytest.mark.parametrize("host", ALLOWED)
def test_addresses_and_localhost_are_this_machine(host):
    check_host({b"host": host}, frozenset())


@pytest.mark.parametrize("host", REFUSED)
def test_a_page_of_elsewhere_does_not_reach_the_server(host):
    with pytest.raises(RequestError, match="expected localhost or an IP address, got ") as caught:
        check_host({b"host": host}, frozenset())
    assert caught.value.status == 403
    check_host({b"host": host}, None)


def test_an_allowed_name_is_allowed_and_the_header_may_be_missing():
    check_host({b"host": b"Mine.Example.:8000"}, frozenset({"mine.example"}))
    check_host({}, frozenset())


def test_large_headers_are_not_remembered():
    for number in range(100):
        with pytest.raises(RequestError):
            check_host({b"host": b"%d." % number + b"a" * 60_000}, frozenset())
    assert access._host_of.cache_info().currsize <= access.MOST_HOSTS
    assert access._is_local_name_or_address.cache_info().currsize <= access.MOST_HOSTS


def test_two_host_headers_are_refused(running):
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(b"GET /ping HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\n\r\n")
        answer = raw.recv(2000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"Host: expected one header, got several" in answer


@pytest.mark.parametrize(
    ("names", "has_token", "allowed"),
    [((), False, frozenset()), ((), True, None), (("*", "a"), False, None), (("A.example.",), True, {"a.example"})],
)
def test_only_a_server_without_a_token_asks_for_the_name_by_itself(names, has_token, allowed):
    assert allowed_hosts(names, has_token=has_token) == allowed


def test_the_header_is_checked_everywhere(sources):
    with serving({"toy_en": sources["toy_en"]}, allow_hosts=frozenset()) as (port, _):
        client = Client(port)
        for method, path, body in (
            ("POST", "/predict", {"inputs": "a"}),
            ("GET", "/", None),
            ("GET", "/metrics", None),
        ):
            status, content, _ = client.ask(method, path, body, host="evil.example:8000")
            assert status == 403
            assert content["detail"].endswith("To allow this name: textclf serve --allow-host evil.example")
        assert client.post("/predict", {"inputs": "a"})


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


@pytest.mark.parametrize(
    ("headers", "received"),
    [
        ({}, "none"),
        ({"x-api-key": TOKEN.decode()}, "none"),
        ({"authorization": "Bearer"}, "none"),
        ({"authorization": "Bearer wrong"}, "another token"),
        ({"authorization": TOKEN.decode()}, "a header without 'Bearer '"),
        ({"authorization": f"Basic {TOKEN.decode()}"}, "a header without 'Bearer '"),
    ],
)
def test_a_refused_header_is_described(guarded, headers, received):
    detail = Client(guarded).ask("GET", "/v1/models", **headers)[1]["detail"]
    assert detail.endswith(f"got {received}.")


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
