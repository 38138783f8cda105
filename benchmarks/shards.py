"""A table of short texts predicted by one process, by two side by side, and by Ray with two nodes.

    python benchmarks/shards.py --run RUN [--rows 1000000] [--ray]

Every process is pinned to one core, so the machine needs two. `--ray` needs the extra ray, and starts a cluster of two
nodes with a core each. Prints Markdown: seconds of the clock with the start of the programs, processor seconds of the
program and those it starts (of Ray's only the driver), and whether the predictions equal those of one process.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TEXT = """
a the film story wonderful dull acting music slow funny best worst scene never always really plot and of it was is good
bad hotel food service staff room cold warm friendly rude clean dirty price value again time waste
"""
LENGTHS = (3, 15)  # words of a text
ROW_GROUP = 50_000


def write_table(path: Path, rows: int) -> None:
    """Write texts of random words, the same each time."""
    random = np.random.default_rng(0)
    lengths = random.integers(*LENGTHS, rows)
    words = random.choice(TEXT.split(), int(lengths.sum())).tolist()
    ends = np.cumsum(lengths).tolist()
    texts = [" ".join(words[end - length : end]) for end, length in zip(ends, lengths.tolist(), strict=True)]
    pq.write_table(pa.table({"id": np.arange(rows), "text": texts}), path, row_group_size=ROW_GROUP)


def predict(run: str, table: Path, output: Path, *options: str, core: int | None = 0) -> subprocess.Popen:
    """Start `textclf predict` on a core."""
    command = ["predict", "--run", run, "--file", str(table), "--keep", "id", "--output", f"{output}/", *options]
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    return subprocess.Popen([*pinned, sys.executable, "-m", "textclf", *command], stderr=subprocess.DEVNULL)


def measured(start: Callable[[], list[subprocess.Popen]]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor until all processes have ended."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if any(process.wait() for process in start()):
        sys.exit("a process failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def predictions(folder: Path) -> pa.Table:
    """Return the predictions of all shards, in order."""
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("part-*")))


def two_nodes(place: Path, run: str, table: Path) -> tuple[float, float]:
    """Start a cluster of two nodes, each pinned to a core, and predict on it."""
    from ray.cluster_utils import Cluster

    os.sched_setaffinity(0, {0})  # what a node starts has its cores
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    os.sched_setaffinity(0, {1})
    cluster.add_node(num_cpus=1)
    os.sched_setaffinity(0, {0, 1})
    try:
        return measured(lambda: [predict(run, table, place, "--cluster", cluster.address, core=None)])
    finally:
        cluster.shutdown()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        table = place / "table.parquet"
        write_table(table, options.rows)
        ways = {
            "one process": lambda folder: measured(lambda: [predict(options.run, table, folder)]),
            "`--part 1/2` and `2/2` side by side": lambda folder: measured(
                lambda: [predict(options.run, table, folder, "--part", f"{part}/2", core=part - 1) for part in (1, 2)]
            ),
        }
        if options.ray:
            ways["Ray, two nodes"] = lambda folder: two_nodes(folder, options.run, table)
        print(f"{options.rows:,} texts, {table.stat().st_size / 2**20:.0f} MB; load {os.getloadavg()[0]:.1f}\n")
        print("| way | seconds | processor seconds | as fast as one process | same predictions |")
        print("| --- | --- | --- | --- | --- |", flush=True)
        first = expected = None
        for number, (name, way) in enumerate(ways.items()):
            folder = place / str(number)
            seconds, processor = way(folder)
            found = predictions(folder)
            first, expected = first or seconds, found if expected is None else expected
            same = found["id"].equals(expected["id"]) and found["label"].equals(expected["label"])
            print(
                f"| {name} | {seconds:.1f} | {processor:.1f} | {first / seconds:.2f} | {'yes' if same else 'NO'} |",
                flush=True,
            )
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
