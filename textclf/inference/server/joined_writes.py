"""Send the head and the body of a response in one write. uvicorn writes them one after the other.

A write wakes the client, and took a fifth of the processor time of a request with 64 clients (2 cores, 2026-11-26).
"""

import asyncio
from typing import Any

HEAD, CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 100 "


class JoinedWrites:
    """A transport that keeps the head of a response until the first part of its body comes."""

    def __init__(self, transport: asyncio.Transport):
        self._transport, self._head = transport, b""
        self.is_closing = transport.is_closing  # called several times a request

    def __getattr__(self, name: str) -> Any:
        """Return what this class does not change."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, unless this is a head whose body follows."""
        if self._head:
            parts, self._head = (self._head, data), b""
            self._transport.writelines(parts)
        elif data.startswith(HEAD) and not data.startswith(CONTINUE):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write a head without a body."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close after what has been written."""
        self.flush()
        self._transport.close()
