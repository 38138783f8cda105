"""Tokenizer `jieba`: Chinese words by jieba's dictionary (in Rust), everything else as by `word`."""

import re
from typing import Literal

import pyarrow as pa

from textclf.core.errors import ConfigError
from textclf.core.options import setting
from textclf.core.text_column import text_array
from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.pretokenizer import KANA, separate, words_of
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import learn_vocabulary, load_vocabulary

# A run of characters of the script Han (Scripts.txt of Unicode), for which Python's patterns have no name.
HAN_RUN = re.compile(
    "[\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00016fe3\U00020000-\U0003ffff]+"
)


class Options(NormalizedOptions):
    """Chinese words. Training and prediction need `pip install "textclf-keras[chinese]"`."""

    tokenizer: Literal["jieba"] = setting(default="jieba", description="Chinese words by jieba. Other text as `word`.")


def split(texts: pa.LargeStringArray, options: Options) -> TokenSpans:
    """Split the texts: `我来到北京, ok` -> `我`, `来到`, `北京`, `,`, `ok`."""
    cut = _import_rjieba().cut
    spaced = (
        HAN_RUN.sub(lambda run: f" {' '.join(cut(run[0]))} ", text) for text in normalize(texts, options).to_pylist()
    )
    return words_of(separate(text_array(spaced), KANA))


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Learn the most frequent tokens; of equally frequent ones the alphabetically first."""
    return {"vocabulary": learn_vocabulary(texts, options, split)}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state.

    Raises:
        ConfigError: rjieba is not installed.
    """
    _import_rjieba()
    return load_vocabulary(state["vocabulary"], options, split)


def _import_rjieba():
    try:
        import rjieba
    except ImportError:
        raise ConfigError(
            "preprocessing.tokenizer: jieba needs the package rjieba, which is not installed. "
            'pip install "textclf-keras[chinese]"'
        ) from None
    return rjieba
