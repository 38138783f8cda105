"""A finished run without a training, for the tests of runs, and the message if there is none."""

from textclf.core.run_folder import RunFolder, create_run

NOTHING_THERE = "expected a finished run in runs/, but there is none. Train one, or name one with --run."


def finished_run(name: str) -> RunFolder:
    """A finished run with a classifier folder in it."""
    run = create_run(name, "toy", {})
    run.classifier.mkdir()
    (run.classifier / "classifier.json").touch()
    run.finish()
    return run
