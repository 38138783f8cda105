"""The settings of preprocessing: those of every tokenizer, of those with a vocabulary, and of those that normalize."""

from typing import TYPE_CHECKING, Literal

from textclf.core.options import Options, setting
from textclf.core.search_ranges import Around, OneOf

Side = Literal["right", "left"]
# A bucket is the kind of an n-gram (words, characters) and 23 bits of its hash. With the number of one of 256 rows, it
# has 32 bits, which sort 2x faster than 64.
BUCKET_BITS = 24
BUCKETS = 1 << BUCKET_BITS


class NgramOptions(Options):
    """The kinds and the number of the n-grams that the network reads."""

    longest_words: int = setting(
        default=2,
        ge=0,
        le=5,
        tuned=OneOf((1, 2, 3)),
        description="Maximum words of a word n-gram (0: no word n-grams).",
    )
    shortest_characters: int = setting(default=2, ge=1, le=8, description="Minimum characters of a character n-gram.")
    longest_characters: int = setting(
        default=5,
        ge=0,
        le=8,
        tuned=OneOf((3, 4, 5, 6)),
        description="Maximum characters of a character n-gram (0: no character n-grams).",
    )
    min_frequency: int = setting(
        default=2, ge=1, tuned=OneOf((1, 2)), description="Minimum number of training texts that contain an n-gram."
    )
    most_ngrams: int = setting(
        default=2**19,
        ge=1,
        le=BUCKETS,
        tuned=Around(2, smaller=512),
        description="Maximum number of n-grams to learn. textclf keeps those in the most texts.",
    )
    most_per_text: int = setting(
        default=4096, ge=1, description="Maximum n-grams per text. textclf keeps those with the largest weights."
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
    """From texts to padded rows of token ids. Each tokenizer adds its own settings."""

    if TYPE_CHECKING:
        tokenizer: str = ""  # its name, a field of every subclass

    sequence_length: int = setting(
        default=256, ge=1, le=100_000, description="Maximum tokens per text. Longer texts are truncated."
    )
    padding: Side = setting(default="right", description="Side on which shorter texts are padded with id 0.")
    ngrams: NgramOptions = setting(
        default=NgramOptions(), description="N-grams, for architectures that read them. Others ignore it."
    )

    @property
    def reads_windows(self) -> bool:
        """Return whether a row consists of windows of `sequence_length` ids, one after the other."""
        return False


class VocabularyOptions(PreprocessingOptions):
    """The same, for tokenizers that learn a vocabulary."""

    vocabulary_size: int = setting(
        default=20_000,
        ge=3,
        le=1_000_000,
        tuned=Around(2, smaller=64),
        description="Maximum number of token ids, with padding (0) and unknown (1). textclf keeps the most "
        "frequent tokens.",
    )
    truncating: Side = setting(default="right", description="Side on which longer texts are truncated.")


class NormalizedOptions(VocabularyOptions):
    """The same, and how texts are normalized before they are split (see `normalization.py`)."""

    min_frequency: int = setting(
        default=1, ge=1, description="Minimum occurrences of a token in the training texts. Rarer tokens are unknown."
    )
    normalization: Literal["none", "nfc", "nfkc"] = setting(
        default="nfc",
        description="Unicode normalization: `nfc` unifies composed and decomposed é, `nfkc` also full-width "
        "letters and ligatures.",
    )
    remove_invisible: bool = setting(
        default=True,
        description="Remove characters that are not seen and would split a word: soft hyphens, zero-width spaces, byte "
        "order marks and direction marks. Zero-width spaces between letters of Thai, Khmer, Lao and Myanmar stay: they "
        "separate words there.",
    )
    lowercase: bool = setting(default=True, description="Ignore case, in every script (STRASSE equals Straße).")
    turkish_i: bool = setting(default=False, description="Lowercase I to ı and İ to i, as in Turkish and Azerbaijani.")
    replace_urls: bool = setting(default=False, description="Replace every http(s):// and www. address by one token.")
    replace_users: bool = setting(
        default=False,
        description="Replace an @name by one token. It stays after an "
        "ASCII letter or digit, as in an e-mail address, and after another @name.",
    )
    replace_numbers: bool = setting(
        default=False, description="Replace every number by one token, also within a word: mp3 is mp and a number."
    )
