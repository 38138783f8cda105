"""`textclf evaluate`: evaluate a classifier on labelled texts."""

import click

from textclf.cli.options import LABEL_COLUMN, RUN, TEXT_COLUMN, UserPath, input_file, output_format, reading_options
from textclf.cli.tables import Table, print_table, summary_table
from textclf.cli.terminal import print_json, print_line
from textclf.core.formatting import LABEL_HEADER, LABEL_METRICS, format_figures, label_rows

LARGEST_MATRIX = 12  # labels


@click.command("evaluate")
@RUN
@input_file("--data", "Labelled texts.  [default: the test file of the run]")
@click.option(
    "--output",
    metavar="DIR",
    type=UserPath(),
    help="Folder for metrics.json and predictions.csv.  [default: evaluations/<file> or evaluations/<file>-<sheet> in "
    "the run]",
)
@TEXT_COLUMN
@LABEL_COLUMN
@reading_options()
@output_format("text", "json", help="Output format.")
def command(run, data, output, text_column, label_column, format, reading):
    """Evaluate a classifier on labelled texts.

    \b
    Examples:
      textclf evaluate
      textclf evaluate --run short --data new_reviews.csv
    """
    from textclf.evaluation.evaluate import evaluate

    metrics = evaluate(run, data, output=output, text_column=text_column, label_column=label_column, reading=reading)
    if format == "json":
        print_json(metrics)
    else:
        print_metrics(metrics)


def print_metrics(metrics: dict) -> None:
    """Print the metrics of one evaluation: in short, by label, and as a confusion matrix."""
    print_table(summary_table({"": metrics}))
    table = Table(*LABEL_HEADER)
    for row in label_rows(metrics):
        table.add_row(*row)
    for average in ("macro", "micro", "weighted"):
        values = format_figures(metrics[f"{name}_{average}"] for name in LABEL_METRICS)
        table.add_row(f"({average} average)", *values, str(metrics["rows"]))
    print_table(table)
    if "confusion_matrix" in metrics:  # a multi-label classifier has none
        print_confusion_matrix(**metrics["confusion_matrix"])


def print_confusion_matrix(
    labels: list[str],
    rows_true_columns_predicted: list[list[int]],
    unknown_true_columns_predicted: list[int] | None = None,
) -> None:
    """Print how often each label is predicted for each true label, unless there are too many labels."""
    if len(labels) > LARGEST_MATRIX:
        print_line(f"metrics.json has the confusion matrix of all {len(labels)} labels")
        return
    matrix = Table("true \\ predicted", *labels)
    for label, counts in zip(labels, rows_true_columns_predicted, strict=True):
        matrix.add_row(label, *map(str, counts))
    if unknown_true_columns_predicted:
        matrix.add_row("(unknown labels)", *map(str, unknown_true_columns_predicted))
    print_table(matrix)
