"""`textclf compare`: test whether runs differ significantly."""

from typing import TYPE_CHECKING

import click

from textclf.cli.options import LABEL_COLUMN, TEXT_COLUMN, input_file, output_file, reading_options
from textclf.cli.tables import Table, print_table
from textclf.cli.terminal import print_line, print_written
from textclf.core.formatting import format_figures

if TYPE_CHECKING:
    from textclf.evaluation.compare import Comparison


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@input_file("--data", "Labelled texts.  [default: the test texts of the runs]")
@TEXT_COLUMN
@LABEL_COLUMN
@output_file("HTML file with the comparison and the texts that differ")
@reading_options()
def command(runs, data, text_column, label_column, output, reading):
    """Test whether runs differ significantly from the first.

    Without --data, all runs must have the same test texts. Prints their scores, the differences with 95 % confidence
    intervals (paired bootstrap) and McNemar's test. If the runs have different labels, F1 macro is that of all their
    labels, and there is no log loss. Of more than 100,000 texts, textclf compares 100,000, chosen at random.

    \b
    Examples:
      textclf compare plain augmented
      textclf compare plain augmented --output comparison.html
      textclf compare last_year this_year --data new_mails.csv
    """
    from pathlib import Path

    from textclf.evaluation.compare import compare, write_comparison

    if data is None and (text_column or label_column or reading):
        raise click.UsageError("the columns and the reading options are those of --data FILE. Name the file.")
    compared = compare(runs, data, text_column=text_column, label_column=label_column, reading=reading)
    print_comparison(compared)
    if output:
        write_comparison(compared, Path(output))
        print_written(output)


def print_comparison(comparison: "Comparison") -> None:
    """Print the scores of runs, their differences from the first run, and the settings that differ."""
    from textclf.evaluation.compare import METRICS, format_p_value

    table = Table("run", *comparison.titles)
    for name, metrics in zip(comparison.names, comparison.metrics, strict=True):
        table.add_row(name, *format_figures(metrics.values()))
    print_table(table)
    if comparison.note:
        print_line(comparison.note)
    first = comparison.names[0]
    for name, found in zip(comparison.names[1:], comparison.differences, strict=True):
        print_line(f"{name} minus {first}, {comparison.texts} texts of {comparison.split}, 95 % confidence intervals:")
        for metric, (difference, low, high) in found.confidence_intervals.items():
            print_line(f"  {METRICS[metric]} {difference:+.4f} ({low:+.4f} to {high:+.4f})")
        print_line(f"  correct only in {name}: {found.only_this}, only in {first}: {found.only_first}")
        p_value = format_p_value(found.p_value)
        print_line(f"  McNemar's test: p {p_value if p_value.startswith('<') else f'= {p_value}'}")
    for path, values in comparison.settings.items():
        print_line(f"{path}: {', '.join(map(str, values))}")
    print_line(f"different predictions: {comparison.different} texts")
