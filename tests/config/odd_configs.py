"""What the tests of configs are made of: the least of one, and pieces of YAML and of data to put together at random."""

from hypothesis import strategies as st

from textclf.preprocessing.tokenizers import TOKENIZERS

DATA = "data: {train: train.csv}\n"
CHOICE = ", ".join(TOKENIZERS)
FORM = "expected section.setting=value, such as training.epochs=3"

# Pieces of YAML: random ones meet more of its rules than random letters do.
PIECES = st.sampled_from(
    [
        *["data", "seed", "train", "training", "epochs", ": ", ":\n  ", "\n", "\n- ", "  ", "[", "]", "{", "}", ", "],
        *["&x ", "*x", "'", '"', "|", "> ", "#", "---\n", "%YAML 1.1\n", "? ", "<<", "~", "1e3", ".inf", "0x1F", "="],
        *["!!bool ", "!!int ", "!!float ", "!!set ", "!x ", "2001-01-01", "\\UFFFFFFFF", "\\ud800", "\t"],
    ]
)
YAML_TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)

NAMES = st.sampled_from(["data", "train", "validation", "seed", "preprocessing", "tokenizer", "model", "training"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["word", "lstm"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), parts, max_size=4),
    max_leaves=12,
)
