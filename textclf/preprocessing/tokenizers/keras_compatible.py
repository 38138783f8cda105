"""Tokenizer `keras`: the same ids as Keras's deprecated `Tokenizer`, so that you can move a script to textclf.

`Tokenizer(num_words, filters, lower, oov_token)` puts a text into lower case, replaces the filtered characters by
spaces and splits on spaces. A whole Chinese sentence becomes one token: use `word` for anything new.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.options import setting
from textclf.core.text_column import text_array
from textclf.preprocessing.options import VocabularyOptions
from textclf.preprocessing.token_spans import TokenSpans, strings_at, tokens_in
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import Vocabulary, count_tokens, tokens_of


class Options(VocabularyOptions):
    """`vocabulary_size` is Keras's `num_words`. Keras itself pads and truncates on the left."""

    tokenizer: Literal["keras"] = setting(
        default="keras", description="Compatible with Keras's deprecated `Tokenizer`."
    )
    lowercase: bool = setting(default=True, description="Keras's `lower`.")
    filters: str = setting(
        default='!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n',
        description="Keras's `filters`: characters that separate words.",
    )
    oov_token: str | None = setting(
        default="<OOV>",
        description="Keras's `oov_token`: unknown words get id 1 (null: textclf drops them, as Keras does by default).",
    )


def split(texts: pa.LargeStringArray, options: Options) -> TokenSpans:
    """Split the texts: `I can't, 你好吗` -> `i`, `can't`, `你好吗`."""
    import pyarrow.compute as pc

    # Python's own lower(): pyarrow's differs for a final sigma and a dotted capital I.
    strings = [text.lower() for text in texts.to_pylist()] if options.lowercase else texts.to_pylist()
    spaces = str.maketrans(dict.fromkeys(options.filters, " "))
    cleaned = text_array(text.translate(spaces) for text in strings)
    return tokens_of(pc.split_pattern(cleaned, " "))


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Learn the most frequent words; of equally frequent ones those that occur first."""
    counted = count_tokens(texts, lambda chunk: split(chunk, options))
    by_frequency = np.argsort(-counted.counts, kind="stable")[: options.vocabulary_size - _first_id(options)]
    words = strings_at(tokens_in(counted.tokens), by_frequency).to_pylist()
    if options.oov_token in words:
        raise DataError(
            f"preprocessing.oov_token: expected a token that is no word of the texts, got "
            f"'{options.oov_token}', which is one. Choose another, such as '<OOV>'."
        )
    return {"vocabulary": words}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state.

    Keras makes a row of zeros of a text in which it finds no word. Here such a text gets the id of unknown words. If
    `oov_token` is null, so that there is no such id, it gets an id of its own after the vocabulary.
    """
    unknown_id = None if options.oov_token is None else 1
    vocabulary = Vocabulary(state["vocabulary"], first_id=_first_id(options), unknown_id=unknown_id)
    num_ids = vocabulary.first_id + len(vocabulary.tokens)
    return Tokenizer(
        encode=lambda texts: vocabulary.ids_of(split(texts, options)),
        num_ids=num_ids if unknown_id else num_ids + 1,
        unknown_id=unknown_id or num_ids,
        ids=vocabulary.ids,
    )


def _first_id(options: Options) -> int:
    return 1 if options.oov_token is None else 2
