"""A small, strict checker for the JSON Schemas in ``docs/schemas``.

It knows exactly the keywords those files use and fails on any other, so that no rule of theirs
is silently passed over; fields that a schema does not name are reported too, unless it says
``"additionalProperties": true`` or gives a schema for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"

KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "type", "required", "properties"),
    "additionalProperties",
    *("items", "minItems", "maxItems", "enum", "const", "pattern", "minimum", "maximum"),
}

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

Schema = Mapping[str, object]


def problems(value: object, schema: Schema) -> list[str]:
    """Return what of ``value`` breaks ``schema``, each with the path to it."""
    return list(_check(value, schema, schema, "$"))


def described(document: Mapping[str, object]) -> Mapping[str, object]:
    """Return ``document`` if it is what the schema that it names says; fails the test if not."""
    named = re.fullmatch(r"tracker/([a-z-]+)/1", str(document.get("schema")))
    assert named, f"no schema is named: {document}"
    assert problems(document, load(named[1])) == []
    return document


def load(name: str) -> Schema:
    """Return the schema ``docs/schemas/NAME.json``."""
    return _mapping(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


def _check(value: object, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    unknown = set(schema) - KNOWN
    assert not unknown, f"keywords the checker does not know: {unknown}"
    if "$ref" in schema:
        file, _, name = str(schema["$ref"]).partition("#/$defs/")
        root = load(file.removesuffix(".json")) if file else root
        yield from _check(
            value, _mapping(_mapping(root["$defs"])[name]) if name else root, root, path
        )
        return
    if not _has_type(value, schema.get("type")):
        yield f"{path}: {value!r} is no {schema.get('type')}"
        return
    yield from _check_scalar(value, schema, path)
    if isinstance(value, dict):
        yield from _check_object(value, schema, root, path)
    if isinstance(value, list):
        yield from _check_array(value, schema, root, path)


def _has_type(value: object, wanted: object) -> bool:
    if wanted is None:
        return True
    names = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[str(name)]) for name in names)


def _check_scalar(value: object, schema: Schema, path: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        yield f"{path}: {value!r} is none of {allowed}"
    pattern = str(schema.get("pattern", ""))
    if isinstance(value, str) and not re.search(pattern, value):
        yield f"{path}: {value!r} does not look like {pattern}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, int) and value < low:
            yield f"{path}: {value} < {low}"
        if isinstance(high, int) and value > high:
            yield f"{path}: {value} > {high}"


def _check_object(
    value: dict[str, object], schema: Schema, root: Schema, path: str
) -> Iterator[str]:
    others = schema.get("additionalProperties", "properties" not in schema)
    properties = _mapping(schema.get("properties", {}))
    required = schema.get("required", [])
    assert isinstance(required, list)
    yield from (f"{path}.{name} is missing" for name in required if name not in value)
    for name, item in value.items():
        if name in properties:
            yield from _check(item, _mapping(properties[name]), root, f"{path}.{name}")
        elif isinstance(others, dict):
            yield from _check(item, others, root, f"{path}.{name}")
        elif others is not True:
            yield f"{path}.{name} is not described"


def _check_array(value: list[object], schema: Schema, root: Schema, path: str) -> Iterator[str]:
    low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
    assert isinstance(low, int)
    assert isinstance(high, int)
    if not low <= len(value) <= high:
        yield f"{path}: {len(value)} items"
    for index, item in enumerate(value):
        yield from _check(item, _mapping(schema.get("items", {})), root, f"{path}[{index}]")


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value
