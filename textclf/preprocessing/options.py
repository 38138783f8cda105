"""The settings that every tokenizer has."""

from typing import Literal

from pydantic import Field

from textclf.options import Options

Side = Literal["right", "left"]


class PreprocessingOptions(Options):
    """From texts to padded rows of token ids; each tokenizer adds its own settings."""

    vocabulary_size: int = Field(
        20_000,
        ge=3,
        description="Most ids to use, padding (0) and unknown (1) included; the most frequent tokens win.",
    )
    sequence_length: int = Field(256, ge=1, description="Most tokens of a text that are read; longer texts are cut.")
    padding: Side = Field("right", description="Side on which shorter texts are filled up with id 0.")
    truncating: Side = Field("right", description="Side on which longer texts are cut.")
