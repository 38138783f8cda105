"""The commands up to a trained classifier: a config, a look at the data, trainings."""

import click

SETTINGS = click.option(
    "--set", "overrides", multiple=True, metavar="SECTION.SETTING=VALUE", help="Override one setting; may be repeated."
)


@click.command()
@click.argument("config", type=click.Path())
@click.option("--data", required=True, metavar="FILE", type=click.Path(), help="Labelled texts to learn from.")
@click.option("--test", metavar="FILE", type=click.Path(), help="Labelled texts to measure on.")
def new(config, data, test):
    """Look at labelled texts and write a config that suits them, every setting with its reason.

    \b
    textclf new mine.yaml --data data/toy_topics/train.csv --test data/toy_topics/test.csv
    """
    from textclf.config.starter import write_starter

    path = write_starter(config, data, test)
    click.echo(f"wrote {path}; next: textclf check {path}, textclf train {path}")


@click.command()
@click.argument("config", type=click.Path())
@SETTINGS
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def check(config, overrides, format):
    """Say everything about config and data before a training; exit code 1 when it would fail.

    \b
    textclf check configs/toy_en.yaml
    """
    from textclf.cli.screen import show_report
    from textclf.training.check import check_config

    report = check_config(config, overrides)
    show_report(report, format)
    return int(report.would_fail)


@click.command()
@click.argument("config", type=click.Path())
@SETTINGS
@click.option(
    "--run", metavar="NAME", help="Name of the run folder below runs/.  [default: the date and the config's name]"
)
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    metavar="K",
    help="Measure by cross-validation: K trainings, each on all texts but a K-th, which it then answers for.",
)
def train(config, overrides, run, folds):
    """Train a classifier as CONFIG says, and measure it. An interrupted run of the same name and CONFIG goes on.

    \b
    textclf train configs/toy_en.yaml
    textclf train configs/toy_en.yaml --set training.epochs=3 --set model.units=32 --run short
    textclf train configs/toy_en.yaml --folds 5
    """
    from textclf.cli.screen import show_folds, show_run
    from textclf.evaluation.report.report import report_on

    if folds:
        from textclf.training.cross_validation import cross_validate

        show_folds(cross_validate(config, overrides, folds=folds, run=run))
    else:
        from textclf.training.train import train

        finished = train(config, overrides, run=run)
        show_run(finished, report_on(finished))


@click.command()
@click.argument("config", type=click.Path())
@SETTINGS
@click.option("--folds", type=click.IntRange(2, 100), default=5, show_default=True, metavar="K", help="Trainings.")
@click.option("--run", metavar="NAME", help="Name of the run folder below runs/.  [default: as for train --folds]")
@click.option(
    "--output", metavar="PATH", type=click.Path(dir_okay=False), help="The list.  [default: audit.csv in the run]"
)
def audit(config, overrides, folds, run, output):
    """List training texts whose label is probably wrong, as CSV for a person to go through.

    K classifiers are trained, each on all texts but a K-th, for which it then answers. Listed are labels that
    these answers speak against, and texts that are almost the same and have different labels.

    \b
    textclf audit configs/toy_topics.yaml --folds 3
    """
    from textclf.training.label_audit import audit

    found = audit(config, overrides, folds=folds, run=run, output=output)
    click.echo(f"{found.texts} texts: {found.doubtful} labels in doubt, {found.pairs} pairs labelled differently")
    click.echo(f"wrote {found.path}")


@click.command()
@click.argument("run", metavar="RUN")
def resume(run):
    """Go on with the training of RUN, which was interrupted: a run folder, or a run's name below runs/.

    It ends exactly as if it had never been interrupted. `textclf train` with the same config and --run does the same.

    \b
    textclf resume mine
    """
    from textclf.cli.screen import show_folds, show_run
    from textclf.evaluation.report.report import report_on
    from textclf.training.resume import resume

    finished = resume(run)
    if finished.read_about().get("folds"):
        show_folds(finished)
    else:
        show_run(finished, report_on(finished))


@click.command(name="find-rate")
@click.argument("config", type=click.Path())
@SETTINGS
def find_rate(config, overrides):
    """Find a learning rate for CONFIG: a short training in which it grows from step to step.

    \b
    textclf find-rate configs/toy_en.yaml
    textclf find-rate configs/toy_en.yaml --set model.architecture=cnn
    """
    from textclf.cli.screen import show_sweeps
    from textclf.training.learning_rate_finder import find_rates

    show_sweeps(find_rates(config, overrides))
