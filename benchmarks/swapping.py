"""Load `textclf serve` while its classifier is swapped, offer it broken ones, and end it: no request may be lost.

    python benchmarks/swapping.py --run runs/A --other runs/B [--minutes 10] [--swap 5] [--clients 8] [--workers 1]

Every answer is compared with `predict`: it must be that of A or of B, within 1e-6. At a third and two thirds of the
time the new classifier is broken, and the server must keep the old one. At the end comes SIGTERM, and what is asked
before the port closes must be answered. Prints counts, memory (first and last minute), and what was wrong; exit code 1
if anything was.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import textclf
from textclf.inference.classifier import Classifier
from textclf.inference.predict import predict_texts

TEXTS = [
    "a wonderful film",
    "what a waste of time",
    "味道很好",
    "",
    "the film is a wonderful and moving story with great actors but a little slow at times",
]
WITHIN = 1.1e-6  # both sides are rounded to six digits
PAUSE = 0.02  # seconds of a client between two requests


class Client(threading.Thread):
    """Asks on a kept connection until the server accepts no more."""

    def __init__(self, port: int, token: str, expected: list[list[dict]]):
        super().__init__()
        self.port, self.expected = port, expected
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self.counts, self.largest, self.wrong = [0] * len(expected), 0.0, list[str]()

    def run(self) -> None:
        """Ask without end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = json.dumps({"texts": TEXTS})
        while True:
            try:
                if connection.sock is None:
                    connection.connect()
            except ConnectionRefusedError:
                return
            try:
                connection.request("POST", "/v1/predict", body, self.headers)
                response = connection.getresponse()
                content = json.loads(response.read())
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"lost: {error!r}")
                return
            self.check(response.status, content)
            time.sleep(PAUSE)

    def check(self, status: int, content: dict) -> None:
        """Compare an answer with those of the classifiers."""
        if status != 200:
            self.wrong.append(f"{status}: {content}")
            return
        differences = [difference(content["answers"], expected) for expected in self.expected]
        nearest = min(range(len(differences)), key=differences.__getitem__)
        self.counts[nearest] += 1
        self.largest = max(self.largest, differences[nearest])
        if differences[nearest] > WITHIN:
            self.wrong.append(f"an answer of neither: {content}")


def difference(answers: list[dict], expected: list[dict]) -> float:
    """Return the largest difference between probabilities; infinity if a label differs."""
    largest = 0.0
    for one, other in zip(answers, expected, strict=True):
        if one["text"] != other["text"] or one.get("label") != other.get("label"):
            return float("inf")
        if one["probabilities"].keys() != other["probabilities"].keys():
            return float("inf")
        largest = max(
            largest, *(abs(one["probabilities"][key] - value) for key, value in other["probabilities"].items())
        )
    return largest


def answers_of(classifier: Classifier) -> list[dict]:
    """Return what `predict --format jsonl` prints for the texts."""
    return [one.to_dict(classifier.targets) for one in predict_texts(classifier, TEXTS)]


def put(source: Path, folder: Path, *, broken: bool) -> None:
    """Put a copy of a classifier in the place of the one in service."""
    shutil.copytree(source, folder / "next")
    if broken:
        model = folder / "next" / "model.onnx"
        model.write_bytes(model.read_bytes()[:-100])
    if (folder / "served").exists():
        (folder / "served").rename(folder / "before")
    (folder / "next").rename(folder / "served")
    shutil.rmtree(folder / "before", ignore_errors=True)


def memory(pid: int) -> float:
    """Return the MB of a process and its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    sizes = [
        int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text(encoding="utf-8"))[0])
        for one in [str(pid), *children]
    ]
    return sum(sizes) / 1024


def reload(port: int, token: str) -> int:
    """Ask for a swap, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/reload", headers={"authorization": f"Bearer {token}"})
    return connection.getresponse().status


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--other", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--swap", type=float, default=5, help="seconds")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    sources = [Path(run).absolute() / "classifier" for run in (arguments.run, arguments.other)]
    expected = [answers_of(textclf.load(source)) for source in sources]
    with tempfile.TemporaryDirectory() as temporary:
        return measure(Path(temporary), sources, expected, arguments)


def measure(folder: Path, sources: list[Path], expected: list[list[dict]], arguments: argparse.Namespace) -> int:
    """Start, load, swap and end the server."""
    put(sources[0], folder, broken=False)
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "textclf", "serve", "--port", "0", "--run", "served"]
    command += ["--workers", str(arguments.workers)]
    environment = {**os.environ, "TEXTCLF_TOKEN": token, "PYTHONPATH": str(Path(__file__).absolute().parent.parent)}
    server = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    port = next(int(found[1]) for line in server.stderr if (found := re.search(r"serving on .*:(\d+) ", line)))
    log: list[str] = []
    threading.Thread(target=lambda: log.extend(server.stderr or ()), daemon=True).start()
    clients = [Client(port, token, expected) for _ in range(arguments.clients)]
    for client in clients:
        client.start()
    swaps, wrong, sizes = 0, [], []
    began, offered = time.monotonic(), 0  # broken ones
    while (share := (time.monotonic() - began) / (arguments.minutes * 60)) < 1:
        time.sleep(arguments.swap)
        sizes.append(memory(server.pid))
        swaps += 1
        broken = share > (offered + 1) / 3
        offered += broken
        put(sources[swaps % 2], folder, broken=broken)
        if (status := reload(port, token)) != (409 if broken else 200):
            wrong.append(f"swap {swaps}: {status}")
    server.send_signal(signal.SIGTERM)
    began = time.monotonic()
    for client in clients:
        client.join(60)
    code = server.wait(60)
    seconds = time.monotonic() - began
    wrong += [f"exit code {code}"] if code else []
    wrong += [f"in the log: {line}" for line in log if "internal error" in line or "Traceback" in line]
    wrong += [line for client in clients for line in client.wrong]
    print(f"{swaps} swaps, {offered} of them broken")
    show(clients, sizes, max(1, int(60 / arguments.swap)))
    print(f"ended {seconds:.1f} s after SIGTERM")
    print("\n".join(wrong[:20]) or "nothing was lost or wrong")
    return int(bool(wrong))


def show(clients: list[Client], sizes: list[float], a_minute: int) -> None:
    """Print what the clients counted, and the memory of the server; `a_minute` sizes are of one minute."""
    counts = [sum(client.counts[number] for client in clients) for number in range(2)]
    print(f"{sum(counts):,} requests: {counts[0]:,} answered by the first, {counts[1]:,} by the second")
    print(f"largest difference from predict: {max(client.largest for client in clients):.1e}")
    first, last = max(sizes[:a_minute]), max(sizes[-a_minute:])
    print(f"memory: at most {first:.0f} MB in the first minute, {last:.0f} in the last")


if __name__ == "__main__":
    sys.exit(main())
