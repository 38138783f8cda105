"""What is uploaded to the hub: an exported classifier with its model card, and nothing else.

The files are made here, from a list of names. No file is taken because it lies in a folder: texts of the training never
leave.
"""

from pathlib import Path
from typing import NamedTuple

from textclf.core.errors import RunError
from textclf.core.find_run import find_classifier
from textclf.core.formatting import short_repr
from textclf.core.hub.address import NAME
from textclf.core.run_folder import CARD, RunFolder
from textclf.export.comparison import Comparison
from textclf.export.export import Limits, make, precision_of, run_of
from textclf.export.model_card import CardFields
from textclf.inference.notice import read_beside


class Prepared(NamedTuple):
    """What is to be uploaded."""

    files: dict[str, bytes]  # by name
    precision: str
    comparison: Comparison | None  # none where nothing was made smaller


def check_name(repository: str) -> None:
    """Check that a name is one of a repository.

    Raises:
        RunError: it is not.
    """
    if not NAME.fullmatch(repository):
        raise RunError(f"expected a name of the hub such as owner/name, got {short_repr(repository)}.")


def prepare(
    run: str | Path | RunFolder | None,
    repository: str,
    *,
    precision: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 (it is immutable)
    fields: CardFields = CardFields(),  # noqa: B008
) -> Prepared:
    """Return the files to upload: of a run as `textclf export` makes them, of an exported classifier as they are.

    Args:
        run: as for `textclf.load`.
        repository: owner/name, which the model card names.
        precision: as for `export`.
        limits: as for `export`.
        fields: license and languages, for the model card.

    Raises:
        RunError: as `export`, or the name is none of a repository.

    Example:
        >>> prepared = prepare("reviews", "owner/reviews", fields=CardFields("mit", ["en"]))
        >>> upload(prepared.files, Destination("owner/reviews")).url
        'https://huggingface.co/owner/reviews'
    """
    check_name(repository)
    place = find_classifier(run)
    if run_of(place) is None:
        _check_alone(place, fields)
        precision = precision or "float32"  # only the form is another: its weights stay as they are
    precision = precision_of("folder", precision, limits.size)
    made = make(place, Path(repository.rpartition("/")[2]), precision, limits, fields._replace(repository=repository))
    return Prepared(made.files, str(made.classifier.metadata["precision"]), made.comparison)


def _check_alone(place: Path, fields: CardFields) -> None:
    """Check that the model card of an exported classifier stays: one that is made without the run knows less."""
    if read_beside(place, CARD) and (fields.license or fields.languages):
        raise RunError(
            f"{place}: this classifier has a model card already. Write license and languages into its {CARD}, and "
            "leave out --license and --language; or push its run."
        )
