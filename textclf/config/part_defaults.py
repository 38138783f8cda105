"""Settings that a network asks of other sections. A pretrained encoder needs its own tokenizer, and small steps.

A network of `ARCHITECTURES` may offer `defaults(settings)`. What the config leaves out then has the value of the
network; an explicit setting wins. The written config of a run has them all.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from textclf.config.ensemble import input_arrays, networks_of
from textclf.core.formatting import short_repr
from textclf.core.options import plain
from textclf.models import ARCHITECTURES


def with_part_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a config, which may be anything, with what its networks ask of other sections."""
    model = data.get("model")
    if not isinstance(model, dict):
        return data
    members = model.get("members")
    if model.get("architecture") == "ensemble" and isinstance(members, list):
        filled = [_with_training(member, data.get("training")) for member in members]
        data = {**data, "model": {**model, "members": filled}}
        networks = [member["model"] for member in filled if _has_section(member, "model")]
        return _with_preprocessing(data, [_defaults_of(network) for network in networks])
    asked = _defaults_of(model)
    if "training" in asked and isinstance(data.get("training", {}), dict):
        data = {**data, "training": {**asked["training"], **data.get("training", {})}}
    return _with_preprocessing(data, [asked])


def part_contradictions(config: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the message for each setting that a network or a tokenizer of a valid config rules out."""
    for network in networks_of(config.model):
        for name, value in _defaults_of(plain(network)).get("preprocessing", {}).items():
            given = getattr(config.preprocessing, name, None)
            if given != value:
                message = f"expected {short_repr(value)}, as the network ({network.architecture}) asks for"
                yield ("preprocessing", name), f"{message}, got {short_repr(given)}"
        if config.preprocessing.reads_windows and "token_ids" in ARCHITECTURES[network.architecture].INPUTS:
            yield from _window_contradictions(network, config.preprocessing)
    if config.data.unlabelled and config.preprocessing.tokenizer == "pretrained" and not _learns_words(config.model):
        message = "expected null, as a pretrained tokenizer learns nothing from texts without labels"
        yield ("data", "unlabelled"), f"{message}, got {short_repr(config.data.unlabelled)}"


def _learns_words(model: Any) -> bool:
    """Return whether a network learns n-grams or word vectors, in addition to what the tokenizer learns."""
    vectors = [network.vectors for network in networks_of(model) if getattr(network, "vectors", None)]
    return "ngram_ids" in input_arrays(model) or any(one.file is None for one in vectors)


def _window_contradictions(network: Any, preprocessing: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what rules out windows, which only the network `encoder` reads as texts of their own."""
    if network.architecture != "encoder":
        message = f"expected head, tail or head_tail, as the network {network.architecture} reads no windows"
        yield ("preprocessing", "long_texts"), f"{message}, got 'windows'"
    elif preprocessing.padding != "right":
        yield ("preprocessing", "padding"), "expected 'right' with long_texts: windows, got 'left'"


def _defaults_of(network: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    name = network.get("architecture")
    module = ARCHITECTURES.get(name) if isinstance(name, str) else None
    return module.defaults(network) if module and hasattr(module, "defaults") else {}


def _with_preprocessing(data: dict[str, Any], asked: list[dict]) -> dict[str, Any]:
    section = data.get("preprocessing", {})
    for settings in (defaults["preprocessing"] for defaults in asked if "preprocessing" in defaults):
        if isinstance(section, dict) and section.get("tokenizer", settings["tokenizer"]) == settings["tokenizer"]:
            section = {**settings, **{name: value for name, value in section.items() if value is not None}}
    return {**data, "preprocessing": section} if section else data


def _with_training(member: Any, training: Any) -> Any:
    """Return a member of an ensemble with the training that its network asks for, if it asks for one."""
    if not _has_section(member, "model"):
        return member
    asked = _defaults_of(member["model"]).get("training")
    own = member.get("training")
    given = (training or {}) if own is None else own
    if asked is None or not isinstance(given, dict):
        return member
    return {**member, "training": {**asked, **given}}


def _has_section(settings: Any, name: str) -> bool:
    return isinstance(settings, dict) and isinstance(settings.get(name), dict)
