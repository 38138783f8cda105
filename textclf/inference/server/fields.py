"""The fields of JSON bodies, as tables: one table checks a body, describes it in OpenAPI, and documents it."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from textclf.core.errors import did_you_mean
from textclf.core.formatting import short_repr
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError


class Field(NamedTuple):
    """One field of a JSON object."""

    name: str
    kind: str  # a key of KINDS
    description: str
    required: bool = False
    fields: tuple["Field", ...] = ()  # of an object, or of each object of a list
    choices: tuple[str, ...] = ()  # of a text; by default any
    length: int | None = None  # of a list; by default any


class Kind(NamedTuple):
    """What a field accepts."""

    schema: Callable[[Field], dict]
    parse: Callable[[Field, Any, str], Any]  # of (field, value, path)


def parse_object(fields: Iterable[Field], value: object, path: str = "", *, open: bool = False) -> dict[str, Any]:
    """Return the checked values of all fields; `None` where an optional field is missing or null.

    Args:
        fields: the table.
        value: parsed JSON.
        path: where it is in the body, for messages.
        open: ignore unknown names, which protocols with extensions need.

    Raises:
        RequestError: 422, with the path of the field, what was expected and what was received.
    """
    where = f"{path}: " if path else ""
    if not isinstance(value, dict):
        raise RequestError(422, f"{where}expected a JSON object, got {received(value)}.")
    known = [field.name for field in fields]
    for name in value.keys() - set(known):
        if not open:
            meant = did_you_mean(name, known, otherwise=".")
            raise RequestError(422, f"{where}{short_repr(name)}: unknown field; expected {', '.join(known)}{meant}")
    parsed = {}
    for field in fields:
        content, place = value.get(field.name), f"{path}.{field.name}" if path else field.name
        if content is None and field.required:
            raise RequestError(422, f"{place}: this field is required, got {received(content)}. {field.description}")
        parsed[field.name] = None if content is None else KINDS[field.kind].parse(field, content, place)
    return parsed


def object_schema(fields: Iterable[Field], *, open: bool = False) -> dict:
    """Return the JSON Schema of an object with these fields."""
    properties = {field.name: _field_schema(field) for field in fields}
    required = [field.name for field in fields if field.required]
    schema: dict = {"type": "object", "properties": properties, "required": required, "additionalProperties": open}
    return schema if required else {name: value for name, value in schema.items() if name != "required"}


def received(value: object) -> str:
    """Return what a value is, for messages: short, and never the content of a list or object."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return "nothing" if value is None else short_repr(value)


def _field_schema(field: Field) -> dict:
    schema = {"description": field.description, **KINDS[field.kind].schema(field)}
    if not field.required and "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*types, "null"]
    return schema


def _text_list(field: Field, value: object, path: str) -> list[str]:
    """Return the texts of a list of texts, or of one text."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list):
        raise RequestError(422, f"{path}: expected a text or a list of texts, got {received(value)}.")
    return check_texts(texts, path)


def check_texts(texts: list, path: str) -> list[str]:
    """Return a list after checking that it holds texts, not too many and none too long.

    Raises:
        RequestError: 422.
    """
    if len(texts) > LIMITS.texts:
        raise RequestError(422, f"{path}: expected at most {LIMITS.texts:,} texts a request, got {len(texts):,}.")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise RequestError(422, f"{path}[{index}]: expected a text, got {received(text)}.")
        if len(text) > LIMITS.characters:
            limit = f"at most {LIMITS.characters:,} characters a text"
            raise RequestError(422, f"{path}[{index}]: expected {limit}, got {len(text):,}.")
    return texts


def _probability(field: Field, value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RequestError(422, f"{path}: expected a number from 0 to 1, got {received(value)}.")
    return float(value)


def _count(field: Field, value: object, path: str) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or value < 1:  # type: ignore[operator]
        raise RequestError(422, f"{path}: expected an integer >= 1, got {received(value)}.")
    return int(value)  # type: ignore[call-overload]


def _of_type(expected: type, name: str) -> Callable[[Field, Any, str], Any]:
    def parse(field: Field, value: object, path: str) -> Any:
        if not isinstance(value, expected):
            raise RequestError(422, f"{path}: expected {name}, got {received(value)}.")
        return value

    return parse


def _object(field: Field, value: object, path: str) -> dict:
    return parse_object(field.fields, value, path)


def _text(field: Field, value: object, path: str) -> str:
    if not isinstance(value, str) or (field.choices and value not in field.choices):
        raise RequestError(422, f"{path}: expected {', '.join(field.choices) or 'a text'}, got {received(value)}.")
    return value


def _open_objects(field: Field, value: object, path: str) -> list[dict]:
    if not isinstance(value, list) or (field.length is not None and len(value) != field.length):
        objects = "objects" if field.length is None else f"{field.length} object{'' if field.length == 1 else 's'}"
        raise RequestError(422, f"{path}: expected a list of {objects}, got {received(value)}.")
    return [parse_object(field.fields, item, f"{path}[{index}]", open=True) for index, item in enumerate(value)]


def _open_objects_schema(field: Field) -> dict:
    schema = {"type": "array", "items": object_schema(field.fields, open=True)}
    return schema if field.length is None else {**schema, "minItems": field.length, "maxItems": field.length}


def _shape(field: Field, value: object, path: str) -> list[int]:
    if not isinstance(value, list) or not all(type(size) is int and size >= 0 for size in value):
        raise RequestError(422, f"{path}: expected a list of sizes, got {received(value)}.")
    return value


_TEXT = {"type": "string", "maxLength": LIMITS.characters}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": LIMITS.texts}
KINDS = {
    "texts": Kind(lambda _: {"anyOf": [_TEXT, _TEXTS]}, _text_list),
    "probability": Kind(lambda _: {"type": "number", "minimum": 0, "maximum": 1}, _probability),
    "count": Kind(lambda _: {"type": "integer", "minimum": 1}, _count),
    "boolean": Kind(lambda _: {"type": "boolean"}, _of_type(bool, "true or false")),
    "text": Kind(lambda field: {"enum": list(field.choices)} if field.choices else {"type": "string"}, _text),
    "list": Kind(lambda _: {"type": "array", "items": {"anyOf": [_TEXT, _TEXTS]}}, _of_type(list, "a list")),
    "any object": Kind(lambda _: {"type": "object"}, _of_type(dict, "an object")),
    "object": Kind(lambda field: object_schema(field.fields), _object),
    "open objects": Kind(_open_objects_schema, _open_objects),
    "shape": Kind(lambda _: {"type": "array", "items": {"type": "integer", "minimum": 0}}, _shape),
}
