"""`textclf serve` under load, beside a bare prototype and a FastAPI file as users write it, in one run by turns.

    python benchmarks/serving.py --run runs/NAME [--seconds 5] [--rounds 5] [--clients 1,16,64] [--only NAME,NAME]

Needs `hey` (Debian: apt-get install hey) and, for `fastapi`, the package fastapi. Prints for every server and number of
clients: requests a second, latency (p50, p99), processor time a request, memory; the time from the start of the
process to its first answer; and the ratios of `textclf serve` to the prototype. All servers run at the same time and
are loaded by turns. The machine must be quiet: the load generator takes a part of its cores, too.

`prototype` predicts as `textclf serve` does (batches without a window on uvloop), and has nothing else: no limits, no
checks, no metrics. `fastapi` answers every request by itself.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

TEXT = "the film is a wonderful and moving story with great actors but a little slow at times"
PORT = 8791  # of the first server
PROTOTYPE = """
import asyncio, json, os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
import textclf
classifier, pool, waiting, running = textclf.load(os.environ["RUN"]), ThreadPoolExecutor(1), deque(), False

def start():
    global running
    jobs = [waiting.popleft() for _ in range(min(64, len(waiting)))]
    running = bool(jobs)
    if jobs:
        pool.submit(work, jobs, asyncio.get_running_loop())

def work(jobs, loop):
    loop.call_soon_threadsafe(done, jobs, classifier.predict_proba([text for text, _ in jobs]).tolist())

def done(jobs, rows):
    for (_, future), row in zip(jobs, rows):
        future.set_result(row)
    start()

async def predict(request):
    future = asyncio.get_running_loop().create_future()
    waiting.append((json.loads(await request.body())["inputs"], future))
    if not running:
        start()
    scores = zip(classifier.labels, await future)
    answer = [sorted(({"label": label, "score": score} for label, score in scores), key=lambda one: -one["score"])]
    return Response(json.dumps(answer).encode(), media_type="application/json")

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
"""
FASTAPI = """
import os
from fastapi import FastAPI
from pydantic import BaseModel
import textclf
classifier, app = textclf.load(os.environ["RUN"]), FastAPI()

class Body(BaseModel):
    inputs: str

@app.post("/predict")
def predict(body: Body):
    row = classifier.predict_proba([body.inputs])[0].tolist()
    return [[{"label": label, "score": score} for label, score in zip(classifier.labels, row)]]
"""
UVICORN = ["-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "--log-level", "warning"]
OURS, PROTOTYPE_NAME = "textclf serve", "prototype"
SERVERS = {
    OURS: ["-m", "textclf", "serve", "--port", "{port}", "--run", "{run}"],
    PROTOTYPE_NAME: [*UVICORN, "prototype:app"],
    "fastapi": [*UVICORN, "with_fastapi:app"],
}


class Measured(NamedTuple):
    """One measurement of one server."""

    requests: float  # a second
    p50: float  # milliseconds
    p99: float
    processor: float  # milliseconds a request
    memory: float  # MB


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--clients", default="1,16,64")
    parser.add_argument("--only", default=",".join(SERVERS))
    arguments = parser.parse_args()
    if shutil.which("hey") is None:
        sys.exit("hey is not installed: apt-get install hey")
    clients = [int(number) for number in arguments.clients.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "prototype.py").write_text(PROTOTYPE, encoding="utf-8")
        Path(folder, "with_fastapi.py").write_text(FASTAPI, encoding="utf-8")
        Path(folder, "body.json").write_text(f'{{"inputs": "{TEXT}"}}', encoding="utf-8")
        measure_all(Path(folder), arguments, clients)


def measure_all(folder: Path, arguments: argparse.Namespace, clients: list[int]) -> None:
    """Start every server a few times, then load them by turns, and print medians."""
    names, run = arguments.only.split(","), os.path.abspath(arguments.run)  # noqa: PTH100  may be a link
    starts: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(arguments.starts - 1):
        for name in names:
            process, seconds = start(name, run, folder, PORT)
            starts[name].append(seconds)
            end(process)
    measured: dict[tuple[str, int], list[Measured]] = {}
    processes: dict[str, subprocess.Popen] = {}
    try:
        for port, name in enumerate(names, PORT):
            processes[name], seconds = start(name, run, folder, port)
            starts[name].append(seconds)
        for number in clients:
            for turn in range(arguments.rounds + 1):
                for port, name in enumerate(names, PORT):
                    found = measure(processes[name].pid, folder, number, f"{arguments.seconds}s", port)
                    if turn > 0:  # the first one only warms up
                        measured.setdefault((name, number), []).append(found)
    finally:
        for process in processes.values():
            end(process)
    show(measured, starts)


def show(measured: dict[tuple[str, int], list[Measured]], starts: dict[str, list[float]]) -> None:
    """Print medians, and ratios to the prototype."""
    print("| server | clients | requests/s | p50 ms | p99 ms | processor ms a request | MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (name, number), found in measured.items():
        requests, p50, p99, processor, memory = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"| {name} | {number} | {requests:,.0f} | {p50:.1f} | {p99:.1f} | {processor:.3f} | {memory:.0f} |")
    for name, seconds in starts.items():
        print(f"{name}: first answer after {statistics.median(seconds):.2f} s (least {min(seconds):.2f})")
    for number in dict.fromkeys(number for _, number in measured):
        ours, others = measured.get((OURS, number)), measured.get((PROTOTYPE_NAME, number))
        if ours and others:
            print(f"{number} clients, {OURS} / {PROTOTYPE_NAME}: {ratios(ours, others)}")


def end(process: subprocess.Popen) -> None:
    """End a server at once."""
    process.kill()
    process.wait()


def ratios(ours: list[Measured], others: list[Measured]) -> str:
    """Return the median and the range of the ratios of each round: on a machine with other work only they say much."""
    said = []
    for column in ("requests", "p99", "processor"):
        found = [getattr(one, column) / getattr(other, column) for one, other in zip(ours, others, strict=True)]
        said.append(f"{column} {statistics.median(found):.2f} ({min(found):.2f}-{max(found):.2f})")
    return ", ".join(said)


def start(name: str, run: str, folder: Path, port: int) -> tuple[subprocess.Popen, float]:
    """Start a server, and return it and the seconds until its first answer."""
    command = [sys.executable, *(part.format(run=run, port=port) for part in SERVERS[name])]
    root = Path(__file__).parent.parent
    environment = {**os.environ, "RUN": run, "PYTHONPATH": f"{root}{os.pathsep}{folder}"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL)
    body = (folder / "body.json").read_bytes()
    headers = {"content-type": "application/json"}
    while process.poll() is None and time.perf_counter() - began < 60:
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body, headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                answer.read()
            return process, time.perf_counter() - began
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)
    sys.exit(f"{name} did not start: {' '.join(command)}")


def load(folder: Path, clients: int, seconds: str, port: int) -> str:
    """Ask for so long with so many clients, and return what hey prints."""
    command = ["hey", "-z", seconds, "-c", str(clients), "-m", "POST", "-T", "application/json"]
    command += ["-D", str(folder / "body.json"), f"http://127.0.0.1:{port}/predict"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def measure(pid: int, folder: Path, clients: int, seconds: str, port: int) -> Measured:
    """Measure one server under load."""
    before = processor_seconds(pid)
    printed = load(folder, clients, seconds, port)
    used = processor_seconds(pid) - before
    codes = {code: int(count) for code, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", printed)}
    if set(codes) != {"200"}:
        sys.exit(f"expected only answers with status 200, got {codes}\n{printed}")
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0])
    latency = {share: float(value) * 1000 for share, value in re.findall(r"(\d+)%+ in ([\d.]+) secs", printed)}
    memory = int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))[0]) / 1024
    return Measured(rate, latency["50"], latency.get("99", max(latency.values())), used / codes["200"] * 1000, memory)


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
