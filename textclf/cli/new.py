"""`textclf new`: write a config for a file of labelled texts."""

import shlex

import click

from textclf.cli.options import CONFIG, input_file, reading_options
from textclf.cli.terminal import print_line, print_written


@click.command("new")
@CONFIG
@input_file("--data", "Labelled texts for training.", required=True)
@input_file("--test", "Labelled texts for the final evaluation.")
@input_file("--unlabelled", "Texts without labels: textclf learns from them which words are similar.")
@click.option(
    "--time",
    type=click.Choice(["quick", "usual", "thorough"]),
    default="usual",
    show_default=True,
    help="Training time: quick has only linear models (about a quarter of usual), usual adds a convolution, thorough "
    "has three (about 2.5 times usual).",
)
@click.option(
    "--encoder",
    metavar="NAME",
    help="Pretrained encoder: minilm, a folder, or a repository of the hub. --time quick keeps it frozen, usual "
    "shortens a fine-tuning of more than an hour, thorough does not.",
)
@click.option("--text-column", metavar="NAME", help="Column or field with the text.  [default: detected]")
@click.option("--label-column", metavar="NAME", help="Column or field with the label.  [default: detected]")
@reading_options("--format")
def command(config, data, test, unlabelled, time, encoder, text_column, label_column, reading):
    """Write a config for a file of labelled texts.

    textclf inspects the texts and labels, and chooses every setting from them. A comment explains each setting.

    \b
    Examples:
      textclf new reviews.yaml --data reviews.csv
      textclf new topics.yaml --data data/toy_topics/train.csv --test data/toy_topics/test.csv
      textclf new reviews.yaml --data reviews.csv --encoder minilm
      textclf new reviews.yaml --data few.csv --unlabelled many.csv
    """
    from textclf.config.starter import Sources, write_starter
    from textclf.core.output_file import is_standard_output

    columns = {"text_column": text_column, "label_column": label_column}
    reading |= {name: column for name, column in columns.items() if column}
    path = write_starter(config, Sources(data, test, unlabelled), time=time, encoder=encoder, reading=reading)
    print_written(path)
    if not is_standard_output(path):
        quoted = shlex.quote(str(path))
        print_line(f"next: textclf check {quoted}, textclf train {quoted}")
