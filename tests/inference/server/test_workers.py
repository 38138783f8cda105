"""What the first process does with questions, answers and ends of its workers, without their loops."""

import json
import os
import signal
import socket

import pytest

from textclf.inference.server import workers
from textclf.inference.server.metrics import Metrics, merged_text
from textclf.inference.server.workers import Worker, Workers


class Other:
    """A worker of which only the process and the end of the channel are there."""

    def __init__(self, first: Workers, number: int):
        ours, self.channel = socket.socketpair()
        ours.settimeout(10)
        pid = os.posix_spawnp("sleep", ["sleep", "100"], os.environ)
        self.known = first._workers[number] = Worker(number, pid, ours)
        self.known.ready = True
        self.first = first
        first._selector.register(ours, 1, self.known)
        self.channel.settimeout(10)

    def say(self, **message):
        self.channel.sendall(json.dumps(message).encode() + b"\n")
        self.first._hear(self.known)

    def hear(self):
        return json.loads(self.channel.recv(1 << 20))

    def end(self):
        self.channel.close()
        os.kill(self.known.pid, signal.SIGKILL)
        self.first._hear(self.known)


@pytest.fixture
def two():
    first = Workers(lambda _: None, 2, socket.socket())
    first._serving = True
    others = [Other(first, 0), Other(first, 1)]
    yield others
    for worker in list(first._workers.values()):
        others[worker.number].end()


@pytest.mark.parametrize("answered", [False, True])
def test_a_worker_that_ends_while_it_asks_ends_nothing_else(two, monkeypatch, answered):
    asker, other = two
    asker.say(ask="metrics", id=7)
    if answered:
        asker.say(answer=[], to=asker.hear()["to"])
    killed, kill = [], os.kill
    monkeypatch.setattr(workers.os, "kill", lambda pid, number: killed.append(pid) or kill(pid, number))
    asker.end()
    other.say(answer=[], to=other.hear()["to"])
    assert killed == [asker.known.pid]  # by this test
    assert not asker.first._questions
    other.say(ask="metrics", id=1)  # the others go on
    other.say(answer=[], to=other.hear()["to"])
    assert other.hear() == {"answers": [[], []], "to": 1}


def counted(number):
    metrics = Metrics()
    for _ in range(number):
        metrics.count_request("/predict", 200, 0.002)
    metrics.waiting_texts.set(number)
    return metrics.samples()


def scraped(asker, others, counts, meanwhile=lambda: None):
    """The lines of /metrics of a worker, where the workers have counted so many requests."""
    asker.say(ask="metrics", id=1)
    for other, count in zip(others, counts, strict=True):
        other.say(answer=counted(count), to=other.hear()["to"])
        meanwhile()
    return merged_text(asker.hear()["answers"]).decode().splitlines()


def test_counters_do_not_fall_with_a_worker(two):
    ended, other = two
    lines = scraped(other, two, [40, 20])
    assert 'textclf_requests_total{code="200",route="/predict"} 60.0' in lines
    ended.end()
    lines = scraped(other, [other], [21])
    assert 'textclf_requests_total{code="200",route="/predict"} 61.0' in lines
    assert 'textclf_request_seconds_count{route="/predict"} 61.0' in lines
    assert "textclf_waiting_texts 21.0" in lines  # what the ended one had is no longer there


def test_a_worker_that_ends_after_its_answer_is_counted_once(two):
    ended, other = two
    lines = scraped(other, two, [40, 20], lambda: ended.end() if ended.channel.fileno() >= 0 else None)
    assert 'textclf_requests_total{code="200",route="/predict"} 60.0' in lines
