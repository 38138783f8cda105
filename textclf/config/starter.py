"""`textclf new`: write a config for a file of labelled texts, with a comment explaining every value."""

import logging
import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.config import recipe, starter_sections
from textclf.config.commented_yaml import commented_line
from textclf.config.recipe import MOSTLY, Facts, Line
from textclf.config.yaml import parse_yaml
from textclf.core.errors import DataError, WriteError
from textclf.core.files import expand_home
from textclf.core.formatting import counted, escape_control, first_shown, short_repr
from textclf.core.options import checked
from textclf.core.output_file import output_file, would_replace
from textclf.data.blank_texts import drop_blank_texts
from textclf.data.dataset import Dataset, parse_labels, read_dataset
from textclf.data.english import is_english
from textclf.data.label_lists import is_multi_hot
from textclf.data.separators import find_separator
from textclf.data.sniffing import SniffedFile, SniffingArguments, have_sheet, read_sniffed, sniff
from textclf.data.splitting import split
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.data.writing_systems import WITHOUT_SPACES, count_characters, script_shares
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.tokenizers import byte_pair, word
from textclf.preprocessing.vocabulary import count_tokens

log = logging.getLogger(__name__)
SEED = 42
SAMPLE_ROWS, LANGUAGE_ROWS = 100_000, 1_000  # whose texts are inspected, for all facts and for the language
PIECE_ROWS = 20_000  # of which pieces of words are learned
# Thai and others have no spaces for `word` to split at. Korean words have so many endings that most are rare. Chinese
# characters are words.
IN_PIECES = ("Hangul", *(script for script in WITHOUT_SPACES if script != "Han"))
MUCH_OF_A_SCRIPT = 0.3  # of all letters
# The share of words that occur once among 20,000: 2 to 16 % in 21 English data sets, 10 to 17 % in ten other languages,
# 24 % in Swahili, 26 to 28 % in Russian and Arabic, 35 % in Amharic, 39 % in Korean (docs/experiments.md).
RARE_WORDS, COUNTED_WORDS = 0.2, 20_000
ENGLISH, CHINESE, MULTILINGUAL = "minilm", "BAAI/bge-small-zh-v1.5", "intfloat/multilingual-e5-small"  # encoders


def write_starter(
    config: str | Path,
    data: str,
    test: str | None = None,
    *,
    time: str = "usual",
    encoder: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Path:
    """Write a config for a file of labelled texts. An existing config is never overwritten.

    Args:
        data, test, time, encoder, reading: as for `starter_config`.

    Raises:
        WriteError: the config exists already, or cannot be written.
        DataError: as `starter_config`.
    """
    path = Path(expand_home(str(config)))
    _check_new(path)
    content = starter_config(data, test, name=str(path), time=time, encoder=encoder, reading=reading)
    _check_new(path)  # the inspection of a large file takes a while
    with output_file(path) as stream:
        stream.write(content)
    return path


def _check_new(path: Path) -> None:
    if would_replace(path):
        raise WriteError(f"{path}: this file exists already. Choose another name, or remove it.")


def starter_config(
    data: str,
    test: str | None = None,
    *,
    name: str = "config.yaml",
    time: str = "usual",
    encoder: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> str:
    """Return a config for a file of labelled texts.

    Args:
        data: the file, pattern or folder.
        test: a file of the same form, for the final metrics.
        name: of the config, for the command in its first lines.
        time: a key of `recipe.TIMES`: more time for more networks.
        encoder: a pretrained encoder to use, as `model.weights`.
        reading: settings of `SniffingArguments` that are not detected: those of `ReadingOptions`, `text_column` and
            `label_column`.

    Raises:
        DataError: a file that cannot be read, or that no classifier can be trained on.
    """
    for source in (data, test or ""):
        _check_file_name(source)
    reading = reading or {}
    found, raw, dataset, separator = _labelled_texts(data, reading)
    facts = _facts(dataset, time, many=separator is not None, own_tokenizer=encoder is None)
    split(facts.dataset, facts.size.validation, SEED)  # raises now what a training would raise
    if test is not None:
        if "sheet" not in reading and found.reading.sheet and not have_sheet(test, found.reading):
            found = found._replace(reading=replace(found.reading, sheet=None))
        parse_labels(read_dataset(test, found.columns, found.reading), separator)
    sections = {
        "data": starter_sections.data(data, test, found, facts, raw),
        **_recipe(facts, separator, encoder),
    }
    about = f"{counted(len(facts.dataset), 'row')}, {counted(len(facts.targets.labels), 'label')}"
    log.info("%s", starter_sections.chosen(found, about))
    head = [
        f"# Written by `textclf new` for {escape_control(data)}: {about}. Every setting: docs/configuration.md",
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
    facts = _facts(drop_blank_texts(dataset), many=separator is not None, own_tokenizer=encoder is None)
    lines = [f"data:\n  validation: {facts.size.validation}", *_written(_recipe(facts, separator, encoder))]
    return parse_yaml("\n".join(lines)).data


def _recipe(facts: Facts, separator: str | None, encoder: str | None) -> dict[str, list[Line]]:
    targets = starter_sections.targets(facts, separator)
    if encoder is not None:
        from textclf.config.encoder_recipe import encoder_facts, sections  # without an encoder, nothing of it is needed

        return {"targets": targets, **sections(facts, encoder_facts(encoder, facts.dataset))}
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


def _facts(dataset: Dataset, time: str = "usual", *, many: bool, own_tokenizer: bool) -> Facts:
    """Return the facts about the texts.

    Args:
        many: whether a text has several labels.
        own_tokenizer: whether the tokenizer is learned from the texts; that of an encoder is not.
    """
    targets = Targets.fit(dataset.labels, TargetOptions(type="multilabel" if many else "auto"), multilabel=many)
    texts, size = dataset.sample(SAMPLE_ROWS).texts, recipe.size_for(len(dataset))
    scripts = script_shares(count_characters(texts))
    lengths, counts = _count_words(texts)
    unspaced = sum(scripts.get(script, 0) for script in IN_PIECES) >= MUCH_OF_A_SCRIPT
    in_pieces = own_tokenizer and (unspaced or _are_rare(dataset, lengths.mean()))
    if in_pieces:
        lengths, counts = _count_pieces(dataset.sample(PIECE_ROWS).texts, size.pieces)
    return Facts(
        dataset=dataset,
        targets=targets,
        size=size,
        tokenizer="byte_pair" if in_pieces else "word",
        scripts=scripts,
        lengths=lengths,
        distinct_tokens=len(counts),
        repeated_tokens=int((counts > 1).sum()),
        characters=pc.mean(pc.utf8_length(texts)).as_py() * len(dataset),
        time=time,
    )


def _count_words(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of words of each text, and the number of occurrences of each word."""
    lengths: list[np.ndarray] = []

    def split_and_measure(chunk: pa.LargeStringArray) -> TokenSpans:
        tokens = word.split(chunk, word.Options())
        lengths.append(tokens.lengths)  # in any order
        return tokens

    counts = count_tokens(texts, split_and_measure).counts
    return np.concatenate(lengths), counts


def _are_rare(dataset: Dataset, words_a_text: float) -> bool:
    """Return whether many words occur once, as in languages whose words have many forms."""
    rows = math.ceil(COUNTED_WORDS / max(words_a_text, 1))
    if rows > len(dataset):
        return False
    _, counts = _count_words(dataset.sample(rows).texts)
    return bool((counts == 1).sum() >= RARE_WORDS * counts.sum())


def _count_pieces(texts: pa.LargeStringArray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for pieces of words."""
    options = byte_pair.Options(vocabulary_size=most)
    rows = byte_pair.load(byte_pair.learn(texts, options), options).encode(texts)
    return rows.lengths, np.unique(rows.values, return_counts=True)[1]
