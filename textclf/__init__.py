"""Train, evaluate and use text classifiers.

    import textclf

    run = textclf.train("configs/toy_en.yaml")
    metrics = textclf.evaluate(run)
    textclf.load(run).predict(["a wonderful film"])

Each name is imported on first use, so that predicting never imports TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors, which cannot follow `__getattr__`
    from textclf.core.errors import TextclfError
    from textclf.evaluation.evaluate import evaluate
    from textclf.evaluation.report.report import write_report
    from textclf.inference.classifier import Classifier, load
    from textclf.inference.explain import explain
    from textclf.sklearn import TextClassifier
    from textclf.training.resume import resume
    from textclf.training.train import train
    from textclf.training.tuning.tune import tune

__version__ = "0.1.0"
__all__ = [
    "Classifier",
    "TextClassifier",
    "TextclfError",
    "evaluate",
    "explain",
    "load",
    "resume",
    "train",
    "tune",
    "write_report",
]

_HOMES = {
    "Classifier": ("textclf.inference.classifier", "Classifier"),
    "TextClassifier": ("textclf.sklearn", "TextClassifier"),
    "TextclfError": ("textclf.core.errors", "TextclfError"),
    "evaluate": ("textclf.evaluation.evaluate", "evaluate"),
    "explain": ("textclf.inference.explain", "explain"),
    "load": ("textclf.inference.classifier", "load"),
    "resume": ("textclf.training.resume", "resume"),
    "train": ("textclf.training.train", "train"),
    "tune": ("textclf.training.tuning.tune", "tune"),
    "write_report": ("textclf.evaluation.report.report", "write_report"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'textclf' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
