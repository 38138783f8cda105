"""The last step of a training: check that ONNX Runtime predicts what Keras does, and measure the classifier."""

import logging
from typing import NamedTuple

import numpy as np

from textclf.core.errors import TrainingError
from textclf.core.run_folder import RunFolder
from textclf.data.dataset import Dataset
from textclf.evaluation.calibration import before_temperature
from textclf.evaluation.evaluate import write_evaluation
from textclf.evaluation.metrics import measure
from textclf.inference.classifier import Classifier
from textclf.preprocessing.ragged import RaggedArrays
from textclf.training.encoded_dataset import EncodedDataset

log = logging.getLogger(__name__)
MEASURED_OF_TRAIN = 100_000  # evenly spaced rows: enough to compare train with validation
LARGEST_DIFFERENCE = 1e-4  # between the probabilities of Keras and of ONNX Runtime
CALIBRATION_ERROR = "expected_calibration_error"


class HeldOut(NamedTuple):
    """The predictions for the validation texts of networks that were not fitted to them; a refit changes neither."""

    probabilities: np.ndarray  # (texts, labels)
    temperature: float  # divides the logits


def check_against_keras(classifier: Classifier, arrays: RaggedArrays, keras_probabilities: np.ndarray) -> float:
    """Return the largest difference between the classifier's probabilities and those of the trained network.

    Raises:
        TrainingError: it is too large to trust the classifier.
    """
    difference = float(np.abs(classifier.predict_encoded(arrays) - keras_probabilities).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise TrainingError(
            f"the classifier's probabilities differ from the trained network's by up to {difference:.2g}, more than "
            f"{LARGEST_DIFFERENCE:g}: the classifier cannot be trusted. Please report this with the run's config.yaml."
        )
    return difference


def write_final_metrics(
    folder: RunFolder,
    classifier: Classifier,
    splits: dict[str, Dataset],
    encoded: dict[str, EncodedDataset],
    held_out: HeldOut,
) -> None:
    """Write the metrics of each split, and the predictions for test, or for validation where there is no test."""
    metrics = {}
    for name in splits:
        split = encoded[name]
        if name == "train" and len(split.classes) > MEASURED_OF_TRAIN:
            split = split.take(np.arange(MEASURED_OF_TRAIN) * len(split.classes) // MEASURED_OF_TRAIN)
        of_split = held_out.probabilities if name == "validation" else classifier.predict_encoded(split.arrays)
        metrics[name] = measure(split.classes, of_split, classifier.targets, classifier.decision)
        metrics[name]["before_calibration"] = _before_calibration(
            classifier, split.classes, of_split, held_out.temperature
        )
    _log_calibration(metrics["validation"], held_out.temperature)
    _log_thresholds(classifier)
    _warn_if_one_class(classifier, metrics["validation"], held_out.probabilities)
    last = list(splits)[-1]  # test, or validation
    write_evaluation(folder.path, classifier, splits[last], of_split, metrics)


def _before_calibration(
    classifier: Classifier, classes: np.ndarray, probabilities: np.ndarray, temperature: float
) -> dict[str, float]:
    """Return the metrics that the uncalibrated probabilities would have, where they differ."""
    before = before_temperature(probabilities, temperature, multilabel=classifier.targets.multilabel)
    metrics = measure(classes, before, classifier.targets, classifier.decision)
    return {name: metrics[name] for name in ("log_loss", "brier_score", CALIBRATION_ERROR)}


def _log_calibration(validation: dict, temperature: float) -> None:
    before, after = validation["before_calibration"][CALIBRATION_ERROR], validation[CALIBRATION_ERROR]
    log.info("calibration: temperature %.3f; validation calibration error %.4f -> %.4f", temperature, before, after)


def _log_thresholds(classifier: Classifier) -> None:
    thresholds = classifier.decision.thresholds or ()
    if len(thresholds) == 1:
        log.info("threshold: %s %.4f", classifier.labels[1], thresholds[0])
    elif thresholds:
        log.info("thresholds: %d labels, %.4f–%.4f", len(thresholds), min(thresholds), max(thresholds))


def _warn_if_one_class(classifier: Classifier, validation: dict, probabilities: np.ndarray) -> None:
    """Warn if all predictions are the same; accuracy can look good then."""
    predicted = set(classifier.decode(probabilities))
    rows = {label: figures["support"] for label, figures in validation["by_class"].items()}
    if len(predicted) == 1 and validation["rows"] not in rows.values():
        shares = ", ".join(f"{label} {count / validation['rows']:.1%}" for label, count in rows.items())
        log.warning(
            "the classifier predicts '%s' for every validation text (true labels: %s); it has learned nothing. Try "
            "more epochs, another learning rate, or targets.class_weights, and run textclf check.",
            classifier.targets.joined(predicted.pop()), shares,
        )  # fmt: skip
