"""The form of a command, made of what its function takes: names, types, defaults, and words where the author gave some."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
import types
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import orjson

from ...core.commands import Command
from ...core.errors import Problem
from ...core.model import Entity
from ...core.nesting import too_deep
from ...core.text import Text, translate
from ..controls import BLANKS, CLEAR, CREATE_NAMED, Control
from ..shown import path_of

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Form, Visit

HOW: dict[t.Any, str] = {
    str: "text", int: "number", float: "number", decimal.Decimal: "number", bool: "check", dt.date: "day", dt.datetime: "moment", dict: "json",
}  # fmt: skip
LONG = frozenset({"note", "text", "comment", "message", "reason", "body", "description"})
PEOPLE = {"owner_id": "person", "user_id": "person", "person_id": "person", "team_id": "team"}


@attrs.frozen(kw_only=True)
class Argument:
    """One thing a command wants to know."""

    name: str
    label: Text
    type: t.Any
    how: str
    required: bool
    default: t.Any
    to: type[Entity] | None = None


def arguments_of(command: Command) -> list[Argument]:
    """Return what a command's form asks for.

    Words for an argument stand in its annotation, ``note: Annotated[str, _("Note", ru="Заметка")]``; an entity there makes it
    a choice of records (with text: of that entity's pipelines). Without words, an argument that is named like a field of the record has the field's.
    """
    hints = t.get_type_hints(command.function, include_extras=True)
    return [_argument(command, a, hints[a.name]) for a in attrs.fields(command.arguments)]


def _argument(command: Command, given: t.Any, hint: t.Any) -> Argument:
    said: Sequence[t.Any] = ()
    if t.get_origin(hint) is t.Annotated:
        hint, *said = t.get_args(hint)
    plain, optional = _plain(hint)
    field = command.kind.fields.get(given.name) if command.kind is not None else None
    label = next((s for s in said if isinstance(s, Text)), None) or (field.label if field is not None else _humanised(given.name))
    to = next((s for s in said if isinstance(s, type) and issubclass(s, Entity)), field.to if field is not None else None)
    needed = given.default is attrs.NOTHING
    return Argument(
        name=given.name, label=label, type=plain, how=_how(plain, given.name, to), to=to, required=needed and not optional and plain is not bool,
        default=None if needed else given.default,
    )  # fmt: skip


def _plain(hint: t.Any) -> tuple[t.Any, bool]:
    """Return a type without its None, and whether it had one."""
    if t.get_origin(hint) in (t.Union, types.UnionType):
        some = [a for a in t.get_args(hint) if a is not type(None)]
        return (some[0] if len(some) == 1 else t.Any), len(some) < len(t.get_args(hint))
    return hint, False


def _how(plain: t.Any, name: str, to: type[Entity] | None) -> str:
    if to is not None:
        return "choice" if plain is str else "record"
    if plain is int and name in PEOPLE:
        return PEOPLE[name]
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return "choice"
    if t.get_origin(plain) in (list, set, frozenset, tuple):
        return "list"
    if plain is str and name in LONG:
        return "long"
    return HOW.get(plain, "json")


def _humanised(name: str) -> Text:
    return Text(name.replace("_", " ").capitalize())


def controls_of(
    visit: Visit, uow: Uow, wanted: Sequence[Argument], form: Form | Mapping[str, str] | None, problems: Sequence[Problem], prefix: str,
) -> list[Control]:  # fmt: skip
    """Return the controls of a command's form."""
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.path.partition(".")[0], translate(problem.message, visit.language))
    return [_control(visit, uow, a, form, said.get(a.name, ""), prefix) for a in wanted]


def _control(visit: Visit, uow: Uow, a: Argument, form: Mapping[str, str] | None, problem: str, prefix: str) -> Control:
    from ..cells import Names, names_seen
    from ..controls import as_typed

    default = a.default.value if isinstance(a.default, enum.Enum) else a.default
    value = form.get(a.name, "") if form is not None else as_typed(visit, a.how, default.isoformat() if isinstance(default, dt.date) else default)
    source = new = shown = ""
    if a.how == "record":
        kind = uow.crm.kind(t.cast(t.Any, a.to))
        source = visit.url(f"{path_of(kind)}/pick")
        new = visit.url(f"{path_of(kind)}/new") if uow.may(kind.permission("create")) else ""
        shown = Names(visit, uow).text(kind.key, int(value)) if value.isdecimal() and len(value) < 19 else ""
    elif a.how in ("person", "team"):
        source = visit.url(f"/_/pick/{a.how}")
        shown = names_seen(uow, a.how, [int(value)]).get(int(value), "") if value.isdecimal() and len(value) < 19 else ""
    return Control(
        name=a.name, how=a.how, label=translate(a.label, visit.language), id=f"{prefix}-{a.name}", value=value, shown=shown, required=a.required,
        problem=problem, choices=_choices(visit, uow, a), source=source, new=new, say_new=visit.say(CREATE_NAMED),
        say_clear=visit.say(CLEAR.format(label=a.label)),
    )  # fmt: skip


def _choices(visit: Visit, uow: Uow, a: Argument) -> Sequence[tuple[str, str]]:
    if a.how != "choice":
        return ()
    if a.to is not None:
        return [(name, translate(p.label, visit.language)) for name, p in uow.crm.kind(a.to).pipelines.items()]
    return [(str(m.value), _choice(m, visit.language)) for m in a.type]


def _choice(member: enum.Enum, language: str) -> str:
    label = getattr(member, "label", None)
    return translate(label, language) if isinstance(label, str) else member.name.replace("_", " ").capitalize()


def given_in(visit: Visit, wanted: Sequence[Argument], form: Form) -> dict[str, t.Any]:
    """Return what a command's form says, as the JSON its arguments are read from. What was left empty is left out."""
    found = {}
    for a in wanted:
        text = form.get(a.name, "").replace("\r\n", "\n").strip()
        if a.how == "check":
            found[a.name] = text in ("true", "on", "1")
        elif text or a.required:
            found[a.name] = _value(visit, a, text)
    return found


def _value(visit: Visit, a: Argument, text: str) -> t.Any:
    if a.type is int and re.fullmatch(r"[-+]?\d{1,18}", BLANKS.sub("", text)):
        return int(BLANKS.sub("", text))
    if a.how == "number":
        plain = BLANKS.sub("", text).replace("−", "-").replace(",", ".")
        try:
            return float(plain) if a.type is float else plain
        except ValueError:
            return text
    if a.how == "moment":
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return text
        return (moment if moment.tzinfo else moment.replace(tzinfo=visit.zone)).isoformat()
    if a.how == "choice" and a.to is None:
        return next((m.value for m in a.type if str(m.value) == text), text)
    if a.how in ("json", "list"):
        try:
            found = orjson.loads(text)
            return text if too_deep(found) else found
        except ValueError:
            return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()] if a.how == "list" else text
    return text


__all__ = ["Argument", "arguments_of", "controls_of", "given_in"]
