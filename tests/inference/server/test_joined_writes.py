"""The head and the body of a response leave together, and a head without a body leaves as well."""

import socket

from textclf.inference.server.joined_writes import JoinedWrites


class Transport:
    """Keeps what is written."""

    def __init__(self):
        self.writes, self.closed = [], False

    def write(self, data):
        self.writes.append(data)

    def writelines(self, parts):
        self.writes.append(b"".join(parts))

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


def test_one_write_a_response():
    transport = Transport()
    joined = JoinedWrites(transport)
    for part in (b"HTTP/1.1 200 OK\r\n\r\n", b"one", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 is the body", b"more"):
        joined.write(part)
    assert transport.writes == [b"HTTP/1.1 200 OK\r\n\r\none", b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 is the body", b"more"]


def test_a_head_without_a_body_is_written_at_the_end():
    transport = Transport()
    joined = JoinedWrites(transport)
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert transport.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    joined.write(b"HTTP/1.1 200 OK\r\n\r\n")
    joined.flush()
    joined.flush()
    joined.write(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    joined.close()
    assert transport.writes[1:] == [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 503 Service Unavailable\r\n\r\n"]
    assert joined.is_closing()


def test_head_requests_and_continue(running):
    with socket.create_connection(("127.0.0.1", running[0]), timeout=30) as raw:
        raw.sendall(b"HEAD /ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert raw.recv(2000).endswith(b"\r\n\r\n")
        raw.sendall(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert raw.recv(2000).endswith(b"\r\n\r\npong")  # in one piece
        raw.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 15\r\n\r\n")
        assert raw.recv(2000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(b'{"inputs": "a"}')
        assert raw.recv(2000).startswith(b"HTTP/1.1 200")
