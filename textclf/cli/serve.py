"""`textclf serve`: serve classifiers over HTTP."""

import ipaddress
import os
import re
import sys
from importlib.util import find_spec

import click

from textclf.cli.options import UserPath
from textclf.core.errors import TextclfError

TOKEN = "TEXTCLF_TOKEN"
NEEDS = ("starlette", "uvicorn", "httptools", "prometheus_client")
# As browsers write it. Apps of Cordova and Electron send file://.
ORIGIN = r"\*|null|file://|(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+"
HOST = r"\*|[A-Za-z0-9._-]+"


@click.command("serve")
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="[NAME=]RUN",
    help="Run folder, name of a run in runs/, classifier folder, exported zip file, or hf://owner/name (repeatable).  "
    "[default: the newest finished run]",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address. Others than loopback need a token.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port, or 0 for any free port."
)
@click.option(
    "--token-file",
    metavar="PATH",
    type=UserPath(dir_okay=False),
    help=f"File with the token that requests must have.  [default: the variable {TOKEN}, or no token]",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin of a web page that may send requests, such as https://example.com (repeatable).  [default: only the "
    "server's own page]",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Allowed name of this server in the Host header, such as example.com, or * (repeatable).  [default: any with "
    "a token, only localhost without]",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Number of processes that predict."
)
@click.option("--follow", is_flag=True, help="Load newer runs and changed files automatically.")
def command(runs, host, port, token_file, allow_origins, allow_hosts, workers, follow):
    """Serve classifiers over HTTP.

    / is a page to try the classifiers, and /docs describes the endpoints. SIGHUP loads the classifiers again. SIGTERM
    ends the server after the last request.

    \b
    Examples:
      textclf serve
      textclf serve --run reviews=runs/reviews --run topics=runs/topics
      textclf serve --host 0.0.0.0 --token-file token.txt --follow
      curl localhost:8000/v1/predict -d '{"texts": ["a wonderful film"]}'
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise TextclfError(f'serve: {", ".join(missing)} not installed. pip install "textclf-keras[serve]"')
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in `predict`: no BLAS is used
    from textclf.inference.server.classifiers import parse_sources
    from textclf.inference.server.serve import ServeOptions, check_token, read_token, serve

    token = read_token(token_file) if token_file else None
    if token is None and (value := os.environ.get(TOKEN)) is not None:
        token = check_token(os.fsencode(value.strip()), TOKEN)
    if token is None and not is_loopback(host):
        raise click.UsageError(
            f"--host {host}: expected a loopback address such as 127.0.0.1, because the server has no token. "
            f"To open it to other machines, give --token-file or {TOKEN}."
        )
    example = "such as https://example.com or http://localhost:3000, in small letters, without a path or a default port"
    check_form("--allow-origin", allow_origins, ORIGIN, f"an origin {example}")
    check_form("--allow-host", allow_hosts, HOST, "a name such as example.com, without https:// or a port, or *")
    hosts = allowed_hosts(allow_hosts, has_token=token is not None)
    serve(ServeOptions(parse_sources(runs), host, port, token, allow_origins, hosts, follow, workers))


def check_form(option: str, values: tuple[str, ...], form: str, expected: str) -> None:
    """Check values that the server compares with headers as they are: others would never be equal to one.

    Raises:
        UsageError: a value has another form.
    """
    for value in values:
        if not re.fullmatch(form, value):
            raise click.UsageError(f"{option} {value}: expected {expected}.")


def allowed_hosts(names: tuple[str, ...], *, has_token: bool) -> frozenset[str] | None:
    """Return the names that the Host header of a request may have besides localhost; `None`: any.

    Without a token, a page of elsewhere must not ask through a browser. A page that knows the token may.
    """
    if "*" in names or (has_token and not names):
        return None
    return frozenset(name.lower().rstrip(".") for name in names)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # another name, which may be any address
        return False
