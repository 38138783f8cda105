"""Export a classifier: make it smaller, measure what that changes, and write it in the form that somebody needs."""

import logging
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textclf.core.errors import RunError, WriteError
from textclf.core.files import expand_home, parse_json, to_json
from textclf.core.find_run import find_classifier
from textclf.core.formatting import percent, short_repr
from textclf.core.run_folder import CARD, LICENSE, NOTICE, RunFolder
from textclf.data.dataset import Dataset
from textclf.data.in_memory import IN_MEMORY
from textclf.data.loading import read_splits
from textclf.data.readers.sources import expand
from textclf.evaluation.evaluate import changed_file, labelled_texts
from textclf.export.comparison import Comparison, compare
from textclf.export.formats import FORMATS, name_of
from textclf.export.model_card import CardFields, model_card
from textclf.export.pruning import prune_to_size
from textclf.export.quantization import quantize
from textclf.export.wheel import name_and_version, package_name
from textclf.inference.classifier import Classifier, build_classifier, load_classifier
from textclf.inference.classifier_files import METADATA, MODEL, classifier_files, read_classifier, read_metadata
from textclf.inference.notice import read_beside
from textclf.preprocessing.preprocessor import Preprocessor

if TYPE_CHECKING:
    import onnx

log = logging.getLogger(__name__)
MOST_CHANGED = 2.0  # percent of the answers
WRITTEN_ANEW = {"files", "format_version", "textclf_version"}  # of classifier.json
NAME_TEXTS = "Name labelled texts with --data FILE (in Python: limits=Limits(data=FILE))."
DIGESTED = ("train", "validation", "test")


class Limits(NamedTuple):
    """How small a classifier has to be, and how much that may change."""

    size: float | None = (
        None  # megabytes (of 1,000,000 bytes) of model, tokenizer and labels; n-grams are left out for it
    )
    most_changed: float = MOST_CHANGED  # percentage of predictions that may change
    data: str | Path | None = None  # labelled texts to compare on instead of the validation texts


class Exported(NamedTuple):
    """A written classifier."""

    path: Path
    precision: str
    comparison: Comparison | None  # none where nothing was made smaller


class Made(NamedTuple):
    """The files of a classifier that is to be written."""

    files: dict[str, bytes]
    classifier: Classifier
    comparison: Comparison | None


def export(
    run: str | Path | RunFolder | None = None,
    *,
    format: str = "zip",
    precision: str | None = None,
    output: str | Path | None = None,
    limits: Limits = Limits(),  # noqa: B008 (it is immutable)
    fields: CardFields = CardFields(),  # noqa: B008
) -> Exported:
    """Write the classifier of a run in another form, with a model card.

    With a precision below float32 it is compared with the original first, on the validation texts of the run.

    Args:
        run: as for `textclf.load`.
        format: a key of `FORMATS`.
        precision: of the tables of the model, one of `quantization.PRECISIONS`; by default int8, with a size int4, and
            float32 for the formats of Keras, which have no other.
        output: the path to write; by default the name of the run with the precision, in the working directory.
        limits: how small the classifier has to be, and how much that may change.
        fields: license and languages, for the model card.

    Raises:
        RunError: there is no such run, its validation texts are gone or have changed, or too many answers change.
        WriteError: the path exists or cannot be written.

    Example:
        >>> export("runs/latest", format="zip", precision="int8").path
        PosixPath('reviews-int8.zip')
    """
    if format not in FORMATS:
        raise RunError(f"format: expected one of {', '.join(FORMATS)}, got {short_repr(format)}.")
    place = find_classifier(run)
    precision = precision_of(format, precision, limits.size)
    # Weights that are stored in fewer bits stay so if only the form is to be another.
    stored = str(read_metadata(place).get("precision", precision)) if precision == "float32" else precision
    path = Path(expand_home(str(output))) if output else Path(_default_name(place, format, stored, limits.size))
    if path.exists() or path.is_symlink():
        raise WriteError(f"{path}: exists. Remove it, or choose another path with --output.")
    if format == "wheel":
        name_and_version(path)  # an error before everything is measured
    if format == "zip" and path.suffix.lower() != FORMATS[format].ending:
        raise RunError(
            f"{path}: expected a name with .zip at its end, which commands tell a zip file by. Choose {path}.zip"
        )
    made = make(place, path, precision, limits, fields)
    files = made.files
    if more_files := FORMATS[format].more_files:
        run_folder = run_of(place)
        files = files | more_files(made.classifier, run_folder.path.name if run_folder else name_of(place), run_folder)
    try:
        FORMATS[format].write(path, files)
    except FileExistsError:
        raise WriteError(f"{path}: exists. Remove it, or choose another path with --output.") from None
    return Exported(path, stored, made.comparison)


def make(place: Path, path: Path, precision: str, limits: Limits, fields: CardFields) -> Made:
    """Return the files of a classifier in a precision, with its model card.

    Args:
        place: the classifier folder or zip file, as of `find_classifier`.
        path: what it will be, for its name.
        precision: as for `export`, and so are the others.
    """
    _check_limits(limits)
    original, files = load_classifier(place), read_classifier(place)
    made, comparison = _written_anew(original, files[MODEL], original.preprocessor), None
    if precision != "float32" or limits.size is not None or limits.data is not None:
        made, comparison = _smaller(original, files, _texts(original, place, limits.data), precision, limits.size)
        check_changes(comparison, limits.most_changed, precision)
    about = parse_json(made[METADATA])
    if precision != "float32" or "precision" not in about:
        about["precision"] = precision
    if comparison is not None:
        about["comparison"] = comparison.to_dict()
    made = {**made, METADATA: to_json(about)}
    classifier = build_classifier(made, path)
    own_card = read_beside(place, CARD) if comparison is None else b""
    made[CARD] = _card(classifier, run_of(place), fields, own_card)
    made |= {name: content for name in (LICENSE, NOTICE) if (content := read_beside(place, name))}
    return Made(made, classifier, comparison)


def precision_of(format: str, precision: str | None, size: float | None) -> str:
    """Return the precision that was asked for, or the default of the format.

    Raises:
        RunError: the format has no lower precision than float32.
    """
    if FORMATS[format].full_precision:
        if precision not in (None, "float32") or size is not None:
            raise RunError(f"--format {format}: expected --precision float32 and no --size. Leave both out.")
        return "float32"
    return precision or ("int8" if size is None else "int4")


def card(run: str | Path | RunFolder | None = None, fields: CardFields = CardFields()) -> str:  # noqa: B008
    """Return the model card of a run, a classifier folder or its zip file.

    Raises:
        RunError: there is no such run, or a file of it is damaged.
    """
    place = find_classifier(run)
    return _card(load_classifier(place), run_of(place), fields, read_beside(place, CARD)).decode("utf-8", "replace")


def _card(classifier: Classifier, run: RunFolder | None, fields: CardFields, own: bytes) -> bytes:
    """Return a model card; without a run and with nothing to add the one that the classifier has: it knows more."""
    if run is None and own and not (fields.license or fields.languages):
        return own
    return model_card(classifier, run, fields).encode()


def check_changes(comparison: Comparison, most_changed: float, precision: str) -> None:
    """Check that not too many answers change.

    Raises:
        RunError: they do.
    """
    if comparison.changed_share * 100 > most_changed:
        raise RunError(
            f"--precision {precision}: expected at most {most_changed:g} % changed predictions, got "
            f"{percent(comparison.changed_share)} ({comparison.changed} of {comparison.rows} texts). Choose a higher "
            "precision, or allow more with --most-changed. Nothing was written."
        )


def _check_limits(limits: Limits) -> None:
    for option, value in (("--size", limits.size), ("--most-changed", limits.most_changed)):
        if value is not None and not isfinite(value):
            raise RunError(f"{option}: expected a number, got {value:g}. Nothing was written.")


def _smaller(
    original: Classifier, files: Mapping[str, bytes], texts: tuple[Dataset, str], precision: str, size: float | None
) -> tuple[dict[str, bytes], Comparison]:
    """Return the files of a smaller classifier, and what that changes.

    Args:
        texts: to compare on, and what to call them.
    """
    before = original.metadata.get("precision", "float32")
    if before != "float32":
        raise RunError(f"expected a classifier of float32, but this one has {before!s:.20}. Export the run.")
    from onnx import load_model_from_string

    dataset, source = texts
    model, preprocessor = load_model_from_string(files[MODEL]), original.preprocessor
    entries: dict[str, object] = {"precision": precision}

    def made_of(model: "onnx.ModelProto", preprocessor: Preprocessor) -> dict[str, bytes]:
        return _written_anew(original, quantize(model, precision).SerializeToString(), preprocessor, entries)

    def size_of(model: "onnx.ModelProto", preprocessor: Preprocessor) -> int:
        made = made_of(model, preprocessor)
        return sum(len(content) for name, content in made.items() if name != METADATA)

    if size is not None:
        pruned = prune_to_size(model, preprocessor, dataset.texts, size_of, int(size * 1e6))
        model, preprocessor = pruned.model, pruned.preprocessor
        entries["ngrams"] = {"kept": pruned.kept, "total": pruned.total}
    made = made_of(model, preprocessor)
    return made, compare(original, build_classifier(made, Path(source)), dataset, source)


def _written_anew(
    original: Classifier, model: bytes, preprocessor: Preprocessor, entries: Mapping[str, object] | None = None
) -> dict[str, bytes]:
    """Return the files of a classifier in the newest format, with another model and preprocessor.

    Args:
        entries: further ones of `classifier.json`.
    """
    kept = {name: value for name, value in original.metadata.items() if name not in WRITTEN_ANEW}
    return classifier_files(model, preprocessor, original.targets, original.decision, {**kept, **(entries or {})})


def _texts(classifier: Classifier, place: Path, data: str | Path | None) -> tuple[Dataset, str]:
    """Return labelled texts to compare on, and what to call them."""
    if data is not None:
        return labelled_texts(classifier, data, {}, {}), Path(data).name
    run = run_of(place)
    if run is None:
        raise RunError(f"{place}: there is no run to take validation texts from. {NAME_TEXTS}")
    seen = " (the classifier was fitted on these texts)" if run.read_metadata().get("refit") else ""
    return validation_texts(run), f"validation{seen}"


def validation_texts(run: RunFolder) -> Dataset:
    """Read the validation texts of a run, split from its training file as in the training.

    Raises:
        RunError: a file has changed since.
        DataError: a file is missing.
    """
    from textclf.config.run_config import read_run_config

    config = read_run_config(run)
    if config.data.train == IN_MEMORY:
        raise RunError(f"{run.path}: its training data were in memory. {NAME_TEXTS}")
    sources = [getattr(config.data, name) for name in DIGESTED]
    named = [source for source in sources if source is not None and not isinstance(source, float)]
    for source in named:
        if changed := changed_file(run, expand(source, config.data)):
            raise RunError(
                f"{changed}: has changed since the training (its checksum is not in run.json), so the validation texts "
                f"are unknown. {NAME_TEXTS}"
            )
    splits, _ = read_splits(config.data, config.targets, config.seed)
    return splits["validation"]


def run_of(place: Path) -> RunFolder | None:
    """Return the run that a classifier folder belongs to, if there is one."""
    place = place.absolute()
    run = RunFolder(place.parent)
    return run if place.name == run.classifier.name and run.metadata.exists() else None


def _default_name(place: Path, format: str, precision: str, size: float | None) -> str:
    run = run_of(place)
    name = run.path.name if run else name_of(place)
    if format == "wheel":  # its name is that of the package
        return f"{package_name(name)}{FORMATS[format].ending}"
    name = name.removesuffix(f"-{precision}")  # of an export, of which only the form is to be another
    return f"{name}-{precision if size is None else f'{size:g}mb'}{FORMATS[format].ending}"
