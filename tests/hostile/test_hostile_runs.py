"""Runs and configs from a stranger: rejected in a sentence, and no other file is read, or written to."""

import shutil

import pytest

import textclf
from tests.conftest import rewrite_config
from tests.hostile.broken_files import damages
from tests.hostile.contents import NO_OBJECTS
from tests.hostile.rejections import rejected
from textclf.cli.main import main
from textclf.core.errors import TextclfError


@pytest.mark.parametrize("damage", damages())
@pytest.mark.parametrize("name", ["run.json", "config.yaml"])
def test_damaged_file_of_a_run(run, within_bounds, name, damage):
    damages()[damage](run.path / name)
    if damage.startswith("bit") and name == "run.json":  # a bit of a time or a version harms nothing
        try:
            textclf.evaluate(run, output=run.path / "here")
        except TextclfError as error:
            assert "Traceback" not in str(error)  # noqa: PT017
    else:
        rejected(lambda: textclf.evaluate(run))


@pytest.mark.parametrize("damage", [name for name in damages() if name not in {"missing"} and "bit" not in name])
def test_damaged_metrics_are_said_and_the_list_is_shown(run, within_bounds, damage, monkeypatch, capsys):
    damages()[damage](run.metrics)
    rejected(run.read_metrics)
    monkeypatch.chdir(run.path.parent.parent)
    assert main(["list"]) == 0
    assert "damaged" in capsys.readouterr().out


@pytest.mark.parametrize("case", NO_OBJECTS)
def test_about_of_a_run_that_is_no_object(run, within_bounds, case):
    run.metadata.write_bytes(NO_OBJECTS[case](b"{}"))
    if case != "number":
        rejected(run.read_metadata)


YAML = {
    "brackets": "[" * 90_000,
    "braces": "{" * 90_000,
    "aliases": "a: &a [*a, *a]\n" * 6000,
    "a billion laughs": "a0: &a0 1\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n}, ' * 9}]\n" for n in range(20)),
    "an object of Python": "!!python/object/apply:os.system ['touch harmed']",
    "a tag": "data: !!python/name:os.system",
    "too long": "#" * 200_000,
    "many lines": "- 1\n" * 20_000,
    "many values": f"a: [{'1,' * 40_000}]",
    "deep": "".join(" " * n + "a:\n" for n in range(400)),
}  # fmt: skip


@pytest.mark.parametrize("case", YAML)
def test_hostile_config(run, within_bounds, case):
    rewrite_config(run, YAML[case])
    rejected(lambda: textclf.evaluate(run))


@pytest.mark.parametrize(
    "test", ["/etc/passwd", "../secret.csv", "secret.csv", "/dev/zero", "/etc/*", "data/toy_en/train.csv"]
)
def test_a_run_reads_no_file_but_its_own_test_file(run, tmp_path, test):
    (tmp_path / "secret.csv").write_text("text,label\nmy password,positive\n")
    rewrite_config(run, run.config.read_text().replace("data/toy_en/test.csv", test))
    about = run.read_metadata()
    run.update_metadata(data_sha256={**about["data_sha256"], test: "0" * 64, "data/toy_en/train.csv": None})
    rejected(lambda: textclf.evaluate(run))
    assert not run.evaluations.exists()


@pytest.mark.parametrize("name", ["evaluations", "evaluations/test", "evaluations/other", "classifier", "config.yaml"])
def test_no_link_in_a_run_is_followed(run, tmp_path, within_bounds, name):
    elsewhere = tmp_path / "given/elsewhere"
    path = run.path / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.mkdir()
    path.symlink_to(elsewhere)
    shutil.copy("data/toy_en/test.csv", tmp_path / "given/other.csv")
    rejected(lambda: textclf.evaluate(run, "given/other.csv" if name.endswith("other") else None))
    assert not elsewhere.is_dir() or name == "classifier" or list(elsewhere.iterdir()) == []


def test_the_untouched_run_is_measured(run):
    assert textclf.evaluate(run)["accuracy"] >= 0
    assert (run.evaluations / "test/metrics.json").exists()
