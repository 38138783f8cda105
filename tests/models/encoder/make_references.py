"""Write `references/`: tiny encoders with random weights, and what transformers and PyTorch compute with them.

    python -m venv reference; reference/bin/pip install torch transformers
    reference/bin/python tests/models/encoder/make_references.py [FOLDER OF all-MiniLM-L6-v2]

Made with transformers 5.x and torch 2.x on a CPU. Only this script needs them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = Path(__file__).parent / "references"
TEXTS = [
    "good",
    "bad film",
    "A good film, not a bad one.",
    "I did not like it at all!",
    "The actors are great; the story is not.",
    "very very very long and very very very boring",
    "Über die Straße läuft ein Kind.",
    "Ça alors, un très bon café à Besançon.",
    "这部电影很好看",
    "服务很差，不会再来了。",
    "映画はとても面白かったです",
    "이 영화는 정말 좋다",
    "Отличный фильм, всем советую",
    "فيلم جيد جدا",
    "12 + 30 = 42, isn't it?",
    "👍🏽 nice",
    "e-mail: someone@example.org",
    "tabs\tand\nlines",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "unbelievable unhappiness of an uninteresting and unwatchable movie",
]
SIZES = {"hidden": 16, "layers": 2, "heads": 4, "inner": 24, "positions": 128}
WORDS = 150


def word_piece() -> Tokenizer:
    """As BERT's."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special))
    ids = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ids)
    tokenizer.enable_truncation(8)  # as many published files have it: textclf must reset both
    tokenizer.enable_padding(length=8)
    return tokenizer


def byte_level() -> Tokenizer:
    """As RoBERTa's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=WORDS + 256, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def sentence_piece() -> Tokenizer:
    """As XLM-R's."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=WORDS, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(TEXTS, trainer)
    template = {"single": "<s> $A </s>", "special_tokens": [("<s>", 0), ("</s>", 2)]}
    tokenizer.post_processor = processors.TemplateProcessing(**template)
    return tokenizer


def bert_settings(vocab_size: int, **changed) -> dict:
    return {
        "vocab_size": vocab_size,
        "hidden_size": SIZES["hidden"],
        "num_hidden_layers": SIZES["layers"],
        "num_attention_heads": SIZES["heads"],
        "intermediate_size": SIZES["inner"],
        "max_position_embeddings": SIZES["positions"],
        **changed,
    }


ROBERTA = {"type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1, "max_position_embeddings": 130}


def encoders():
    """Yield name, tokenizer and model of each family."""
    made = word_piece()
    yield "bert", made, transformers.BertModel(transformers.BertConfig(**bert_settings(made.get_vocab_size())))
    yield (
        "distilbert",
        made,
        transformers.DistilBertModel(
            transformers.DistilBertConfig(
                vocab_size=made.get_vocab_size(),
                dim=SIZES["hidden"],
                n_layers=SIZES["layers"],
                n_heads=SIZES["heads"],
                hidden_dim=SIZES["inner"],
                max_position_embeddings=SIZES["positions"],
            )
        ),
    )
    made = byte_level()
    settings = bert_settings(made.get_vocab_size(), **ROBERTA)
    yield "roberta", made, transformers.RobertaModel(transformers.RobertaConfig(**settings))
    made = sentence_piece()
    settings = bert_settings(made.get_vocab_size(), **ROBERTA)
    yield "xlm-roberta", made, transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**settings))


def ids_of(tokenizer: Tokenizer) -> list[list[int]]:
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [encoding.ids for encoding in tokenizer.encode_batch(TEXTS)]


@torch.no_grad()
def states_of(model, rows: list[list[int]]) -> list[np.ndarray]:
    """The vectors of the tokens of each text, alone."""
    return [model(torch.tensor([row])).last_hidden_state[0].numpy() for row in rows]


def write_numbers(path: Path, rows: list[list[int]], **arrays: np.ndarray) -> None:
    lengths = np.array([len(row) for row in rows])
    np.savez_compressed(path, ids=np.concatenate(rows).astype(np.int32), lengths=lengths, **arrays)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for seed, (name, tokenizer, model) in enumerate(encoders()):
        torch.manual_seed(seed)
        for parameter in model.parameters():  # larger than usual: a mistake shows, biases are not zero
            torch.nn.init.normal_(parameter, 0.0, 0.3)
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm):
                torch.nn.init.normal_(module.weight, 1.0, 0.3)
        model.eval()
        model.save_pretrained(FOLDER / name)
        tokenizer.save(str(FOLDER / name / "tokenizer.json"), pretty=False)
        rows = ids_of(tokenizer)
        states = np.concatenate(states_of(model, rows))
        write_numbers(FOLDER / name / "expected.npz", rows, states=states)
    if sys.argv[1:]:
        folder = Path(sys.argv[1])
        rows = ids_of(Tokenizer.from_file(str(folder / "tokenizer.json")))
        states = states_of(transformers.AutoModel.from_pretrained(folder).eval(), rows)
        write_numbers(FOLDER / "minilm.npz", rows, pooled=np.stack([vectors.mean(axis=0) for vectors in states]))


main()
