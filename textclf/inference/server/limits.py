"""The limits of the server. A request beyond one gets a problem that names the limit and the value."""

from typing import NamedTuple


class Limits(NamedTuple):
    """What one request, and all requests together, may ask for."""

    body_bytes: int = 2_000_000
    texts: int = 1_000  # of a request
    characters: int = 100_000  # of a text
    explained_texts: int = 20  # of a request; an explanation predicts the text once for each of its words
    explained_characters: int = 2_000  # of a text
    waiting_texts: int = 2_000  # of all requests
    waiting_characters: int = 10_000_000
    waiting_explanations: int = 40
    arriving_bytes: int = 64_000_000  # of all bodies that arrive in parts
    discarded_bytes: int = 200_000_000  # of a body that is too large, so that its client reads why
    header_bytes: int = 64_000  # of a request
    header_seconds: float = 10  # for the first request of a connection to arrive, and for the headers of the next
    seconds: float = 30  # for the body to arrive, and again for its answer
    connection_seconds: float = 90  # from the headers of a request until its answer is sent
    keep_alive_seconds: int = 75  # longer than load balancers wait (60 s), so that they close first
    drain_seconds: float = 2  # after SIGTERM new connections are accepted for so long, while load balancers notice
    first_request_seconds: float = 1  # after that a new connection has so long for its first request
    stop_seconds: int = 25  # then requests have so long to finish


LIMITS = Limits()
