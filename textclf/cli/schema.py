"""`textclf schema`: print the JSON Schema of a config."""

import click

from textclf.cli.terminal import print_json


@click.command("schema")
def command():
    """Print the JSON Schema of a config.

    Editors use it to complete and check the settings of a config.

    \b
    Examples:
      textclf schema > schema.json
    """
    from textclf.config.serialization import json_schema

    print_json(json_schema())
