"""What scikit-learn builds of estimators: pipelines, searches, ensembles. Each fits a few times."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.sklearn.conftest import FAST
from textclf.sklearn import TextClassifier

pytestmark = pytest.mark.slow
LINEAR = make_pipeline(TfidfVectorizer(), LogisticRegression())
LOWER = FunctionTransformer(lambda texts: texts.str.lower())
COLUMNS = ColumnTransformer([("text", "passthrough", ["text"])])


def learners():
    """Estimators that have a TextClassifier within them."""
    one = TextClassifier(FAST)
    filters = {"model__filters": [3, 4, 5]}
    return {
        "Pipeline": Pipeline([("lower", LOWER), ("classifier", one)]),
        "GridSearchCV": GridSearchCV(one, {"training__epochs": [1, 2]}, cv=2),
        "GridSearchCV of a Pipeline": GridSearchCV(Pipeline([("c", one)]), {"c__training__epochs": [1, 2]}, cv=2),
        "HalvingRandomSearchCV": HalvingRandomSearchCV(one, filters, cv=2, min_resources=30, random_state=0),
        "HalvingRandomSearchCV of epochs": HalvingRandomSearchCV(
            TextClassifier(FAST, training__epochs=1),
            filters,
            resource="training__epochs",
            min_resources=1,
            max_resources=2,
            factor=2,
            cv=2,
            random_state=0,
        ),
        "CalibratedClassifierCV": CalibratedClassifierCV(one, cv=2),
        "VotingClassifier": VotingClassifier([("a", one), ("b", LINEAR)], voting="soft"),
        "StackingClassifier": StackingClassifier([("a", one), ("b", LINEAR)], cv=2),
    }


@pytest.mark.parametrize("name", learners())
def test_learners(reviews, name):
    learner = learners()[name].fit(reviews["text"], reviews["label"])
    assert learner.classes_.tolist() == ["negative", "positive"]
    assert set(learner.predict(reviews["text"])) <= {"negative", "positive"}
    np.testing.assert_allclose(learner.predict_proba(reviews["text"]).sum(axis=1), 1)


def test_a_column_transformer_gives_the_column_of_texts(reviews):
    table = reviews.assign(id=range(len(reviews)))[["id", "text"]]
    learner = make_pipeline(COLUMNS, TextClassifier(FAST)).fit(table, reviews["label"])
    expected = TextClassifier(FAST).fit(reviews["text"], reviews["label"]).predict_proba(reviews["text"])
    assert learner.predict_proba(table).tolist() == expected.tolist()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cross_validation(reviews, n_jobs):
    y = (reviews["label"] == "positive").astype(int)
    scores = cross_val_score(TextClassifier(FAST), reviews["text"], y, cv=2, n_jobs=n_jobs, scoring="roc_auc")
    assert ((scores >= 0) & (scores <= 1)).all()
    probabilities = cross_val_predict(TextClassifier(FAST), reviews["text"], y, cv=2, method="predict_proba")
    assert probabilities.shape == (60, 2)


def test_the_default_config_is_the_one_of_new(reviews, workplace):
    from textclf.config.starter import starter_config
    from textclf.config.yaml import parse_yaml

    reviews.to_csv("reviews.csv", index=False)
    written = parse_yaml(starter_config("reviews.csv")).data
    estimator = TextClassifier(training__epochs=1).fit(reviews["text"], reviews["label"])
    found = estimator.to_config(train="reviews.csv")
    columns = {"text_column": "text", "label_column": "label"}
    assert found["data"] == {"train": "reviews.csv", "validation": written["data"]["validation"], **columns}
    for section in ("targets", "preprocessing", "model", "training"):
        for name, value in written[section].items():
            if (section, name) != ("training", "epochs"):
                expected = found[section][name]
                assert contains(expected, value), (section, name)


def contains(settings, part):
    """Whether settings with every default have the values of those that were written."""
    if isinstance(part, dict):
        return all(contains(settings[name], value) for name, value in part.items())
    if isinstance(part, list):
        return all(contains(*pair) for pair in zip(settings, part, strict=True))
    return settings == part
