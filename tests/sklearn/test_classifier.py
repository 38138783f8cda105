"""The estimator: what goes in and comes back, and that it leaves nothing behind."""

import json
import pickle
import random
import re
import shutil
import tempfile
from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import textclf
from tests.pretrained import BERT
from tests.sklearn.conftest import FAST, LINEAR
from textclf.config.starter import starter_config
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError, DataError, RunError, TextTypeError
from textclf.sklearn import TextClassifier
from textclf.sklearn.classifier import _columns
from textclf.sklearn.settings import SECTIONS, base_settings


def test_probabilities_and_classes(fitted, reviews):
    probabilities = fitted.predict_proba(reviews["text"])
    assert fitted.classes_.tolist() == ["negative", "positive"]
    assert (probabilities.shape, probabilities.dtype) == ((60, 2), np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    predicted = fitted.predict(reviews["text"])
    assert predicted.tolist() == fitted.classes_[probabilities.argmax(axis=1)].tolist()
    assert fitted.score(reviews["text"], reviews["label"]) == (predicted == reviews["label"]).mean()
    assert textclf.TextClassifier is TextClassifier


def through_joblib(estimator):
    file = BytesIO()
    joblib.dump(estimator, file)
    return joblib.load(BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    "copied", [lambda one: pickle.loads(pickle.dumps(one)), through_joblib], ids=["pickle", "joblib"]
)
def test_copies_predict_the_same(fitted, reviews, copied):
    assert copied(fitted).predict_proba(reviews["text"]).tolist() == fitted.predict_proba(reviews["text"]).tolist()


def test_the_classifier_can_be_saved_and_loaded(fitted, reviews, tmp_path):
    folder = fitted.classifier_.save(tmp_path / "saved")
    (folder / "NOTICE").write_text("of an encoder")
    loaded = textclf.load(folder)
    assert pickle.loads(pickle.dumps(loaded)).save(tmp_path / "copy").joinpath("NOTICE").read_text() == "of an encoder"
    assert loaded.predict_proba(reviews["text"]).tolist() == fitted.classifier_.predict_proba(reviews["text"]).tolist()
    assert loaded.save(tmp_path / "again").joinpath("model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()
    with pytest.raises(textclf.TextclfError, match="exists already"):
        fitted.classifier_.save(folder)
    shutil.rmtree(folder)
    with pytest.raises(textclf.TextclfError, match="No such file"):
        loaded.save(tmp_path / "third")


def test_a_fit_is_quiet_and_leaves_no_folder_and_no_seed(reviews, here, monkeypatch, capfd, caplog):
    monkeypatch.setattr(tempfile, "tempdir", str(here / "temporary"))
    Path("temporary").mkdir()
    random.seed(3), np.random.seed(3)
    expected = (random.random(), np.random.random())
    random.seed(3), np.random.seed(3)
    TextClassifier(LINEAR).fit(reviews["text"], reviews["label"])
    assert (random.random(), np.random.random()) == expected
    assert capfd.readouterr() == ("", "")
    assert caplog.messages == []
    assert [path for path in here.rglob("*") if path.name != "temporary"] == []


@pytest.mark.parametrize("texts", [20, pytest.param(60, marks=pytest.mark.slow)])  # alone, and beside n-grams
def test_an_encoder_is_used_as_new_writes_it(reviews, here, texts):
    few = reviews.groupby("label").head(texts // 2)
    estimator = TextClassifier(encoder=BERT).fit(few["text"], few["label"])
    few[["text", "label"]].to_csv("few.csv", index=False)
    written = base_settings(parse_yaml(starter_config("few.csv", encoder=BERT)).data)
    assert {name: estimator.config_[name] for name in SECTIONS} == {name: written[name] for name in SECTIONS}
    assert estimator.predict_proba(few["text"]).shape == (texts, 2)
    assert estimator.get_params()["encoder"] == BERT
    assert [path.name for path in here.iterdir()] == ["few.csv"]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [({"validation": "a tenth"}, "validation"), ({"validation": [1]}, "validation"),
     ({"class_weight": {"negative": None}}, "class_weight['negative']"), ({"validation": 10**400}, "validation")],
)  # fmt: skip
def test_what_is_no_number_is_named(reviews, parameters, name):
    with pytest.raises(ValueError, match=f"^{re.escape(name)}: expected a number, got "):
        TextClassifier(FAST, **parameters).fit(reviews["text"], reviews["label"])


def test_an_encoder_that_cannot_be_used(reviews):
    for given, error in (("no/such folder", ConfigError), (5, TypeError)):
        with pytest.raises(error):
            TextClassifier(encoder=given).fit(reviews["text"], reviews["label"])
    with pytest.raises(ValueError, match="encoder: expected None beside a config"):
        TextClassifier(FAST, encoder=BERT).fit(reviews["text"], reviews["label"])


def test_a_run_that_has_a_name_stays(reviews, workplace, capfd):
    estimator = TextClassifier(FAST, run="mine", verbose=True, random_state=7, training__batch_size=16)
    estimator.fit(reviews["text"], reviews["label"])
    assert "run: runs/mine" in capfd.readouterr().err
    config = textclf.config.config.load_config("runs/mine/config.yaml")
    assert (config.seed, config.training.batch_size, config.model.filters) == (7, 16, 8)
    expected = textclf.load("mine").predict_proba(reviews["text"])
    assert estimator.classifier_.predict_proba(reviews["text"]).tolist() == expected.tolist()
    assert json.loads(Path("runs/mine/run.json").read_text())["data_sha256"].keys() == {"train (in memory)"}
    with pytest.raises(textclf.TextclfError, match="a run of this name exists"):
        estimator.fit(reviews["text"], reviews["label"])


@pytest.mark.parametrize("values", [(True, False), ("好评", "差评"), (9, 10, -1)], ids=str)
def test_labels_come_back_as_they_came(reviews, values):
    y = [values[number % len(values)] for number in range(60)]
    estimator = TextClassifier(LINEAR).fit(reviews["text"].tolist(), y)
    predicted = estimator.predict(reviews["text"].to_numpy())
    assert estimator.classes_.tolist() == sorted(values)
    assert predicted.dtype == np.array(y).dtype
    assert set(predicted.tolist()) <= set(values)
    assert estimator.predict_proba(["a"]).shape == (1, len(values))


def test_several_labels_a_text(reviews):
    y = np.array([[label == "positive", len(text) > 60, False] for text, label in reviews.to_numpy()], int)
    of_matrix = TextClassifier(LINEAR).fit(reviews["text"], y)
    predicted, probabilities = of_matrix.predict(reviews["text"]), of_matrix.predict_proba(reviews["text"])
    assert (predicted.shape, probabilities.shape) == (y.shape, y.shape)
    assert (predicted[:, 2] == 0).all()
    assert (probabilities[:, 2] == 0).all()
    assert of_matrix.score(reviews["text"], y) == (predicted == y).all(axis=1).mean()
    of_sparse = TextClassifier(LINEAR).fit(reviews["text"], csr_matrix(y))
    assert (of_sparse.predict(reviews["text"]) == predicted).all()
    assert of_sparse.score(reviews["text"], csr_matrix(y)) == of_matrix.score(reviews["text"], y)
    names = np.array(["good", "long", "never"])
    lists = [names[row == 1].tolist() for row in y]
    of_lists = TextClassifier(LINEAR).fit(reviews["text"], lists)
    assert of_lists.classes_.tolist() == ["good", "long"]
    assert of_lists.predict(reviews["text"]) == [names[row == 1].tolist() for row in predicted]
    assert of_lists.score(reviews["text"], lists) == of_matrix.score(reviews["text"], y)


def test_a_grid_search_changes_the_config(reviews):
    split = [(np.arange(0, 60, 2), np.arange(1, 60, 2))]
    grid = {
        "textclassifier__preprocessing__sequence_length": [10, 15],
        "textclassifier__training__loss": ["squared_hinge"],
    }
    search = GridSearchCV(make_pipeline(TextClassifier(LINEAR)), grid, cv=split).fit(reviews["text"], reviews["label"])
    best = search.best_estimator_[-1]
    length = search.best_params_["textclassifier__preprocessing__sequence_length"]
    assert best.config_["preprocessing"]["sequence_length"] == length
    assert best.config_["training"]["loss"] == "squared_hinge"
    assert best.config_["training"]["optimizer"] == "liblinear"


WEIGHED = {
    "liblinear": TextClassifier(LINEAR),
    "network": TextClassifier(FAST, training__epochs=3, training__early_stopping=None),
}


@pytest.mark.parametrize("name", ["liblinear", pytest.param("network", marks=pytest.mark.slow)])
def test_weights_of_texts_and_classes_reach_the_loss(reviews, name):
    longer = WEIGHED[name]
    x, y = reviews["text"], reviews["label"]
    weights = np.where(y == "positive", 20.0, 0.1)
    by_text = clone(longer).fit(x, y, sample_weight=weights)
    by_class = clone(longer).set_params(class_weight={"positive": 20, "negative": 0.1}).fit(x, y)
    assert set(by_text.predict(x)) == {"positive"}
    np.testing.assert_allclose(by_class.predict_proba(x), by_text.predict_proba(x), atol=1e-5)
    assert set(clone(longer).fit(x, y, sample_weight=1 / weights).predict(x)) == {"negative"}


def test_parameters():
    estimator = TextClassifier(FAST, training__epochs=4)
    assert estimator.get_params()["training__epochs"] == 4
    assert clone(estimator).get_params() == estimator.get_params()
    assert "training__epochs=4" in repr(estimator)
    estimator.set_params(training__epochs=5, model__filters=6, validation=0.3)
    assert (estimator.training__epochs, estimator.model__filters, estimator.validation) == (5, 6, 0.3)
    with pytest.raises(ValueError, match="no parameter 'training__epoch'"):
        estimator.set_params(validation=0.4, training__epoch=1)
    assert estimator.validation == 0.3
    with pytest.raises(TypeError, match="no parameter 'epochs'"):
        TextClassifier(epochs=1)


def test_configs_come_and_go(fitted, tmp_path):
    path = tmp_path / "config.yaml"
    content = fitted.to_config(path, train="reviews.csv")
    assert content["data"]["train"] == "reviews.csv"
    assert textclf.config.config.load_config(path).model.filters == 8
    again = TextClassifier.from_config(path, training__epochs=2)
    assert again.to_config()["model"] == content["model"]
    assert again.to_config()["training"] == {**content["training"], "epochs": 2}
    with pytest.raises(NotFittedError, match="call fit first"):
        TextClassifier().to_config()
    with pytest.raises(ConfigError, match=r"model\.filters"):
        TextClassifier.from_config({"model": {"architecture": "cnn", "filters": "many"}})


@pytest.mark.parametrize(
    ("names", "expected"), [(("Text", "Kategorie"), ["Text", "Kategorie"]), ((0, None), ["text", "label"])]
)
def test_a_config_names_the_columns_of_the_fit(reviews, tmp_path, names, expected):
    texts, labels = reviews["text"].rename(names[0]), reviews["label"].rename(names[1])
    estimator = TextClassifier(FAST).fit(texts.to_frame() if names[0] else texts, labels)
    content = estimator.to_config(tmp_path / "b.yaml", train="mails.xlsx")
    data = textclf.config.config.load_config(tmp_path / "b.yaml").data
    assert [data.text_column, data.label_column] == expected
    assert [content["data"][name] for name in ("text_column", "label_column")] == expected
    assert estimator.classifier_.metadata["text_column"] == expected[0]


def test_a_matrix_names_no_column_of_labels():
    table = pd.DataFrame({"red": [0, 1], "blue": [1, 0]})
    assert _columns(pd.Series(["a", "b"], name="Text"), table) == {"text_column": "Text"}


def test_where_a_classifier_or_a_run_is_expected(fitted):
    with pytest.raises(DataError, match=r"got TextClassifier.*estimator\.classifier_\."):
        textclf.explain(fitted, "a wonderful film")
    with pytest.raises(RunError, match=r"got TextClassifier.*estimator\.classifier_\.save"):
        textclf.evaluate(fitted, "reviews.csv")


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), ValueError, r"got 2 columns \(a, b\)"),
        (np.array([["a", "b"]]), ValueError, r"shape \(1, 2\)"),
        (np.array("a"), ValueError, r"shape \(\)"),
        ([], ValueError, r"0 sample\(s\)"),
        ([1, 2], TextTypeError, "got int at position 0"),
        (["a", None], TextTypeError, "the text is missing"),
        ("a text", TextTypeError, "put it in a list"),
        (["a", "b", "c"], ValueError, "inconsistent numbers of samples"),
    ],
)
def test_what_is_no_column_of_texts(x, error, message):
    with pytest.raises(error, match=message):
        TextClassifier(FAST).fit(x, ["p", "q"])


@pytest.mark.parametrize("column", [lambda texts: pd.DataFrame({"t": texts}), lambda texts: np.array(texts)[:, None]])
def test_a_table_of_one_column(fitted, reviews, column):
    texts = reviews["text"].tolist()
    assert fitted.predict(column(texts)).tolist() == fitted.predict(texts).tolist()


def test_before_a_fit():
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(TextClassifier(), method)(["a"])


def test_settings_that_an_estimator_cannot_have(reviews):
    for estimator, error in [
        (TextClassifier({**FAST, "targets": {"abstain_below": 0.6}}), ConfigError),
        (TextClassifier(FAST, class_weight={"neutral": 2}), ValueError),
        (TextClassifier(FAST, training__epochs="many"), ConfigError),
    ]:
        with pytest.raises(error, match=r"abstain_below|neutral|epochs"):
            estimator.fit(reviews["text"], reviews["label"])
