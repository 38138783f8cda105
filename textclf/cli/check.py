"""`textclf check`: check a config and its data before training."""

from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, OVERRIDES, output_format, reading_options
from textclf.cli.terminal import print_json, print_line, print_parts

if TYPE_CHECKING:
    from textclf.training.check import Report

MOST_LABELS = 10  # of a split, in its overview
STYLES: dict[str, dict] = {"error": {"fg": "red", "bold": True}, "warning": {"fg": "yellow"}, "note": {"dim": True}}


@click.command("check")
@CONFIG
@OVERRIDES
@reading_options(default="as in CONFIG")
@output_format("text", "json", help="Output format.")
def command(config, overrides, format, reading):
    """Check a config and its data.

    Lists problems that would stop a training or make the classifier worse. The exit code is 1 if training would fail.

    \b
    Examples:
      textclf check configs/toy_en.yaml
      textclf check configs/toy_en.yaml --set data.train=mine.csv --format json
    """
    from textclf.config.yaml import yaml_value
    from textclf.training.check import check_config

    said = [f"data.{name}={yaml_value(value)}" for name, value in reading.items()]
    report = check_config(config, [*overrides, *said])
    if format == "json":
        print_json(report.to_dict())
    else:
        print_findings(report)
    return int(report.would_fail)


def print_findings(report: "Report") -> None:
    """Print the rows of each split by label, then each finding with what to do."""
    for split, overview in report.splits.items():
        labels = sorted(overview["labels"].items(), key=lambda item: -item[1])[:MOST_LABELS]
        shares = ", ".join(f"{label} {count / max(overview['rows'], 1):.1%}" for label, count in labels)
        more = len(overview["labels"]) - len(labels)
        print_line(f"{split}: {overview['rows']} rows; {shares}{f' and {more} more labels' if more else ''}")
    for finding in report.findings:
        print_parts((finding.severity, STYLES[finding.severity]), (f" {finding.subject}", {}))
        print_line(f"  {finding.found}")
        if finding.advice:
            print_line(f"  {finding.advice}")
    print_line("Training would fail." if report.would_fail else "Ready to train.")
