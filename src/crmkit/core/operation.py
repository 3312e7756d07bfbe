"""Operations: pieces of work that span records or transactions and are told, listed and undone as one."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from . import wire
from .errors import Conflict, Misuse, NotFound
from .tables import operation as table
from .text import _

if t.TYPE_CHECKING:
    from .uow import Uow

STATES = ("running", "done", "failed", "undone")


def begin(uow: Uow, kind: str, label: str, facts: Mapping[str, t.Any]) -> int:
    """Note that an operation begins and return its number."""
    row = {"kind": kind, "label": label[:200], "actor_id": uow.actor.id, "actor": uow.actor.name, "at": uow.now, "state": "running",
        "facts": _plain(facts)}
    return t.cast(int, uow.connection.execute(table.insert().values(row).returning(table.c.id)).scalar_one())


def go_on(uow: Uow, number: int) -> None:
    """Refuse to go on with an operation that was undone; while one is being undone, this waits for the end of it."""
    found = sa.select(table.c.state).where(table.c.id == number).with_for_update(read=True, key_share=True)
    state = uow.connection.execute(found).scalar_one_or_none()
    if state is None:
        raise NotFound(_("There is no operation {id}", ru="Нет операции {id}").format(id=number))
    if state == "undone":
        raise Conflict(_("Operation {id} was undone; begin a new one", ru="Операция {id} отменена; начните новую").format(id=number))


def finish(uow: Uow, state: str, facts: Mapping[str, t.Any]) -> None:
    """Note how the operation at hand ended."""
    if state not in STATES:
        raise Misuse(f"an operation ends in one of {', '.join(STATES)}, not {state!r}")
    if uow.operation_id is None:
        raise Misuse("this unit of work is not part of an operation: begin one with uow.operation(kind, label)")
    note(uow, uow.operation_id, facts, state=state, finished_at=uow.now)


def note(uow: Uow, number: int, facts: Mapping[str, t.Any], **columns: t.Any) -> None:
    """Change what is known of an operation: `facts` are added to those it has."""
    known = uow.connection.execute(sa.select(table.c.facts).where(table.c.id == number).with_for_update()).scalar_one_or_none()
    if known is None:
        raise NotFound(_("There is no operation {id}", ru="Нет операции {id}").format(id=number))
    uow.connection.execute(table.update().where(table.c.id == number).values(facts=known | _plain(facts), **columns))


def _plain(facts: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: wire.dump(value) for name, value in facts.items()}
