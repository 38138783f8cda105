"""A config to begin with, for a file that nobody described: every setting with its reason."""

import json
import math
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.checks.finding import counted, first_shown, percent, quoted
from textclf.config_faults import escaped
from textclf.config_yaml import parse_yaml
from textclf.dataset import Dataset, read_dataset, with_labels, without_blank_texts
from textclf.errors import WriteError
from textclf.files import atomic_file
from textclf.guessing import Guess, guess
from textclf.parallel import map_chunks
from textclf.preprocessing import TOKENIZERS
from textclf.readers.options import DEFAULTS
from textclf.scripts import WITHOUT_SPACES, count_characters, script_shares
from textclf.splitting import split
from textclf.target_options import TargetOptions
from textclf.targets import Targets

SEED = 42
SAMPLE_ROWS = 100_000  # whose texts are looked into
SEPARATORS = "|;,"
SHORTEST, LONGEST, LONG = 16, 512, 128  # tokens read of a text; from LONG on, the longest 5 % are cut instead of 1 %
SMALLEST_VOCABULARY, LARGEST_VOCABULARY = 1_000, 30_000
# Thai and others have no spaces that `word` could split at; Korean words take so many endings that most are rare:
# of 20,000 comments of NSMC, 77.5 % of the validation share were right by word and 79.3 % by character.
BY_CHARACTER = ("Hangul", *(script for script in WITHOUT_SPACES if script not in ("Han", "Hiragana", "Katakana")))
MUCH_OF_A_SCRIPT = 0.3  # of all letters
UNEVEN = 0.75  # of the rows have the same label
COMMENTS = 38  # the column where they begin

Line = tuple[str, object, str]  # a setting, its value, the reason


class Size(NamedTuple):
    """Settings for a file of up to so many rows."""

    most_rows: float
    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    dropout: float
    validation: float
    reason: str


SIZES = (
    #    most rows epochs patience batch  rate  dropout validation
    Size(1_000,    30,    5,       16,    0.002, 0.5,   0.2,  "few texts: short epochs; half is hidden in each step"),
    Size(5_000,    30,    4,       32,    0.002, 0.5,   0.15, "not many texts: half is hidden in each step"),
    Size(20_000,   30,    3,       32,    0.002, 0.5,   0.1,  "half is hidden in each step"),
    Size(100_000,  10,    2,       64,    0.001, 0.4,   0.1,  "many texts are hard to learn by heart"),
    Size(math.inf, 6,     2,       128,   0.001, 0.3,   0.05, "very many texts are hard to learn by heart"),
)  # fmt: skip


class Facts(NamedTuple):
    """What the settings depend on."""

    dataset: Dataset
    targets: Targets
    size: Size
    tokenizer: str
    scripts: dict[str, float]
    lengths: np.ndarray  # tokens of each text
    distinct_tokens: int
    repeated_tokens: int


def write_starter(config: str | Path, data: str, test: str | None = None) -> Path:
    """Write a config for a file of labelled texts; an existing one stays as it is.

    Raises:
        WriteError: there is such a file already, or it cannot be written.
        DataError: as `starter_config`.
    """
    path = Path(config)
    if path.exists():
        raise WriteError(f"{path}: expected a new name, but this file exists. Choose another one, or remove it.")
    content = starter_config(data, test, name=str(path))
    with atomic_file(path) as stream:
        stream.write(content)
    return path


def starter_config(data: str, test: str | None = None, *, name: str = "config.yaml") -> str:
    """Look at a file of labelled texts, and write a config that suits it.

    Args:
        test: a file of the same form, for the final figures.
        name: of the config, for the command in it.

    Raises:
        DataError: a file that cannot be read, or that no classifier can be trained on.
    """
    found = guess(data)
    raw = read_dataset(data, found.columns, found.reading)
    separator = find_separator(raw.labels.answers)
    facts = _facts(without_blank_texts(with_labels(raw, separator)), many=separator is not None)
    split(facts.dataset, facts.size.validation, SEED)  # refuses now what a training would refuse
    if test is not None:
        with_labels(read_dataset(test, found.columns, found.reading), separator)
    sections = {
        "data": _data(data, test, found, facts),
        "targets": _targets(facts, separator),
        "preprocessing": _preprocessing(facts),
        "model": _model(facts),
        "training": _training(facts),
    }
    about = f"{counted(len(facts.dataset), 'row')}, {counted(len(facts.targets.labels), 'label')}"
    lines = [
        f"# Written by `textclf new` for {escaped(data)}: {about}. Every setting: docs/configuration.md",
        f"#   textclf train {escaped(shlex.quote(name))}",
        f"seed: {SEED}",
    ]
    for section, settings in sections.items():
        lines += [f"{section}:", *(_line(*setting) for setting in settings)]
    return "\n".join(lines) + "\n"


def find_separator(answers: Iterable[tuple[str, ...]]) -> str | None:
    """What stands between several labels of a text; `None` where every text has one label.

    A character separates if fewer labels are left without it: `a|b`, `b|c`, `a`, `b`, `c` are three.
    """
    fields = {label for answer in answers for label in answer}
    if any(len(answer) > 1 for answer in answers):  # lists: they need none, but whatever it is splits their labels too
        return next((one for one in SEPARATORS if not any(one in label for label in fields)), SEPARATORS[0])
    for separator in SEPARATORS:
        parts = {part.strip() for label in fields for part in label.split(separator)}
        if len(parts) < len(fields):
            return separator
    return None


def _facts(dataset: Dataset, *, many: bool) -> Facts:
    targets = Targets.fit(dataset.labels, TargetOptions(type="multilabel" if many else "auto"), many=many)
    scripts = script_shares(count_characters(dataset.sample(SAMPLE_ROWS).texts))
    by_character = sum(scripts.get(script, 0) for script in BY_CHARACTER)
    tokenizer = "character" if by_character >= MUCH_OF_A_SCRIPT else "word"
    module = TOKENIZERS[tokenizer]
    parts = list(map_chunks(lambda chunk: module.split(chunk, module.Options()), dataset.sample(SAMPLE_ROWS).texts))
    counts = pc.value_counts(pa.chunked_array([part.values for part in parts])).field("counts").to_numpy()
    return Facts(
        dataset=dataset,
        targets=targets,
        size=next(size for size in SIZES if len(dataset) <= size.most_rows),
        tokenizer=tokenizer,
        scripts=scripts,
        lengths=np.concatenate([part.lengths for part in parts]),
        distinct_tokens=len(counts),
        repeated_tokens=int((counts > 1).sum()),
    )


def _data(data: str, test: str | None, found: Guess, facts: Facts) -> list[Line]:
    texts, labels = found.columns.text_column, found.columns.label_column
    others = f"; not used: {first_shown(map(escaped, found.others))}" if found.others else ""
    held_out = round(facts.size.validation * len(facts.dataset))
    lines = [
        ("train", data, "paths are relative to the working directory"),
        ("validation", facts.size.validation, f"about {held_out} rows, to choose the best epoch by"),
        ("test", test, "for the final figures" if test else "a file that nothing is learned from, if you have one"),
    ]
    if found.names_columns:
        lines += [
            ("text_column", texts, f"where the texts are{others}"),
            ("label_column", labels, "where the labels are"),
        ]
    how = {
        "encoding": "the file is not UTF-8: look whether the texts are right",
        "delimiter": "what stands between the fields",
    }
    read = [(name, getattr(found.reading, name), reason) for name, reason in how.items()]
    return lines + [line for line in read if line[1] != getattr(DEFAULTS, line[0])]


def _targets(facts: Facts, separator: str | None) -> list[Line]:
    targets = facts.targets
    share = percent(max(targets.counts) / len(facts.dataset))
    most = f"{quoted(targets.labels[int(np.argmax(targets.counts))])} in {share} of the rows"
    if separator:
        several = sum(targets.counts) / len(facts.dataset)
        reason = f"{len(targets.labels)} labels, {several:.2f} a text; the most frequent: {most}"
        return [("type", targets.type, reason), ("separator", separator, "between the labels of a text")]
    return [("type", targets.type, f"{len(targets.labels)} labels, one a text; the most frequent: {most}")]


def _preprocessing(facts: Facts) -> list[Line]:
    scripts = ", ".join(f"{script} {percent(share)}" for script, share in list(facts.scripts.items())[:2])
    split_by = {
        "word": "words; Chinese and Japanese by character",
        "character": "characters, where words are too many or unspaced",
    }
    middle, most, nearly_all = (int(value) for value in np.quantile(facts.lengths, [0.5, 0.95, 0.99], method="higher"))
    length = min(max(8 * math.ceil((nearly_all if nearly_all <= LONG else most) / 8), SHORTEST), LONGEST)
    cut = float((facts.lengths > length).mean())
    cut_by_it = f"{percent(cut)} are longer and cut" if cut else "none is cut"
    vocabulary = 1_000 * math.ceil((facts.repeated_tokens + 2) / 1_000)
    vocabulary = min(max(vocabulary, SMALLEST_VOCABULARY), LARGEST_VOCABULARY)
    return [
        ("tokenizer", facts.tokenizer, f"{split_by[facts.tokenizer]} (letters: {scripts or 'none'})"),
        ("vocabulary_size", vocabulary, f"{facts.distinct_tokens} different tokens, {facts.repeated_tokens} of them "
                                        "more than once"),
        ("sequence_length", length, f"median {middle} tokens, 95 % have at most {most}; {cut_by_it}"),
        ("truncating", "right", "what is too long loses its end; left keeps the end"),
    ]  # fmt: skip


def _model(facts: Facts) -> list[Line]:
    return [
        ("architecture", "lstm", "reads the words in their order"),
        ("embedding_dim", 64, "numbers that stand for a token"),
        ("units", 64, "width of the LSTM"),
        ("bidirectional", True, "reads every text from its end too"),
        ("dropout", facts.size.dropout, facts.size.reason),
    ]


def _training(facts: Facts) -> list[Line]:
    size = facts.size
    uneven = not facts.targets.many and max(facts.targets.counts) >= UNEVEN * len(facts.dataset)
    metric = (
        ("f1_macro", "every label counts the same: the loss is that of the frequent ones")
        if uneven
        else ("loss", "the probabilities have to be right, not only the answers")
    )
    steps = math.ceil((1 - size.validation) * len(facts.dataset) / size.batch_size)
    return [
        ("epochs", size.epochs, "at most: the best one is kept"),
        ("batch_size", size.batch_size, f"{counted(steps, 'step')} an epoch"),
        ("learning_rate", size.learning_rate, "of Adam; try half and twice as much"),
        ("early_stopping", None, "when to stop before the last epoch"),
        ("  metric", *metric),
        ("  patience", size.patience, "epochs without a better one"),
    ]


def _line(setting: str, value: object, reason: str) -> str:
    shown = f"  {setting}:" if setting == "early_stopping" else f"  {setting}: {_yaml(value)}"
    return f"{shown:<{COMMENTS}}  # {reason}"


def _yaml(value: object) -> str:
    """A value as it stands in a config; text in quotes only where it would be read as something else without."""
    if not isinstance(value, str):
        return json.dumps(value)
    document = parse_yaml(f"value: {value}  # comment")
    plain = not document.faults and document.data == {"value": value} and value.isprintable()
    escapes = (one if one.isprintable() and one not in '"\\' else f"\\U{ord(one):08x}" for one in value)
    return value if plain else f'"{"".join(escapes)}"'
