"""Run the server: load, listen, swap on SIGHUP, and stop on SIGTERM after the last request."""

import asyncio
import gc
import logging
import signal
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import uvicorn

from textclf.core.errors import TextclfError
from textclf.inference.server.app import make_app
from textclf.inference.server.batching import Batcher, BoundedThread
from textclf.inference.server.channel import Channel
from textclf.inference.server.classifiers import Classifiers
from textclf.inference.server.connections import BACKLOG, LimitedProtocol, Sweeper, accept_all, listen
from textclf.inference.server.endpoint import Server
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.metrics import Metrics
from textclf.inference.server.workers import Workers

log = logging.getLogger(__name__)

GC_THRESHOLD = 50_000  # objects: requests leave little that only a collection frees
TICKS_A_SECOND = 10  # of uvicorn's main loop
TURNS_TO_CONNECT = 3  # of asyncio's loop, after which a protocol has a connection that is accepted: start, make, tell
LEAST_TOKEN = 16  # characters


class ServeOptions(NamedTuple):
    """The options of `textclf serve`."""

    sources: dict[str, str | None]
    host: str = "127.0.0.1"
    port: int = 8000
    token: bytes | None = None
    allow_origins: tuple[str, ...] = ()
    allow_hosts: frozenset[str] | None = None
    follow: bool = False
    workers: int = 1


def serve(options: ServeOptions) -> None:
    """Load the classifiers and answer requests until a signal.

    Raises:
        RunError: a classifier cannot be loaded.
        TextclfError: the address cannot be used.
    """
    with listen(options.host, options.port) as listener:
        if options.workers == 1:
            run_service(options, listener)
        else:
            work = partial(run_service, options, listener)
            Workers(work, options.workers, listener).run(lambda: _say_where(listener, options.workers))
    log.info("stopped")


def run_service(options: ServeOptions, listener: socket.socket, channel: socket.socket | None = None) -> None:
    """Answer requests in this process until it is told to stop.

    Args:
        options: what to serve.
        listener: the socket that accepts connections.
        channel: to the first process, if this is a worker.

    Raises:
        RunError: a classifier cannot be loaded.
    """
    server = make_server(options)
    server.channel = None if channel is None else Channel(channel)
    gc.collect()
    gc.freeze()  # what is loaded now stays: collections during requests need not look at it
    gc.set_threshold(GC_THRESHOLD)
    service = Service(server, make_app(server, options.allow_origins), follow=options.follow)
    for served in server.classifiers.all():
        labels = len(served.classifier.labels)
        log.info("loaded %s: run %s, version %s, %d labels", served.name, served.run, served.version, labels)
    service.run(sockets=[listener])


def _say_where(listener: socket.socket, workers: int = 1) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    log.info("serving on %s%s (stop: Ctrl-C)", address, f" with {workers} workers" if workers > 1 else "")


def make_server(options: ServeOptions) -> Server:
    """Return what the application needs, with the classifiers loaded.

    Raises:
        RunError: one cannot be loaded.
    """
    metrics = Metrics()
    classifiers = Classifiers(options.sources, metrics)
    explainer = BoundedThread("explanations", LIMITS.waiting_explanations)
    return Server(classifiers, Batcher(metrics), explainer, metrics, options.token, options.allow_hosts)


def read_token(path: str) -> bytes:
    """Return the token in a file, without white space around it.

    Raises:
        TextclfError: it cannot be read, or is too short to be a secret.
    """
    try:
        content = Path(path).read_bytes().strip()
    except OSError as error:
        raise TextclfError(f"--token-file {path}: cannot be read: {error.strerror}.") from None
    return check_token(content, f"--token-file {path}")


def check_token(token: bytes, where: str) -> bytes:
    """Return a token after checking that it is long enough and fits into a header.

    Raises:
        TextclfError: it is not.
    """
    printable = all(33 <= byte <= 126 for byte in token)
    if len(token) < LEAST_TOKEN or not printable:
        expected = f"expected at least {LEAST_TOKEN} letters, digits or signs of ASCII without spaces"
        received = f"{len(token)}" if printable else "other characters"
        raise TextclfError(f"{where}: {expected}, got {received}. Create one: openssl rand -hex 32")
    return token


class Service(uvicorn.Server):
    """uvicorn's server, with our signals, and with what happens every second."""

    def __init__(self, server: Server, app: object, *, follow: bool = False):
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            http=LimitedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # uvicorn warns of each malformed request, which anybody can send without end
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=LIMITS.keep_alive_seconds,
            timeout_graceful_shutdown=LIMITS.stop_seconds,
        )
        super().__init__(config)
        self._server, self._follow, self._sweeper = server, follow, Sweeper()
        self._stop_at = float("inf")
        self._tasks: set[asyncio.Task] = set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGHUP, SIGTERM and Ctrl-C in the event loop, if this is the main thread and no worker."""
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGHUP: self.reload, signal.SIGTERM: self.drain, signal.SIGINT: self.stop}
        if self._server.channel is not None or threading.current_thread() is not threading.main_thread():
            handlers = {}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)
            for part in (self._server.batcher, self._server.explainer, self._server.classifiers):
                part.close()

    def reload(self) -> None:
        """Load the classifiers again."""
        self._in_background(self._server.classifiers.reload())

    def drain(self) -> None:
        """Say "not ready", answer what comes in the next seconds, then stop; a second time stop at once."""
        if self._server.draining:
            self.stop()
            return
        log.info("stopping: requests in progress have %d s", LIMITS.stop_seconds)
        self._server.draining = True
        self._stop_at = time.monotonic() + LIMITS.drain_seconds

    def stop(self) -> None:
        """Take no more connections, and end with the last request; a second time end at once."""
        self._server.draining = True
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say where; a worker says so to the first process, and hears it."""
        await super().startup(sockets)
        if (channel := self._server.channel) is None:
            for listener in sockets or []:
                _say_where(listener)
            return
        classifiers, metrics = self._server.classifiers, self._server.metrics

        async def samples() -> list:
            return metrics.samples()

        answers = {"reload": classifiers.reload, "metrics": samples}
        await channel.open(answers, {"drain": self.drain, "stop": self.stop})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and wait for those that are there.

        Closing a listening socket resets the connections that wait in it to be accepted. A duplicate keeps them, until
        all are accepted. asyncio drops what it has accepted before, and not yet given to a protocol, if its server is
        closed then (`Server._attach`).
        """
        loop = asyncio.get_running_loop()
        for listener in sockets or []:
            loop.remove_reader(listener)
        for _ in range(TURNS_TO_CONNECT):
            await asyncio.sleep(0)
        duplicates = [listener.dup() for listener in sockets or []]
        for server in self.servers:
            server.close()
        for connection in [one for listener in duplicates for one in accept_all(listener)]:
            await loop.connect_accepted_socket(lambda: LimitedProtocol(self.config, self.server_state, {}), connection)
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Do what happens every second, and return whether to stop."""
        if time.monotonic() >= self._stop_at:
            self.should_exit = True
        if counter % TICKS_A_SECOND == 0:
            self._sweeper.sweep(self.server_state.connections)
            self._server.deadlines.sweep()
            if self._follow and not self._tasks:
                self._in_background(self._server.classifiers.follow())
        return await super().on_tick(counter)

    def _in_background(self, coroutine: Coroutine) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
