"""The commands: arguments in, one call, text out. Nothing heavy is imported before a command runs."""

import os
import sys
from collections.abc import Iterable

import click

from textclf import __version__
from textclf.cli.training_commands import audit, check, find_rate, new, resume, train

FOLDER = click.option(
    "--run",
    metavar="RUN",
    help="A run folder, a run's name below runs/, or a copied classifier folder.  [default: the newest finished run]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="textclf")
def cli():
    """Text in, labels out: train, evaluate and use text classifiers.

    \b
    textclf train configs/toy_en.yaml
    textclf predict "a wonderful film"
    textclf evaluate
    """


for command in (new, check, train, audit, resume, find_rate):
    cli.add_command(command)


@cli.command()
@FOLDER
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(),
    help="Labelled texts (.csv, .jsonl).  [default: the test file of the run]",
)
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(),
    help="Folder for metrics.json and predictions.csv.  [default: evaluations/<file> in the run]",
)
@click.option("--text-column", metavar="NAME", help="Column or field with the text.  [default: as in training]")
@click.option("--label-column", metavar="NAME", help="Column or field with the label.  [default: as in training]")
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the figures."
)
def evaluate(run, data, output, text_column, label_column, format):
    """Measure a classifier on labelled texts.

    \b
    textclf evaluate
    textclf evaluate --run short --data new_reviews.csv
    """
    from textclf.cli.screen import show_metrics
    from textclf.evaluation.evaluate import evaluate

    metrics = evaluate(run, data, output=output, text_column=text_column, label_column=label_column)
    show_metrics(metrics, format)


@cli.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--output", metavar="PATH", type=click.Path(dir_okay=False), help="Also write it as one HTML file.")
def compare(runs, output):
    """Say whether runs differ by more than luck: on the same texts, against the first of them.

    \b
    textclf compare plain augmented
    textclf compare plain augmented --output comparison.html
    """
    from pathlib import Path

    from textclf.cli.screen import print_line, show_comparison
    from textclf.evaluation.compare import compare, write_comparison

    compared = compare(runs)
    show_comparison(compared)
    if output:
        write_comparison(compared, Path(output))
        print_line(f"wrote {output}")


@cli.command()
@click.argument("run", required=False)
@click.option(
    "--output", metavar="PATH", type=click.Path(dir_okay=False), help="The file.  [default: report.html in the run]"
)
def report(run, output):
    """Show what a run has learned and where it is wrong, as one HTML file that needs nothing else.

    \b
    textclf report
    textclf report short --output short.html
    """
    from textclf.evaluation.report.report import write_report

    click.echo(f"wrote {write_report(run, output=output)}")


@cli.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--file", metavar="PATH", help="Read texts from a file, a pattern, a folder, or from standard input with '-'."
)
@click.option(
    "--input-format",
    type=click.Choice(["txt", "csv", "tsv", "jsonl", "parquet", "fasttext"]),
    help="txt is one text a line.  [default: by the ending of --file, else txt]",
)
@click.option("--column", metavar="NAME", help="Column or field with the text.  [default: as in training]")
@FOLDER
@click.option(
    "--format",
    type=click.Choice(["text", "jsonl", "csv"]),
    default="text",
    show_default=True,
    help="text is label, tab, probability; the others have all probabilities.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Least probability of the positive label, or of each of many labels.  [default: as in training]",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show what each word does to the answer: by how much the probability falls without it.",
)
@click.option("--top-k", type=click.IntRange(min=1), metavar="K", help="Give the K most probable labels, best first.")
@click.option(
    "--output", metavar="PATH", type=click.Path(dir_okay=False), help="Write to a file in place of the screen."
)
def predict(texts, file, input_format, column, run, format, threshold, explain, top_k, output):
    """Answer for texts given as arguments, in a file, or on standard input.

    \b
    textclf predict "a wonderful film" "a waste of time"
    textclf predict --file reviews.csv --format csv --output answers.csv
    textclf predict --explain "a wonderful film"
    tail -f log.txt | textclf predict --file - --format jsonl
    """
    if bool(texts) == bool(file):
        raise click.UsageError('expected either texts or --file, as in: textclf predict "a wonderful film"')
    if top_k and format == "csv":
        raise click.UsageError("--top-k goes with --format text and jsonl: in csv every label has its column")
    if explain and format == "csv":
        raise click.UsageError("--explain goes with --format text and jsonl: the words of a text fill no columns")
    if "numpy" not in sys.modules:
        # Its BLAS starts a thread for each core when it is imported, which takes half of that. Nothing here needs them.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from textclf.core.text_column import text_array
    from textclf.inference.predict import answer_lines, load, write_lines

    classifier = load(run)
    # An argument may hold bytes that are no text, and not every screen or file could show them again.
    chunks: Iterable[list[str]] = [text_array(texts).to_pylist()]
    if file:
        from textclf.inference.text_source import read_source

        column = column or classifier.about["text_column"]
        chunks = read_source(file, format=input_format, column=column, reading=classifier.reading)
    said = {"threshold": threshold, "top_k": top_k}
    if not explain:
        write_lines(answer_lines(classifier, chunks, format, **said), output)
    elif format == "text" and output is None and sys.stdout.isatty():
        from textclf.cli.screen import show_explanations

        show_explanations(classifier, chunks, **said)
    else:
        from textclf.inference.explain import explanation_lines

        write_lines(explanation_lines(classifier, chunks, format, **said), output)


@cli.command()
def schema():
    """Print the JSON Schema of a config, with which editors complete and check.

    \b
    textclf schema > configs/schema.json
    """
    import json

    from textclf.config.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@cli.command(name="list")
def list_parts():
    """List architectures, tokenizers, readers and runs.

    \b
    textclf list
    """
    from textclf.cli.screen import show_parts

    show_parts()
