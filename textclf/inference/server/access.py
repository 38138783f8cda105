"""Who may ask: the Host header that the browser of a page sends, and the token."""

import hmac
import ipaddress
from functools import lru_cache

from textclf.inference.server.problems import RequestError

ANY_HOST = "*"
LOCAL = "localhost"
MOST_HOSTS = 16  # that are remembered: a server has few names, and a header of a stranger may have 64 kB


def check_host(headers: dict[bytes, bytes], allowed: frozenset[str] | None) -> None:
    """Check the Host header, if only some are allowed (`None`: all are).

    A page of elsewhere can make a browser ask this server when the name of its own host resolves to this address (DNS
    rebinding). The header still has that name. An address cannot be such a name, nor can localhost.

    Raises:
        RequestError: 403, it names another server.
    """
    if allowed is None or (header := headers.get(b"host")) is None:
        return
    host = _host_of(header)
    if not (host in allowed or _is_local_name_or_address(host)):
        expected = f"expected {', '.join([*sorted(allowed), LOCAL])} or an IP address, got {host!r:.100}"
        raise RequestError(403, f"Host: {expected}. To allow this name: textclf serve --allow-host {host:.100}")


def check_token(headers: dict[bytes, bytes], token: bytes) -> None:
    """Check the token.

    Raises:
        RequestError: 401, it is missing or another one.
    """
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), token):
        received = "another token" if given else "none"
        raise RequestError(
            401,
            f"expected the header 'Authorization: Bearer TOKEN' with the token of this server, got {received}.",
            {"www-authenticate": "Bearer"},
        )


@lru_cache(MOST_HOSTS)
def _host_of(header: bytes) -> str:
    """Return the host without its port, in lower case."""
    host = header.decode("latin-1").strip().lower()
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).rstrip(".")


@lru_cache(MOST_HOSTS)
def _is_local_name_or_address(host: str) -> bool:
    if host == LOCAL or host.endswith(f".{LOCAL}"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
