"""`textclf new`: write a config for a file of labelled texts, with a comment explaining every value."""

import logging
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from textclf.config import recipe, starter_sections
from textclf.config.commented_yaml import commented_line
from textclf.config.gather_facts import gather_facts
from textclf.config.recipe import MOSTLY, Facts, Line
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError, DataError, WriteError
from textclf.core.files import expand_home
from textclf.core.formatting import counted, escape_control, first_shown, short_repr
from textclf.core.options import checked, fields_of
from textclf.core.output_file import output_file, would_replace
from textclf.data.blank_texts import drop_blank_texts
from textclf.data.dataset import DataOptions, Dataset, parse_labels, read_dataset
from textclf.data.english import is_english
from textclf.data.label_lists import is_multi_hot
from textclf.data.readers.options import ReadingOptions
from textclf.data.separators import find_separator
from textclf.data.sniffing import SniffedFile, SniffingArguments, have_sheet, read_sniffed, sniff
from textclf.data.splitting import split
from textclf.data.unlabelled import read_unlabelled

log = logging.getLogger(__name__)
SEED = 42
LANGUAGE_ROWS = 1_000  # of which the language is found
ENGLISH, CHINESE, MULTILINGUAL = "minilm", "BAAI/bge-small-zh-v1.5", "intfloat/multilingual-e5-small"  # encoders


class Sources(NamedTuple):
    """Files, each a path, a pattern or a folder."""

    train: str
    test: str | None = None  # of the same form, for the final metrics
    unlabelled: str | None = None  # texts without labels, from which n-grams and their vectors are learned, too


def write_starter(
    config: str | Path,
    sources: str | Sources,
    *,
    time: str = "usual",
    encoder: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Path:
    """Write a config for a file of labelled texts. An existing config is never overwritten.

    Args:
        sources, time, encoder, reading: as for `starter_config`.

    Raises:
        WriteError: the config exists already, or cannot be written.
        DataError: as `starter_config`.
    """
    path = Path(expand_home(str(config)))
    _check_new(path)
    content = starter_config(sources, name=str(path), time=time, encoder=encoder, reading=reading)
    _check_new(path)  # the inspection of a large file takes a while
    with output_file(path) as stream:
        stream.write(content)
    return path


def _check_new(path: Path) -> None:
    if would_replace(path):
        raise WriteError(f"{path}: this file exists already. Choose another name, or remove it.")


def starter_config(
    sources: str | Sources,
    *,
    name: str = "config.yaml",
    time: str = "usual",
    encoder: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> str:
    """Return a config for a file of labelled texts.

    Args:
        sources: the files, or only those of the labelled texts.
        name: of the config, for the command in its first lines.
        time: a key of `recipe.TIMES`: more time for more networks.
        encoder: a pretrained encoder to use, as `model.weights`.
        reading: settings of `SniffingArguments` that are not detected: those of `ReadingOptions`, `text_column` and
            `label_column`.

    Raises:
        DataError: a file that cannot be read, or that no classifier can be trained on.
        ConfigError: the encoder cannot be used, or there are unlabelled texts beside it.
    """
    train, test, unlabelled = sources = Sources(sources) if isinstance(sources, str) else sources
    for source in sources:
        _check_file_name(source or "")
    if unlabelled and encoder:
        raise ConfigError("unlabelled: expected no encoder beside it, which is pretrained already. Omit one of them.")
    reading = reading or {}
    found, raw, dataset, separator = _labelled_texts(train, reading)
    more = _unlabelled_texts(sources, found, dataset) if unlabelled else None
    facts = gather_facts(dataset, time, more, many=separator is not None, own_tokenizer=encoder is None)
    split(facts.dataset, facts.size.validation, SEED)  # raises now what a training would raise
    if test is not None:
        if "sheet" not in reading and found.reading.sheet and not have_sheet(test, found.reading):
            found = found._replace(reading=replace(found.reading, sheet=None))
        parse_labels(read_dataset(test, found.columns, found.reading), separator)
    sections = {
        "data": starter_sections.data(sources, found, facts, raw),
        **_recipe(facts, separator, encoder),
    }
    about = f"{counted(len(facts.dataset), 'row')}, {counted(len(facts.targets.labels), 'label')}"
    log.info("%s", starter_sections.chosen(found, about))
    head = [
        f"# Written by `textclf new` for {escape_control(train)}: {about}. Every setting: docs/configuration.md",
        f"#   textclf train {escape_control(shlex.quote(name))}",
        f"seed: {SEED}",
    ]
    return "\n".join([*head, *_written(sections)]) + "\n"


def _labelled_texts(data: str, given: Mapping[str, Any]) -> tuple[SniffedFile, Dataset, Dataset, str | None]:
    """Return the form of a file, its rows, its texts with labels, and the separator of several labels a text."""
    found = sniff(data, checked(SniffingArguments, given), given)
    raw, found = read_sniffed(data, found, given)
    separator = find_separator(raw.labels)
    dataset = drop_blank_texts(parse_labels(raw, separator))
    if len({frozenset(category) for category in dataset.labels.categories}) == 1 and separator:
        log.warning(
            "%s: every row has the same labels (%s), so a classifier learns nothing: check label_column",
            data,
            first_shown(map(short_repr, sorted(dataset.labels.count()))),
        )
    one_hot = separator is not None and _is_one_hot(found, raw, dataset)
    return found, raw, dataset, None if one_hot else separator


def _unlabelled_texts(sources: Sources, found: SniffedFile, dataset: Dataset) -> pa.LargeStringArray | None:
    reading = {name: getattr(found.reading, name) for name in fields_of(ReadingOptions)}
    text_column = found.columns.text_column
    options = DataOptions(**reading, train=sources.train, unlabelled=sources.unlabelled, text_column=text_column)
    return read_unlabelled(options, {"train": dataset})


def _written(sections: Mapping[str, Iterable[Line]]) -> list[str]:
    """Return the lines of a config, each setting with its comment."""
    lines = []
    for section, settings in sections.items():
        lines += [f"{section}:", *(commented_line(*setting) for setting in settings)]
    return lines


def recommended_settings(dataset: Dataset, separator: str | None, encoder: str | None = None) -> dict[str, Any]:
    """Return the settings that `textclf new` writes for labelled texts, without those of files.

    Args:
        dataset: with its labels parsed.
        separator: between the labels of a text; `None` if each has exactly one.
        encoder: a pretrained encoder to use, as `model.weights`.

    Raises:
        ConfigError: the encoder cannot be used.
        DataError: no classifier can be trained on these texts.
    """
    facts = gather_facts(drop_blank_texts(dataset), many=separator is not None, own_tokenizer=encoder is None)
    lines = [f"data:\n  validation: {facts.size.validation}", *_written(_recipe(facts, separator, encoder))]
    return parse_yaml("\n".join(lines)).data


def _recipe(facts: Facts, separator: str | None, encoder: str | None) -> dict[str, list[Line]]:
    targets = starter_sections.targets(facts, separator)
    if encoder is not None:
        from textclf.config.encoder_recipe import encoder_facts, sections  # without an encoder, nothing of it is needed

        return {"targets": targets, **sections(facts, encoder_facts(encoder, facts.dataset))}
    if facts.few and not facts.unlabelled:
        log.info("so few labelled texts learn much from texts without labels: add --unlabelled FILE if you have some")
    if facts.time != "quick" and (suggested := _suggested_encoder(facts)):
        log.info("a pretrained encoder is usually more accurate and slower: add --encoder %s", suggested)
    parts = (recipe.preprocessing, recipe.model, recipe.training)
    others = {part.__name__: part(facts) for part in parts}
    return {"targets": [*targets, *starter_sections.class_weights(facts)], **others}


def _suggested_encoder(facts: Facts) -> str | None:
    """Return an encoder for the language of the texts; None for scripts that few encoders know."""
    if facts.scripts.get("Han", 0) >= MOSTLY:
        return CHINESE
    if next(iter(facts.scripts), "other") == "other":
        return None
    return ENGLISH if is_english(facts.dataset.sample(LANGUAGE_ROWS).texts) else MULTILINGUAL


def _check_file_name(path: str) -> None:
    """Reject a file name that is not text. Linux allows any bytes; a config is UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{escape_control(path)}: expected a file name that a config can hold, got bytes that are not "
            "UTF-8. Rename the file."
        ) from None


def _is_one_hot(found: SniffedFile, raw: Dataset, parsed: Dataset) -> bool:
    """Return whether a 0 or 1 for every label says of every text which label it has."""
    marked = len(found.columns.label_columns) > 1 or (raw.labels.lists and is_multi_hot(raw.labels.categories))
    return marked and all(len(category) == 1 for category in parsed.labels.categories)
