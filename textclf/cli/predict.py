"""`textclf predict`: classify texts from the shell."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from textclf.cli.options import RUN, Number, UserPath, input_file, reading_options
from textclf.cli.terminal import is_terminal, print_data, print_line
from textclf.core.formatting import escape_unsafe

if TYPE_CHECKING:
    from rich.text import Text

    from textclf.inference.classifier import Classifier
    from textclf.inference.explain import Explanation
    from textclf.inference.shards import Job

# Ending of an output file -> the formats that it may have.
FITTING: dict[str, tuple[str, ...]] = {
    ".csv": ("csv", "text"),
    ".jsonl": ("jsonl", "text"),
    ".json": ("jsonl",),
    ".tsv": ("text",),
    ".parquet": (),
    ".xlsx": (),
    ".xls": (),
}
INSTEAD_OF_EXCEL = "Excel opens what --format csv writes to a file that ends with .csv"
INSTEAD = {
    ".parquet": "Parquet goes to a folder, such as --output answers/",
    ".xlsx": INSTEAD_OF_EXCEL,
    ".xls": INSTEAD_OF_EXCEL,
}
# From a share of the largest effect on.
EFFECT_STYLES = ((0.5, "bold white on rgb({})"), (0.2, "bold rgb({})"), (0.05, "rgb({})"))


@click.command("predict")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@input_file("--file", "File, glob pattern or folder with texts, or '-' for standard input.", metavar="PATH")
@reading_options(encoding="detected, or utf-8 for standard input and .txt")
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
    help="Columns or fields of the file to copy into the output, such as id,date, or all (not with --format text).",
)
@RUN
@click.option(
    "--format",
    type=click.Choice(["text", "jsonl", "csv", "parquet"]),
    help="Output format. All except text have the probabilities of all labels.  [default: text, into a folder parquet]",
)
@click.option(
    "--threshold",
    type=Number(0, 1),
    metavar="P",
    help="Minimum probability for predicting the positive label, or each label of a multi-label classifier.  "
    "[default: as in training]",
)
@click.option("--explain", is_flag=True, help="Effect of each word: the fall of the probability without it.")
@click.option("--top-k", type=click.IntRange(min=1), metavar="K", help="Number of most probable labels to output.")
@click.option(
    "--output",
    metavar="PATH",
    type=UserPath(),
    help="File to write, or a folder such as answers/ for one file for each shard.  [default: standard output]",
)
@click.option("--part", metavar="I/N", help="Every N-th shard only, from the I-th on (for N parallel jobs).")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Ray cluster that predicts the shards: auto, local, or ray://HOST:10001 (needs the extra ray).",
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Number of threads.  [default: one for each core]"
)
def command(texts, file, column, keep, run, format, threshold, explain, top_k, output, part, cluster, threads, reading):
    """Classify texts.

    Give texts as arguments or with --file. The output has one line for each text, with the label and its probability.

    \b
    Examples:
      textclf predict "a wonderful film" "a waste of time"
      textclf predict --file reviews.csv --keep id,date --format csv --output predictions.csv
      textclf predict --explain "a wonderful film"
      tail -f log.txt | textclf predict --file - --format jsonl
      textclf predict --file 'table/*.parquet' --keep id --output answers/
    """
    if "numpy" not in sys.modules:
        # Importing NumPy starts one BLAS thread for each core, which is half of its import. This command needs none.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from textclf.core.text_column import text_array
    from textclf.inference.classifier import load
    from textclf.inference.predict import check_request, format_predictions

    kept = None if keep is None else [name.strip() for name in keep.split(",")]
    in_shards = output is not None and (output.endswith(("/", os.sep)) or os.path.isdir(output))  # noqa: PTH112
    form = format or ("parquet" if in_shards else "text")
    check_shards(file, form, explain=explain, in_shards=in_shards, part=part, cluster=cluster)
    check_request(texts, file, form, top_k=top_k, explain=explain, keep=kept)
    check_ending(None if in_shards else output, format)
    classifier = load(run, threads=threads)
    if in_shards:
        from textclf.inference.shards import Output, plan
        from textclf.inference.text_source import columns_of

        columns = columns_of(column or classifier.metadata["text_column"], kept)
        job = plan(classifier, file, Path(output), columns, given=reading, output=Output(form, threshold, top_k))
        predict_shards(classifier, job, part=part, cluster=cluster)
        return
    # An argument may hold bytes that are not valid Unicode; the array replaces them.
    chunks: Iterable[list[str]] = [text_array(texts).to_pylist()]
    if file:
        from textclf.inference.text_source import read_source

        column = column or classifier.metadata["text_column"]
        chunks = read_source(file, column=column, given=reading, trained=classifier.reading, keep=kept)
    options = {"threshold": threshold, "top_k": top_k}
    if not explain:
        write_lines(format_predictions(classifier, chunks, form, keep=kept, **options), form, output)
    elif form == "text" and output is None and is_terminal():
        print_explanations(classifier, chunks, **options)
    else:
        from textclf.inference.explain import format_explanations

        write_lines(format_explanations(classifier, chunks, form, **options), form, output)


def check_ending(output: str | None, format: str | None) -> None:
    """Check that the name of the output file promises nothing else than its content.

    Raises:
        click.UsageError: it ends as a compressed file, or as one of another format.
    """
    from textclf.core.compression import COMPRESSIONS

    ending = Path(output or "").suffix.lower()
    if ending in COMPRESSIONS:
        raise click.UsageError(f"--output {output}: textclf does not compress its output. Omit {ending}.")
    fitting = FITTING.get(ending)
    if fitting is None or format in fitting:
        return
    verb, reason = "Use", f"--format {format} is another format"
    if format is None:
        verb, reason = "Add", "the default format is text, a label and a probability in each line"
    advice = f"{verb} --format {', or --format '.join(fitting)}" if fitting else INSTEAD[ending]
    raise click.UsageError(f"--output {output}: {reason}. {advice}.")


def check_shards(
    file: str | None, format: str, *, explain: bool, in_shards: bool, part: str | None, cluster: str | None
):
    """Check that the options of a table in shards go together.

    Raises:
        click.UsageError: they do not.
    """
    if not in_shards and (part or cluster or format == "parquet"):
        option = "--part" if part else "--cluster" if cluster else "--format parquet"
        raise click.UsageError(f"{option} needs a folder for --output, such as --output answers/")
    if in_shards and (file == "-" or explain):
        option = "--explain" if explain else "--file -"
        raise click.UsageError(
            f"{option} needs a file for --output, or no --output. A folder is for the shards of a table."
        )


def predict_shards(
    classifier: "Classifier", job: "Job", *, part: str | None = None, cluster: str | None = None
) -> None:
    """Predict the shards of a table that have no predictions yet, with a progress bar.

    Args:
        part, cluster: as the options of the command.
    """
    from textclf.core.files import remove_partial
    from textclf.core.progress import open_bar
    from textclf.inference.shards import part_of, predict_shard

    wanted = part_of(job.shards, part)
    left = [shard for shard in wanted if not job.file_of(shard).exists()]
    if cluster:
        from textclf.inference.cluster import predict_on_cluster

        results: Iterable[int] = predict_on_cluster(classifier, job, left, cluster) if left else ()
    else:
        results = (predict_shard(classifier, job, shard) for shard in left)
    bar, rows = open_bar("shards", len(wanted), len(wanted) - len(left)), 0
    try:
        for done, found in enumerate(results, start=len(wanted) - len(left) + 1):
            rows += found
            if bar:
                bar.update(done, f"{rows:,} rows")
    finally:
        if bar:
            bar.close()
    missing = len(job.missing())
    if not missing:
        remove_partial(job.folder)  # of processes that were killed
    state = f"{missing} of {len(job.shards)} shards missing" if missing else f"all {len(job.shards)} shards"
    print_line(f"predicted {rows:,} rows in {len(left)} shards; {job.folder}{os.sep}: {state}", error=True)


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

    from textclf.core.html import AGAINST, FOR

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
