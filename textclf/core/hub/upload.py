"""Upload files to a repository of the hub."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from textclf.core.errors import RunError
from textclf.core.hub.address import DEFAULT_REVISION
from textclf.core.hub.problems import first_line, is_unreachable, needs_package, why_refused

log = logging.getLogger(__name__)


class Destination(NamedTuple):
    """Where files go, and how."""

    repository: str  # owner/name
    branch: str = DEFAULT_REVISION
    private: bool = False  # if the repository does not exist yet
    message: str = "Upload a classifier of textclf"


class Uploaded(NamedTuple):
    """What the hub has made of it."""

    url: str
    commit: str


def check_token(repository: str) -> None:
    """Check that there is a token of the hub.

    Raises:
        RunError: there is none, or `huggingface_hub` is not installed.
    """
    try:
        from huggingface_hub import constants, get_token
    except ImportError:
        raise RunError(needs_package(repository)) from None
    if constants.is_offline_mode():
        raise RunError(f"{repository}: HF_HUB_OFFLINE forbids to upload. Unset it.")
    if not get_token():
        raise RunError(
            f"{repository}: uploading needs a token of {constants.ENDPOINT}. Set HF_TOKEN to one that may write, or "
            "log in: hf auth login"
        )


def upload(files: Mapping[str, bytes], to: Destination) -> Uploaded:
    """Upload files as one commit; make the repository and the branch where they are missing.

    Other files of the repository stay. The commit has all files or none.

    Raises:
        RunError: there is no token, or the hub refuses or cannot be reached.
    """
    check_token(to.repository)
    from huggingface_hub import CommitOperationAdd, HfApi, constants, errors

    hub = HfApi(endpoint=constants.ENDPOINT)
    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    try:
        url = hub.create_repo(to.repository, private=to.private, exist_ok=True)
        if to.private and not hub.model_info(to.repository, expand=["private"]).private:
            raise RunError(
                f"{to.repository}: exists and is public, and --private is for a new repository. Make it private on "
                f"{url}/settings, or leave --private out."
            )
        if to.branch != DEFAULT_REVISION:
            hub.create_branch(to.repository, branch=to.branch, exist_ok=True)
        commit = hub.create_commit(
            to.repository, operations, commit_message=to.message, revision=to.branch, num_threads=1
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, errors.HTTPError) as error:
        raise RunError(f"{to.repository}: {_why_not(error)}") from error
    return Uploaded(str(url), commit.oid)


def _why_not(error: Exception) -> str:
    from huggingface_hub import constants, errors

    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):  # of one file
        error = error.__cause__
    if is_unreachable(error):
        return f"{constants.ENDPOINT} cannot be reached ({first_line(error)}). Check the network, and try again."
    if isinstance(error, errors.RevisionNotFoundError):
        return "the hub has no such branch, and cannot make it. Check --revision."
    said = getattr(error, "server_message", None) or str(error)
    return why_refused(error) or f"cannot be uploaded: {' '.join(said.split()):.300}. Try again."
