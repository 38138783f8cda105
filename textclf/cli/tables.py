"""Printing of results: as tables on a terminal, plain and uncut in a pipe.

rich and json are imported when something is printed: `--help` and `predict` need neither.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

SUMMARY_METRICS = {"accuracy": "accuracy", "f1_macro": "F1 macro", "log_loss": "log loss", "roc_auc": "ROC AUC"}
PIPE_WIDTH = 10_000  # a pipe has no width: nothing is cut there
LONGEST_FIELD = 40  # characters


def print_line(line: str) -> None:
    """Print one line as it is, without wrapping and colours."""
    from rich.console import Console

    Console(soft_wrap=True, highlight=False, markup=False).print(line)


def print_written(path: object) -> None:
    """Say which file was written: on standard error where the file is standard output itself."""
    import click

    from textclf.core.output_file import is_standard_output

    click.echo(f"wrote {path}", err=is_standard_output(str(path)))


def print_json(content: Any) -> None:
    """Print plain data as indented JSON."""
    import json

    print_line(json.dumps(content, ensure_ascii=False, indent=2))


def print_table(table: "Table") -> None:
    """Print a table; in a pipe no column is cut."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(table, width=None if console.is_terminal else PIPE_WIDTH, crop=False)


def new_table(*columns: str) -> "Table":
    """Return an empty table: the first column is aligned to the left, numbers to the right."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 and column != "rows" else "right", no_wrap=True)
    return table


def summary_table(by_split: dict[str, dict]) -> "Table":
    """Return a table with the main metrics of each split, beside the accuracy of the most frequent label.

    Args:
        by_split: name of the split -> its metrics. With the name `""` there is no column for it.
    """
    names = ["split"] if any(by_split) else []
    accuracy, *others = SUMMARY_METRICS.values()
    table = new_table(*names, "rows", accuracy, "majority", *others)
    for split, metrics in by_split.items():
        accuracy, *others = format_figures(metrics[name] for name in SUMMARY_METRICS)
        majority = format_figures([metrics["majority_accuracy"]])
        table.add_row(*([split] if names else []), str(metrics["rows"]), accuracy, *majority, *others)
    return table


def format_figures(values: Iterable[float | None]) -> list[str]:
    """Format numbers with four digits, `None` as a dash."""
    return ["–" if value is None else f"{value:.4f}" for value in values]


def format_field(value: object) -> str:
    """Format a value from a file of unknown origin: short, and without control characters."""
    return "".join(character if character.isprintable() else " " for character in str(value)[:LONGEST_FIELD])
