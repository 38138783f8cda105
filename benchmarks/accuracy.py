"""What `textclf new` writes, untouched, against what one would pick instead, on every data set below a folder.

    python benchmarks/accuracy.py --data DIR [SET]... [--seeds 3] [--encoder DIR|NAME] [--fasttext PROGRAM]
        [--results FILE]

DIR has a folder for every set, each with train.csv and test.csv (columns text and label; several labels joined by |).
All train on train.csv; each test file is scored once a seed. Every system runs in a process of its own: seconds and
peak memory are of all of it, from reading the file to writing the answers of the test texts. Results go line by line
to FILE, and what stands there already is not run again. With --encoder, what `textclf new --encoder` writes is one
more system. The draws of `draw_few.py` are one set, as if they were seeds.
"""

import argparse
import datetime
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from baselines import BASELINES, FASTTEXT
from measure_one import OURS

UNEVEN = 0.75  # of the test texts have the same answer, or several labels a text: macro F1 says more than accuracy
BY_MACRO_F1 = ("tweeteval_emotion", "tweeteval_offensive", "indonlu_smsa")  # as those who published them do
DRAWN = re.compile(r"(.+-\d+)-\d+")  # a folder of `draw_few.py`: set, texts a label, draw


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="names of folders below DIR; default: all")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=3, help="of textclf; the baselines have none that matters")
    parser.add_argument("--systems", nargs="+", choices=[*BASELINES, OURS], default=[*BASELINES, OURS])
    parser.add_argument("--encoder", metavar="DIR|NAME", help="a pretrained encoder, as for `textclf new --encoder`")
    parser.add_argument("--fasttext", type=Path, metavar="PROGRAM", help="the command-line program, if you have it")
    parser.add_argument("--results", type=Path, metavar="FILE", default=Path("accuracy.jsonl"))
    arguments = parser.parse_args()
    names = arguments.sets or sorted(path.parent.name for path in arguments.data.glob("*/train.csv"))
    baselines = [name for name in BASELINES if name in arguments.systems and (name != FASTTEXT or arguments.fasttext)]
    ours = [OURS] * (OURS in arguments.systems) + _with_encoder(arguments.encoder)
    jobs = [(name, system, 0) for name in names for system in baselines]
    jobs += [(name, system, seed) for seed in range(1, arguments.seeds + 1) for name in names for system in ours]
    known = _known(arguments.results)
    for job in jobs:
        if job not in known:
            known[job] = measured(arguments.data.resolve() / job[0], *job[1:], arguments.fasttext)
            with arguments.results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([*job, known[job]]) + "\n")
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}\n")
    print(table(names, known))


def _with_encoder(encoder: str | None) -> list[str]:
    """Return the name of the system with an encoder, in a list."""
    if not encoder:
        return []
    return [f"{OURS} + {Path(encoder).resolve() if Path(encoder).is_dir() else encoder}"]


def measured(folder: Path, system: str, seed: int, fasttext: Path | None) -> dict:
    """One system on one set, in a process of its own: what `measure_one.py` prints."""
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, str(Path(__file__).parent / "measure_one.py"), system, str(folder), str(seed)]
        command += [str(fasttext.resolve())] if fasttext else []
        finished = subprocess.run(command, cwd=work, check=True, stdout=subprocess.PIPE, text=True)
    result = json.loads(finished.stdout.splitlines()[-1])
    print(f"{folder.name} {system} {seed}: {result}", file=sys.stderr, flush=True)
    return result


def table(names: list[str], known: dict) -> str:
    """A row for each set and system, and in the end how far ours is from the best of the others.

    Where there is one with an encoder, it is ours, and the one without is among the others.
    """
    lines = [
        "| set | system | accuracy | macro F1 | training s | peak memory MB | size MB | texts answered a second |",
        "| --- | --- | --: | --: | --: | --: | --: | --: |",
    ]
    differences = {}
    for name in dict.fromkeys(map(_set_of, names)):
        by_system: dict[str, list[dict]] = {}
        for (of, system, _), result in known.items():
            if of in names and _set_of(of) == name:
                by_system.setdefault(system, []).append(result)
        lines += [_row(name, system, results) for system, results in by_system.items()]
        scores = {
            system: statistics.mean(_score(name, one) for one in results) for system, results in by_system.items()
        }
        ours = [system for system in scores if system.startswith(OURS)]
        if ours and len(scores) > 1:
            differences[name] = 100 * (scores.pop(max(ours, key=len)) - max(scores.values()))
    lines += ["", "Points above the best of the others (accuracy, or macro F1 where one answer is too frequent):", ""]
    lines += [f"- {name}: {difference:+.2f}" for name, difference in differences.items()]
    if differences:
        mean, median = statistics.mean(differences.values()), statistics.median(differences.values())
        lines += [f"- mean {mean:+.2f}, median {median:+.2f}, lowest {min(differences.values()):+.2f}"]
    return "\n".join(lines)


def _row(name: str, system: str, results: list[dict]) -> str:
    def spread(key: str) -> str:
        values = [100 * result[key] for result in results]
        extremes = f" ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else ""
        return f"{statistics.mean(values):.2f}{extremes}"

    def mean(key: str, digits: int = 0) -> str:
        return f"{statistics.mean(result[key] for result in results):,.{digits}f}"

    cells = [name, system, spread("accuracy"), spread("f1_macro"), mean("seconds"), mean("memory_mb")]
    return "| " + " | ".join([*cells, mean("size_mb", 1), mean("texts_a_second")]) + " |"


def _score(name: str, result: dict) -> float:
    uneven = result["several_labels"] or result["majority"] >= UNEVEN or name in BY_MACRO_F1
    return result["f1_macro" if uneven else "accuracy"]


def _set_of(name: str) -> str:
    drawn = DRAWN.fullmatch(name)
    return drawn[1] if drawn else name


def _known(path: Path) -> dict:
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(name, system, seed): result for name, system, seed, result in lines}


if __name__ == "__main__":
    main()
