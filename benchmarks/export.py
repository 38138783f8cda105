"""What a lower precision and a wanted size cost on test files, beside fastText's `quantize` of its own model.

    python benchmarks/export.py --data DIR [SET]... [--fasttext PROGRAM [--only-fasttext]] [--results FILE]

DIR has a folder for every set, each with train.csv and test.csv (columns text and label; several labels joined by |).
The config is what `textclf new` writes. A run of the name of the set in `runs/` is used if there is one; otherwise it
is trained. With --only-fasttext no run is needed. Results go line by line to FILE, and what stands there already is not
run again.
"""

import argparse
import contextlib
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

from baselines import FASTTEXT, FastText, read

SETTINGS: dict[str, dict] = {
    "float32": {"precision": "float32"},
    "float16": {"precision": "float16"},
    "int8": {"precision": "int8"},
    "int4": {"precision": "int4"},
    "2 MB": {"size": 2},
    "1 MB": {"size": 1},
}
TRAINED = "as trained"
QUANTIZED = "fastText, quantized"
TRAINING = "from textclf.cli.main import main; import sys; sys.exit(main(sys.argv[1:]))"


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="names of folders below DIR; default: all")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--fasttext", metavar="PROGRAM", help="the command-line program, if you have it")
    parser.add_argument("--only-fasttext", action="store_true", help="measure no classifier of textclf")
    parser.add_argument("--results", type=Path, metavar="FILE", default=Path("export.jsonl"))
    arguments = parser.parse_args()
    arguments.results = arguments.results.resolve()  # fastText writes its files where it is started
    known = {}
    if arguments.results.exists():
        lines = arguments.results.read_text(encoding="utf-8").splitlines()
        known = {tuple(key): result for key, result in map(json.loads, lines)}
    names = arguments.sets or sorted(path.parent.name for path in arguments.data.glob("*/train.csv"))
    for name in names:
        folder = arguments.data.resolve() / name
        results = [] if arguments.only_fasttext else [_exports(name, folder, known)]
        if arguments.fasttext and (name, FASTTEXT) not in known:
            results.append(_fasttext(folder, arguments.fasttext))
        for system, result in chain.from_iterable(results):
            known[name, system] = result
            with arguments.results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([[name, system], result]) + "\n")
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}\n")
    print(table(names, known))


def _exports(name: str, folder: Path, known: dict):
    """Yield each form of our classifier that is not known, and its result."""
    from textclf.core.errors import RunError
    from textclf.export.export import Limits, export

    if not Path("runs", name, "classifier").exists():
        _train(name, folder)
    for system, settings in SETTINGS.items():
        if (name, system) in known:
            continue
        with tempfile.TemporaryDirectory() as work:
            try:
                limits = Limits(settings.get("size"), most_changed=100, data=folder / "test.csv")
                precision, output = settings.get("precision"), Path(work, "x.zip")
                found = export(f"runs/{name}", precision=precision, output=output, limits=limits)
            except RunError as error:
                yield system, {"error": str(error)}
                continue
            zip_bytes = found.path.stat().st_size
        change = {"changed": found.comparison.changed_share, "difference": found.comparison.largest_difference}
        yield system, {**_figures(found.comparison.exported), **change, "zip_bytes": zip_bytes}
        if (name, TRAINED) not in known:
            yield TRAINED, {**_figures(found.comparison.original), "changed": 0.0}


def _figures(part) -> dict:
    speed = {"texts_a_second": part.texts_a_second, "seconds_alone": part.seconds_alone}
    return {**part.scores, **speed, "bytes": part.bytes}


def _train(name: str, folder: Path) -> None:
    config = f"{name}.yaml"
    files = ["--data", str(folder / "train.csv"), "--test", str(folder / "test.csv")]
    for command in (["new", config, *files], ["train", config, "--run", name]):
        subprocess.run([sys.executable, "-c", TRAINING, *command], check=True)


def _fasttext(folder: Path, program: str):
    """Yield fastText's model and its quantized form, as its documentation makes it."""
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        texts, labels = read(folder / "train.csv")
        system = FastText(program, any(len(row) > 1 for row in labels))
        system.fit(texts, labels)
        test, truth = read(folder / "test.csv")
        yield FASTTEXT, _fasttext_scores(system, test, truth, Path("model.bin"))
        settings = ["-qnorm", "-retrain", "-epoch", "1", "-cutoff", "100000", "-thread", "2"]
        command = [program, "quantize", "-input", "train.txt", "-output", "model", *settings]
        subprocess.run(command, check=True, capture_output=True)
        Path("model.ftz").rename("model.bin")
        yield QUANTIZED, _fasttext_scores(system, test, truth, Path("model.bin"))


def _fasttext_scores(system: FastText, texts: list[str], truth: list[list[str]], model: Path) -> dict:
    answers = [set(row) for row in system.predict(texts)]
    right = sum(row == set(true) for row, true in zip(answers, truth, strict=True))
    return {"accuracy": right / len(texts), "bytes": model.stat().st_size}


def table(names: list[str], known: dict) -> str:
    """A row for each set and system; sizes in MB and as a share of the trained classifier, accuracy beside its."""
    lines = [
        "| set | weights | MB | share | zip MB | accuracy | difference | log loss | changed | texts/s | ms alone |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for name in names:
        for system in (TRAINED, *SETTINGS, FASTTEXT, QUANTIZED):
            if result := known.get((name, system)):
                base = known.get((name, FASTTEXT if system in (FASTTEXT, QUANTIZED) else TRAINED))
                lines.append(_row(name, system, result, base))
    return "\n".join(lines)


def _row(name: str, system: str, result: dict, base: dict | None) -> str:
    if "error" in result:
        return f"| {name} | {system} | {result['error']} |"
    cells = [name, system, f"{result['bytes'] / 1e6:.2f}"]
    cells.append(f"{result['bytes'] / base['bytes']:.0%}" if base else "")
    cells.append(f"{result['zip_bytes'] / 1e6:.2f}" if "zip_bytes" in result else "")
    cells.append(f"{100 * result['accuracy']:.2f}")
    cells.append(f"{100 * (result['accuracy'] - base['accuracy']):+.2f}" if base else "")
    if "log_loss" in result:
        cells += [f"{result['log_loss']:.4f}", f"{result['changed']:.2%}", f"{result['texts_a_second']:,.0f}"]
        cells.append(f"{1000 * result['seconds_alone']:.2f}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
