"""`textclf card`: print the model card of a run."""

import click

from textclf.cli.terminal import print_data


@click.command("card")
@click.argument("run", required=False)
@click.option("--license", metavar="NAME", help="License, such as mit or cc-by-4.0.")
@click.option("--language", metavar="CODE", multiple=True, help="Language of the texts, such as en (repeatable).")
def command(run, license, language):
    """Print the model card of a run, in Markdown.

    RUN is a run folder, the name of a run in runs/, a classifier folder, or hf://owner/name. The default is the newest
    finished run.

    \b
    Examples:
      textclf card
      textclf card reviews --license mit --language en > README.md
    """
    from textclf.export.export import card
    from textclf.export.model_card import CardFields

    print_data(card(run, CardFields(license, language)).splitlines(), "text")
