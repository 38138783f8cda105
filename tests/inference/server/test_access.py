"""Who may ask: names in the Host header."""

import socket

import pytest

from textclf.cli.serve import allowed_hosts
from textclf.inference.server import access
from textclf.inference.server.access import check_host
from textclf.inference.server.problems import RequestError

from .conftest import Client, serving

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
