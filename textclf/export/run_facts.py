"""What a run knows of its classifier, for the model card."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from textclf.core.errors import RunError
from textclf.core.options import plain
from textclf.core.run_folder import RunFolder
from textclf.core.text_column import text_array
from textclf.data.dataset import DataOptions
from textclf.data.in_memory import IN_MEMORY
from textclf.data.writing_systems import count_characters, script_shares
from textclf.evaluation.compare import confidence_intervals
from textclf.evaluation.metrics import confusion_matrix, largest_confusions
from textclf.evaluation.predictions_file import Predictions, read_predictions
from textclf.evaluation.report.scores import slice_metric, slice_scores
from textclf.inference.classifier import Classifier

SMALLEST_SHARE = 0.001  # of a writing system that is named
FEW_TEXTS = 20  # of a label
MOST_CONFUSIONS = 10
SIZES = {"units": "{} units", "filters": "{} filters", "embedding_dim": "dimension {}", "num_layers": "{} layers"}


class RunFacts(NamedTuple):
    """What a model card says of a run."""

    architecture: str
    files: list[tuple[str, str]]  # names, and SHA-256
    data_name: str  # of the evaluated texts
    rows: dict[str, int]  # by split
    multilabel: bool
    split: str  # that was evaluated: test, or validation
    metrics: dict[str, Any]  # of that split, as in metrics.json
    sampled: int  # number of its texts that the fields from here to `confusions` are about
    intervals: dict[str, tuple[float, float, float]]
    scripts: dict[str, float]
    slices: dict[str, list[tuple[str, int, float]]]
    slice_metric: str
    confusions: list[tuple[str, str, int]]
    small_labels: list[str]
    temperature: float
    refit: bool
    seed: object
    version: str
    date: str


def run_facts(run: RunFolder, classifier: Classifier) -> RunFacts:
    """Return what a finished run knows.

    Raises:
        RunError: a file of the run is missing or damaged.
    """
    from textclf.config.run_config import read_run_config

    about, metrics, config = run.read_metadata(), run.read_metrics(), read_run_config(run)
    predictions = read_predictions(run, classifier)
    try:
        of_split = metrics[predictions.split]
        scripts = script_shares(count_characters(text_array(predictions.texts)))
        files = about["data_sha256"]
        small = [label for label, of in of_split["by_class"].items() if of["support"] < FEW_TEXTS]
        return RunFacts(
            _architecture(plain(config.model), about.get("networks", {})),
            list(zip(_names(list(files)), map(str, files.values()), strict=True)),
            _data_name(config.data, predictions.split),
            {split: of["rows"] for split, of in metrics.items()},
            classifier.targets.multilabel,
            predictions.split,
            of_split,
            len(predictions),
            confidence_intervals(predictions),
            {script: share for script, share in scripts.items() if share >= SMALLEST_SHARE},
            slice_scores(predictions, classifier),
            slice_metric(predictions),
            _confusions(predictions, classifier),
            small,
            float(about["temperature"]),
            bool(about.get("refit")),
            about.get("seed"),
            str(about["versions"]["textclf"]),
            re.sub(r"[^0-9-]", "", str(about["started"])[:10]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunError(f"{run.path}: run.json or metrics.json is damaged: {error!r:.100}. Train again.") from None


def _architecture(model: dict, networks: dict) -> str:
    """Return the networks in words, with the weights of an ensemble."""
    members = [member["model"] for member in model["members"]] if "members" in model else [model]
    weights = [f", weight {network['weight']}" if len(members) > 1 else "" for network in networks.values()]
    weights += [""] * (len(members) - len(weights))
    parts = []
    for member, weight in zip(members, weights, strict=False):
        sizes = [text.format(member[name]) for name, text in SIZES.items() if member.get(name) is not None]
        parts.append(f"`{member['architecture']}` ({', '.join(sizes) or 'linear'}{weight})")
    return f"{'ensemble of ' if len(parts) > 1 else ''}{' and '.join(parts)}"


def _names(files: list[str]) -> list[str]:
    """Return the names of files without their folders; with the last folder where several have one name."""
    counts = Counter(Path(file).name for file in files)
    return [_with_folder(file) if counts[Path(file).name] > 1 else Path(file).name for file in files]


def _data_name(data: DataOptions, split: str) -> str:
    """Return the name of the data set: that of the evaluated file, or else of the training file, with its folder."""
    name, source = ("test", data.test) if split == "test" and data.test else ("train", data.train)
    first = source if isinstance(source, str) else source[0]
    return f"{name} {first}" if first == IN_MEMORY else _with_folder(first)


def _with_folder(file: str) -> str:
    path = Path(file)
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def _confusions(predictions: Predictions, classifier: Classifier) -> list[tuple[str, str, int]]:
    """Return the most frequent pairs of true and predicted label; none of a multi-label classifier."""
    if classifier.targets.multilabel:
        return []
    labels = classifier.labels
    cells = confusion_matrix(predictions.truth, predictions.predicted, len(labels))
    return [(labels[true], labels[other], count) for true, other, count in largest_confusions(cells, MOST_CONFUSIONS)]
