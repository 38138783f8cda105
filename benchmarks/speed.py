"""How fast: start, preprocessing, training and answering, beside a plain Keras script, PyTorch and scikit-learn.

    python benchmarks/speed.py --data DIR [--sets imdb …] [--parts start …] [--rows N] [--fasttext PROGRAM]
                               [--torch PYTHON] [--seeds N]

DIR has a folder for each set, with train.csv (columns text and label); every tenth row is held out. Everything is
measured side by side in one run, by turns, each in a process of its own. A figure is the median, with the lowest and
highest; *processor* counts the seconds of all cores, which other programs disturb less than the time on the wall.
PyTorch trains where this Python can import it, or with the Python given. `pad_sequences` of Keras keeps the end of a
text that is too long, so all keep it. Ours trains with an average of the weights and measures its accuracy four times
an epoch, which its time contains. At the end stands what was aimed at, and whether it was reached. All of it takes some
forty minutes on two cores. Run nothing else meanwhile: PyTorch with two threads took twice the processor time of one
beside another program.
"""

import argparse
import csv
import datetime
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
TEXTCLF = [str(Path(sys.executable).with_name("textclf"))]  # as it is installed: it ends sooner than `python -m`
KERAS = [sys.executable, str(HERE / "keras_script.py")]
TORCH = str(HERE / "torch_script.py")
STEP = [sys.executable, str(HERE / "speed_steps.py")]
TOKENS = {"imdb": 400, "ag_news_desc_14k": 100, "nsmc_200k": 40}  # most texts are shorter
WORDS = 20_000
EPOCH = re.compile(r"^epoch (\d+).*?(?:validation loss \S+ )?accuracy ([\d.]+)(?: f1|$)")
SYSTEMS = ("textclf", "keras", "scikit-learn")
PASSES = 5  # over all texts, in a process that has loaded its model
CONFIG = """
data: {{train: {train}, validation: {validation}}}
preprocessing: {{tokenizer: word, vocabulary_size: {words}, sequence_length: {tokens}, truncating: left}}
model: {{architecture: lstm, embedding_dim: 64, units: 64, dropout: 0.0}}
training:
  {{epochs: {epochs}, batch_size: 32, learning_rate: 0.001, ema_decay: 0.99,
    early_stopping: null, validations_per_epoch: 4}}
"""


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(TOKENS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rows", type=int, help="of each set; all by default")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each system; the aim is for their median")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fasttext", help="its program: start and answering beside the others")
    with_torch = Path(sys.executable) if importlib.util.find_spec("torch") else None
    parser.add_argument("--torch", metavar="PYTHON", type=Path, default=with_torch, help="its path: training beside it")
    parser.add_argument("--work", type=Path, help="folder for models and runs, kept for the next call")
    options = parser.parse_args()
    options.data, options.aims = options.data.resolve(), []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever uses a program has its modules compiled
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temporary:
        options.work = (options.work or Path(temporary)).resolve()
        for name in options.sets:
            folder = options.work / name
            folder.mkdir(parents=True, exist_ok=True)
            rows = _split(options.data / name / "train.csv", folder, options.rows)
            print(f"\n## {name}: {rows} texts, {TOKENS.get(name, 256)} tokens at most", flush=True)
            for part in options.parts:
                PARTS[part](folder, TOKENS.get(name, 256), options)
    print("\naims\n" + "\n".join(options.aims))


def start(folder: Path, tokens: int, options) -> None:
    """From the shell to an answer; once, because it does not depend on the set."""
    if any("--help" in aim for aim in options.aims):
        return
    _trained(folder, tokens, options)
    commands = {
        "textclf --help": [*TEXTCLF, "--help"],
        "textclf predict": [*TEXTCLF, "predict", "--run", "speed", "some text"],
        "keras": [*KERAS, "predict", "keras", "some text"],
    }
    if options.fasttext:
        commands["fasttext"] = [
            "sh",
            "-c",
            f"echo some text | {options.fasttext} predict {_fasttext(folder, options)} -",
        ]
    times = {name: [] for name in commands}
    for _ in range(5 * options.repeats):
        for name, command in commands.items():
            if name != "keras" or len(times[name]) < options.repeats:
                times[name].append(_run(command, folder))
    _table("start", times, against="keras")
    answer = _median(times, "textclf predict")
    _aim(options, "seconds of textclf --help", _median(times, "textclf --help"), most=0.15)
    _aim(options, "seconds of textclf predict", answer, most=0.35)
    _aim(options, "start, times as fast as keras", _median(times, "keras") / answer, least=8)


def preprocessing(folder: Path, tokens: int, options) -> None:
    """Learning a vocabulary and encoding."""
    times = {name: [] for name in SYSTEMS}
    for _ in range(options.repeats):
        for name in SYSTEMS:
            times[name].append(_step(folder, "encode", name, "train.csv", WORDS, tokens))
    _table("preprocessing", times, against="keras")
    ratio = _median(times, "keras") / _median(times, "textclf")
    _aim(options, f"{folder.name}: vocabulary and ids, times as fast as keras", ratio, least=6)


def training(folder: Path, tokens: int, options) -> None:
    """The same network to the same accuracy on the texts held out, from the shell on; each other one by itself."""
    ratios = [_train_all(folder, tokens, options, seed) for seed in range(1, options.seeds + 1)]
    _aim(options, f"{folder.name}: training, times as fast as keras", statistics.median(ratios), least=3)


def _train_all(folder: Path, tokens: int, options, seed: int) -> float:
    """Every system once; how many times as fast as Keras."""
    made = {"textclf": _train_textclf(folder, tokens, options, seed)}
    made["keras"] = _train_script(KERAS, folder, "keras", tokens, options, seed)
    if options.torch:
        made["PyTorch"] = _train_script([str(options.torch.absolute()), TORCH], folder, "torch", tokens, options, seed)
    if silent := [name for name, one in made.items() if not one["epochs"]]:
        sys.exit(f"expected a line for each epoch; there was none from: {', '.join(silent)}")
    print(f"\ntraining, seed {seed}")
    ratios = [_compare_trainings(made, other) for other in list(made)[1:]]
    for name, one in made.items():
        by_epoch = ", ".join(f"{seconds:.1f} s {accuracy:.4f}" for seconds, accuracy in one["epochs"])
        print(f"  {name:13s} {one['seconds']:.1f} s, processor {one['processor']:.1f} s, {one['memory_mb']:.0f} MB")
        print(f"  {'':13s} after each validation: {by_epoch}", flush=True)
    return ratios[0]


def _compare_trainings(made: dict[str, dict], other: str) -> float:
    """How many times sooner textclf reaches the best accuracy that both reach."""
    pair = {name: made[name]["epochs"] for name in ("textclf", other)}
    target = min(max(accuracy for _, accuracy in epochs) for epochs in pair.values())
    ours, theirs = (next(seconds for seconds, got in epochs if got >= target) for epochs in pair.values())
    whole, processor = (made[other][what] / made["textclf"][what] for what in ("seconds", "processor"))
    print(f"  to accuracy {target:.4f} {theirs / ours:.1f} times as fast as {other} ({ours:.1f} s, {theirs:.1f} s)")
    print(f"  {'':13s} all epochs and the rest {whole:.1f} times as fast (processor {processor:.1f})")
    return theirs / ours


def answering(folder: Path, tokens: int, options) -> None:
    """The texts held out: all at once, then some alone."""
    _trained(folder, tokens, options)
    where = {"textclf": "runs/speed", "keras": "keras", "scikit-learn": "-"}
    times, singles = {name: [] for name in SYSTEMS}, {name: [] for name in SYSTEMS}
    for _ in range(options.repeats):
        for name in SYSTEMS:
            figures = _step(folder, "answer", name, where[name], "train.csv", "validation.csv", PASSES)
            times[name] += [{**one, "memory_mb": figures["memory_mb"]} for one in figures["all"]]
            singles[name] += figures["singles"]
    if options.fasttext:
        command = f"cut -d' ' -f2- validation.txt | {options.fasttext} predict {_fasttext(folder, options)} - > answers"
        times["fasttext"] = [_run(["sh", "-c", command], folder) for _ in range(options.repeats)]
    _table("answering", times, against="keras")
    for other, least in (("keras", 5), ("scikit-learn", 1)):
        ratio = _median(times, other) / _median(times, "textclf")
        _aim(options, f"{folder.name}: answering a file, times as fast as {other}", ratio, least=least)
    ratio = statistics.median(singles["keras"]) / statistics.median(singles["textclf"])
    print(f"single texts: {ratio:.0f} times as fast as keras")
    _aim(options, f"{folder.name}: single texts, times as fast as keras", ratio, least=20)
    for name, seconds in singles.items():
        high = statistics.quantiles(seconds, n=100)[98]
        print(f"  {name:13s} median {1000 * statistics.median(seconds):.2f} ms, 99th percentile {1000 * high:.2f} ms")


PARTS = {"training": training, "start": start, "preprocessing": preprocessing, "answering": answering}


def _split(path: Path, folder: Path, most: int | None) -> int:
    """train.csv and validation.csv in the folder; how many rows both have."""
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream) if row["text"].strip()]
    rows = rows[:: max(1, len(rows) // most)][:most] if most else rows
    for name, part in {
        "train": [row for number, row in enumerate(rows) if number % 10],
        "validation": rows[::10],
    }.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *part])
        lines = (f"__label__{label.replace(' ', '_')} {' '.join(text.split())}\n" for text, label in part)
        (folder / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
    return len(rows)


def _trained(folder: Path, tokens: int, options) -> None:
    if not (folder / "keras" / "about.json").exists() or not (folder / "runs" / "speed" / "classifier").exists():
        training(folder, tokens, options)


def _train_textclf(folder: Path, tokens: int, options, seed: int) -> dict:
    number = len(list((folder / "runs").glob("speed*"))) if (folder / "runs").exists() else 0
    (folder / "config.yaml").write_text(
        CONFIG.format(train="train.csv", validation="validation.csv", words=WORDS, tokens=tokens, epochs=options.epochs)
    )
    name = f"speed{number}" if number else "speed"
    return _run([*TEXTCLF, "train", "config.yaml", "--run", name, "--set", f"seed={seed}"], folder)


def _train_script(script: list[str], folder: Path, name: str, tokens: int, options, seed: int) -> dict:
    settings = ["--words", str(WORDS), "--tokens", str(tokens), "--epochs", str(options.epochs), "--seed", str(seed)]
    return _run([*script, "train", "train.csv", "validation.csv", name, *settings], folder)


def _run(command: list[str], folder: Path) -> dict:
    """What a command took with all that it started; of a training also when each epoch was done, and its accuracy."""
    started, epochs, said = time.perf_counter(), [], []
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        for line in process.stdout:
            said.append(line)
            if found := EPOCH.search(line):
                epochs.append((time.perf_counter() - started, float(found[2])))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{''.join(said[-20:])}")
    processor, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return {"seconds": seconds, "processor": processor, "memory_mb": memory, "epochs": epochs}


def _step(folder: Path, *arguments) -> dict:
    finished = subprocess.run(
        [*STEP, *map(str, arguments)], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if finished.returncode:
        sys.exit(f"{arguments} failed:\n{finished.stderr[-2000:]}")
    return json.loads(finished.stdout.splitlines()[-1])


def _fasttext(folder: Path, options) -> Path:
    """A model of its own, trained once with its defaults."""
    model = folder / "fasttext.bin"
    if not model.exists():
        command = [options.fasttext, "supervised", "-input", "train.txt", "-output", "fasttext"]
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return model


def _median(times: dict[str, list[dict]], name: str, what: str = "seconds") -> float:
    return statistics.median(made[what] for made in times[name])


def _aim(options, what: str, value: float, *, least: float | None = None, most: float | None = None) -> None:
    """Note what was aimed at, for the end."""
    reached = value >= least if least is not None else value <= most
    bound = f"at least {least:g}" if least is not None else f"at most {most:g}"
    options.aims.append(f"  {'reached' if reached else 'MISSED ':8s} {what}: {value:.2f}, {bound} wanted")


def _table(title: str, times: dict[str, list[dict]], *, against: str) -> None:
    """Ratios first, then medians with the lowest and the highest."""
    print(f"\n{title}")
    for name, made in times.items():
        seconds = [one["seconds"] for one in made]
        ratio, processor = (
            _median(times, against, what) / _median(times, name, what) for what in ("seconds", "processor")
        )
        line = (
            f"  {name:16s} {ratio:5.1f} times as fast as {against} (processor {processor:.1f}): "
            f"{statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f}), "
            f"processor {_median(times, name, 'processor'):.3f} s"
        )
        if "texts" in made[0]:
            line += (
                f", {made[0]['texts'] / statistics.median(seconds):,.0f} texts/s, accuracy {made[0]['accuracy']:.4f}"
            )
        if "memory_mb" in made[0]:
            line += f", {_median(times, name, 'memory_mb'):.0f} MB"
        print(line, flush=True)


if __name__ == "__main__":
    main()
