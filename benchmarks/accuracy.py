"""What `textclf new` writes, untouched, against what one would pick instead, on every data set below a folder.

    python benchmarks/accuracy.py --data DIR [SET]... [--seeds 3] [--encoder DIR|NAME] [--unlabelled]
        [--fasttext PROGRAM] [--results FILE]

DIR has a folder for every set, each with train.csv and test.csv (columns text and label; several labels joined by |).
All train on train.csv; each test file is scored once a seed. Every system runs in a process of its own: seconds and
peak memory are of all of it, from reading the file to writing the answers of the test texts. Results go line by line
to FILE, and what stands there already is not run again. With --encoder, what `textclf new --encoder` writes is one
more system. The draws of `draw_few.py` are one set, as if they were seeds. With --unlabelled, what `textclf new
--unlabelled` writes is one more system, and so is self-training.
"""

import argparse
import datetime
import json
import math
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

from baselines import BASELINES, FASTTEXT, SELF_TRAINED, read
from measure_one import OURS, OURS_WITH_UNLABELLED
from paired_interval import paired_interval

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
    parser.add_argument("--unlabelled", action="store_true", help="the sets have an unlabelled.csv (draw_few.py)")
    parser.add_argument("--fasttext", type=Path, metavar="PROGRAM", help="the command-line program, if you have it")
    parser.add_argument("--results", type=Path, metavar="FILE", default=Path("accuracy.jsonl"))
    arguments = parser.parse_args()
    names = arguments.sets or sorted(path.parent.name for path in arguments.data.glob("*/train.csv"))
    baselines = [name for name in BASELINES if name in arguments.systems and (name != FASTTEXT or arguments.fasttext)]
    ours = [OURS] * (OURS in arguments.systems) + _with_encoder(arguments.encoder)
    if arguments.unlabelled:
        baselines, ours = [*baselines, SELF_TRAINED], [*ours, OURS_WITH_UNLABELLED]
    jobs = [(name, system, 0) for name in names for system in baselines]
    jobs += [(name, system, seed) for seed in range(1, arguments.seeds + 1) for name in names for system in ours]
    known = _known(arguments.results)
    for job in jobs:
        if job not in known:
            known[job] = measured(arguments.data.resolve() / job[0], *job[1:], arguments.fasttext)
            with arguments.results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([*job, known[job]]) + "\n")
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}\n")
    print(table(names, known, arguments.data))


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
    shown = {name: value for name, value in result.items() if name != "answers"}
    print(f"{folder.name} {system} {seed}: {shown}", file=sys.stderr, flush=True)
    return result


def table(names: list[str], known: dict, data: Path) -> str:
    """A row for each set: the score of each system, and how far the last system is above the best of the others.

    The score is accuracy, or macro F1 (*) where accuracy says little. The last system is ours, with the encoder if
    there is one. The 95 % interval of the difference is that of other test texts of the same kind. Seconds, memory,
    size and speed are those of the last system.
    """
    present = {system for name, system, _ in known if name in names}
    others = [*BASELINES, SELF_TRAINED]
    systems = [system for system in others if system in present] + sorted(present.difference(others), key=len)
    lines = [
        f"| set | {' | '.join(systems)} | difference | 95 % interval | training s | peak memory MB | size MB "
        "| predicted texts/s |",
        f"| --- |{' --: |' * (len(systems) + 6)}",
    ]
    differences = []
    for name in dict.fromkeys(map(_set_of, names)):
        results: dict[str, list[dict]] = {system: [] for system in systems}
        for (of, system, _), result in known.items():
            if of in names and _set_of(of) == name:
                results[system].append(result)
        scores = [[100 * _score(name, one) for one in results[system]] for system in systems]
        means = dict(zip(systems, (statistics.mean(values) if values else math.nan for values in scores), strict=True))
        ours = means.pop(systems[-1])
        best = max((system for system in means if not math.isnan(means[system])), key=means.__getitem__, default=None)
        difference = ours - means[best] if best else math.nan
        differences.append(difference)
        mark = "*" if any(_by_f1(name, one) for one in chain(*results.values())) else ""
        cells = [
            name + mark,
            *map(_spread, scores),
            "" if math.isnan(difference) else f"{difference:+.2f}",
            "" if math.isnan(difference) else _interval(data / name, results[systems[-1]], results[best]),
            *_costs(results[systems[-1]]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    found = [one for one in differences if not math.isnan(one)]
    if found:
        mean, median = statistics.mean(found), statistics.median(found)
        lines.append(f"\nDifference: mean {mean:+.2f}, median {median:+.2f}, lowest {min(found):+.2f}")
    return "\n".join(lines)


def _interval(folder: Path, ours: list[dict], best: list[dict]) -> str:
    """Return the interval of the difference; nothing for several draws, which have a test file each."""
    if not (folder / "test.csv").exists() or not all("answers" in result for result in [*ours, *best]):
        return ""
    _, truth = read(folder / "test.csv")
    low, high = paired_interval(
        truth, list(map(_answers, ours)), list(map(_answers, best)), _by_f1(folder.name, best[0])
    )
    return f"{low:+.2f} to {high:+.2f}"


def _answers(result: dict) -> list[list[str]]:
    return [answer.split("|") if answer else [] for answer in result["answers"]]


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    extremes = f" ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{extremes}"


def _costs(results: list[dict]) -> list[str]:
    digits = {"seconds": 0, "memory_mb": 0, "size_mb": 1, "texts_a_second": 0}
    if not results:
        return [""] * len(digits)
    return [f"{statistics.mean(one[key] for one in results):,.{places}f}" for key, places in digits.items()]


def _by_f1(name: str, result: dict) -> bool:
    return result["several_labels"] or result["majority"] >= UNEVEN or name in BY_MACRO_F1


def _score(name: str, result: dict) -> float:
    return result["f1_macro" if _by_f1(name, result) else "accuracy"]


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
