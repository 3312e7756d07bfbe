"""Form controls of fields: what a person types, and how it becomes the API's own values."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import orjson

from ..core.errors import Invalid, Problem
from ..core.field import Field
from ..core.nesting import too_deep
from ..core.text import _, translate
from . import formats
from .cells import Cells, choice_text, look_of
from .shown import path_of

if t.TYPE_CHECKING:
    from ..core.kind import Kind
    from ..core.uow import Uow
    from .visit import Form, Visit

LISTED = re.compile(r"^[\s\[{]|[,\r\n]")
BLANKS = re.compile(r"[\s\u00a0\u202f]")
MARKS = re.compile(r"[\s\u00a0\u202f'\u2019₽$€£]")  # what people put between and around digits
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
CHOSEN = frozenset({"record", "person", "team"})
CREATE_NAMED = _("Create “{name}”", ru="Создать «{name}»")
CLEAR = _("Clear: {label}", ru="Очистить: {label}")


@attrs.frozen(kw_only=True)
class Control:
    """One field of a form. `how` names the macro that draws it (``text``, ``long``, ``number``, ``day``, ``record`` …)."""

    name: str
    how: str
    label: str
    id: str
    value: str = ""
    shown: str = ""
    """What is read in place of `value`: the name of the chosen record or person."""
    help: str = ""
    required: bool = False
    problem: str = ""
    choices: Sequence[tuple[str, str]] = ()
    max_length: int | None = None
    source: str = ""
    """Where a chooser finds what can be chosen."""
    new: str = ""
    """Where what is not there yet is made, for choosers."""
    say_new: str = ""
    say_clear: str = ""


def controls(
    visit: Visit, uow: Uow, kind: Kind, names: Iterable[str], values: Mapping[str, t.Any], problems: Iterable[Problem] = (), *, prefix: str = "f",
    typed: Mapping[str, str] | None = None,
) -> list[Control]:  # fmt: skip
    """Return the controls of fields somebody may fill in, with values (JSON, by dotted name) and what is wrong with them.

    Fields that are hidden from the actor, read-only or generated are left out. `prefix` keeps element ids apart on one page.
    `typed` is what was in the form that was refused: it stands there again just as it was written.
    """
    crm = uow.crm
    fixed = crm.access.read_only(uow.actor, kind, "change" if "id" in values else "create") | crm.access.hidden(uow.actor, kind)
    path = visit.site.shown(kind).path
    chosen = [n for n in dict.fromkeys(names) if n not in fixed and not path(n).field.generated and not n.endswith(".id") and n != "id"]
    cells = Cells(visit, uow, kind, chosen)
    given = typed or {}
    held: dict[str, t.Any] = {n: from_text(visit, path(n).field, given[n]) if n in given else values.get(n) for n in chosen}
    row = {n: v for n, v in held.items() if look_of(path(n).field) in CHOSEN and isinstance(v, int)}
    kept = "id" in values and visit.method == "GET"  # the record's own; all else somebody claims
    cells.look_up([row], claimed=not kept)
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.path, translate(problem.message, visit.language))
    made = []
    for name in chosen:
        how = look_of(cells.fields[name])
        value = given[name] if name in given and how != "check" else as_typed(visit, how, held[name])
        made.append(_control(visit, uow, cells, name, value, cells.text(name, row), said.get(name, ""), prefix))
    return made


def _control(visit: Visit, uow: Uow, cells: Cells, name: str, value: str, shown: str, problem: str, prefix: str) -> Control:
    field, language = cells.fields[name], visit.language
    how, choices, source, new = look_of(field), list[tuple[str, str]](), "", ""
    offered = visit.site.shown(cells.kind).choices(name, uow.crm) if how == "text" else None
    if offered is not None:
        how, choices = "choice", [(known, translate(label, language)) for known, label in offered.items()]
    elif how == "choice":
        choices = [(str(member.value), choice_text(field, member.value, language)) for member in field.choices]
    elif how in ("person", "team"):
        source = visit.url(f"/_/pick/{how}")
    elif how == "record":
        target = next((k for k in uow.crm.kinds.values() if k.cls is field.to), None)
        if target is not None and uow.may(target.permission("read")):
            source = visit.url(f"{path_of(target)}/pick")
            new = visit.url(f"{path_of(target)}/new") if uow.may(target.permission("create")) and target.whole is None else ""
        else:
            how = "number"
    return Control(
        name=name, how=how, label=cells.label(name), id=f"{prefix}-{name.replace('.', '-')}", value=value, shown=shown,
        help=translate(field.help, language), required=field.required and how != "check", problem=problem, choices=choices,
        max_length=field.max_length, source=source, new=new, say_new=visit.say(CREATE_NAMED), say_clear=visit.say(CLEAR.format(label=field.label)),
    )  # fmt: skip


def name_of(visit: Visit, uow: Uow, kind: Kind, key: t.Any) -> str:
    """Return the name of one record, or its number where it cannot be seen."""
    from ..core.lists import ListRequest

    try:
        title = visit.site.shown(kind).title
        rows = uow.page(kind.cls, ListRequest(filter={"id": int(key)}, fields=[title], limit=1, archived=None)).rows
        return str(rows[0][title]) if rows else f"№ {key}"
    except (Invalid, ValueError, TypeError):
        return f"№ {key}"


def as_typed(visit: Visit, how: str, value: t.Any) -> str:
    """Return a JSON value as it stands in a form: moments in the CRM's zone, JSON indented."""
    if value is None:
        return ""
    if how == "moment" and isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value).astimezone(visit.zone).strftime("%Y-%m-%dT%H:%M")
        except ValueError:
            return value
    if how in ("number", "money"):
        return _as_number(visit, how, value)
    if how == "check":
        return "true" if value in (True, "true") else ""
    if how == "list" and isinstance(value, list) and all(isinstance(v, str) and not LISTED.search(v) for v in value):
        return "\n".join(value)
    if how in ("json", "list") and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, indent=1 if how == "json" and value else None)
    return str(value)


def _as_number(visit: Visit, how: str, value: t.Any) -> str:
    """Return a number as a person would type it: a Russian amount in groups, and nothing behind the point that says nothing."""
    try:
        number = decimal.Decimal(str(value))
    except decimal.InvalidOperation:
        return str(value)  # what was typed and is none stands there as it was
    if not number.is_finite():
        return str(value)
    if how == "money" and visit.language == "ru":  # in English the comma between groups is a point to others
        return formats.money(number, "ru").replace(formats.NBSP, " ").replace("\u2212", "-")
    plain = f"{number:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain.replace(".", ",") if visit.language == "ru" else plain


def typed(visit: Visit, kind: Kind, names: Iterable[str], form: Form) -> dict[str, t.Any]:
    """Return what a form says about fields, as flat JSON values by dotted name; only fields the form has. Nothing is refused here.

    What cannot be read stays text, so that the API's own check names it at its field.
    """
    found = {}
    for name in names:
        if name in form:
            found[name] = from_text(visit, visit.site.shown(kind).path(name).field, form[name])
    return found


def from_text(visit: Visit, field: Field, text: str) -> t.Any:
    """Return what was typed into a field as a JSON value."""
    how = look_of(field)
    text = text.replace("\r\n", "\n")
    given = text.strip() if how != "long" else text.strip("\n")
    if how == "check":
        return given in ("true", "on", "1")
    if given == "":
        return _nothing(field)
    if how in ("person", "team", "record") or (how == "number" and field.type is int):
        plain = BLANKS.sub("", given)
        return int(plain) if re.fullmatch(r"[-+]?\d{1,18}", plain) else given
    if how in ("number", "money"):
        return _decimal(field, given, visit.language)
    if how == "moment":
        return _moment(visit, given)
    if how == "choice":
        return next((m.value for m in field.choices if str(m.value) == given), given)
    if how in ("json", "list"):
        return _json(field, given)
    return given


def _decimal(field: Field, given: str, language: str) -> t.Any:
    plain = _pointed(MARKS.sub("", given).replace("\u2212", "-"), language)
    if field.type is not float:
        return plain
    try:
        return float(plain)
    except ValueError:
        return given


def _pointed(text: str, language: str) -> str:
    """Return a number with a point and no groups. Of comma and point the last is the point; what stands several times parts groups."""
    comma, point = text.count(","), text.count(".")
    if comma and point:
        text = text.replace("." if text.rfind(",") > text.rfind(".") else ",", "")
    elif comma > 1 or point > 1 or (language == "en" and THOUSANDS.fullmatch(text)):
        return text.replace("," if comma else ".", "")
    return text.replace(",", ".")


def _moment(visit: Visit, given: str) -> str:
    """Return a moment typed as a local time (``2026-01-12T09:00``) with its zone; other text as it is."""
    try:
        found = dt.datetime.fromisoformat(given)
    except ValueError:
        return given
    return (found if found.tzinfo is not None else found.replace(tzinfo=visit.zone)).astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _nothing(field: Field) -> t.Any:
    """Return what a field that was left empty says: nothing, where it may; else an empty text or list where the field does without."""
    if field.nullable or field.type not in (str, dict, list) or field.required:
        return None
    return field.type()


def _json(field: Field, given: str) -> t.Any:
    try:
        found = orjson.loads(given)
        return given if too_deep(found) else found
    except ValueError:
        if field.type is list and not given.startswith("["):
            return [part.strip() for part in re.split(r"[,\n]", given) if part.strip()]
        return given  # the API's own check says at the field what was expected


def nested(kind: Kind, flat: Mapping[str, t.Any], *, new: bool = True) -> dict[str, t.Any]:
    """Return flat values as `operations.create` and `change` take them: extensions as objects under their names.

    A `new` record gets no extension of which nothing was filled in.
    """
    found: dict[str, t.Any] = {}
    for name, value in flat.items():
        stem, dot, last = name.partition(".")
        if dot and stem in kind.extensions:
            found.setdefault(stem, {})[last] = value
        else:
            found[name] = value
    if not new:
        return found
    return {n: v for n, v in found.items() if n not in kind.extensions or any(x not in (None, "", False, [], {}) for x in v.values())}


def flat(kind: Kind, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a record as `operations.show` gives it with extensions' fields by dotted name: the opposite of `nested`."""
    found: dict[str, t.Any] = {}
    for name, value in shown.items():
        if name in kind.extensions:
            found |= {f"{name}.{inner}": v for inner, v in (value or {}).items()}
        else:
            found[name] = value
    return found


__all__ = ["Control", "as_typed", "controls", "flat", "from_text", "name_of", "nested", "typed"]
