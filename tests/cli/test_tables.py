"""Tables: all of it in a pipe; on a terminal folded or continued below, with every digit."""

import re

import pytest
from rich.cells import cell_len

from textclf.cli.tables import Table

LABELS = ["a label whose name is much longer than others", "中文标签" * 6, "x", "\x1b[31mred\nlabel"]
NUMBERS = ["0.1234", "0.5678", "123456789", "0.9999"]


def table_of(labels=LABELS, columns=("precision", "recall", "rows", "F1")):
    table = Table("label", *columns)
    for label in labels:
        table.add_row(label, *NUMBERS[: len(columns)])
    return table


def lines_of(table, width):
    return [line for block in table.blocks(width) for line, _ in block]


def test_a_pipe_gets_every_cell_whole_on_one_line():
    table = table_of(["n" * 20_000, "y"], [f"column {number}" for number in range(4)])
    header, first, second = lines_of(table, None)
    assert first.split() == ["n" * 20_000, *NUMBERS]
    assert second.split() == ["y", *NUMBERS]
    assert re.split(r"\s{2,}", header) == ["label", *(f"column {number}" for number in range(4))]


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 30, 24])
def test_a_terminal_gets_no_line_that_is_too_long_and_every_number(width):
    lines = lines_of(table_of(), width)
    assert max(map(cell_len, lines)) <= width
    for number in NUMBERS:
        assert sum(line.count(number) for line in lines) == len(LABELS)
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("width", [80, 40, 24])
def test_folded_names_are_there_from_end_to_end(width):
    label = "".join(chr(ord("a") + number % 26) for number in range(70))
    for block in table_of([label]).blocks(width):
        names = [line.split("  ")[0].strip() for line, is_header in block if not is_header]
        assert "".join(names) == label


def test_columns_that_do_not_fit_follow_below_with_the_name_of_the_row():
    blocks = table_of(["pos", "neg"], [f"count of {number}" for number in range(4)]).blocks(30)
    assert len(blocks) > 1
    for block in blocks:
        assert [line.split()[0] for line, is_header in block if not is_header] == ["pos", "neg"]


@pytest.mark.parametrize("value", ["a\nb", "\x1b[2J", "x\x9b31m", "\u202eevil", "e\u2028f", "g\rh"])
def test_control_characters_are_escaped_in_cells_and_headers(value):
    table = Table("label", value)
    table.add_row(value, "1")
    lines = lines_of(table, None)
    assert len(lines) == 2
    for line in lines:
        assert ascii(value)[1:-1] in line


@pytest.mark.parametrize(
    ("command", "header"),
    [
        (["list"], "run +status +test accuracy +seconds"),
        (["evaluate", "--run", "toy_topics"], "true . predicted +business +food +health +science +sports +travel"),
        (["compare", "toy_en", "toy_en"], r"run +accuracy +F1 macro +log loss"),
    ],
    ids=["list", "evaluate", "compare"],
)
def test_a_pipe_gets_the_tables_of_a_command_whole(with_runs, textclf_main, monkeypatch, command, header):
    monkeypatch.setenv("COLUMNS", "40")
    finished = textclf_main(*command)
    assert finished.code == 0, finished.stderr
    assert "…" not in finished.stdout
    assert re.search(header, finished.stdout)
    assert re.search(r"0\.\d{4}", finished.stdout)


def test_an_empty_table_and_a_table_of_one_column():
    assert lines_of(Table("run", "status"), None) == ["run  status"]
    table = Table("name")
    table.add_row("n" * 30)
    assert "".join(lines_of(table, 12)[1:]) == "n" * 30
