"""Commands: what people do beyond plain editing."""

from __future__ import annotations

import typing as t

from ..core import operations, wire
from ..core.commands import Command
from ..core.model import Entity, Extension
from ..core.plugin import PUBLIC
from .actors import demand_known
from .answer import Answer, as_json
from .call import Call
from .idempotency import written

if t.TYPE_CHECKING:
    from ..core.uow import Uow


def on_record(call: Call) -> Answer:
    """POST /api/sales/deal/5/do/register_call."""
    return _run(call, call.key)


def by_itself(call: Call) -> Answer:
    """POST /api/sales/do/import_leads."""
    return _run(call, None)


def _run(call: Call, key: int | None) -> Answer:
    call.query()
    command: Command = call.crm.commands[call.verb]
    if command.permission is not PUBLIC:
        demand_known(call)
    given = call.object(optional=True)
    return written(call, lambda uow: as_json({"result": run(uow, command, key, given)}))


def run(uow: Uow, command: Command, key: int | None, given: dict[str, t.Any]) -> t.Any:
    """Run a command on behalf of the actor and return its result as JSON; the record is held meanwhile."""
    record = uow.get(command.kind.cls, key, lock=True) if command.kind is not None and key is not None else None
    result = command.run(uow, record, given)
    uow.settle()
    return as_result(uow, result)


def as_result(uow: Uow, result: t.Any) -> t.Any:
    """Return what a command gave back as JSON: a record by what the actor may see of it."""
    if isinstance(result, Entity):
        kind = uow.crm.kind(type(result))
        read = kind.permission("read")
        if not uow.may(read) or not ("_seen" in result.__dict__ or uow.may(read, result)):
            return {"kind": kind.key, "id": result.id}  # what a command finds or makes as the system need not be for the actor's eyes
        return {"kind": kind.key, **operations.show(uow, kind, result)}
    if isinstance(result, Extension):
        return as_result(uow, result.subject)
    if isinstance(result, list | tuple | set | frozenset):
        return [as_result(uow, r) for r in result]
    if isinstance(result, dict):
        return {str(k): as_result(uow, v) for k, v in result.items()}
    return wire.strict_converter().unstructure(result) if result is not None else None
