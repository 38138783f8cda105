"""Tables of results: of full width in a pipe; on a terminal folded, but never a number."""

from collections.abc import Iterable

from textclf.cli.terminal import print_blocks, terminal_width
from textclf.core.formatting import escape_unsafe, summary_header, summary_row

LONGEST_FIELD = 40  # characters
GAP = "  "  # between columns
NARROWEST_FIRST = 12  # columns of a terminal to which names in the first column are folded
NARROWEST_HEADER = 10


class Table:
    """A header and rows of texts: the first column is aligned to the left, the others to the right."""

    def __init__(self, *columns: str):
        self._header = [escape_unsafe(column) for column in columns]
        self._rows: list[list[str]] = []
        self._left = 1 if columns and columns[0] != "rows" else 0

    def add_row(self, *cells: str) -> None:
        """Add a row with as many cells as there are columns; control characters are escaped."""
        self._rows.append([escape_unsafe(cell) for cell in cells])

    def blocks(self, width: int | None) -> list[list[tuple[str, bool]]]:
        """Return the lines, each with whether it is of the header.

        Args:
            width: of the terminal; `None` for one block of full width. Where it is too narrow, names in the first
                column and headers are folded. If that is not enough, the columns continue in further blocks, each
                with the first column. Other cells are never cut or folded.
        """
        from rich.cells import cell_len

        body = [max(map(cell_len, cells), default=0) for cells in zip(*self._rows, strict=True)] or [0] * len(
            self._header
        )
        full = [max(cell_len(name), cells) for name, cells in zip(self._header, body, strict=True)]
        if width is None or sum(full) + len(GAP) * (len(full) - 1) <= width:
            return [self._lines(list(range(len(full))), full)]
        widths = [max(cells, min(wide, NARROWEST_HEADER)) for wide, cells in zip(full[1:], body[1:], strict=True)]
        rest = width - sum(widths) - len(GAP) * len(widths)
        if rest < min(NARROWEST_FIRST, full[0]):  # further blocks are needed in any case
            rest = max(width // 3, NARROWEST_FIRST)
        widths.insert(0, min(full[0], rest))
        return [self._lines(columns, widths) for columns in _split(widths, width)]

    def _lines(self, columns: list[int], widths: list[int]) -> list[tuple[str, bool]]:
        lines = [(line, True) for line in self._folded(self._header, columns, widths, at_bottom=True)]
        for row in self._rows:
            lines += [(line, False) for line in self._folded(row, columns, widths)]
        return lines

    def _folded(
        self, cells: list[str], columns: list[int], widths: list[int], *, at_bottom: bool = False
    ) -> Iterable[str]:
        """Yield the lines of one row: each cell is folded to the width of its column."""
        from rich.cells import cell_len, chop_cells

        parts = {column: chop_cells(cells[column], max(widths[column], 1)) or [""] for column in columns}
        height = max(map(len, parts.values()))
        for line in range(height):
            shown = []
            for column, pieces in parts.items():
                place = line - (height - len(pieces)) if at_bottom else line
                piece = pieces[place] if 0 <= place < len(pieces) else ""
                space = " " * (widths[column] - cell_len(piece))
                shown.append(piece + space if column < self._left else space + piece)
            yield GAP.join(shown).rstrip()


def _split(widths: list[int], width: int) -> list[list[int]]:
    """Return the columns of each block: the first column, and as many others as fit beside it."""
    blocks: list[list[int]] = []
    used = width + 1
    for column in range(1, len(widths)):
        if used + len(GAP) + widths[column] > width:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(column)
        used += len(GAP) + widths[column]
    return blocks or [[0]]


def print_table(table: Table) -> None:
    """Print a table: of full width in a pipe, folded where the terminal is narrower."""
    print_blocks(table.blocks(terminal_width()))


def summary_table(by_split: dict[str, dict]) -> Table:
    """Return a table with the main metrics of each split, beside the accuracy of the most frequent label.

    Args:
        by_split: name of the split -> its metrics. With the name `""` there is no column for it.
    """
    names = ["split"] if any(by_split) else []
    table = Table(*names, *summary_header())
    for split, metrics in by_split.items():
        table.add_row(*([split] if names else []), *summary_row(metrics))
    return table


def format_field(value: object) -> str:
    """Format a value from a file of unknown origin: short, and without control characters."""
    return escape_unsafe(str(value)[:LONGEST_FIELD])
