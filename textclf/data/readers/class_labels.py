"""Names of numbered labels: Hugging Face datasets write numbers into Parquet, and their names into the schema."""

import pyarrow as pa

from textclf.core.files import parse_json
from textclf.data.readers.columns import column_of

METADATA = b"huggingface"
NO_LABEL = -1


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names of the classes of each column that is a `ClassLabel`, or a list of them."""
    try:
        features = parse_json((schema.metadata or {}).get(METADATA, b"{}"))["info"]["features"]
    except (KeyError, TypeError, ValueError):  # no metadata, or none of this kind
        return {}
    found = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        names = _names(feature)
        if names and _are_integers(schema, column):
            found[column] = names
    return found


def named(array: pa.Array, names: list[str]) -> pa.Array:
    """Return the names of numbered classes, or lists of them. -1 is no label; a number without a name stays one."""

    def name(number: int | None) -> str:
        if number is None or number == NO_LABEL:
            return ""
        return names[number] if 0 <= number < len(names) else str(number)

    rows = array.to_pylist()
    if pa.types.is_nested(array.type):
        return column_of([list(map(name, row or ())) for row in rows])
    return column_of(list(map(name, rows)))


def _names(feature: object) -> list[str] | None:
    """Return the names of a `ClassLabel`, or of the one in a `List` (before version 4: `Sequence`)."""
    if isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
        feature = feature["feature"]
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return None
    names = feature.get("names")
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _are_integers(schema: pa.Schema, column: str) -> bool:
    if column not in schema.names:
        return False
    kind = schema.field(schema.names.index(column)).type
    return pa.types.is_integer(kind.value_type if pa.types.is_list(kind) else kind)
