"""The recipe of `textclf new --encoder`: how a pretrained encoder is used, by the number and the length of the texts.

docs/experiments.md has the measurements behind it.
"""

import logging
import math
import re
import shutil
import time
from typing import NamedTuple

import numpy as np

from textclf.config import recipe
from textclf.config.commented_yaml import yaml_text
from textclf.config.recipe import HEADING, Facts, Line
from textclf.core.cores import num_threads
from textclf.core.encoder_source import SHORT_NAMES, EncoderFolder, resolve, resolve_settings
from textclf.core.errors import DataError
from textclf.core.files import parse_json
from textclf.core.formatting import counted, percent
from textclf.data.checks.tokens import MUCH_UNKNOWN
from textclf.data.dataset import Dataset
from textclf.data.english import is_english
from textclf.models.encoder import num_positions
from textclf.models.encoder.config import EncoderConfig, read_encoder_config
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import pretrained

log = logging.getLogger(__name__)
FEW_A_LABEL = 16  # texts of the middle label, up to which n-grams have too little to learn from
FEWEST_A_LABEL, FEW_LABELS = 8, 2  # from and up to which a contrastive step gains (docs/experiments.md)
CONTRASTIVE_STEPS, CONTRASTIVE_TEXTS = 20, 16  # texts of a step with two labels
SOME_A_LABEL = 100  # up to which a linear layer on the frozen encoder is as good as fine-tuning
LABEL_TEXTS_WEIGHT = 32  # of the texts of all labels together
MOST_NGRAM_WEIGHTS = 3 * 2**18  # beside an encoder (3 MB): rarer n-grams add nothing to it (docs/experiments.md)
SAMPLE_ROWS, LANGUAGE_ROWS = 10_000, 1_000  # whose tokens are counted, and whose language is found
LONG, LONGEST = 128, 256  # tokens: above LONG the longest 5 % of the texts are cut; none is longer than LONGEST
# Epochs and the longest text of a fine-tuning: the first pair that needs at most MOST_SECONDS, or the last one.
EPOCHS = 3
FINE_TUNED, MOST_SECONDS = ((EPOCHS, LONGEST), (1, LONGEST), (1, LONG)), 3600
MUCH_CUT = 0.05  # of the texts
FORWARD, TRAINING = 2, 6  # operations a weight and token
REACHED = 0.5  # of the speed of a matrix product: an encoder also normalizes, and moves its numbers
MATRIX, PRODUCTS, ROUNDS = 512, 8, 6  # size and number of the products that are timed, and how often


class EncoderFacts(NamedTuple):
    """The facts about an encoder that the settings depend on."""

    weights: str  # as `model.weights`
    config: EncoderConfig
    longest: int  # tokens of the longest text it can read
    pooling: str
    lengths: np.ndarray  # tokens of each text, of a sample
    operations: float  # that this machine makes a second


class Plan(NamedTuple):
    """How the encoder is used."""

    epochs: int  # of a fine-tuning; 0: it is frozen
    length: int  # tokens of the longest text
    seconds: float  # that the training takes
    full_seconds: float  # that a fine-tuning would take that is not shortened


def encoder_facts(weights: str, dataset: Dataset) -> EncoderFacts:
    """Return the facts about an encoder and the texts.

    Raises:
        ConfigError, DataError: the encoder cannot be had or used.
    """
    family, config = read_encoder_config(resolve_settings(weights))  # before the weights are downloaded
    source = resolve(weights)
    texts = dataset.sample(SAMPLE_ROWS).texts
    longest = num_positions(family, config)
    preprocessor = Preprocessor.fit(pretrained.Options(weights=weights, sequence_length=longest), texts)
    tokens = preprocessor.tokenizer.encode(texts)
    unknown = float((tokens.values == preprocessor.tokenizer.unknown_id).mean())
    if unknown >= MUCH_UNKNOWN:
        _warn(f"{weights} does not know {percent(unknown)} of the tokens of the texts")
    elif weights in SHORT_NAMES and not is_english(dataset.sample(LANGUAGE_ROWS).texts):
        _warn(f"{weights} was trained on English, and the texts are mostly in another language")
    return EncoderFacts(weights, config, longest, _pooling(source), tokens.lengths, _operations())


def _warn(reason: str) -> None:
    advice = "choose an encoder that was trained on their language, see docs/encoders.md"
    log.warning("%s, so it adds little: %s", reason, advice)


def sections(facts: Facts, encoder: EncoderFacts) -> dict[str, list[Line]]:
    """Return the sections `preprocessing`, `model` and `training`."""
    alone = _texts_a_label(facts) <= FEW_A_LABEL
    plan = _plan(facts, encoder)
    frozen = not plan.epochs
    network = _network(facts, encoder, plan)
    training = _frozen_training(facts) if frozen else _fine_tuning(facts, plan)
    why = "trains again on train and validation" if frozen else "off, because it did not help, and doubles the time"
    refit = ("refit", frozen, why)
    if alone:
        return {"preprocessing": _preprocessing(encoder, plan), "model": network, "training": [*training, refit]}
    linear = recipe.linear_members(facts, with_vectors=False)  # an encoder knows which words are similar
    members = [line for member in linear for line in member.lines()]
    model: list[Line] = [
        ("architecture", "ensemble", "combines n-grams of your data with the encoder"),
        ("members", HEADING, "with fitted weights"),
        *members,
        ("- model", HEADING, "a pretrained encoder"),
        *recipe.indented(network),
        ("  training", HEADING, "how it is trained"),
        *recipe.indented(training),
    ]
    ngrams = recipe.preprocessing(facts, most_weights=MOST_NGRAM_WEIGHTS)
    first = next(place for place, line in enumerate(ngrams) if line[0] == "ngrams")
    return {"preprocessing": [*_preprocessing(encoder, plan), *ngrams[first:]], "model": model, "training": [refit]}


def _plan(facts: Facts, encoder: EncoderFacts) -> Plan:
    """Return how the encoder is used.

    A fine-tuning that takes hours is shortened, except with `--time thorough` or on a GPU, whose speed is not known.
    """
    may_take_long, plans = facts.time == "thorough" or _has_gpu(), []
    for epochs, longest in ((0, LONGEST),) if _why_frozen(facts) else FINE_TUNED:
        length = _length(encoder, longest)
        plans.append((epochs, length, _seconds(facts, encoder, length, epochs)))
    in_time = [plan for plan in plans if plan[-1] <= MOST_SECONDS or may_take_long]
    return Plan(*(in_time or plans[-1:])[0], full_seconds=plans[0][-1])


def _preprocessing(encoder: EncoderFacts, plan: Plan) -> list[Line]:
    lengths = encoder.lengths
    middle, most = (int(value) for value in np.quantile(lengths, [0.5, 0.95], method="higher"))
    cut = float((lengths > plan.length).mean())
    cut_by_it = f"{percent(cut)} are longer" if cut else "none is longer"
    part = (
        ("head_tail", "a quarter from the beginning, the rest from the end (Sun et al. 2019)")
        if cut > MUCH_CUT
        else ("head", "reads the beginning of longer texts")
    )
    return [
        ("tokenizer", "pretrained", "that of the encoder"),
        ("sequence_length", plan.length, f"median {middle} tokens, 95 % have at most {most}, {cut_by_it}"),
        ("long_texts", *part),
    ]


def _why_frozen(facts: Facts) -> str:
    """Return the reason not to fine-tune the encoder; "": fine-tune it."""
    if _texts_a_label(facts) <= SOME_A_LABEL:
        return f"frozen, because {counted(_texts_a_label(facts), 'text')} per label are too few to fine-tune it"
    return "frozen, so it reads each text once" if facts.time == "quick" else ""


def _network(facts: Facts, encoder: EncoderFacts, plan: Plan) -> list[Line]:
    enough = f"{counted(_texts_a_label(facts), 'text')} per label are enough to fine-tune it"
    trained = ("all", enough) if plan.epochs else (0, _why_frozen(facts))
    where = "without the GPU" if _has_gpu() else "on this machine"
    why = "steps that first move texts with the same label together (SetFit, Tunstall et al. 2022)"
    return [
        ("architecture", "encoder", f"training takes about {_duration(plan.seconds)} {where}"),
        ("weights", encoder.weights, f"{encoder.config.num_weights / 1e6:,.0f} million weights"),
        ("pooling", encoder.pooling, "as the encoder was trained"),
        ("trained_layers", *trained),
        *([("contrastive_steps", CONTRASTIVE_STEPS, why)] if _is_contrastive(facts) else []),
        *_label_texts(facts),
    ]


def _label_texts(facts: Facts) -> list[Line]:
    """Return a text for each label, where few texts show what a label means, and its name is made of words."""
    labels = facts.targets.labels
    names = [_in_words(label) for label in labels]
    words = {re.sub(r"[\W\d_]+", " ", name).strip() for name in names}  # "label 0" and "label 1" say nothing
    are_words = len(words) == len(labels) and all(len(word) > 1 for word in words)
    if _texts_a_label(facts) > FEW_A_LABEL or facts.targets.multilabel or not are_words:
        return []
    return [
        ("label_texts", HEADING, "learned as training texts: better ones help more"),
        *((f"  {yaml_text(label)}", _label_text(name), "") for label, name in zip(labels, names, strict=True)),
        ("label_text_weight", max(1.0, round(LABEL_TEXTS_WEIGHT / len(labels), 1)), "of a training text it is 1"),
    ]


def _label_text(name: str) -> str:
    """Return a sentence with the name of a label. It is English, so other scripts have the name alone."""
    return f"This text is {name}." if name.isascii() else name


def _in_words(label: str) -> str:
    """Return the name of a label as words: `PlayMusic` and `play_music` are `play music`."""
    return re.sub(r"[_\-/\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)).strip().lower()


def _is_contrastive(facts: Facts) -> bool:
    """Return whether a contrastive step comes before the linear layer."""
    few_labels = len(facts.targets.labels) <= FEW_LABELS and not facts.targets.multilabel
    return few_labels and FEWEST_A_LABEL <= _texts_a_label(facts) <= FEW_A_LABEL and facts.time != "quick"


def _frozen_training(facts: Facts) -> list[Line]:
    few = facts.size.validation * len(facts.dataset) < 100
    strengths = (
        ([10.0], "the usual value, because validation has too few texts to choose one")
        if few
        else ([0.3, 1.0, 3.0, 10.0, 30.0], "textclf keeps the best one")
    )
    return [
        ("optimizer", "liblinear", "trains the linear layer until it converges, without epochs"),
        ("inverse_regularization", *strengths),
    ]


def _fine_tuning(facts: Facts, plan: Plan) -> list[Line]:
    steps = math.ceil((1 - facts.size.validation) * len(facts.dataset) / 32)
    usual = "usual for encoders, and the best one is kept"
    shorter = f"{EPOCHS} of up to {LONGEST} tokens would take {_duration(plan.full_seconds)} (--time thorough)"
    return [
        ("epochs", plan.epochs, usual if plan.epochs == EPOCHS else shorter),
        ("batch_size", 32, f"{counted(steps, 'step')} per epoch"),
        ("learning_rate", 0.0001, "small, so that the encoder forgets little"),
        ("schedule", "linear", "decays to 0 at the end"),
        ("warmup", 0.1, "rises in the first tenth of the steps"),
        ("weight_decay", 0.01, "usual for encoders"),
        ("clip_norm", 1.0, "gradient clipping"),
    ]


def _texts_a_label(facts: Facts) -> int:
    return int(np.median(facts.targets.counts))


def _length(encoder: EncoderFacts, longest: int) -> int:
    most, nearly_all = (int(value) for value in np.quantile(encoder.lengths, [0.95, 0.99], method="higher"))
    wanted = 8 * math.ceil((nearly_all if nearly_all <= LONG else most) / 8)
    return min(max(wanted, recipe.SHORTEST), longest, encoder.longest)


def _seconds(facts: Facts, encoder: EncoderFacts, length: int, epochs: int) -> float:
    """Return the time that the encoder will need: each weight of its layers meets each token.

    Args:
        length: tokens of the longest text.
        epochs: of a fine-tuning; 0: the encoder is frozen.
    """
    config = encoder.config
    layer = config.hidden_size * (4 * config.hidden_size + 2 * config.intermediate_size)
    attention = 2 * length * config.hidden_size  # products of queries, keys and values
    passes = len(facts.dataset) * (TRAINING * epochs or FORWARD)
    if not epochs and _is_contrastive(facts):  # twice, with the refit
        passes += 2 * TRAINING * CONTRASTIVE_STEPS * CONTRASTIVE_TEXTS
    operations = passes * float(np.minimum(encoder.lengths, length).mean())  # times the tokens of a text
    return operations * config.num_hidden_layers * (layer + attention) / (REACHED * encoder.operations)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return "a minute"
    return counted(round(seconds / 60), "minute") if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _operations() -> float:
    """Return the operations of matrix products that this machine makes a second when nothing else runs."""
    matrix, seconds = np.ones((MATRIX, MATRIX), np.float32), []
    for _ in range(ROUNDS):  # the first ones start threads, and take five times as long
        started = time.process_time()
        for _ in range(PRODUCTS):
            matrix @ matrix
        seconds.append(time.process_time() - started)
    return num_threads() * PRODUCTS * 2 * MATRIX**3 / min(seconds)


def _has_gpu() -> bool:
    """Return whether a driver of Nvidia is installed. TensorFlow knows more, but its import takes seconds."""
    return shutil.which("nvidia-smi") is not None


def _pooling(source: EncoderFolder) -> str:
    """Return how the encoder was trained to represent a text: sentence-transformers writes it into a file."""
    path = source.folder / "1_Pooling/config.json"
    try:
        settings = parse_json(path.read_bytes()) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}. Download or copy it again.") from None
    is_cls = isinstance(settings, dict) and settings.get("pooling_mode_cls_token") is True
    return "cls" if is_cls else "mean"
