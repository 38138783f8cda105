"""The table of fields that checks a body."""

import pytest

from textclf.inference.server.fields import parse_object
from textclf.inference.server.predict_endpoints import V1_PREDICT
from textclf.inference.server.problems import RequestError


def test_a_question_has_no_full_stop_after_it():
    with pytest.raises(RequestError, match=r"did you mean 'texts'\?$"):
        parse_object(V1_PREDICT, {"text": ["a"]})
    with pytest.raises(RequestError, match=r"explain\.$"):
        parse_object(V1_PREDICT, {"zzz": ["a"]})
