"""Training texts changed a little, anew in each epoch: tokens left out, moved or hidden, and letters mistyped.

What happens to a text depends on the seed, the epoch and its row, and on nothing that was drawn before.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from textclf.core.parallel import chunks_of
from textclf.core.text_column import bytes_of, stored_texts
from textclf.models import Member
from textclf.preprocessing.ragged import Ragged, RaggedArrays, concatenate_arrays, take_rows
from textclf.training.stateless_random import draw

Draw = Callable[[str], np.ndarray]  # a name for the drawing -> a number for each token


def without_some(rows: Ragged, share: float, draw: Draw, unknown_id: int) -> Ragged:  # noqa: ARG001
    """Some tokens left out (Wei & Zou 2019), never the last one that is left of a text."""
    numbers, lengths = draw("deletion"), rows.lengths
    kept = (numbers >= share) | (numbers == np.repeat(np.maximum.reduceat(numbers, rows.offsets[:-1]), lengths))
    return Ragged.from_lengths(rows.values[kept], np.add.reduceat(kept, rows.offsets[:-1], dtype=np.int64))


def swapped(rows: Ragged, share: float, draw: Draw, unknown_id: int) -> Ragged:  # noqa: ARG001
    """Some tokens of a text in each other's places (Wei & Zou 2019)."""
    moved = np.flatnonzero(draw("swap") < share)
    texts = np.repeat(np.arange(len(rows.lengths)), rows.lengths)[moved]
    ids = rows.values.copy()
    ids[moved] = rows.values[moved[np.lexsort((draw("order")[moved], texts))]]
    return Ragged(ids, rows.offsets)


def hidden(rows: Ragged, share: float, draw: Draw, unknown_id: int) -> Ragged:
    """Some tokens unknown, as they will be in texts that nobody has seen (Xie et al. 2017)."""
    return Ragged(np.where(draw("unknown") < share, np.int32(unknown_id), rows.values), rows.offsets)


# Setting -> what it does to rows of token ids, none of them empty; one after the other.
TOKEN_CHANGES = {"deletion": without_some, "swap": swapped, "unknown": hidden}


def changed_tokens(rows: Ragged, numbers: np.ndarray, options, *, seed: int, epoch: int, unknown_id: int) -> Ragged:
    """Rows of token ids as an epoch reads them.

    Args:
        numbers: of the rows in the training texts, int64 (rows,).
        options: `AugmentationOptions`.
    """
    for name, change in TOKEN_CHANGES.items():
        if share := getattr(options, name):
            positions = np.arange(len(rows.values)) - np.repeat(rows.offsets[:-1], rows.lengths)
            texts = np.repeat(numbers, rows.lengths)

            def numbers_for(purpose: str, texts=texts, positions=positions) -> np.ndarray:
                return draw((seed, epoch, purpose), texts, positions)

            rows = change(rows, share, numbers_for, unknown_id)
    return rows


def augmented_rows(
    copies: Sequence[RaggedArrays], options, *, seed: int, unknown_id: int
) -> Callable[[np.ndarray, int], RaggedArrays]:
    """A function of row numbers and an epoch: each text from one of the copies, its tokens changed.

    Args:
        copies: the training texts as they are, and mistyped ones.
        options: `AugmentationOptions`.
    """

    def read_rows(numbers: np.ndarray, epoch: int) -> RaggedArrays:
        chosen = np.floor(draw((seed, epoch, "copy"), numbers) * len(copies))
        parts = [np.flatnonzero(chosen == number) for number in range(len(copies))]
        rows = concatenate_arrays(
            [take_rows(copy, numbers[part]) for copy, part in zip(copies, parts, strict=True)], copies[0]
        )
        rows = take_rows(rows, np.argsort(np.concatenate(parts)))
        if "token_ids" in rows:
            changes = {"seed": seed, "epoch": epoch, "unknown_id": unknown_id}
            rows["token_ids"] = changed_tokens(rows["token_ids"], numbers, options, **changes)
        return rows

    return read_rows


def mistyped_copies(members: Sequence[Member], texts: pa.LargeStringArray, seed: int) -> dict[str, pa.LargeStringArray]:
    """The copies of the training texts with mistakes that the networks want, by names that say which they are."""
    copies = {}
    for member in members:
        for name in names_of_copies(member.training.augmentation):
            if name not in copies:
                assert member.training.augmentation is not None  # it has names of copies
                share = member.training.augmentation.character_noise
                copies[name] = stored_texts(mistyped(texts, share, (seed, name)))
    return copies


def names_of_copies(options) -> list[str]:
    """Of the mistyped copies that `AugmentationOptions` ask for."""
    if options is None or not options.character_noise:
        return []
    return [f"train_mistyped_{options.character_noise:g}_{number}" for number in range(1, options.noise_copies + 1)]


def mistyped(texts: pa.LargeStringArray, share: float, purpose: tuple) -> Iterator[pa.LargeStringArray]:
    """Texts with a share of their characters left out, doubled, swapped with the next one, or replaced by another.

    The replacement is a character of the same text: it is of the same script, and frequent ones come more often.

    Args:
        purpose: as for `draw`; another one gives other mistakes.
    """
    first = 0
    for chunk in chunks_of(texts):
        yield _mistyped(chunk, share, purpose, first)
        first += len(chunk)


def _mistyped(texts: pa.LargeStringArray, share: float, purpose: tuple, first_row: int) -> pa.LargeStringArray:
    content, offsets = bytes_of(texts)
    utf8 = np.frombuffer(content, np.uint8)
    starts = np.flatnonzero(utf8 & 0xC0 != 0x80)  # all other bytes continue a character
    bounds = np.searchsorted(starts, offsets)  # of the texts among the characters
    lengths = np.diff(bounds)
    first_of, length_of = np.repeat(bounds[:-1], lengths), np.repeat(lengths, lengths)
    place = np.arange(len(starts))
    rows = first_row + np.repeat(np.arange(len(texts)), lengths)
    kind = np.floor(draw((*purpose, "mistake"), rows, place - first_of) / share * 4)  # 4 and above: none
    taken, times = place.copy(), np.ones(len(starts), np.int64)
    times[kind == 0], times[kind == 1] = 0, 2
    with_next = np.flatnonzero((kind == 2) & (place + 1 < first_of + length_of))
    with_next = with_next[kind[with_next + 1] >= 4]  # the next one stays what it is but for this
    taken[with_next], taken[with_next + 1] = with_next + 1, with_next
    other = first_of + (draw((*purpose, "replacement"), rows, place - first_of) * length_of).astype(np.int64)
    taken = np.repeat(np.where(kind == 3, other, taken), times)
    sizes = np.diff(np.append(starts, len(utf8)))[taken]
    ends = np.cumsum(sizes)
    gathered = utf8[np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts[taken] - (ends - sizes), sizes)]
    of_texts = np.append(0, ends)[np.append(0, np.cumsum(times))[bounds]]
    buffers = [pa.py_buffer(of_texts.astype(np.int64)), pa.py_buffer(gathered)]
    return pa.LargeStringArray.from_buffers(len(texts), *buffers)
