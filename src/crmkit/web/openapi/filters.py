"""The schema of the filter tree: which fields a kind offers, and what may be asked of each."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t

from ...core.field import Field
from ...core.filter import ORDERED, PERIODS
from ...core.kind import Kind
from ...core.stays import STAY
from .schemas import HIGHEST, NO_NUL, Schema, field_value

RELATIVE_TIME: Schema = {
    "type": "object", "required": ["relative"], "additionalProperties": False,
    "properties": {"relative": {"type": "string", "pattern": "^(now|today|[+-][0-9]{1,7}(min|h|d|w|mo|y))$"}}, "examples": [{"relative": "-7d"}],
}  # fmt: skip
RELATIVE_PERSON: Schema = {"type": "object", "required": ["relative"], "additionalProperties": False, "properties": {"relative": {"enum": ["me"]}}}
RELATIVE_TEAMS: Schema = {
    "type": "object", "required": ["relative"], "additionalProperties": False,
    "properties": {"relative": {"enum": ["my_teams", "my_teams_and_below"]}},
}  # fmt: skip


def filter_schema(kind: Kind, kinds: t.Mapping[str, Kind], name: str, shared: Asked) -> Schema:
    """Return the schema of a kind's filters: own fields, extensions, one hop over each link. Longer hops work as well.

    Fields beyond a link are patterns, those of one type together (``^company\\.(name|city)$``): listed one by one they would
    make the document several times as long.
    """
    here = {"$ref": f"#/components/schemas/{name}"}
    properties: Schema = {
        "and": {"type": "array", "items": here}, "or": {"type": "array", "items": here}, "not": here,
    }  # fmt: skip
    if kind.pipelines:
        properties["rotten"] = {"type": "boolean"}
        stays = {f.name: shared.of(f) for f in STAY.fields.values()}
        properties["been"] = {"type": "object", "properties": stays, "additionalProperties": False}
    for dotted, field in _paths(kind):
        properties[dotted] = shared.of(field)
    patterns: Schema = {"^[a-z_0-9]+\\.[a-z_0-9]+\\.[a-z_0-9.]+$": {}}
    for link in kind.links.values():
        alike: dict[str, tuple[Schema, list[str]]] = {}
        for field in kinds[link.target].fields.values():
            if not field.secret:
                asked = shared.of(field)
                alike.setdefault(repr(asked), (asked, []))[1].append(field.name)
        patterns |= {f"^{link.name}\\.({'|'.join(names)})$": asked for asked, names in alike.values()}
    return {"type": "object", "properties": properties, "patternProperties": patterns, "additionalProperties": False}


def _paths(kind: Kind) -> t.Iterator[tuple[str, Field]]:
    for field in kind.fields.values():
        if not field.secret:
            yield field.name, field
    for extension in kind.extensions.values():
        for field in extension.fields.values():
            if not field.secret:
                yield f"{extension.name}.{field.name}", field


NAMES: dict[type, str] = {
    str: "AskText", int: "AskNumber", float: "AskFloat", bool: "AskYesNo", decimal.Decimal: "AskDecimal", dt.datetime: "AskMoment",
    dt.date: "AskDate", dict: "AskData", list: "AskList",
}  # fmt: skip


class Asked:
    """The schemas of what may be asked of a field, those of a type written once and referred to."""

    def __init__(self) -> None:
        self.shared: Schema = {}

    def of(self, field: Field) -> Schema:
        """Return what may be asked of one field."""
        asked, name = field_filter(field), NAMES.get(field.type)
        if name is None or self.shared.setdefault(name, asked) != asked:
            return asked
        return {"$ref": f"#/components/schemas/{name}"}


def field_filter(field: Field) -> Schema:
    """Return what may be asked of one field: a value, or an object of operators."""
    if field.type in (dict, list):
        return {"anyOf": [{"type": "null"}, _operators({"empty": {"type": "boolean"}})]}
    value = _value(field)
    either: Schema = {"anyOf": [value, {"type": "null"}]}
    listed: Schema = {"type": "array", "items": _listed(field)}
    if field.type is int:
        listed = {"anyOf": [listed, RELATIVE_TEAMS]}
    asked: Schema = {"eq": either, "ne": either, "in": listed, "not_in": listed, "empty": {"type": "boolean"}}
    if field.type in ORDERED:
        asked |= {"lt": value, "lte": value, "gt": value, "gte": value}
    if field.type is str:
        asked |= {"contains": {"type": "string", "pattern": NO_NUL}, "starts": {"type": "string", "pattern": NO_NUL}}
    if field.type in (dt.datetime, dt.date):
        asked["within"] = {"anyOf": [{"enum": list(PERIODS)}, {"type": "string", "pattern": "^last_[1-9][0-9]{0,3}_days$"}]}
    if field.type is int:
        asked["below"] = {"anyOf": [_listed(field), listed]}
    return {"anyOf": [value, {"type": "null"}, _operators(asked)]}


def _operators(asked: Schema) -> Schema:
    return {"type": "object", "properties": asked, "additionalProperties": False}


def _listed(field: Field) -> Schema:
    if field.to is not None or field.type is int:
        return {"type": "integer", "minimum": -HIGHEST - 1, "maximum": HIGHEST}
    if field.type is decimal.Decimal:
        return {"type": "string", "pattern": "^-?[0-9]{1,15}(\\.[0-9]{1,15})?$"}
    found = field_value(field, writing=False)
    found.pop("maxLength", None)
    return found


def _value(field: Field) -> Schema:
    plain = _listed(field)
    if field.type in (dt.datetime, dt.date):
        return {"anyOf": [plain, RELATIVE_TIME]}
    if field.type is int:
        return {"anyOf": [plain, RELATIVE_PERSON]}
    if field.type is decimal.Decimal:
        return {"anyOf": [plain, {"type": "integer", "minimum": -(10**15) + 1, "maximum": 10**15 - 1}]}
    return plain


__all__ = ["Asked", "field_filter", "filter_schema"]
