"""Swaps, broken classifiers and SIGTERM under load: no request is lost, and none is answered by neither of two."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import textclf
from textclf.inference.predict import predict_texts

from .conftest import TOKEN, Client

ROOT = Path(__file__).parents[3]
TEXTS = ["a wonderful film", "what a waste of time", "味道很好", ""]


class Load(threading.Thread):
    """One client that asks without end on kept connections, until the server accepts no more."""

    def __init__(self, port, allowed):
        super().__init__()
        self.port, self.allowed, self.count, self.wrong = port, allowed, 0, []

    def run(self):
        client = Client(self.port, TOKEN)
        while True:
            try:
                client.connection.connect() if client.connection.sock is None else None
            except ConnectionRefusedError:
                return
            try:
                status, content, _ = client.ask("POST", "/v1/predict", {"texts": TEXTS})
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                return
            self.count += 1
            if status != 200 or not any(self.agrees(content["answers"], answers) for answers in self.allowed):
                self.wrong.append((status, content))

    @staticmethod
    def agrees(given, expected):
        return all(
            one["label"] == other["label"] and one["probabilities"] == pytest.approx(other["probabilities"], abs=2e-6)
            for one, other in zip(given, expected, strict=True)
        )


def put(source, broken=False):
    """Replace the folder in service in one step, as a deployment does."""
    shutil.rmtree("next", ignore_errors=True)
    shutil.copytree(source, "next")
    if broken:
        Path("next/model.onnx").write_bytes(b"broken")
    shutil.rmtree("before", ignore_errors=True)
    Path("served").rename("before")
    Path("next").rename("served")


@pytest.mark.parametrize("swaps", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_no_request_is_lost(with_runs, swaps):
    folders = [f"runs/{name}/classifier" for name in ("toy_en", "toy_zh")]
    allowed = []
    for folder in folders:
        classifier = textclf.load(folder)
        allowed.append([one.to_dict(classifier.targets) for one in predict_texts(classifier, TEXTS)])
    shutil.copytree(folders[0], "served")
    environment = {**os.environ, "TEXTCLF_TOKEN": TOKEN.decode()}
    command = [sys.executable, "-m", "textclf", "serve", "--port", "0", "--run", "served"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
        port = next(int(found[1]) for line in running.stderr if (found := re.search(r"serving on .*:(\d+) ", line)))
        load = [Load(port, allowed) for _ in range(4)]
        for client in load:
            client.start()
        admin = Client(port, TOKEN)
        for number in range(swaps):
            broken = number % (swaps // 2) == 1
            put(folders[(number + 1) % 2], broken)
            status, content, _ = admin.ask("POST", "/reload")
            assert status == (409 if broken else 200), content
        metrics = admin.get("/metrics").decode()
        running.send_signal(signal.SIGTERM)
        for client in load:
            client.join(60)
        assert running.wait(60) == 0
        running.stderr.read()
    assert [client.wrong for client in load] == [[]] * len(load)
    assert sum(client.count for client in load) > swaps
    assert 'textclf_reloads_total{model="served",result="failed"} 2.0' in metrics
    assert json.dumps(swaps - 2) in metrics
