"""JSON schemas of fields: exactly what is taken, exactly what is given."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import types
import typing as t
import uuid

import attrs
import sqlalchemy as sa

from ...core.field import Field
from ...core.kind import Kind
from ...core.text import _, translate
from ...core.types import Email, Exact, Phone

Schema = dict[str, t.Any]
LOWEST, HIGHEST = -(2**63), 2**63 - 1
MERGED_INTO = _("Only on a record that was merged: the one that holds its data now", ru="Только у объединённой записи: в какой теперь её данные")
NO_NUL = "^[^\\u0000]*$"
MOMENT_EXAMPLE, DAY_EXAMPLE = "2026-01-12T09:00:00Z", "2026-01-12"
NOISE = "[\\t\\n\\r .()/\\-\\u00a0\\u2010-\\u2015]*"
PHONE = f"^{NOISE}(\\+{NOISE})?([0-9]{NOISE}){{3,15}}$"
EMAIL = "^[ \\t\\n\\r]*[^@\\s\\u0000]+@[^@\\s.\\u0000]+(\\.[^@\\s.\\u0000]+)+[ \\t\\n\\r]*$"
ID: Schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": HIGHEST}
PLAIN: dict[type, Schema] = {
    str: {"type": "string", "pattern": NO_NUL}, int: {"type": "integer", "format": "int64", "minimum": LOWEST, "maximum": HIGHEST},
    float: {"type": "number"}, bool: {"type": "boolean"}, dt.datetime: {"type": "string", "format": "date-time", "examples": [MOMENT_EXAMPLE]},
    dt.date: {"type": "string", "format": "date", "examples": [DAY_EXAMPLE]}, uuid.UUID: {"type": "string", "format": "uuid"},
    dict: {"type": "object"}, list: {"type": "array"}, bytes: {"type": "string", "contentEncoding": "base64"},
    decimal.Decimal: {"type": "string", "pattern": "^-?[0-9]{1,15}(\\.[0-9]{1,15})?$"}, dt.timedelta: {"type": "number", "description": "seconds"},
}  # fmt: skip


def nullable(schema: Schema) -> Schema:
    """Return a schema that takes null as well."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    if "enum" in schema:
        return {k: v for k, v in schema.items() if k != "type"} | {"enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]}


def field_value(field: Field, *, writing: bool) -> Schema:
    """Return the schema of a field's value, null aside."""
    if field.choices:
        return {"enum": [c.value for c in field.choices]}
    if field.to is not None:
        return dict(ID)
    kind = field.column.type
    if isinstance(kind, Exact) or field.type is decimal.Decimal:
        return _decimal(kind, writing=writing)
    found = dict(PLAIN.get(field.type, {}))
    if field.type is str:
        if isinstance(kind, Phone):
            return {"type": "string", "pattern": PHONE, "examples": ["+79001234567"]} if writing else {"type": "string"}
        if isinstance(kind, Email):
            return {"type": "string", "pattern": EMAIL, "maxLength": 254, "examples": ["ann@example.com"]} if writing else {"type": "string"}
        if field.max_length is not None:
            found["maxLength"] = field.max_length
    return found


def _decimal(kind: t.Any, *, writing: bool) -> Schema:
    precision, scale = getattr(kind, "precision", None) or 15, getattr(kind, "scale", None) or 0
    whole, places = max(1, precision - scale), f"(\\.[0-9]{{1,{scale}}})?" if scale else ""
    text: Schema = {"type": "string", "pattern": f"^-?[0-9]{{1,{whole}}}{places}$", "examples": ["1500.50" if scale >= 2 else "15"]}
    if not writing:
        return text
    most = min(10**whole - 1, HIGHEST)
    return {"anyOf": [text, {"type": "integer", "minimum": -most, "maximum": most}]}


def field_schema(field: Field, language: str, *, writing: bool) -> Schema:
    """Return the schema of a field with its label."""
    found = field_value(field, writing=writing)
    if field.nullable or (not writing and field.name == "archived_at"):
        found = nullable(found)
    found["title"] = translate(field.label, language)
    if field.help:
        found["description"] = translate(field.help, language)
    if field.to is not None:
        found["x-to"] = field.to.__table__.name
    return found


def obj(properties: Schema, required: t.Sequence[str] = (), **more: t.Any) -> Schema:
    """Return the schema of an object that takes nothing else."""
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        found["required"] = list(required)
    return found


def write_schema(kind: Kind, language: str, *, new: bool) -> Schema:
    """Return what creating (or changing) a record takes."""
    properties = {f.name: field_schema(f, language, writing=True) for f in kind.fields.values() if not f.generated and not f.secret}
    for extension in kind.extensions.values():
        inner = {
            f.name: field_schema(f, language, writing=True) for f in extension.fields.values() if f.name != "id" and not f.generated and not f.secret
        }
        needed = [f.name for f in extension.fields.values() if f.required and f.name != "id"] if new else []
        properties[extension.name] = nullable(obj(inner, needed, title=translate(extension.label, language)))
    if new and kind.staged and kind.pipelines:
        properties["pipeline"] = nullable({"enum": list(kind.pipelines)})
        properties["stage"] = nullable({"enum": list(dict.fromkeys(s for p in kind.pipelines.values() for s in p.stages))})
    required = [f.name for f in kind.fields.values() if f.required] if new else []
    return obj(properties, required, title=translate(kind.label, language))


def record_schema(kind: Kind, language: str) -> Schema:
    """Return what a record looks like; fields a role hides are left out, so none but ``id`` is certain."""
    properties = {f.name: field_schema(f, language, writing=False) for f in kind.fields.values() if not f.secret}
    for extension in kind.extensions.values():
        inner = {f.name: field_schema(f, language, writing=False) for f in extension.fields.values() if f.name != "id" and not f.secret}
        properties[extension.name] = nullable(obj(inner, title=translate(extension.label, language)))
    properties["merged_into"] = ID | {"description": translate(MERGED_INTO, language)}
    return obj(properties, title=translate(kind.label, language))


def of_annotation(hint: t.Any) -> Schema:
    """Return the schema of a command's argument."""
    origin, arguments = t.get_origin(hint), t.get_args(hint)
    if origin in (t.Union, types.UnionType):
        kept = [of_annotation(a) for a in arguments if a is not type(None)]
        found = kept[0] if len(kept) == 1 else {"anyOf": kept}
        return nullable(found) if type(None) in arguments else found
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return {"type": "array", "items": of_annotation(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": of_annotation(arguments[1])}
    if origin is t.Literal:
        return {"enum": list(arguments)}
    if isinstance(hint, type):
        if issubclass(hint, enum.Enum):
            return {"enum": [m.value for m in hint]}
        if attrs.has(hint):
            hints = t.get_type_hints(hint)
            fields = attrs.fields(hint)
            return obj({a.name: of_annotation(hints[a.name]) for a in fields}, [a.name for a in fields if a.default is attrs.NOTHING])
        return dict(PLAIN.get(hint, {}))
    return {}


def is_text(field: Field) -> bool:
    """True for plain text columns."""
    return field.type is str and isinstance(field.column.type, sa.String | Phone | Email)
