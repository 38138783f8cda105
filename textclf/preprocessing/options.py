"""The settings of preprocessing: those that every tokenizer has, and those of all but `keras`."""

from typing import TYPE_CHECKING, Literal

from textclf.core.options import Options, setting

Side = Literal["right", "left"]
# A bucket is the kind of an n-gram and 23 bits of its hash. Together with the number of one of 256 rows it has 32 bits,
# which sort twice as fast as 64.
BUCKET_BITS = 24
BUCKETS = 1 << BUCKET_BITS


class NgramOptions(Options):
    """Which n-grams are read, and how many are learned."""

    longest_words: int = setting(
        default=2, ge=0, le=5, description="Most words of an n-gram of words; 0: none of words."
    )
    shortest_characters: int = setting(
        default=2, ge=1, le=8, description="Fewest characters of an n-gram of characters."
    )
    longest_characters: int = setting(default=5, ge=0, le=8, description="Most of them; 0: no n-grams of characters.")
    min_frequency: int = setting(default=2, ge=1, description="In how many training texts an n-gram has to occur.")
    most_ngrams: int = setting(
        default=2**19, ge=1, le=BUCKETS, description="Most n-grams to learn; those in the most texts win."
    )
    most_per_text: int = setting(
        default=4096, ge=1, description="Most n-grams of a text that are read; the heaviest win."
    )

    @property
    def words(self) -> range:
        """The lengths of n-grams of words."""
        return range(1, self.longest_words + 1)

    @property
    def characters(self) -> range:
        """The lengths of n-grams of characters."""
        return range(self.shortest_characters, self.longest_characters + 1)


class PreprocessingOptions(Options):
    """From texts to padded rows of token ids; each tokenizer adds its own settings."""

    if TYPE_CHECKING:
        tokenizer: str = ""  # its name, a field of each

    vocabulary_size: int = setting(
        default=20_000,
        ge=3,
        le=1_000_000,
        description="Most ids to use, padding (0) and unknown (1) included; the most frequent tokens win.",
    )
    sequence_length: int = setting(
        default=256, ge=1, le=100_000, description="Most tokens of a text that are read; longer texts are cut."
    )
    padding: Side = setting(default="right", description="Side on which shorter texts are filled up with id 0.")
    truncating: Side = setting(default="right", description="Side on which longer texts are cut.")
    ngrams: NgramOptions = setting(
        default=NgramOptions(), description="For networks that read n-grams; others ignore it."
    )


class NormalizedOptions(PreprocessingOptions):
    """As above, with what is done to a text before it is split (see `normalization.py`)."""

    min_frequency: int = setting(
        default=1, ge=1, description="How often a token has to occur in the training texts; rarer ones are unknown."
    )
    normalization: Literal["none", "nfc", "nfkc"] = setting(
        default="nfc",
        description="Unicode form of all texts: `nfc` makes composed and decomposed é the same, "
        "`nfkc` also full-width letters and ligatures.",
    )
    lowercase: bool = setting(
        default=True, description="Whether upper and lower case are the same word, in every script (STRASSE is Straße)."
    )
    turkish_i: bool = setting(
        default=False, description="Whether the lower case of I is ı, and of İ is i, as in Turkish and Azerbaijani."
    )
    replace_urls: bool = setting(
        default=False, description="Whether every http(s):// and www. address is the same token."
    )
    replace_users: bool = setting(default=False, description="Whether every @name is the same token.")
    replace_numbers: bool = setting(
        default=False, description="Whether every number is the same token, also within a word: mp3 is mp and a number."
    )
