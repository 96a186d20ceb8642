"""A value of the shape that a JSON Schema asks for: the demo's answer by a schema.

It takes the first way that a schema leaves open, and knows what schemas for answers are made of;
what it does not know it leaves out, as any model may get a schema wrong.
"""

from collections.abc import Mapping
from typing import Any

DEEPEST = 12
SIMPLE: dict[str, Any] = {"string": "demo", "boolean": True, "null": None}


def sample_of(schema: object, root: object = None, depth: int = 0) -> Any:
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    if isinstance(ref := schema.get("$ref"), str):
        return sample_of(_target(root, ref), root, depth + 1)
    for ready in ("const", "default"):
        if ready in schema:
            return schema[ready]
    for ways in ("enum", "examples"):
        if isinstance(schema.get(ways), list) and schema[ways]:
            return schema[ways][0]
    for ways in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(ways), list) and schema[ways]:
            return sample_of(schema[ways][0], root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: Mapping[str, Any], root: object, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties")
        fields = properties.items() if isinstance(properties, Mapping) else ()
        return {name: sample_of(each, root, depth + 1) for name, each in fields}
    if kind == "array":
        return [sample_of(schema["items"], root, depth + 1)] if "items" in schema else []
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "string" and isinstance(least := schema.get("minLength"), int):
        return "demo" + "." * min(least - 4, 1000)
    return SIMPLE.get(kind if isinstance(kind, str) else "string")


def _number(schema: Mapping[str, Any]) -> int | float:
    for bound, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0)):
        if isinstance(value := schema.get(bound), int | float):
            return value + step
    return 1


def _target(root: object, ref: str) -> object:
    """Within the schema only: "#/$defs/person"."""
    found = root
    for step in ref.removeprefix("#").strip("/").split("/") if ref.startswith("#") else ["?"]:
        if step:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found
