"""The front matter of a model card: what the hub reads."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from textclf.export.run_facts import RunFacts

DIGITS = 4


class CardFields(NamedTuple):
    """What no run knows and its owner can say."""

    license: str | None = None  # as the hub names them: mit, apache-2.0, cc-by-4.0
    languages: Sequence[str] = ()  # codes of ISO 639: en, zh
    repository: str | None = None  # on the hub: owner/name


def front_matter(name: str, facts: RunFacts | None, fields: CardFields) -> str:
    """Return the YAML that the hub reads. Every value is JSON, which is YAML too."""
    content: dict = {
        "library_name": "textclf",
        "pipeline_tag": "text-classification",
        "tags": ["text-classification", "onnx", "textclf"],
        "metrics": ["accuracy", "f1"],
    }
    if fields.license:
        content["license"] = fields.license
    if fields.languages:
        content["language"] = list(fields.languages)
    if facts:
        values = {"accuracy": facts.metrics["accuracy"], "f1": facts.metrics["f1_macro"]}
        result = {
            "task": {"type": "text-classification", "name": "Text classification"},
            "dataset": {"type": facts.data_name, "name": facts.data_name, "split": facts.split},
            "metrics": [
                {"type": kind, "value": round(value, DIGITS), "name": {"f1": "F1 macro"}.get(kind, kind)}
                for kind, value in values.items()
            ],
        }
        content["model-index"] = [{"name": name, "results": [result]}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items()]
    return "\n".join(["---", *lines, "---", ""])
