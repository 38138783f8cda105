"""Paths with `~`, texts that begin with a dash, and what is refused before any work."""

import json
from pathlib import Path

import pytest

import textclf
from tests.conftest import LINEAR, TOY_EN
from tests.csv_files import read_rows
from textclf.cli.serve import command
from textclf.config.config import load_config
from textclf.config.starter import write_starter
from textclf.core.files import expand_home


@pytest.fixture
def home(with_runs, monkeypatch):
    """A home folder with the data, a run and a config; the working folder is another one."""
    monkeypatch.setenv("HOME", str(with_runs))
    (with_runs / "elsewhere").mkdir()
    monkeypatch.chdir(with_runs / "elsewhere")
    return with_runs


@pytest.mark.parametrize(
    ("path", "expected"),
    [("~", "{}"), ("~/a.csv", "{}/a.csv"), ("a~", "a~"), ("./~/a", "./~/a"), ("~no-such-user/a", "~no-such-user/a")],
)
def test_only_a_tilde_at_the_beginning_is_the_home_folder(home, path, expected):
    assert expand_home(path) == expected.format(home)


def test_every_path_of_a_config(home, tiny_config):
    config = tiny_config(
        data={"train": ["~/a.csv", "b.csv"], "validation": "~/v.csv", "test": "~/t*.csv", "unlabelled": "~/u.csv"}
    )
    config["model"] = {"architecture": "cnn", "vectors": {"file": "~/vectors.txt"}}
    found = load_config(config, ["data.test=~/other.csv"])
    assert found.data.train == [f"{home}/a.csv", "b.csv"]
    assert found.data.validation == f"{home}/v.csv"
    assert found.data.test == f"{home}/other.csv"
    assert found.data.unlabelled == f"{home}/u.csv"
    assert found.model.vectors.file == f"{home}/vectors.txt"


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--run=~/runs/toy_en", "--file=~/data/toy_en/test.csv", "--output=~/out.txt"],
        ["evaluate", "--run", "~/runs/toy_en", "--data", "~/data/toy_en/test.csv", "--output", "~/out.txt"],
        ["report", "~/runs/toy_en", "--output=~/out.txt"],
        ["compare", "~/runs/toy_en", "~/runs/toy_en", "--output=~/out.txt"],
        ["new", "~/out.txt", "--data=~/data/toy_en/train.csv", "--test", "~/data/toy_en/test.csv"],
        ["configs", "toy_en", "--output", "~/out.txt"],
    ],
)
def test_every_path_of_an_option(home, textclf_main, arguments):
    finished = textclf_main(*arguments)
    assert finished.code == 0, finished.stderr
    assert (home / "out.txt").exists()
    assert not Path("~").exists()


WRITING = (
    ["predict", "a film", "--output"],
    ["report", "toy_en", "--output"],
    ["compare", "toy_en", "toy_en", "--output"],
    ["configs", "toy_en", "--force", "--output"],
)


@pytest.mark.parametrize("arguments", WRITING, ids=lambda arguments: arguments[0])
def test_every_output_goes_through_a_link_into_the_file_behind_it(with_runs, textclf_main, arguments):
    target, link = with_runs / "target", with_runs / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    finished = textclf_main(*arguments, str(link))
    assert finished.code == 0, finished.stderr
    assert link.is_symlink()
    assert len(target.read_bytes()) > len("old")
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("arguments", WRITING, ids=lambda arguments: arguments[0])
def test_every_output_is_written_to_a_device(with_runs, textclf_main, arguments):
    assert textclf_main(*arguments, "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("command", ["new", "check", "predict", "evaluate"])
@pytest.mark.parametrize("option", ["--encoding", "--delimiter", "--quoting", "--input-format", "--sheet"])
def test_commands_that_read_files_can_be_told_how(textclf_main, command, option):
    assert option in textclf_main(command, "--help").stdout


def test_new_says_what_it_reads(home, textclf_main):
    source = f"{home}/data/toy_en/train.csv"
    finished = textclf_main("new", "a.yaml", "--data", source)
    assert "text: text, label: label; 440 rows, 2 labels\n" in finished.stderr
    assert textclf_main("new", "b.yaml", "--data", source, "--text-column", "label", "--label-column", "text").code == 1
    finished = textclf_main("new", "c.yaml", "--data", source, "--text-column", "none")
    assert (
        "expected a column 'none', but the columns are: text, label. Name the right one with --text-column"
        in finished.stderr
    )


def test_the_same_from_python(home):
    assert textclf.load("~/runs/toy_en").labels
    assert textclf.evaluate("~/runs/toy_en", "~/data/toy_en/test.csv", output="~/figures")["rows"] == 120
    assert len(read_rows(home / "figures/predictions.csv")) == 120
    write_starter("~/new.yaml", f"{home}/data/toy_en/train.csv")
    assert load_config("~/new.yaml").data.train == f"{home}/data/toy_en/train.csv"


@pytest.mark.parametrize("text", ["-1", "-x y", "--5 stars", "-hello", "-"])
def test_a_text_that_begins_with_a_dash(with_runs, textclf_main, text):
    if text != "-":
        finished = textclf_main("predict", text)
        assert finished.code == 2
        assert "textclf predict -- " in finished.stderr
    assert textclf_main("predict", "--", text).code == 0


def test_the_hint_is_only_for_texts(with_runs, textclf_main):
    for arguments in (["list", "-1"], ["evaluate", "-x"], ["predict", "--threshold", "9", "a"]):
        finished = textclf_main(*arguments)
        assert finished.code == 2
        assert "--  " not in finished.stderr
        assert "predict -- " not in finished.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "x", "--threshold"],
        ["tune", "a.yaml", "--minutes"],
        ["export", "--size"],
        ["export", "--most-changed"],
        ["push", "owner/name", "--size"],
    ],
)
def test_nan_is_no_number(workplace, textclf_main, arguments):
    finished = textclf_main(*arguments, "nan")
    assert finished.code == 2
    assert "nan is not a finite number." in finished.stderr


def test_the_token_file_of_a_server_may_lie_at_home(home):
    (home / "token").write_text("secret")
    [option] = [each for each in command.params if each.name == "token_file"]
    assert option.type.convert("~/token", option, None) == str(home / "token")


@pytest.mark.parametrize(
    ("command", "option"),
    [("new", "--data"), ("new", "--test"), ("predict", "--file"), ("evaluate", "--data"), ("compare", "--data")],
)
def test_a_second_file_is_not_left_out_in_silence(textclf_main, command, option):
    names = {"new": ["x.yaml", "--data", "a.csv"], "compare": ["a", "b"]}.get(command, [])
    finished = textclf_main(command, *names, option, "a.csv", option, "b.csv")
    assert finished.code == 2
    assert "expected one, got" in finished.stderr


def test_an_audit_that_cannot_be_written_trains_nothing(workplace, textclf_main):
    Path("a.yaml").write_text(json.dumps({"data": TOY_EN, **LINEAR}))
    finished = textclf_main("audit", "a.yaml", "--folds", "2", "--output", "no/a.csv")
    assert finished.code == 1
    assert "no/a.csv: cannot be written: there is no folder no." in finished.stderr
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("mine.db", "mine.db: this file exists already."),
        ("no/a.db", "no/a.db: cannot be written: there is no folder no."),
    ],
)
def test_a_study_that_cannot_be_written_begins_no_search(workplace, textclf_main, path, message):
    Path("a.yaml").write_text(json.dumps({"data": TOY_EN, **LINEAR}))
    Path("mine.db").write_text("mine")
    finished = textclf_main("tune", "a.yaml", "--trials", "1", "--optuna", path)
    assert finished.code == 1
    assert message in finished.stderr
    assert Path("mine.db").read_text() == "mine"
    assert not Path("runs").exists()
