"""Several processes that share a port: start them, pass on signals and questions, replace those that end.

The first process only does this. It opens the listening socket, so connections wait for whichever worker is free, and
those that wait are not lost when a worker ends. Workers ignore signals: a terminal and a service manager send them to
all processes, and a worker must not count one twice.
"""

import json
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from textclf.core.errors import TextclfError
from textclf.core.signals import Interrupted
from textclf.inference.server.metrics import growing, merged_samples

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0  # between the end of a worker and its successor
TELL_SECONDS = 5.0  # that a worker may take to read; then it hangs
SIGNALS = {signal.SIGTERM: "drain", signal.SIGINT: "stop", signal.SIGHUP: "reload"}
READ_BYTES = 1 << 20
METRICS = "metrics"  # a question whose answers outlive the workers

Work = Callable[[socket.socket], None]  # in the new process, with its end of the channel


class Worker:
    """What the first process knows of a worker."""

    def __init__(self, number: int, pid: int, channel: socket.socket):
        self.number, self.pid, self.channel = number, pid, channel
        self.ready = False
        self.problem: str | None = None
        self.samples: list[list] = []  # the newest of its metrics that were asked for
        self._received = b""

    def tell(self, **message: object) -> None:
        """Send one message. A worker that does not read it is ended, which is noticed where the channel is read."""
        try:
            self.channel.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            os.kill(self.pid, signal.SIGKILL)

    def read(self) -> list[dict] | None:
        """Return the messages that have arrived; `None`: it has ended."""
        try:
            received = self.channel.recv(READ_BYTES)
        except OSError:
            received = b""
        if not received:
            return None
        *lines, self._received = (self._received + received).split(b"\n")
        return [json.loads(line) for line in lines]


class Question:
    """A question of one worker to all, itself included; without an asker nobody reads the answers."""

    def __init__(self, what: str, asker: Worker | None, identifier: int, asked: list[Worker]):
        self.what, self.asker, self.identifier = what, asker, identifier
        self.waiting = set(asked)
        self.answers: dict[Worker, object] = {}


class Workers:
    """The workers, and the loop of the first process."""

    def __init__(self, work: Work, number: int, listener: socket.socket):
        self._work, self._number, self._listener = work, number, listener
        self._selector = selectors.DefaultSelector()
        self._workers: dict[int, Worker] = {}
        self._restarts: dict[int, float] = {}  # when, by the number of the worker
        self._questions: dict[int, Question] = {}
        self._asked = 0
        self._samples_of_ended: list[list] = []
        self._stopping = self._serving = False

    def run(self, serving: Callable[[], None]) -> None:
        """Run until a signal ends it, and the last worker has ended.

        Args:
            serving: called once, when all workers answer.

        Raises:
            TextclfError: a worker cannot start.
            Interrupted: a signal arrived before that.
        """
        wakeup, wakes = socket.socketpair()
        wakes.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
        signal.set_wakeup_fd(wakes.fileno())
        self._selector.register(wakeup, selectors.EVENT_READ)
        try:
            for number in range(self._number):
                self._start(number)
            while self._workers or (self._restarts and not self._stopping):
                self._turn(wakeup)
                if not self._serving and all(worker.ready for worker in self._workers.values()):
                    self._serving = True
                    serving()
        finally:
            for worker in self._workers.values():
                os.kill(worker.pid, signal.SIGKILL)
                os.waitpid(worker.pid, 0)
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            wakeup.close()
            wakes.close()

    def _turn(self, wakeup: socket.socket) -> None:
        due = min(self._restarts.values(), default=None)
        for key, _ in self._selector.select(None if due is None else max(0.0, due - time.monotonic())):
            if key.fileobj is wakeup:
                for number in wakeup.recv(1000):
                    self._signalled(number)
            else:
                self._hear(key.data)
        now = time.monotonic()
        for number in [number for number, when in self._restarts.items() if when <= now and not self._stopping]:
            del self._restarts[number]
            self._start(number)

    def _signalled(self, number: int) -> None:
        if (command := SIGNALS.get(number)) is None:  # type: ignore[call-overload]
            return
        if command == "reload":
            self._ask(None, 0, command)
            return
        if not self._serving:
            raise Interrupted(number)
        self._stopping = True
        self._listener.close()  # the last worker to close it ends the port
        for worker in self._workers.values():
            worker.tell(do=command)

    def _start(self, number: int) -> None:
        ours, its = socket.socketpair()
        ours.settimeout(TELL_SECONDS)
        pid = os.fork()
        if pid == 0:
            _run_worker(self._work, number, its, [ours, *(worker.channel for worker in self._workers.values())])
        its.close()
        worker = self._workers[number] = Worker(number, pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _hear(self, worker: Worker) -> None:
        messages = worker.read()
        if messages is None:
            self._ended(worker)
        for message in messages or ():
            if "ask" in message:
                self._ask(worker, message["id"], message["ask"])
            elif "answer" in message:
                self._answered(worker, message["to"], message["answer"])
            else:
                worker.ready, worker.problem = message.get("ready", False), message.get("problem")

    def _ask(self, asker: Worker | None, identifier: int, what: str) -> None:
        asked = [worker for worker in self._workers.values() if worker.ready]
        if not asked:
            return
        self._asked += 1
        self._questions[self._asked] = Question(what, asker, identifier, asked)
        for worker in asked:
            worker.tell(do=what, to=self._asked)

    def _answered(self, worker: Worker, key: int, answer: Any) -> None:
        question = self._questions[key]
        question.answers[worker] = answer
        if question.what == METRICS:
            worker.samples = answer
        self._no_longer_wait_for(worker, key)

    def _no_longer_wait_for(self, worker: Worker, key: int) -> None:
        """Note that a worker has answered or ended, and pass the answers on after the last."""
        question = self._questions[key]
        question.waiting.discard(worker)
        if question.waiting:
            return
        del self._questions[key]
        if question.asker is not None:
            answers = list(question.answers.values())
            if question.what == METRICS:
                answers.append(self._samples_of_ended)
            question.asker.tell(answers=answers, to=question.identifier)

    def _ended(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        del self._workers[worker.number]
        how = _describe(os.waitpid(worker.pid, 0)[1])
        # A counter that falls is a restart to Prometheus: it would count everything of the other workers again.
        self._samples_of_ended = merged_samples([self._samples_of_ended, growing(worker.samples)])
        for key, question in list(self._questions.items()):
            if question.asker is worker:
                question.asker = None
            if question.what == METRICS:
                question.answers.pop(worker, None)  # they are among those of the ended
            self._no_longer_wait_for(worker, key)
        if self._stopping:
            return
        if not self._serving:
            raise TextclfError(worker.problem or f"worker {worker.number + 1} {how} before it could answer.")
        log.error("worker %d %s; starting another. %s", worker.number + 1, how, worker.problem or "")
        self._restarts[worker.number] = time.monotonic() + RESTART_SECONDS


def _describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"


def _run_worker(work: Work, number: int, channel: socket.socket, others: list[socket.socket]) -> None:
    """Work in the new process, and end it."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for known in SIGNALS:
            signal.signal(known, signal.SIG_IGN)
        for other in others:  # a worker ends when the first process has closed its channel, so nobody else may hold it
            other.close()
        if number > 0:  # all say the same
            logging.getLogger("textclf").setLevel(logging.ERROR)
        work(channel)
        code = 0
    except TextclfError as error:
        channel.sendall(json.dumps({"problem": str(error)}).encode() + b"\n")
    except BaseException:
        log.exception("internal error in worker %d", number + 1)
    finally:
        os._exit(code)
