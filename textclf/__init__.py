"""Text in, labels out: train, evaluate and use text classifiers.

    import textclf

    run = textclf.train("configs/toy_en.yaml")
    metrics = textclf.evaluate(run)
    textclf.load(run).predict(["a wonderful film"])

Each name is loaded on first use, so that answering never imports TensorFlow.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["Classifier", "TextclfError", "evaluate", "explain", "load", "resume", "train", "write_report"]

_HOMES = {
    "Classifier": ("textclf.classifier", "Classifier"),
    "TextclfError": ("textclf.errors", "TextclfError"),
    "evaluate": ("textclf.evaluation", "evaluate"),
    "explain": ("textclf.explanation", "explain"),
    "load": ("textclf.prediction", "load"),
    "resume": ("textclf.resuming", "resume"),
    "train": ("textclf.training", "train"),
    "write_report": ("textclf.report", "write_report"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'textclf' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
