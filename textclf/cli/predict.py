"""`textclf predict`: classify texts from the shell."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from textclf.cli.options import RUN, UserPath, output_file, output_format, reading_options
from textclf.cli.terminal import is_terminal, print_data
from textclf.core.formatting import escape_unsafe

if TYPE_CHECKING:
    from rich.text import Text

    from textclf.inference.classifier import Classifier
    from textclf.inference.explain import Explanation

FOR, AGAINST = "rgb(0,114,178)", "rgb(213,94,0)"  # blue and orange, which the colour-blind tell apart too
EFFECT_STYLES = ((0.5, "bold white on {}"), (0.2, "bold {}"), (0.05, "{}"))  # from a share of the largest effect on


@click.command("predict")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--file", type=UserPath(), metavar="PATH", help="File, glob pattern or folder with texts; '-' for standard input."
)
@reading_options(encoding="detected; standard input and .txt: utf-8")
@click.option(
    "--text-column",
    "--column",
    "column",
    metavar="NAME",
    help="Column or field with the text.  [default: as in training]",
)
@click.option(
    "--keep",
    metavar="NAMES",
    help="Columns or fields of the file to copy into the output, such as id,date; all: every one. For csv and jsonl.",
)
@RUN
@output_format("text", "jsonl", "csv", help="Output format; jsonl and csv hold the probabilities of all labels.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Minimum probability for predicting the positive label, or each label of a multi-label classifier.  "
    "[default: as in training]",
)
@click.option("--explain", is_flag=True, help="Effect of each word: how much the probability falls without it.")
@click.option("--top-k", type=click.IntRange(min=1), metavar="K", help="Number of most probable labels to output.")
@output_file("File to write", default="standard output")
def command(texts, file, column, keep, run, format, threshold, explain, top_k, output, reading):
    """Classify texts.

    Give texts as arguments or with --file. Output is one line a text, with the label and its probability.

    \b
    Examples:
      textclf predict "a wonderful film" "a waste of time"
      textclf predict --file reviews.csv --keep id,date --format csv --output predictions.csv
      textclf predict --explain "a wonderful film"
      tail -f log.txt | textclf predict --file - --format jsonl
    """
    if "numpy" not in sys.modules:
        # Importing NumPy starts one BLAS thread for each core, which is half of its import. This command needs none.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from textclf.core.text_column import text_array
    from textclf.inference.classifier import load
    from textclf.inference.predict import check_request, format_predictions

    kept = None if keep is None else [name.strip() for name in keep.split(",")]
    check_request(texts, file, format, top_k=top_k, explain=explain, keep=kept)
    classifier = load(run)
    # An argument may hold bytes that are not valid Unicode; the array replaces them.
    chunks: Iterable[list[str]] = [text_array(texts).to_pylist()]
    if file:
        from textclf.inference.text_source import read_source

        column = column or classifier.metadata["text_column"]
        chunks = read_source(file, column=column, given=reading, trained=classifier.reading, keep=kept)
    options = {"threshold": threshold, "top_k": top_k}
    if not explain:
        write_lines(format_predictions(classifier, chunks, format, **options), format, output)
    elif format == "text" and output is None and is_terminal():
        print_explanations(classifier, chunks, **options)
    else:
        from textclf.inference.explain import format_explanations

        write_lines(format_explanations(classifier, chunks, format, **options), format, output)


def write_lines(lines: Iterable[str], format: str, path: str | None) -> None:
    """Write lines to standard output as they come, or to a file, as `output_file` does."""
    if path is None:
        print_data(lines, format)
        return
    from textclf.core.output_file import is_standard_output, output_file

    if is_terminal() and is_standard_output(path):
        print_data(lines, format)
        return
    with output_file(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def print_explanations(
    classifier: "Classifier", chunks: Iterable[list[str]], *, threshold: float | None = None, top_k: int | None = None
) -> None:
    """Print each text with its words coloured by their effect, and below it the words with the largest effects."""
    from rich.console import Console
    from rich.text import Text

    from textclf.inference.explain import explain, explained_labels, strongest_words

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for text in (text for texts in chunks for text in texts):
        explanation = explain(classifier, text, threshold=threshold, top_k=top_k)
        for label in explained_labels(explanation, classifier.labels, only_top=top_k is not None):
            column = classifier.labels.index(label)
            probability = f"  {explanation.prediction.probabilities[label]:.4f}"
            console.print(Text.assemble((escape_unsafe(label), "bold"), probability))
            console.print(_coloured(explanation, column))
            words = strongest_words(explanation, column)
            sides = {"for": [pair for pair in words if pair[1] > 0], "against": [pair for pair in words if pair[1] < 0]}
            for side, pairs in sides.items():
                if pairs:
                    shown = "  ".join(f"{' '.join(word.split())} {effect:+.4f}" for word, effect in pairs)
                    console.print(Text(escape_unsafe(f"{side}: {shown}"), "dim"))


def _coloured(explanation: "Explanation", column: int) -> "Text":
    """Return the text with its words blue if they raise the probability and orange if they lower it."""
    from rich.text import Text

    text, coloured, end = explanation.prediction.text, Text(), 0
    effects = explanation.effects[:, column].tolist()
    largest = max(map(abs, effects), default=0) or 1  # no words, or none with an effect
    for span, effect in zip(explanation.spans, effects, strict=True):
        styles = [style for share, style in EFFECT_STYLES if abs(effect) >= share * largest]
        coloured.append(escape_unsafe(text[end : span.start]))
        style = styles[0].format(FOR if effect > 0 else AGAINST) if styles else None
        coloured.append(escape_unsafe(text[span.start : span.end]), style)
        end = span.end
    return coloured.append(escape_unsafe(text[end:]))
