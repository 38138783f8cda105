"""The model card: what a classifier predicts, what it was trained on, how good it is and where it fails, in Markdown.

It goes with every exported classifier as `README.md`, and its front matter is what the hub reads. It says only what
the run knows, and holds no text of the data: these may be private.
"""

from typing import Any

from textclf import __version__
from textclf.core.formatting import percent
from textclf.core.run_folder import RunFolder
from textclf.export.card_metadata import CardFields, front_matter
from textclf.export.formats import name_of
from textclf.export.markdown import code, table, text
from textclf.export.run_facts import RunFacts, run_facts
from textclf.inference.classifier import Classifier

MOST_LABELS = 100  # shown one by one
MOST_NAMED = 30  # labels in a sentence
HARDEST = 20  # labels of more than `MOST_LABELS`
MEASURED_OF_TRAIN = 100_000  # metrics.json counts no more texts of train
NAMES = {"accuracy": "accuracy", "f1_macro": "F1 macro", "log_loss": "log loss"}
MEANINGS = {
    "accuracy": "share of correct predictions",
    "f1_macro": "mean of the F1 of all labels",
    "log_loss": "mean of −log(probability of the true label); lower is better",
}
OF_MANY_LABELS = {
    "accuracy": "share of texts with exactly the right labels",
    "log_loss": "mean of −log(probability of the truth) of all pairs of text and label; lower is better",
}
TASKS = {
    "binary": "one of two labels",
    "multiclass": "exactly one of {} labels",
    "multilabel": "any number of {} labels (or none)",
}


def model_card(classifier: Classifier, run: RunFolder | None, fields: CardFields = CardFields()) -> str:  # noqa: B008 (it is immutable)
    """Return the model card of a classifier.

    Args:
        classifier: the one that the card goes with.
        run: the run that it is from; without one the card says only what the classifier itself knows.
        fields: what its owner says.

    Raises:
        RunError: a file of the run is damaged.
    """
    facts = run_facts(run, classifier) if run else None
    name, address = _name(classifier, run, fields)
    sections = [
        front_matter(name, facts, fields),
        f"# {text(name)}\n",
        _answers(classifier, facts),
        _use(name, address),
        *([_training(facts, classifier), _scores(facts), _calibration(facts)] if facts else []),
        _precision(classifier),
        _weaknesses(facts) if facts else "",
        _limits(classifier, facts),
        _license(fields),
    ]
    return "\n".join(section for section in sections if section)


def _name(classifier: Classifier, run: RunFolder | None, fields: CardFields) -> tuple[str, str]:
    """Return what a classifier is called, and what `--run` takes for it."""
    if fields.repository:
        return fields.repository.rpartition("/")[2], f"hf://{fields.repository}"
    name = run.path.absolute().name if run else name_of(classifier.folder) if classifier.folder else "classifier"
    return name, f"{name}.zip"


def _answers(classifier: Classifier, facts: RunFacts | None) -> str:
    labels = classifier.labels
    named = ", ".join(f"`{code(label)}`" for label in labels[:MOST_NAMED])
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    lines = [
        f"A text classifier. For each text it predicts {TASKS[classifier.targets.type].format(len(labels))}, and a "
        "probability for each label.",
        "",
        f"- **Labels**: {named}{more}.",
        f"- **Decision**: {_decision(classifier)}.",
        f"- **Text**: {_reading(classifier)}.",
    ]
    if facts:
        lines.append(f"- **Model**: {facts.architecture}. ONNX, standard operators only, runs on a CPU.")
    return "\n".join([*lines, ""])


def _decision(classifier: Classifier) -> str:
    decision, labels = classifier.decision, classifier.labels
    if classifier.targets.multilabel:
        rule = "every label whose probability reaches its threshold"
        return f"{rule} (in `labels.json`)" if decision.thresholds else f"{rule} of 0.5"
    rule = "the label with the lowest expected cost" if decision.costs else "the most probable label"
    if decision.thresholds:
        rule = f"`{code(labels[1])}` from a probability of {decision.thresholds[0]:.4f}"
    least = decision.abstain_below
    return rule if least is None else f"{rule}; none, if no probability reaches {least:g}"


def _reading(classifier: Classifier) -> str:
    options: Any = classifier.preprocessor.options
    parts = []
    if "token_ids" in classifier.preprocessor.names:
        cut = options.long_texts if hasattr(options, "long_texts") else options.truncating
        part = {"left": "last", "tail": "last", "head_tail": "first and last"}.get(cut, "first")
        most = classifier.preprocessor.tokenizer.longest or options.sequence_length
        parts.append(f"the {part} {most} tokens of the tokenizer `{options.tokenizer}`")
    if "ngram_ids" in classifier.preprocessor.names:
        parts.append("n-grams of the whole text")
    return f"it reads {' and '.join(parts)}"


def _use(name: str, address: str) -> str:
    install = "Install textclf with `pip install textclf-keras`. "
    install += f"`{code(name)}.zip` stands for the file or folder of this classifier."
    if address.startswith("hf://"):
        install = "Install textclf with `pip install 'textclf-keras[encoder]'`, which can download from the hub."
    return f"""## How to use it

{install}

```shell
textclf predict --run {address} "some text"
textclf predict --run {address} --file texts.csv --format csv
```

```python
import textclf

classifier = textclf.load("{address}")
classifier.predict(["some text"])        # labels
classifier.predict_proba(["some text"])  # probabilities, in the order of classifier.labels
```

Over HTTP: `textclf serve --run {address}`, then

```shell
curl localhost:8000/predict -H "Content-Type: application/json" -d '{{"inputs": "some text"}}'
```

In a browser or in Node, from the folder that `textclf export --format web` writes, after `npm install` in it:

```javascript
import * as ort from "onnxruntime-web";
import {{ loadClassifier }} from "./index.js";

const classifier = await loadClassifier(new URL("./", import.meta.url), ort);
await classifier.predict(["some text"]); // [{{ labels, probabilities }}]
```

Any file server shows its page: `python -m http.server`. The classifier runs in the page, and no text leaves it.
"""


def _training(facts: RunFacts, classifier: Classifier) -> str:
    rows = [[f"`{code(name)}`", f"`{digest}`"] for name, digest in facts.files]
    sizes = ", ".join(f"{split} {_rows(number)}" for split, number in facts.rows.items())
    scripts = ", ".join(f"{script} {percent(share)}" for script, share in facts.scripts.items())
    counts = classifier.targets.counts
    lines = [
        "## Training data",
        "",
        f"Texts: {sizes}. Training texts of each label: {min(counts):,} to {max(counts):,}.",
        f"Writing systems of the {facts.split} texts: {scripts or 'no letters'}.",
        "",
        *table(["file", "SHA-256"], rows),
        f"Trained with textclf {facts.version} on {facts.date}, seed {facts.seed}."
        + (" The final weights were fitted on train and validation together." if facts.refit else ""),
    ]
    return "\n".join([*lines, ""])


def _rows(number: int) -> str:
    return f"{number:,}" if number < MEASURED_OF_TRAIN else f"at least {number:,}"


def _scores(facts: RunFacts) -> str:
    majority = {"accuracy": f"{facts.metrics['majority_accuracy']:.4f}"}
    meanings = MEANINGS | (OF_MANY_LABELS if facts.multilabel else {})
    rows = [
        [NAMES[name], meanings[name], f"{value:.4f}", f"{low:.4f} to {high:.4f}", majority.get(name, "")]
        for name, (value, low, high) in facts.intervals.items()
    ]
    if facts.multilabel:
        rows.append(["F1 micro", "F1 of all pairs of text and label", f"{facts.metrics['f1_micro']:.4f}", "", ""])
    chosen = "Training did not read this split."
    if facts.split != "test":
        chosen = "Training chose the weights by this split, so the scores can be too good."
    over = "texts" if facts.sampled == facts.metrics["rows"] else f"{facts.sampled:,} of them, chosen at random"
    labels = facts.metrics["by_class"]
    shown = list(labels.items())
    title = "By label:"
    if len(shown) > MOST_LABELS:
        shown = sorted(shown, key=lambda item: item[1]["f1"])[:HARDEST]
        title = f"The {HARDEST} labels with the lowest F1, of {len(labels)}:"
    by_label = [
        [f"`{code(label)}`", *(f"{of[name]:.3f}" for name in ("precision", "recall", "f1")), f"{of['support']:,}"]
        for label, of in shown
    ]
    lines = [
        "## Scores",
        "",
        f"On {facts.metrics['rows']:,} texts of {facts.split}. {chosen} Intervals: 95 %, bootstrap over {over}.",
        "",
        *table(["metric", "meaning", "value", "interval", "baseline: most frequent label"], rows),
        title,
        "",
        *table(["label", "precision", "recall", "F1", "texts"], by_label),
    ]
    return "\n".join(lines)


def _calibration(facts: RunFacts) -> str:
    error, before = facts.metrics["expected_calibration_error"], facts.metrics["before_calibration"]
    return (
        "## Calibration\n\n"
        f"Expected calibration error on {facts.split}: {error:.4f}. This is the mean difference between the "
        "probability and the share of correct predictions, in 15 bins. With an error of 0.02, about 88 % to 92 % of "
        f"the predictions with probability 0.90 are correct. Before calibration (temperature {facts.temperature:.3f}) "
        f"the error was {before['expected_calibration_error']:.4f}.\n"
    )


def _precision(classifier: Classifier) -> str:
    precision, found = text(classifier.metadata.get("precision")), classifier.metadata.get("comparison")
    if found is None:
        return ""
    rows = [
        [kind, f"{of['bytes'] / 1e6:.2f} MB", *(f"{of[name]:.4f}" for name in NAMES)]
        for kind, of in (("float32", found["original"]), (precision, found["exported"]))
    ]
    share = percent(found["changed"] / found["rows"])
    lines = [
        "## Precision",
        "",
        f"The weights of this file are stored as {precision}. All other scores of this page are those of float32. On "
        f"{found['rows']:,} texts of {text(found.get('texts'))}, {found['changed']:,} predictions differ from float32 "
        f"({share}), and no probability by more than {found['largest_difference']:.4f}. Training may have used these "
        "texts, so compare only the two lines with each other.",
        "",
        *table(["weights", "size", *NAMES.values()], rows),
    ]
    if ngrams := classifier.metadata.get("ngrams"):
        lines.append(f"For its size, {ngrams['kept']:,} of {ngrams['total']:,} n-grams were kept.\n")
    return "\n".join(lines)


def _weaknesses(facts: RunFacts) -> str:
    lines = ["## Where it fails", ""]
    for title, groups in facts.slices.items():
        if len(groups) > 1:
            rows = [[name, f"{score:.3f}", f"{texts:,}"] for name, texts, score in groups]
            lines += [f"{title}:", "", *table(["texts", facts.slice_metric, "number"], rows)]
    if facts.confusions:
        rows = [[f"`{code(true)}`", f"`{code(other)}`", f"{texts:,}"] for true, other, texts in facts.confusions]
        lines += ["Labels that it confuses most:", "", *table(["true label", "predicted label", "texts"], rows)]
    missed = [label for label, of in facts.metrics["by_class"].items() if of["support"] and not of["recall"]]
    if missed:
        named = ", ".join(f"`{code(label)}`" for label in missed[:MOST_NAMED])
        more = f" and {len(missed) - MOST_NAMED} more" if len(missed) > MOST_NAMED else ""
        lines.append(f"Labels that it found in no text of {facts.split}: {named}{more}.\n")
    return "\n".join(lines)


def _limits(classifier: Classifier, facts: RunFacts | None) -> str:
    none = "it always predicts a label, also for a text that no label fits"
    if classifier.targets.multilabel:
        none = "it knows no other labels than these"
    elif classifier.decision.abstain_below is not None:
        none = "it predicts no label where it is unsure, but it can be sure and wrong for a text that no label fits"
    lines = [
        "## Limits",
        "",
        "- It knows only the kind of text that it was trained on. On other kinds of text, other subjects or other "
        "languages the scores can be far lower. Evaluate it on your own labelled texts before you rely on it: "
        "`textclf evaluate --data FILE`.",
        f"- {none[0].upper()}{none[1:]}.",
        "- It repeats the mistakes and the prejudices of the labels that it was trained on.",
    ]
    if facts and facts.small_labels:
        named = ", ".join(f"`{code(label)}`" for label in facts.small_labels[:MOST_NAMED])
        lines.append(
            f"- Fewer than 20 texts of {facts.split} have these labels, so their scores are uncertain: {named}."
        )
    return "\n".join([*lines, ""])


def _license(fields: CardFields) -> str:
    said = fields.license or "not stated. Ask whoever trained it, and mind the license of the training data"
    languages = ", ".join(fields.languages) or "not stated"
    lines = [
        f"- License of the classifier: {said}.",
        f"- Languages: {languages}.",
        f"- Written by textclf {__version__}.",
    ]
    return "\n".join(["## License", "", *lines, ""])
