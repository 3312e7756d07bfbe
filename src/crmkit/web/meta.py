"""What this CRM is made of, and who is asking."""

from __future__ import annotations

import enum
import typing as t

import attrs

from ..core.field import Field
from ..core.kind import ACTIONS, Kind
from ..core.pipeline import Pipeline
from .answer import Answer, as_json
from .call import Call
from .records import translated

if t.TYPE_CHECKING:
    from ..core.commands import Command
    from ..core.uow import Uow

Json = dict[str, t.Any]


def me(call: Call) -> Answer:
    """GET /api/me."""
    call.query()
    actor = call.actor
    signed_in = actor.id is not None or bool(actor.roles)
    with call.reading() as uow:
        granted = sorted(p for p in call.crm.permissions if uow.may(p))
    return as_json(
        {
            "id": actor.id,
            "name": str(actor.name),
            "roles": list(actor.roles),
            "teams": list(actor.teams),
            "language": call.language,
            "signed_in": signed_in,
            "permissions": granted,
        }
    )


def meta(call: Call) -> Answer:
    """GET /api/meta: kinds, fields, pipelines and commands the caller may know of, labels in their language."""
    call.query()
    crm = call.crm
    with call.reading() as uow:
        kinds = [_kind(uow, k) for k in crm.kinds.values() if uow.may(k.permission("read"))]
        commands = [_command(c) for c in crm.commands.values() if uow.may(c.permission) and c.kind is None]
    plugins = [{"name": p.name, "label": p.label or p.name, "version": p.version} for p in crm.plugins]
    return as_json(translated({"plugins": plugins, "kinds": kinds, "commands": commands, "timezone": crm.settings.timezone}, call.language))


def _kind(uow: Uow, kind: Kind) -> Json:
    crm, actor = uow.crm, uow.actor
    hidden, fixed = crm.access.hidden(actor, kind), crm.access.read_only(actor, kind)
    found: Json = {
        "key": kind.key,
        "plugin": kind.plugin,
        "label": kind.label,
        "plural": kind.plural,
        "owned": kind.owned,
        "staged": kind.staged,
        "may": {a: uow.may(kind.permission(a)) for a in ACTIONS if a != "move" or kind.staged},
        "fields": [_field(uow, f, f.name in fixed) for f in kind.fields.values() if f.name not in hidden],
        "extensions": [
            {
                "name": e.name,
                "label": e.label,
                "plugin": e.plugin,
                "fields": [
                    _field(uow, f, f"{e.name}.{f.name}" in fixed) for f in e.fields.values() if f.name != "id" and f"{e.name}.{f.name}" not in hidden
                ],
            }
            for e in kind.extensions.values()
        ],
        "pipelines": [_pipeline(p) for p in kind.pipelines.values()],
        "commands": [_command(c) for c in kind.commands.values() if uow.may(c.permission)],
    }
    if "crm_describe" in crm.hooked:
        for facts in crm.hook.crm_describe(kind=kind):
            found |= {k: v for k, v in (facts or {}).items() if k.startswith("x-")}
    return found


def _field(uow: Uow, field: Field, fixed: bool) -> Json:
    to = next((k.key for k in uow.crm.kinds.values() if k.cls is field.to), None) if field.to is not None else None
    return {
        "name": field.name,
        "label": field.label,
        "help": field.help,
        "type": type_name(field),
        "required": field.required,
        "nullable": field.nullable,
        "read_only": fixed or field.generated,
        "to": to,
        "search": field.search,
        "personal": field.personal,
        "max_length": field.max_length,
        "choices": [{"value": c.value, "label": choice_label(c)} for c in field.choices],
    }


def choice_label(member: enum.Enum) -> t.Any:
    """Return the label of a choice: the member's own ``label``, or its name."""
    return getattr(member, "label", None) or member.name.replace("_", " ").capitalize()


def type_name(field: Field) -> str:
    """Return a field's type as one word."""
    return "choice" if field.choices else field.type.__name__.lower()


def _pipeline(pipeline: Pipeline[t.Any]) -> Json:
    stages = [
        {
            "name": s.name,
            "label": s.label,
            "needs": list(s.needs),
            "outcome": s.outcome.value,
            "rots_after": s.rots_after and s.rots_after.total_seconds(),
            "may_follow": [n for n in pipeline.stages if pipeline.allows(s.name, n)],
        }
        for s in pipeline.stages.values()
    ]
    return {"name": pipeline.name, "label": pipeline.label, "stages": stages}


def _command(command: Command) -> Json:
    from .openapi.commands import arguments_schema

    needed = [a.name for a in attrs.fields(command.arguments) if a.default is attrs.NOTHING]
    return {
        "name": command.name,
        "verb": command.verb,
        "label": command.label,
        "help": command.help,
        "arguments": arguments_schema(command),
        "required": needed,
    }
