"""The form `web`: a classifier folder that a browser runs by itself, with the tokenizers in JavaScript.

The JavaScript lies in `web/` and is the same for every classifier. What depends on the version of Unicode is written
out of this Python as `unicode.json`, so that both split every text alike. ONNX Runtime Web comes from npm.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from textclf import __version__
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.core.text_column import text_array
from textclf.data.costs import cost_matrix
from textclf.export.web_pretrained import pretrained_tables
from textclf.inference.classifier import Classifier
from textclf.inference.classifier_files import tokenizer_name
from textclf.preprocessing.normalization import PLACEHOLDERS, REMOVED
from textclf.preprocessing.unicode_classes import CODE_POINTS, SELECTORS, SPACES, WORD, classes_of

TOKENIZERS = ("word", "character", "byte_pair", "unigram", "pretrained")  # those in web/tokenizers.js and pretrained.js
SURROGATES = range(0xD800, 0xE000)
SCRIPTS = Path(__file__).parent / "web"
RUNTIME = {"onnxruntime-web": "^1.22.0"}
LIBRARY = {"@huggingface/tokenizers": "^0.2.0"}  # for the tokenizer `pretrained`


def web_files(classifier: Classifier, name: str, run: RunFolder | None = None) -> dict[str, bytes]:  # noqa: ARG001
    """Return the files that a browser needs beside those of the classifier, by name.

    Raises:
        RunError: the classifier has a tokenizer that is not ported, or reads windows.
    """
    preprocessor = classifier.preprocessor
    tokenizer = preprocessor.options.tokenizer if "token_ids" in preprocessor.names else None
    if tokenizer is not None and tokenizer not in TOKENIZERS:
        raise RunError(
            f"--format web: expected a tokenizer of {', '.join(TOKENIZERS)}, got '{tokenizer}'. Train with another one."
        )
    if tokenizer and preprocessor.options.reads_windows:
        raise RunError(
            "--format web: expected head, tail or head_tail for preprocessing.long_texts, got windows. Train again."
        )
    made = {path.name: path.read_bytes() for path in sorted(SCRIPTS.iterdir())}
    unicode, packages = unicode_tables(), RUNTIME
    if tokenizer == "pretrained":
        unicode["pretrained"] = pretrained_tables(preprocessor.state["tokenizer"])
        packages = {**RUNTIME, **LIBRARY}
    return {
        **made,
        "unicode.json": _json(unicode),
        "decision.json": _json(_decision(classifier)),
        "package.json": _json(_package(name, packages), indent=2),
    }


def unicode_tables() -> dict[str, Any]:
    """Return what the tokenizers know of Unicode: ranges of code points (first, behind the last), and foldings."""
    points = [point for point in range(CODE_POINTS) if point not in SURROGATES]
    characters = text_array(map(chr, points))
    folded = {chr(point): chr(point).casefold() for point in points}
    return {
        "words": _ranges(np.flatnonzero(classes_of(np.arange(CODE_POINTS)) == WORD)),
        "letters": _ranges(_matching(points, characters, r"[\p{L}\p{M}\p{N}]")),
        "digits": _ranges(_matching(points, characters, r"\p{Nd}")),
        "unassigned": _ranges(point for point in points if unicodedata.category(chr(point)) == "Cn"),
        "spaces": list(SPACES),
        "selectors": list(SELECTORS),
        "casefold": {character: small for character, small in folded.items() if small != character},
        "invisible": REMOVED.pattern,
        "urls": PLACEHOLDERS["replace_urls"][0].removeprefix("(?i)"),
    }


def _matching(points: list[int], characters: pa.LargeStringArray, pattern: str) -> Iterable[int]:
    import pyarrow.compute as pc

    found = pc.match_substring_regex(characters, pattern)
    return (point for point, matches in zip(points, found.to_pylist(), strict=True) if matches)


def _ranges(points: Iterable[int]) -> list[list[int]]:
    """Return ascending code points as ranges: the first, and the one behind the last."""
    array = np.fromiter(points, np.int64)
    breaks = np.flatnonzero(np.diff(array) != 1)
    starts, ends = array[np.append(0, breaks + 1)], array[np.append(breaks, len(array) - 1)]
    return [[int(start), int(end) + 1] for start, end in zip(starts, ends, strict=True)]


def _decision(classifier: Classifier) -> dict[str, Any]:
    """Return labels and decision as the JavaScript reads them, and which file the tokenizer is."""
    decision, targets = classifier.decision, classifier.targets
    costs = cost_matrix(decision.costs, targets.labels).tolist() if decision.costs else None
    thresholds = list(decision.thresholds) if decision.thresholds else None
    return {
        "type": targets.type,
        "labels": targets.labels,
        "thresholds": thresholds,
        "costs": costs,
        "abstain_below": decision.abstain_below,
        "tokenizer": tokenizer_name(classifier.metadata["files"]),
    }


def _package(name: str, packages: dict[str, str]) -> dict[str, Any]:
    return {
        "name": re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "classifier",
        "version": "1.0.0",
        "description": name,
        "type": "module",
        "main": "index.js",
        "types": "index.d.ts",
        "exports": {".": {"types": "./index.d.ts", "default": "./index.js"}, "./*": "./*"},
        "dependencies": packages,
        "private": True,
        "textclf": __version__,
    }


def _json(content: Any, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    return f"{json.dumps(content, ensure_ascii=False, indent=indent, separators=separators)}\n".encode()
