"""The description is made from the tables of the routes, and says the truth."""

import re

import pytest

from textclf.inference.server.app import ENDPOINTS
from textclf.inference.server.fields import KINDS, Field, object_schema, parse_object
from textclf.inference.server.openapi import document
from textclf.inference.server.problems import DESCRIPTIONS, RequestError


def test_every_endpoint_is_described(client):
    described = client.get("/openapi.json")
    assert described["openapi"].startswith("3.1")
    operations = {(path, method) for path, methods in described["paths"].items() for method in methods}
    assert operations == {(one.path, one.method.lower()) for one in ENDPOINTS}
    identifiers = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(set(identifiers)) == len(ENDPOINTS)


def test_every_reference_leads_somewhere():
    content = document(["a"])
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(content)):
        place = content
        for name in reference.split("/"):
            place = place[name]


def test_every_status_has_a_description():
    assert all(int(status) in DESCRIPTIONS or status == "200" for status in _statuses(document([])))


def _statuses(content):
    return {status for path in content["paths"].values() for one in path.values() for status in one["responses"]}


EXAMPLES = {
    "texts": (["a"], 1),
    "probability": (0.5, 1.5),
    "count": (3, 0),
    "boolean": (True, "true"),
    "text": ("a", 1),
    "list": ([], {}),
    "any object": ({}, []),
    "object": ({"x": "a"}, {"y": 1}),
    "open objects": ([{"x": "a", "y": 1}], [{}]),
    "shape": ([1, 2], [-1]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_and_refuses_what_its_schema_does(kind):
    right, wrong = EXAMPLES[kind]
    inner = (Field("x", "text", "a text", required=True),)
    fields = [Field("f", kind, "something", required=True, fields=inner)]
    assert (
        parse_object(fields, {"f": right}) == {"f": {**right}}
        if kind == "object"
        else parse_object(fields, {"f": right})
    )
    with pytest.raises(RequestError, match=r"^f(\[0\])?[.:]"):
        parse_object(fields, {"f": wrong})
    schema = object_schema(fields)
    assert schema["required"] == ["f"]
    assert schema["properties"]["f"]["description"] == "something"


def test_an_optional_field_may_be_null_or_missing():
    fields = [Field("f", "count", "a number")]
    assert parse_object(fields, {}) == parse_object(fields, {"f": None}) == {"f": None}
    assert object_schema(fields)["properties"]["f"]["type"] == ["integer", "null"]


def test_choices_and_lengths_are_checked_and_described():
    fields = [Field("a", "text", "one of two", choices=("x", "y")), Field("b", "open objects", "a pair", length=2)]
    assert parse_object(fields, {"a": "x", "b": [{}, {}]}) == {"a": "x", "b": [{}, {}]}
    with pytest.raises(RequestError, match="a: expected x, y, got 'z'"):
        parse_object(fields, {"a": "z"})
    with pytest.raises(RequestError, match="b: expected a list of 2 objects, got a list of 1"):
        parse_object(fields, {"b": [{}]})
    properties = object_schema(fields)["properties"]
    assert properties["a"]["enum"] == ["x", "y"]
    assert (properties["b"]["minItems"], properties["b"]["maxItems"]) == (2, 2)


def test_every_array_says_what_it_holds():
    """Generators of clients leave out an endpoint with an array that does not."""

    def arrays(schema):
        if isinstance(schema, dict):
            if "array" in schema.get("type", ()) and isinstance(schema["type"], str | list):
                yield schema
            yield from (one for value in schema.values() for one in arrays(value))
        elif isinstance(schema, list):
            yield from (one for value in schema for one in arrays(value))

    found = list(arrays(document(["a"])))
    assert found
    assert all("items" in schema for schema in found)
