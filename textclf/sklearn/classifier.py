"""The estimator: `fit` trains a classifier as `textclf.train` does, and keeps it in memory."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted

from textclf.core.errors import ConfigError
from textclf.core.tables import column_names
from textclf.core.text_column import text_array
from textclf.data.dataset import Dataset
from textclf.data.in_memory import IN_MEMORY
from textclf.sklearn.fitting import alone, trained
from textclf.sklearn.labels import INDICATOR, LISTS, ONE, Classes, indicator, read_labels
from textclf.sklearn.settings import SEPARATOR, as_number, base_settings, check_setting, config_of, with_parameters

COLUMNS = ("text_column", "label_column")


class TextClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of texts for scikit-learn.

    Args:
        config: the path of a YAML config, its content as a dict, or a `Config`; its files of data are not read. By
            default what `textclf new` writes for the texts and labels of `fit`.
        encoder: a pretrained encoder for a fit without `config`: a folder, a name of the hub, or "minilm".
        validation: the share of the texts that decides when to stop; by default as the config says.
        class_weight: "balanced", or a weight by class, 1 for the others.
        random_state: the seed, or what draws it; by default the seed of the config, so that each fit is the same.
        run: a name below `runs/` for the folder of the training, which stays. By default no folder is left.
        verbose: whether the log and the progress of a fit are shown.
        settings: settings of the config as `section__setting`, such as `training__epochs=3`.

    Attributes:
        classes_: the labels, in NumPy's order; of a matrix the columns.
        classifier_: the `textclf.Classifier`, with the labels as text, for `save`, `explain` and `textclf serve`.
        config_: the settings of the training as a dict.

    Example:
        >>> TextClassifier(training__epochs=3).fit(texts, labels).predict(["a wonderful film"])
        array(['positive'], dtype='<U8')
    """

    def __init__(
        self,
        config: Any = None,
        *,
        encoder: str | os.PathLike | None = None,
        validation: float | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        run: str | None = None,
        verbose: bool = False,
        **settings: Any,
    ) -> None:
        self.config = config
        self.encoder = encoder
        self.validation = validation
        self.class_weight = class_weight
        self.random_state = random_state
        self.run = run
        self.verbose = verbose
        self._set(settings, TypeError)

    @classmethod
    def from_config(cls, config: Any, **parameters: Any) -> "TextClassifier":
        """Return an estimator with the settings of a config, which is read and checked now.

        Args:
            config: the path of a YAML file, its content as a dict, or a `Config`.
            parameters: as for the constructor.

        Raises:
            ConfigError: the config cannot be used.
        """
        settings = base_settings(config)
        return cls({**settings, "data": {"validation": settings["data"]["validation"]}}, **parameters)

    def to_config(self, path: str | Path | None = None, *, train: str = "train.csv") -> dict[str, Any]:
        """Return the settings as the content of a config for `textclf train`, and write them if there is a path.

        Args:
            path: of the YAML file to write.
            train: the file of training texts that the config names.

        Raises:
            NotFittedError: the settings depend on the data, as there is no `config`, and `fit` has not seen any.
            WriteError: the file cannot be written.
        """
        from textclf.config.config import load_config
        from textclf.config.serialization import write_config

        if self.config is None:
            check_is_fitted(self, "config_", msg="Without a config the settings depend on the data: call fit first.")
        settings = self.config_ if hasattr(self, "config_") else self._settings(base_settings(self.config))
        config = load_config(settings, [f"data.train={train}"])
        if path is not None:
            write_config(config, Path(path), f"{type(self).__name__}.to_config")
        data = {name: base_settings(config)["data"][name] for name in (*COLUMNS, "validation")}
        return base_settings(config) | {"data": {"train": train, **data}}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with the settings that were given."""
        return {**super().get_params(deep), **self._own_settings()}

    def set_params(self, **params: Any) -> "TextClassifier":
        """Change parameters, all or none.

        Raises:
            ValueError: a name is neither a parameter nor a setting of a config.
        """
        self._set(params, ValueError)
        return self

    def _set(self, params: Mapping[str, Any], error: type[Exception]) -> None:
        known = self._get_param_names()
        for name in params:
            if name not in known:
                try:
                    check_setting(name, type(self).__name__)
                except ValueError as problem:
                    raise error(str(problem)) from None
        for name, value in params.items():
            setattr(self, name, value)

    def _own_settings(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if SEPARATOR in name and not name.startswith("_")}

    def __sklearn_tags__(self):
        """Return the tags: texts in one dimension, labels required."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X, y, sample_weight=None) -> "TextClassifier":  # noqa: N803 (the name in scikit-learn)
        """Train a classifier.

        Args:
            X: texts: a column of any library, or a table of one column.
            y: a label for each text, of any type; or several: a matrix of 0 and 1, or lists of labels.
            sample_weight: of each text in the loss. The texts that decide when to stop all weigh the same.

        Raises:
            ValueError: X or y cannot be used.
            ConfigError, DataError: a setting, or the texts, cannot be used.
        """
        from textclf.inference.classifier import load_in_memory

        texts = self._texts(X)
        classes, labels = read_labels(y)
        check_consistent_length(texts, labels)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, texts, dtype=np.float32, ensure_non_negative=True)
        rows = np.arange(1, len(texts) + 1, dtype=np.int32)
        dataset = Dataset(f"X {IN_MEMORY}", texts, labels, rows, sample_weight)
        settings = self._settings(self._base(dataset, classes), classes)
        config = config_of({**settings, "data": {**settings["data"], **_columns(X, y)}})
        with alone(verbose=self.verbose), trained(config, dataset, self.run) as folder:
            self.classifier_ = load_in_memory(folder)
        self.classes_ = classes.values
        self.config_ = base_settings(config)
        self._classes = classes
        return self

    def predict(self, X) -> Any:  # noqa: N803
        """Return the class of each text; or a matrix of 0 and 1, or a list of lists, as `fit` got them."""
        check_is_fitted(self, "classifier_")
        texts, form = self._texts(X), self._classes.form
        decoded = self.classifier_.decode(self.classifier_.predict_proba(texts))
        places = {name: place for place, name in enumerate(self._classes.names)}
        rows = [sorted(places[name] for name in names) for names in decoded]
        if form == ONE:
            return self.classes_[[row[0] for row in rows]]
        if form == LISTS:
            return [self.classes_[row].tolist() for row in rows]
        matrix = np.zeros((len(rows), len(self.classes_)), int)
        for number, row in enumerate(rows):
            matrix[number, row] = 1
        return matrix

    def predict_proba(self, X) -> np.ndarray:  # noqa: N803
        """Return the probability of each class for each text, (texts, classes)."""
        check_is_fitted(self, "classifier_")
        found = self.classifier_.predict_proba(self._texts(X)).astype(np.float64)
        places = self._classes.positions(self.classifier_.labels)
        probabilities = np.where(places >= 0, found[:, places], 0.0)
        if self._classes.form == ONE:
            probabilities /= probabilities.sum(axis=1, keepdims=True)  # they are rounded to float32
        return probabilities

    def score(self, X, y, sample_weight=None) -> float:  # noqa: N803
        """Return the accuracy; of several labels the share of texts whose labels are all right."""
        predicted = self.predict(X)
        if self._classes.form == LISTS:
            right = [set(found) == set(true) for found, true in zip(predicted, y, strict=True)]
            return float(np.average(right, weights=sample_weight))
        truth = indicator(y) if self._classes.form == INDICATOR else y
        return float(accuracy_score(truth, predicted, sample_weight=sample_weight))

    def _texts(self, column: Any):
        """Return texts as one column.

        Raises:
            ValueError: a table of several columns, or an array of another shape.
            TextTypeError: something else than texts.
        """
        names = column_names(column)
        if names is not None and len(names) == 1 and not isinstance(column, Mapping):
            column = column[names[0]]
        elif names is not None:
            raise ValueError(f"X: expected one column of texts, got {len(names)} columns ({', '.join(names[:5])}).")
        shape: tuple[int, ...] = getattr(column, "shape", (0,))
        if len(shape) == 2 and shape[1] == 1:
            column = np.asarray(column)[:, 0]
        elif len(shape) != 1:
            raise ValueError(f"X: expected a 1D array of texts, got an array of shape {shape}. Reshape your data.")
        texts = text_array(column)
        if not len(texts):
            raise ValueError("X: expected texts, got 0 sample(s) (shape=(0,)) while a minimum of 1 is required.")
        return texts

    def _base(self, dataset: Dataset, classes: Classes) -> dict[str, Any]:
        """Return the settings before those of this estimator."""
        from textclf.config.starter import recommended_settings

        if self.config is None:
            encoder = None if self.encoder is None else os.fspath(self.encoder)
            settings = recommended_settings(dataset, classes.separator, encoder)
            architecture = settings["model"]["architecture"]
            if self._own_settings().get("model__architecture", architecture) != architecture:
                settings["training"] = {}  # the recommended ones are for the recommended network
            return settings
        if self.encoder is not None:
            raise ValueError(
                f"encoder: expected None beside a config, got {self.encoder!r}. Name the encoder in the config "
                "(model.weights), or leave out the config."
            )
        settings = base_settings(self.config)
        type_found = "multilabel" if classes.form != ONE else "binary" if len(classes.values) == 2 else "multiclass"
        if (settings["targets"]["type"], type_found) != ("multiclass", "binary"):
            settings["targets"]["type"] = type_found
        if classes.separator:
            settings["targets"]["separator"] = classes.separator
        return settings

    def _settings(self, base: Mapping[str, Any], classes: Classes | None = None) -> dict[str, Any]:
        settings = with_parameters(base, self._own_settings())
        data = {"validation": (settings.get("data") or {}).get("validation", 0.1)}
        if self.validation is not None:
            data["validation"] = as_number("validation", self.validation)
        elif not isinstance(data["validation"], float):  # files of the config
            data["validation"] = 0.1
        settings["data"] = data
        if self.random_state is not None:
            settings["seed"] = _seed(self.random_state)
        if self.class_weight is not None and classes:
            settings["targets"] = {**settings["targets"], "class_weights": _class_weights(self.class_weight, classes)}
        if settings["targets"].get("abstain_below") is not None:
            raise ConfigError("targets.abstain_below: expected null: an estimator predicts a class for every text.")
        return settings


def _columns(*given: Any) -> dict[str, str]:
    """Return the names of the columns of texts and labels, where these have some: files have the same ones."""
    names: list[list[Any]] = [column_names(column) or [getattr(column, "name", None)] for column in given]
    return {
        setting: name
        for setting, [name, *others] in zip(COLUMNS, names, strict=True)
        if name and isinstance(name, str) and not others
    }


def _seed(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


def _class_weights(weights: Any, classes: Classes) -> Any:
    if not isinstance(weights, Mapping):
        return weights
    names = dict(zip(classes.values.tolist(), classes.names, strict=True))
    unknown = [label for label in weights if label not in names]
    if unknown:
        raise ValueError(f"class_weight: expected classes of y, got {unknown[0]!r}.")
    return {names[label]: as_number(f"class_weight[{label!r}]", weight) for label, weight in weights.items()}
