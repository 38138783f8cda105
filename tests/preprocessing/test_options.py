"""The settings that tokenizers share: they mean the same in each."""

import numpy as np
import pytest

from textclf.core.options import fields_of
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS, keras_compatible

NORMALIZING = [name for name, module in TOKENIZERS.items() if issubclass(module.Options, NormalizedOptions)]
OTHERS = {name for name in TOKENIZERS if name not in NORMALIZING}


def fit(name, texts, **chosen):
    """A tokenizer that knows also what occurs once, unless `chosen` says otherwise."""
    return Preprocessor.fit(TOKENIZERS[name].Options(**{"min_frequency": 1, **chosen}), texts)


def lists(rows):
    return [row.tolist() for row in np.split(rows.values, rows.offsets[1:-1])]


def test_only_these_tokenizers_have_rules_of_their_own():
    assert {"keras", "pretrained"} == OTHERS
    assert set(fields_of(NormalizedOptions)) & set(fields_of(keras_compatible.Options)) == {
        "vocabulary_size", "sequence_length", "padding", "truncating", "ngrams", "lowercase",
    }  # fmt: skip


@pytest.mark.parametrize("name", NORMALIZING)
@pytest.mark.parametrize(
    "same",
    [
        ["caf\u00e9 ouvert", "cafe\u0301 ouvert", "CAFÉ Ouvert"],
        ["die straße", "DIE STRASSE"],
        ["ὁ οδυσσευς", "Ὁ ΟΔΥΣΣΕΥΣ"],
        ["が 한", "か\u3099 \u1112\u1161\u11ab"],
        ["ख\u093cत", "\u0959त"],
    ],
    ids=lambda same: same[0],
)
def test_forms_and_cases_are_the_same_text(name, same):
    preprocessor = fit(name, [same[0], "another text"])
    rows = lists(preprocessor.encode(same))
    assert rows[0] != lists(preprocessor.encode(["another text"]))[0]
    assert 1 not in rows[0]
    assert [row == rows[0] for row in rows] == [True] * len(same)
    apart = fit(name, [*same], normalization="none", lowercase=False)
    assert len({tuple(row) for row in lists(apart.encode(same))}) == len(same)


@pytest.mark.parametrize("name", NORMALIZING)
def test_letters_i_are_turkish_on_demand(name):
    for turkish, equal in ((True, [("IRAK", "ırak"), ("İZMİR", "izmir")]), (False, [("IRAK", "irak")])):
        preprocessor = fit(name, ["ırak izmir irak"] * 2, turkish_i=turkish)
        for upper, lower in equal:
            assert lists(preprocessor.encode([upper])) == lists(preprocessor.encode([lower]))


@pytest.mark.parametrize("name", NORMALIZING)
@pytest.mark.parametrize(
    ("setting", "texts"),
    [
        ("replace_urls", ["http://a.b/c", "www.example.com/x?y=1"]),
        ("replace_users", ["@anna", "@张三"]),
        ("replace_numbers", ["7", "1,000.50"]),
    ],
)
def test_a_placeholder_is_one_token_that_no_text_has(name, setting, texts):
    preprocessor = fit(name, [f"see {texts[0]} there", f"good{texts[0]}!", "see there!"], **{setting: True})
    first, second = lists(preprocessor.encode(texts))
    assert first == second
    assert len(first) == 1
    [placeholder] = first
    assert placeholder > 1
    assert lists(preprocessor.encode([f"see ({texts[1]})!"]))[0].count(placeholder) == 1
    assert placeholder not in preprocessor.encode(["\ufdd0 \ufdd1 \ufdd2 <url> url user number @ http"]).values


@pytest.mark.parametrize("name", NORMALIZING)
def test_rare_characters_are_unknown(name):
    texts = ["天 地 人", "天 地", "天"]
    for min_frequency, known in ((1, 3), (2, 2), (3, 1), (4, 0)):
        preprocessor = fit(name, texts, min_frequency=min_frequency)
        ids = preprocessor.encode(["天", "地", "人"]).values.tolist()
        assert 1 not in ids[:known]
        assert ids[known:] == [1] * (3 - known)
