"""JSON and YAML that is well-formed and wrong: a change for a file whose checksums are made to fit again."""

import json


def changed(**entries):
    """The object with other entries, `REMOVED` taking one away."""

    def change(content):
        content = {**json.loads(content), **entries}
        return json.dumps({name: value for name, value in content.items() if value is not REMOVED}).encode()

    return change


def instead(content):
    return lambda _: content if isinstance(content, bytes) else json.dumps(content).encode()


REMOVED = object()
NO_OBJECTS = {
    "a number": instead(3),
    "a list": instead([]),
    "a text": instead("x"),
    "null": instead(b"null"),
    "no JSON": instead(b"{'a': 1}"),
    "no UTF-8": instead(b'{"a": "\xff\xfe"}'),
    "NaN": instead(b'{"a": NaN}'),
    "a number of many digits": instead(b'{"a": ' + b"9" * 10_000 + b"}"),
    "nested": instead(b"[" * 100_000 + b"]" * 100_000),
    "six million values": instead(b"[" + b"1," * 6_000_000 + b"1]"),
}
LABELS = {
    **NO_OBJECTS,
    "another type": changed(type="regression"),
    "type of a list": changed(type=["binary"]),
    "one label": changed(labels=["a"], counts=[1], majority=["a"]),
    "three labels": changed(labels=["a", "b", "c"], counts=[1, 1, 1], majority=["a"]),
    "the same label twice": changed(labels=["a", "a"], majority=["a"]),
    "labels of numbers": changed(labels=[1, 2]),
    "labels of lists": changed(labels=[["a"], ["b"]]),
    "labels of null": changed(labels=None),
    "no labels": changed(labels=REMOVED),
    "counts of texts": changed(counts=["1", "2"]),
    "one count": changed(counts=[1]),
    "a majority of another label": changed(majority=["zzz"]),
    "no majority": changed(majority=[]),
    "no separator": changed(separator=REMOVED),
    "a separator of a number": changed(separator=3),
    "a million labels": changed(labels=[str(n) for n in range(1_000_000)], counts=[1] * 1_000_000, majority=["1"]),
}


def tokenizer(options=None, **state):
    def change(content):
        saved = json.loads(content)
        saved["options"].update(options or {})
        saved["state"].update(state)
        return json.dumps(saved).encode()

    return change


def pieces(name, **state):
    return instead({"options": {"tokenizer": name}, "state": state})


WORDS = {"model": {"type": "WordLevel", "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2}, "unk_token": "[UNK]"}}
PRETRAINED = {"tokenizer": json.dumps(WORDS), "padding": 0, "before": [], "after": [], "unknown": 1, "num_ids": 3}
TOKENIZERS = {
    **NO_OBJECTS,
    "no options": changed(options=REMOVED),
    "no state": changed(state=REMOVED),
    "options of a list": changed(options=[1]),
    "another tokenizer": tokenizer({"tokenizer": "pickle"}),
    "a tokenizer of a list": tokenizer({"tokenizer": ["word"]}),
    "a module": tokenizer({"tokenizer": "os.system"}),
    "a path": tokenizer({"tokenizer": "../../evil"}),
    "a length of billions": tokenizer({"sequence_length": 10**18}),
    "a length of 100,001": tokenizer({"sequence_length": 100_001}),
    "a length of nothing": tokenizer({"sequence_length": 0}),
    "a negative length": tokenizer({"sequence_length": -1}),
    "a length of text": tokenizer({"sequence_length": "40"}),
    "a length of a fraction": tokenizer({"sequence_length": 4.5}),
    "a vocabulary of billions": tokenizer({"vocabulary_size": 10**18}),
    "padding on no side": tokenizer({"padding": "middle"}),
    "an unknown option": tokenizer({"command": "touch harmed"}),
    "a normal form of its own": tokenizer({"normalization": "x" * 1000}),
    "vocabulary of numbers": tokenizer(vocabulary=[1, 2]),
    "vocabulary of lists": tokenizer(vocabulary=[["a"], ["b"]]),
    "vocabulary of a text": tokenizer(vocabulary="abc"),
    "vocabulary of an object": tokenizer(vocabulary={"a": 1}),
    "no vocabulary": tokenizer(vocabulary=None),
    "a word twice": tokenizer(vocabulary=["a", "a"]),
    "an empty word": tokenizer(vocabulary=["a", ""]),
    "words for more weights than there are": tokenizer(vocabulary=[f"w{n}" for n in range(100_000)]),
    "pairs that are no pieces": pieces("byte_pair", vocabulary=["a", "b"], merges=[["a", "b"]]),
    "pairs of three": pieces("byte_pair", vocabulary=["a", "b", "ab"], merges=[["a", "b", "c"]]),
    "pairs of numbers": pieces("byte_pair", vocabulary=["a", "b", "ab"], merges=[[1, 2]]),
    "pairs of a text": pieces("byte_pair", vocabulary=["a", "b", "ab"], merges="ab"),
    "no pairs": pieces("byte_pair", vocabulary=["a", "b", "ab"]),
    "a special piece": pieces("byte_pair", vocabulary=["a", " padding"], merges=[]),
    "a pretrained tokenizer of nothing": pieces("pretrained"),
    "a pretrained tokenizer of a number": pieces("pretrained", **{**PRETRAINED, "tokenizer": 3}),
    "a pretrained tokenizer that is none": pieces("pretrained", **{**PRETRAINED, "tokenizer": "{}"}),
    "a pretrained tokenizer of brackets": pieces("pretrained", **{**PRETRAINED, "tokenizer": "[" * 100_000}),
    "a pretrained tokenizer with padding beyond its ids": pieces("pretrained", **{**PRETRAINED, "padding": 10**9}),
    "a pretrained tokenizer with ids of billions": pieces("pretrained", **{**PRETRAINED, "num_ids": 10**12}),
    "a pretrained tokenizer with special tokens of texts": pieces("pretrained", **{**PRETRAINED, "before": ["a"]}),
    "a pretrained tokenizer with special tokens below 0": pieces("pretrained", **{**PRETRAINED, "after": [-1]}),
    "a pretrained tokenizer with a number of special tokens": pieces("pretrained", **{**PRETRAINED, "after": 3}),
    "a pretrained tokenizer with an unknown id of truth": pieces("pretrained", **{**PRETRAINED, "unknown": True}),
    "no scores": pieces("unigram", vocabulary=["a", "b"]),
    "too few scores": pieces("unigram", vocabulary=["a", "b"], scores=[-1.0]),
    "scores of texts": pieces("unigram", vocabulary=["a", "b"], scores=["x", "y"]),
    "scores above 0": pieces("unigram", vocabulary=["a", "b"], scores=[1.0, 2.0]),
    "infinite scores": instead(
        b'{"options": {"tokenizer": "unigram"}, "state": {"vocabulary": ["a"], "scores": [-1e999]}}'
    ),
}
ABOUT = {
    **NO_OBJECTS,
    "a newer format": changed(format_version=99),
    "a format of a text": changed(format_version="1"),
    "a format of truth": changed(format_version=True),
    "no format": changed(format_version=REMOVED),
    "no files": changed(files=REMOVED),
    "files of a list": changed(files=["model.onnx"]),
    "files elsewhere": changed(files={"../../model.onnx": {"bytes": 1, "sha256": "0"}}),
    "files without checksums": changed(files={name: {} for name in ("model.onnx", "tokenizer.json", "labels.json")}),
    "files of numbers": changed(files=dict.fromkeys(("model.onnx", "tokenizer.json", "labels.json"), 3)),
    "no reading": changed(reading=REMOVED),
    "reading of a text": changed(reading="csv"),
    "reading of a list": changed(reading=[]),
    "an unknown encoding": changed(reading={"encoding": "no-such"}),
    "an encoding that packs": changed(reading={"encoding": "zlib_codec"}),
    "an encoding of a path": changed(reading={"encoding": "../../evil"}),
    "an encoding of a number": changed(reading={"encoding": 3}),
    "a delimiter of a line break": changed(reading={"delimiter": "\n"}),
    "an unknown format": changed(reading={"format": "pickle"}),
    "an unknown setting": changed(reading={"command": "touch harmed"}),
    "a column of a number": changed(text_column=3),
    "a column of an object": changed(text_column={"a": 1}),
    "no columns": changed(text_column=[]),
    "no label column": changed(label_column=REMOVED),
    "label columns that are no names": changed(label_column=["a", ["b"]]),
}
