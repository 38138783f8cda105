"""What `textclf new` chooses from the texts and labels."""

import pytest

from tests.config.starter_texts import CHINESE, ENGLISH, loaded
from textclf.config import recipe
from textclf.config.ensemble import members_of
from textclf.config.recipe import LARGEST_VOCABULARY, LONGEST, SHORTEST, TIMES
from textclf.config.recipe_sizes import SIZES, size_for
from textclf.config.starter import Sources, starter_config


def long_text(words, number=0):
    return " ".join(f"word{(number * 7 + place) % 900}" for place in range(words))


@pytest.mark.parametrize(("words", "length"), [(3, SHORTEST), (30, 32), (33, 40), (200, 200), (3000, LONGEST)])
def test_sequence_length(write, words, length):
    rows = [(long_text(words, number), label) for number, (_, label) in enumerate(ENGLISH)]
    assert loaded(starter_config(write(rows))).preprocessing.sequence_length == length


def test_a_few_long_texts_do_not_decide(write):
    rows = [(long_text(20, number), "xy"[number % 2]) for number in range(400)]
    content = starter_config(write([*rows, (long_text(500), "x")]))
    assert loaded(content).preprocessing.sequence_length == 24
    assert "0.2 % are longer and truncated" in content


def test_vocabulary(write):
    rows = [
        (" ".join(f"w{(number * 40 + place) % 2500}" for place in range(40)), "xy"[number % 2]) for number in range(200)
    ]
    assert loaded(starter_config(write(rows))).preprocessing.vocabulary_size == 3000
    assert loaded(starter_config(write(ENGLISH))).preprocessing.vocabulary_size == 1000
    rows = [
        (" ".join(f"w{(number * 400 + place) % 40_000}" for place in range(400)), "xy"[number % 2])
        for number in range(200)
    ]
    assert loaded(starter_config(write(rows))).preprocessing.vocabulary_size == LARGEST_VOCABULARY


def test_sizes_are_in_order_and_each_is_used(write):
    assert [size.most_rows for size in SIZES] == sorted(size.most_rows for size in SIZES)
    small = loaded(starter_config(write(ENGLISH)))
    large = loaded(
        starter_config(write([(f"{text} {number}", label) for number in range(400) for text, label in ENGLISH]))
    )
    assert small.data.validation > large.data.validation
    assert small.model.architecture == "ngrams"
    assert (small.training.optimizer, small.training.loss) == ("liblinear", "log_loss")
    assert [member.model.architecture for member in large.model.members] == ["ngrams", "ngrams", "cnn"]
    assert large.training.epochs == size_for(400 * len(ENGLISH)).epochs


@pytest.mark.parametrize(
    ("rows", "words", "characters"),
    [
        (ENGLISH, 0, 5),
        (CHINESE, 2, 0),
        ([(f"{text} {number}", label) for number in range(4) for text, label in ENGLISH], 2, 5),
        ([(f"{text} {number}", label) for number in range(20) for text, label in CHINESE], 2, 5),
    ],
)
def test_few_texts_have_one_kind_of_ngrams(write, rows, words, characters):
    ngrams = loaded(starter_config(write(rows))).preprocessing.ngrams
    assert (ngrams.longest_words, ngrams.longest_characters) == (words, characters)


@pytest.mark.parametrize(("repeats", "architecture"), [(1, "ngrams"), (400, "ensemble")])
def test_texts_without_labels_teach_vectors(write, repeats, architecture):
    labelled = write([(f"{text} {number}", label) for number in range(repeats) for text, label in ENGLISH])
    many = write([(f"an unusual text {number}",) for number in range(30)], ("text",), "many.csv")
    config = loaded(starter_config(Sources(labelled, unlabelled=many)))
    ngrams = config.preprocessing.ngrams
    assert (ngrams.longest_words, ngrams.longest_characters, ngrams.min_frequency) == (2, 5, 2)
    members = members_of(config.model, config.training)
    assert config.model.architecture == architecture
    assert members[0].training.ngram_vectors == 100
    assert {member.model.vectors.file for member in members if member.model.architecture == "cnn"} <= {None}


def test_the_vocabulary_has_words_of_texts_without_labels(write):
    many = write([(f"word{number % 3000} other",) for number in range(9000)], ("text",), "many.csv")
    alone, together = (loaded(starter_config(Sources(write(ENGLISH), unlabelled=file))) for file in (None, many))
    assert (alone.preprocessing.vocabulary_size, together.preprocessing.vocabulary_size) == (1000, 4000)


def test_more_time_is_for_more_networks(write):
    path = write([(f"{text} {number}", label) for number in range(400) for text, label in ENGLISH])
    counts = {}
    for time in TIMES:
        model = loaded(starter_config(path, time=time)).model
        counts[time] = [member.model.architecture for member in model.members].count("cnn")
    assert counts == {"quick": 0, "usual": 1, "thorough": 3}


def test_linear_models_of_large_data_are_made_by_steps(write, monkeypatch):
    path = write([(f"{text} {number}", label) for number in range(400) for text, label in ENGLISH])
    monkeypatch.setattr(recipe, "MOST_SOLVED", 10_000)
    config = loaded(starter_config(path))
    assert config.preprocessing.ngrams.min_frequency == 2
    assert [member.training and member.training.optimizer for member in config.model.members] == ["adagrad", None]
    quick = loaded(starter_config(path, time="quick"))
    assert (quick.model.architecture, quick.training.optimizer) == ("ngrams", "adagrad")
    assert quick.training.refit


@pytest.mark.parametrize(("every", "metric", "loss"), [(10, "f1_macro", "squared_hinge"), (2, "loss", "log_loss")])
def test_of_uneven_labels_the_rare_one_counts(write, monkeypatch, every, metric, loss):
    monkeypatch.setattr(recipe, "MOST_SOLVED", 0)
    rows = [(f"text {number}", "rare" if number % every == 0 else "usual") for number in range(200)]
    config = loaded(starter_config(write(rows)))
    assert config.training.early_stopping.metric == metric
    assert config.model.members[0].training.loss == loss


def test_many_labels_have_fewer_ngrams(write):
    rows = [(f"text {number} of {label}", f"label {label}") for label in range(100) for number in range(4)]
    assert loaded(starter_config(write(rows))).preprocessing.ngrams.most_ngrams == 2**25 // 100
    assert loaded(starter_config(write(ENGLISH))).preprocessing.ngrams.most_ngrams == 2**19


@pytest.mark.parametrize(("repeats", "folds"), [(1, 5), (100, 5), (400, None)])
def test_predictions_of_all_texts_decide_where_validation_is_small(write, repeats, folds):
    path = write([(f"{text} {number}", label) for number in range(repeats) for text, label in ENGLISH])
    training = loaded(starter_config(path)).training
    assert (training.inner_folds, training.refit) == (folds, True)


def test_folds_need_texts_of_each_label(write):
    rows = [(f"a {label} text {number}", label) for number in range(9) for label in "xy"]
    assert loaded(starter_config(write(rows))).training.inner_folds is None
    assert loaded(starter_config(write([*rows, ("one more", "x"), ("another", "y")]))).training.inner_folds == 5
