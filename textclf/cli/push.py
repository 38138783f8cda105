"""`textclf push`: upload a classifier to the hub of Hugging Face."""

import click

from textclf.cli.export import print_comparison, shrinking_options
from textclf.cli.tables import Table, print_table
from textclf.cli.terminal import print_line


@click.command("push")
@click.argument("names", nargs=-1, required=True, metavar="[RUN] OWNER/NAME")
@shrinking_options
@click.option("--private", is_flag=True, help="A repository that only you can read, if it does not exist yet.")
@click.option("--revision", metavar="BRANCH", default="main", show_default=True, help="Branch to upload to.")
@click.option("--message", metavar="TEXT", help="Message of the commit.  [default: Upload a classifier of textclf]")
@click.option("--dry-run", is_flag=True, help="Print the files that would be uploaded, and upload nothing.")
def command(names, precision, limits, fields, private, revision, message, dry_run):
    """Upload a classifier to the hub of Hugging Face.

    textclf uploads the model, the tokenizer, the labels, the model card, LICENSE and NOTICE, and no text of the data.
    RUN is as for textclf export. textclf uploads an exported zip file or folder as it is. The token is HF_TOKEN, or
    that of hf auth login.

    \b
    Examples:
      textclf push reviews owner/reviews --license cc-by-4.0 --language en --dry-run
      textclf push reviews owner/reviews --license cc-by-4.0 --language en
      textclf predict --run hf://owner/reviews "a wonderful film"
    """
    if len(names) > 2:
        raise click.UsageError(f"expected [RUN] OWNER/NAME, got {len(names)} arguments.")
    from textclf.core.hub.upload import Destination, check_token, upload
    from textclf.export.push import check_name, prepare

    run, repository = names if len(names) == 2 else (None, names[0])
    check_name(repository)
    if not dry_run:
        check_token(repository)  # an error before everything is measured
    prepared = prepare(run, repository, precision=precision, limits=limits, fields=fields)
    if prepared.comparison:
        print_comparison(prepared.comparison, prepared.precision)
    print_files(prepared.files)
    if dry_run:
        return
    to = Destination(repository, revision, private)
    uploaded = upload(prepared.files, to._replace(message=message) if message else to)
    print_line(f"uploaded to {uploaded.url}, commit {uploaded.commit}")


def print_files(files: dict[str, bytes]) -> None:
    """Print the names and sizes of the files to upload."""
    table = Table("file", "bytes")
    for name, content in files.items():
        table.add_row(name, f"{len(content):,}")
    table.add_row(f"({len(files)} files)", f"{sum(map(len, files.values())):,}")
    print_table(table)
