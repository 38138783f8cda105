"""What went wrong with the hub, in one sentence that says what to do."""

from pathlib import Path
from typing import NamedTuple

EXTRA = "pip install 'textclf-keras[encoder]'"


class Wanted(NamedTuple):
    """What is asked of the hub, and the words of the messages about it."""

    repository: str
    revision: str
    name: str  # how a message begins
    place: Path  # the cache
    revision_advice: str  # where there is no such revision
    otherwise: str  # what to do without the hub
    missing: str = "no such repository"


def needs_package(name: str) -> str:
    """Return the message where `huggingface_hub` is not installed."""
    return f"{name} is a name of the hub, which needs a package: {EXTRA}."


def is_unreachable(error: Exception) -> bool:
    """Return whether the hub did not answer, or not with a reason."""
    from huggingface_hub import errors

    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code >= 500
    return isinstance(error, errors.HTTPError | errors.OfflineModeIsEnabled)


def why_not(error: Exception, wanted: Wanted) -> str:
    """Return why something of the hub cannot be had, from what its client has raised."""
    from huggingface_hub import constants, errors

    name, revision = wanted.name, wanted.revision
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{name} is gated. Accept its terms on {constants.ENDPOINT}/{wanted.repository}, and set HF_TOKEN to a "
            "token of your account."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"{name}: there is {wanted.missing} on {constants.ENDPOINT}. Check the name; for a private repository "
            "set HF_TOKEN to a token that may read it."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{name} has no revision '{revision}'. {wanted.revision_advice}"
    answered = isinstance(error.__cause__, errors.FileMetadataError)  # but not as a hub does
    if isinstance(error, errors.LocalEntryNotFoundError) and not answered:
        missing = f"{name} is not in {wanted.place} at revision '{revision}', and"
        if constants.is_offline_mode():
            return f"{missing} HF_HUB_OFFLINE forbids to download it. Unset HF_HUB_OFFLINE, or {wanted.otherwise}."
        reason = f" ({first_line(error.__cause__)})" if error.__cause__ else ""
        return f"{missing} {constants.ENDPOINT} cannot be reached{reason}. Check the network, or {wanted.otherwise}."
    if refused := why_refused(error):
        return f"{name}: {refused}"
    return f"{name} cannot be downloaded: {first_line(error)}. Try again, or {wanted.otherwise}."


def why_refused(error: Exception) -> str | None:
    """Return what is wrong with the token, if that is the reason."""
    from huggingface_hub import constants, errors

    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if status == 401:
        return f"{constants.ENDPOINT} does not accept the token. Set HF_TOKEN to a valid one, or log in: hf auth login"
    if status == 403:
        return f"{constants.ENDPOINT} does not allow this with the token. Set HF_TOKEN to one with the right to it."
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of an error of a library."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
