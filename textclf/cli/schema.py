"""`textclf schema`: print the JSON Schema of a config."""

import click


@click.command("schema")
def command():
    """Print the JSON Schema of a config.

    Editors use it to complete and check the settings of a config.

    \b
    Examples:
      textclf schema > schema.json
    """
    import json

    from textclf.config.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
