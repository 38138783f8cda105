"""Results as tables: readable on a terminal, plain when piped."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from textclf.core.errors import RunError
from textclf.core.run_folder import RUNS, RunFolder, run_names
from textclf.data.readers import READERS
from textclf.models import ARCHITECTURES
from textclf.preprocessing.tokenizers import TOKENIZERS
from textclf.training.check import Report
from textclf.training.locking import is_at_work

if TYPE_CHECKING:  # listing what there is should not wait for ONNX Runtime
    from textclf.evaluation.compare import Comparison
    from textclf.inference.classifier import Classifier
    from textclf.inference.explain import Explanation

SUMMARY = ("accuracy", "f1_macro", "log_loss", "roc_auc")
MOST_CLASSES_IN_MATRIX = 12
MOST_LABELS_IN_OVERVIEW = 10
RATES_SHOWN, BAR = 16, 40  # rows, and the characters of the longest bar
FOR, AGAINST = "rgb(0,114,178)", "rgb(213,94,0)"  # blue and orange, which the colour-blind tell apart too
EFFECT_STYLES = ((0.5, "bold white on {}"), (0.2, "bold {}"), (0.05, "{}"))  # from a share of the largest effect on
STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def show_run(run: RunFolder, report: Path | None = None) -> None:
    """The final figures of a training, and what to do next.

    Args:
        report: where it is told in full, if it is.
    """
    metrics = run.read_metrics()
    _print(_summary({split: metrics[split] for split in metrics if isinstance(metrics[split], dict)}))
    about = run.read_about()
    print_line(f"{about['seconds']:.0f} s, {about['peak_memory_mb']} MB at most; the run is in {run.path}")
    if report:
        print_line(f"what it learned and where it is wrong: {report}")
    print_line('Next: textclf predict "some text"')


def show_sweeps(sweeps: Iterable) -> None:
    """For each network, a `rate_finding.Sweep`, the loss at rising learning rates, and the rate to take."""
    for sweep in sweeps:
        table = _table(f"{sweep.network}, {sweep.optimizer}", "loss", "")
        shown, last = min(RATES_SHOWN, len(sweep.rates)), len(sweep.rates) - 1
        rows = [round(number * last / max(shown - 1, 1)) for number in range(shown)]
        losses = [float(sweep.losses[row]) for row in rows]
        highest, lowest = max(losses), min(losses)
        for row in rows:
            length = 1 + round(BAR * (sweep.losses[row] - lowest) / max(highest - lowest, 1e-9))
            table.add_row(f"{sweep.rates[row]:.1e}", f"{sweep.losses[row]:.4f}", "█" * length)
        _print(table)
        if sweep.suggested is None:
            print_line("No suggestion: the loss has no lowest point between the smallest and the largest rate.")
        else:
            print_line(f"Suggestion: --set training.learning_rate={sweep.suggested:g}")


def show_folds(run: RunFolder) -> None:
    """The figures of a cross-validation: mean and deviation, and the lowest and highest of the folds."""
    metrics = json.loads(run.metrics.read_text(encoding="utf-8"))
    table = _table("", "mean", "deviation", "lowest", "highest")
    for name in (name for name in SUMMARY if name in metrics["mean"]):
        values = metrics["by_fold"][name]
        table.add_row(name, *_figures([metrics["mean"][name], metrics["deviation"][name], min(values), max(values)]))
    _print(table)
    print_line(f"{metrics['folds']} folds in {run.read_about()['seconds']:.0f} s; an answer for every text is in")
    print_line(f"{run.predictions}")


def show_comparison(comparison: "Comparison") -> None:
    """Scores of runs, their differences from the first with 95 % intervals, and the settings that differ."""
    from textclf.evaluation.compare import FIGURES, shown_probability

    table = _table("run", *FIGURES.values())
    for name, figures in zip(comparison.names, comparison.figures, strict=True):
        table.add_row(name, *_figures(figures[figure] for figure in FIGURES))
    _print(table)
    first = comparison.names[0]
    for name, found in zip(comparison.names[1:], comparison.differences, strict=True):
        print_line(f"{name} less {first}, on {comparison.texts} texts of {comparison.split}, with 95 % intervals:")
        for figure, (difference, low, high) in found.intervals.items():
            print_line(f"  {FIGURES[figure]} {difference:+.4f} ({low:+.4f} to {high:+.4f})")
        print_line(
            f"  right only in {name}: {found.only_this}, only in {first}: {found.only_first}; "
            f"if they were equally good, so uneven a split had probability {shown_probability(found.p_value)} (McNemar)"
        )
    for path, values in comparison.settings.items():
        print_line(f"{path}: {', '.join(map(str, values))}")
    print_line(f"They answer {comparison.different} texts differently.")


def show_metrics(metrics: dict, format: str) -> None:
    """The metrics of one evaluation: as tables, or all of them as JSON."""
    if format == "json":
        print_line(json.dumps(metrics, ensure_ascii=False, indent=2))
        return
    _print(_summary({"": metrics}))
    table = _table("label", "precision", "recall", "F1", "rows")
    for label, row in metrics["by_class"].items():
        table.add_row(label, *_figures(row[name] for name in ("precision", "recall", "f1")), str(row["support"]))
    for average in ("macro", "micro", "weighted"):
        values = _figures(metrics[f"{name}_{average}"] for name in ("precision", "recall", "f1"))
        table.add_row(f"({average} average)", *values, str(metrics["rows"]))
    _print(table)
    if "confusion_matrix" not in metrics:  # of a classifier with many labels a text
        return
    labels = metrics["confusion_matrix"]["labels"]
    if len(labels) <= MOST_CLASSES_IN_MATRIX:
        matrix = _table("true \\ predicted", *labels)
        for label, counts in zip(labels, metrics["confusion_matrix"]["rows_true_columns_predicted"], strict=True):
            matrix.add_row(label, *map(str, counts))
        _print(matrix)
    else:
        print_line(f"The confusion matrix of {len(labels)} labels is in metrics.json.")


def show_report(report: Report, format: str) -> None:
    """What was found before a training: rows by label and split, then the findings with what to do."""
    if format == "json":
        print_line(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
        return
    for split, overview in report.splits.items():
        labels = sorted(overview["labels"].items(), key=lambda item: -item[1])[:MOST_LABELS_IN_OVERVIEW]
        shares = ", ".join(f"{label} {count / max(overview['rows'], 1):.1%}" for label, count in labels)
        more = len(overview["labels"]) - len(labels)
        print_line(f"{split}: {overview['rows']} rows; {shares}{f' and {more} labels more' if more else ''}")
    for finding in report.findings:
        style = STYLES[finding.severity]
        Console(soft_wrap=True, highlight=False).print(f"[{style}]{finding.severity}[/] {escape(finding.subject)}")
        print_line(f"  {finding.found}")
        if finding.advice:
            print_line(f"  {finding.advice}")
    print_line("Training would fail." if report.would_fail else "Training can begin.")


def show_explanations(
    classifier: "Classifier", chunks: Iterable[list[str]], *, threshold: float | None = None, top_k: int | None = None
) -> None:
    """Texts with every word coloured by its effect on the answer, and below them the strongest words."""
    from textclf.inference.explain import explain, explained_labels, strongest

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for text in (text for texts in chunks for text in texts):
        explanation = explain(classifier, text, threshold=threshold, top_k=top_k)
        for label in explained_labels(explanation, classifier.labels, only_top=top_k is not None):
            column = classifier.labels.index(label)
            console.print(Text.assemble((label, "bold"), f"  {explanation.answer.probabilities[label]:.4f}"))
            console.print(_coloured(explanation, column))
            words = strongest(explanation, column)
            sides = {"for": [pair for pair in words if pair[1] > 0], "against": [pair for pair in words if pair[1] < 0]}
            for side, pairs in sides.items():
                if pairs:
                    shown = "  ".join(f"{' '.join(word.split())} {effect:+.4f}" for word, effect in pairs)
                    console.print(Text(f"{side}: {shown}", "dim"))


def _coloured(explanation: "Explanation", column: int) -> Text:
    """The text, its words blue where they speak for the label and orange against it, stronger with their effect."""
    coloured, effects = Text(explanation.answer.text), explanation.effects[:, column].tolist()
    largest = max(map(abs, effects), default=0) or 1  # no words, or none with an effect
    for span, effect in zip(explanation.spans, effects, strict=True):
        styles = [style for share, style in EFFECT_STYLES if abs(effect) >= share * largest]
        if styles:
            coloured.stylize(styles[0].format(FOR if effect > 0 else AGAINST), *span)
    return coloured


def show_parts() -> None:
    """Everything there is to choose from, and the runs."""
    parts = {"architectures": ARCHITECTURES, "tokenizers": TOKENIZERS, "readers": READERS}
    for name, table in parts.items():
        print_line(f"{name}: {', '.join(table)}")
    names = run_names()
    if not names:
        print_line(f"runs: none in {RUNS}/ yet")
        return
    latest = (RUNS / "latest").resolve().name
    runs = _table("run", "status", "test accuracy", "seconds")
    for name in names:
        run = RunFolder(RUNS / name)
        try:
            about, test = run.read_about(), run.read_metrics().get("test")
        except RunError:  # one run that cannot be used is no reason not to show the others
            about, test = {"status": "damaged"}, None
        if about.get("status") == "running" and not is_at_work(run):
            about["status"] = "killed"
        found = test.get("accuracy") if isinstance(test, dict) else None
        accuracy = _figures([found if isinstance(found, float) else None])[0]
        named = f"{name}{' (latest)' if name == latest else ''}"
        runs.add_row(named, *(_field(text) for text in (about.get("status", ""), accuracy, about.get("seconds", ""))))
    _print(runs)


def print_line(line: str) -> None:
    """One line of a result."""
    Console(soft_wrap=True, highlight=False, markup=False).print(line)


def _summary(by_split: dict[str, dict]) -> Table:
    """One line a split, beside the accuracy of always answering the most frequent label."""
    names = ["split"] if any(by_split) else []
    table = _table(*names, "rows", "accuracy", "majority", "F1 macro", "log loss", "ROC AUC")
    for split, metrics in by_split.items():
        accuracy, *others = _figures(metrics[name] for name in SUMMARY)
        majority = _figures([metrics["majority_accuracy"]])
        table.add_row(*([split] if names else []), str(metrics["rows"]), accuracy, *majority, *others)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 and column != "rows" else "right", no_wrap=True)
    return table


def _figures(values: Iterable[float | None]) -> list[str]:
    return ["–" if value is None else f"{value:.4f}" for value in values]


def _field(value: object) -> str:
    """A value of a file that may come from anywhere, fit for a field of a table."""
    return "".join(character if character.isprintable() else " " for character in str(value)[:40])


def _print(table: Table) -> None:
    console = Console(highlight=False, markup=False)
    # A pipe has no width to fit into: nothing is cut there.
    console.print(table, width=None if console.is_terminal else 10_000, crop=False)
