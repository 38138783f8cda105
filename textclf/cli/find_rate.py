"""`textclf find-rate`: suggest a learning rate."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, OVERRIDES
from textclf.cli.tables import Table, print_table
from textclf.cli.terminal import print_line

if TYPE_CHECKING:
    from textclf.training.learning_rate_finder import Sweep

MOST_RATES = 16  # rows of the table
BAR = 40  # characters of the longest bar


@click.command("find-rate")
@CONFIG
@OVERRIDES
def command(config, overrides):
    """Suggest a learning rate (learning-rate range test).

    Trains for at most 600 steps while the learning rate grows, and shows the loss at each rate.

    \b
    Examples:
      textclf find-rate configs/toy_en.yaml
      textclf find-rate configs/toy_en.yaml --set model.architecture=cnn
    """
    from textclf.training.learning_rate_finder import find_rates

    print_sweeps(find_rates(config, overrides))


def print_sweeps(sweeps: "Iterable[Sweep]") -> None:
    """Print the loss at rising learning rates and the suggested rate, for each network."""
    for sweep in sweeps:
        table = Table(f"{sweep.network}, {sweep.optimizer}", "loss", "")
        shown, last = min(MOST_RATES, len(sweep.rates)), len(sweep.rates) - 1
        rows = [round(number * last / max(shown - 1, 1)) for number in range(shown)]
        losses = [float(sweep.losses[row]) for row in rows]
        highest, lowest = max(losses), min(losses)
        for row in rows:
            length = 1 + round(BAR * (sweep.losses[row] - lowest) / max(highest - lowest, 1e-9))
            table.add_row(f"{sweep.rates[row]:.1e}", f"{sweep.losses[row]:.4f}", "█" * length)
        print_table(table)
        if sweep.suggested is None:
            print_line("no suggestion: the loss has no minimum between the smallest and the largest rate")
        elif sweep.own_training:  # --set does not reach the members of an ensemble
            print_line(f"suggestion: learning_rate: {sweep.suggested:g} below training of the member {sweep.network}")
        else:
            print_line(f"suggestion: --set training.learning_rate={sweep.suggested:g}")
