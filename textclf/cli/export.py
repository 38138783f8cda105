"""`textclf export`: write a classifier in another form."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import click

from textclf.cli.options import Number, UserPath
from textclf.cli.tables import Table, print_table
from textclf.cli.terminal import print_line, print_written
from textclf.core.formatting import format_figures

if TYPE_CHECKING:
    from textclf.export.comparison import Comparison

FORMATS = ("zip", "folder", "web", "wheel", "keras", "saved_model")  # the keys of `export.formats.FORMATS`
PRECISIONS = ("int8", "int4", "float16", "float32")


class FormatChoice(click.Choice):
    """The forms of a classifier. `onnx` is none of them: all hold an ONNX file."""

    def convert(self, value, param, ctx):
        """Return the form, or say where the ONNX file is."""
        if value == "onnx":
            self.fail("'onnx': take model.onnx of --format folder, or classifier/model.onnx of the run.", param, ctx)
        return super().convert(value, param, ctx)


SHRINKING = (
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="Precision of the weights.  [default: int8, int4 with --size, float32 for keras and saved_model]",
    ),
    click.option(
        "--size",
        metavar="MB",
        type=Number(0, min_open=True),
        help="Maximum size in megabytes. textclf leaves out the least important n-grams for it.",
    ),
    click.option(
        "--data",
        metavar="FILE",
        type=UserPath(),
        help="Labelled texts to measure on.  [default: validation of the run]",
    ),
    click.option(
        "--most-changed",
        metavar="PERCENT",
        type=Number(0, 100),
        default=2.0,
        show_default=True,
        help="Maximum share of predictions that may change.",
    ),
    click.option("--license", metavar="NAME", help="License for the model card, such as mit or cc-by-4.0."),
    click.option(
        "--language", metavar="CODE", multiple=True, help="Language for the model card, such as en (repeatable)."
    ),
)


def shrinking_options(command: Callable) -> Callable:
    """Add the options that say how small a classifier gets. The command gets them as `limits` and `fields`."""

    @wraps(command)
    def with_limits(size, data, most_changed, license, language, **others):
        from textclf.export.export import Limits
        from textclf.export.model_card import CardFields

        fields = CardFields(license, language)
        return command(limits=Limits(size, most_changed, data), fields=fields, **others)

    for option in reversed(SHRINKING):
        with_limits = option(with_limits)
    return with_limits


@click.command("export")
@click.argument("run", required=False)
@click.option("--format", type=FormatChoice(FORMATS), default="zip", show_default=True, help="Form of the classifier.")
@click.option("--output", metavar="PATH", type=UserPath(), help="Path to write.  [default: RUN-PRECISION.zip]")
@shrinking_options
def command(run, format, output, precision, limits, fields):
    """Write a classifier in a smaller or another form.

    textclf compares the smaller classifier with the original on the validation texts of the run. It writes nothing if
    more predictions change than you allow. RUN is a run folder, the name of a run in runs/, a classifier folder, or
    hf://owner/name. The default is the newest finished run.

    \b
    Examples:
      textclf export
      textclf export reviews --precision int4 --output reviews.zip
      textclf export reviews --size 2 --most-changed 5
      textclf predict --run reviews.zip "a wonderful film"
    """
    from textclf.export.export import export

    exported = export(run, format=format, precision=precision, output=output, limits=limits, fields=fields)
    if exported.comparison:
        print_comparison(exported.comparison, exported.precision)
    print_written(exported.path)


def print_comparison(comparison: "Comparison", precision: str) -> None:
    """Print what both classifiers take and give, and how many predictions differ."""
    from textclf.core.formatting import percent

    table = Table("", "MB", "accuracy", "F1 macro", "log loss", "texts/s", "ms a text")
    for name, part in (("float32", comparison.original), (precision, comparison.exported)):
        speed = [f"{part.texts_a_second:,.0f}", f"{part.seconds_alone * 1000:.2f}"]
        table.add_row(name, f"{part.bytes / 1e6:.2f}", *format_figures(part.scores.values()), *speed)
    print_table(table)
    share = percent(comparison.changed_share)
    print_line(f"{comparison.source}: {comparison.rows:,} texts, {comparison.changed:,} predictions differ ({share})")
    print_line(f"largest difference of a probability: {comparison.largest_difference:.4f}")
