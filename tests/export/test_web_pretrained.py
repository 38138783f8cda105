"""The tokenizers of pretrained encoders in JavaScript: the ids of Python, for every character."""

import functools
import json
import os
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from tests.export.test_web_files import ENCODE, TEXTS
from tests.pretrained import REFERENCES
from textclf.core.errors import RunError
from textclf.export.web_files import SCRIPTS, unicode_tables
from textclf.export.web_pretrained import pretrained_tables
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers.pretrained import Options

CHARACTERS = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
MORE_TEXTS = [
    "[CLS] a [SEP] <s> <mask>",
    "ΟΔΟΣ Σ ΣΑΣ",
    "x" * 101,
    "don't  we'll\n\n 12½ ٣",
    "𠀀𠀁 a\u1100\u1161\u11a8한국",
    "[PAD]",
]


def as_bert(**options) -> Tokenizer:
    """Every character that the normalizer makes of others is a token, so a difference shows."""
    normalizer = normalizers.BertNormalizer(**options)
    changing = (one for one in CHARACTERS if unicodedata.decomposition(one) or one.lower() != one)
    made = {character for text in map(normalizer.normalize_str, changing) for character in text}
    pieces = [piece for character in sorted(made | set("ab")) for piece in (character, f"##{character}")]
    vocabulary = {piece: place for place, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *pieces])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return tokenizer


def as_roberta(*, add_prefix_space: bool) -> Tokenizer:
    """Every byte after a letter, a digit, a mark or a space is a token, so the borders of words show."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(first, second) for first in "a1!Ġ" for second in alphabet]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *alphabet, *map("".join, merges)]
    tokenizer = Tokenizer(models.BPE({piece: place for place, piece in enumerate(pieces)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return tokenizer


MADE = {
    "lower case": lambda: as_bert(lowercase=True),
    "as it is": lambda: as_bert(lowercase=False, strip_accents=False),
    "accents": lambda: as_bert(lowercase=False, strip_accents=True, handle_chinese_chars=False),
    "bytes": lambda: as_roberta(add_prefix_space=False),
    "bytes after a space": lambda: as_roberta(add_prefix_space=True),
}


def groups_of(characters: list[str], size: int) -> list[list[str]]:
    return [characters[start : start + size] for start in range(0, len(characters), size)]


def learned(folder: Path, **options) -> Preprocessor:
    return Preprocessor.fit(Options(weights=str(folder), **{"sequence_length": 500, **options}), ["a"])


_unicode = functools.cache(unicode_tables)


def ids_in_javascript(made: Preprocessor, texts: list[str], folder: Path) -> list[list[int]]:
    modules = os.environ.get("NODE_MODULES")  # a folder node_modules with @huggingface/tokenizers
    if not modules or not shutil.which("node"):
        pytest.skip("Node is not installed, or NODE_MODULES does not name a folder with @huggingface/tokenizers")
    if not (folder / "web").exists():
        shutil.copytree(SCRIPTS, folder / "web")
        (folder / "web/package.json").write_text('{"type": "module"}')
        (folder / "web/node_modules").symlink_to(Path(modules).resolve())
    unicode = {**_unicode(), "pretrained": pretrained_tables(made.state["tokenizer"])}
    path = folder / "encoded.json"
    path.write_text(json.dumps({"cases": {"x": json.loads(made.to_json())}, "unicode": unicode, "texts": texts}))
    script = ["--input-type=module", "-e", ENCODE, str(folder / "web/index.js"), str(path)]
    subprocess.run(["node", *script], check=True, timeout=600)
    return [row["token_ids"] for row in json.loads(path.read_text())["x"]]


def assert_the_same(made: Preprocessor, texts: list[str], folder: Path) -> None:
    found, expected = ids_in_javascript(made, texts, folder), made.encode(texts)
    assert len(set(map(tuple, found))) > min(len(texts) // 20, 200)
    for place, (text, by_javascript) in enumerate(zip(texts, found, strict=True)):
        row = expected.values[expected.offsets[place] : expected.offsets[place + 1]]
        assert by_javascript == row.tolist(), ascii(text)


@pytest.mark.slow
@pytest.mark.parametrize("long_texts", ["head", "tail", "head_tail"])
@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_javascript_gives_the_ids_of_an_encoder(tmp_path, family, long_texts):
    made = learned(REFERENCES / family, sequence_length=12, long_texts=long_texts)
    assert_the_same(made, [*TEXTS, *MORE_TEXTS, *json.loads((REFERENCES / "texts.json").read_text())], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MADE)
def test_javascript_gives_the_ids_of_every_character(tmp_path, kind):
    MADE[kind]().save(str(tmp_path / "tokenizer.json"))
    known = [one for one in CHARACTERS if unicodedata.category(one) not in ("Cn", "Co")]
    others = sorted({*CHARACTERS} - {*known})
    texts = [" ".join(f"{one} a{one}a 1{one * 2}! {one}" for one in group) for group in groups_of(known, 8)]
    texts += ["".join(f"a{one}" for one in group) for group in groups_of(others, 200)]
    assert_the_same(learned(tmp_path), [*texts, *MORE_TEXTS], tmp_path)


def test_a_tokenizer_that_is_not_ported_is_an_error():
    content = (REFERENCES / "xlm-roberta/tokenizer.json").read_text()
    with pytest.raises(RunError, match=r"of BERT .* or of RoBERTa .*, got NFKC, Metaspace, Unigram\. Use another"):
        pretrained_tables(content)
    content = json.loads((REFERENCES / "bert/tokenizer.json").read_text())
    token = {**content["added_tokens"][0], "id": len(content["model"]["vocab"]), "content": "ab", "special": False}
    with pytest.raises(RunError, match="expected no added tokens in the tokenizer, got 'ab'"):
        pretrained_tables(json.dumps({**content, "added_tokens": [token]}))
    content = json.loads((REFERENCES / "roberta/tokenizer.json").read_text())
    content["model"]["byte_fallback"] = True
    with pytest.raises(RunError, match="got one with byte_fallback"):
        pretrained_tables(json.dumps(content))
