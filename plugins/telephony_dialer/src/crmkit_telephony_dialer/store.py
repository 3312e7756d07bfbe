"""Attempts in the database: read, held, written, each step with a line of its own."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from zoneinfo import ZoneInfo

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit import Topic, Uow
from crmkit_taskqueue import Turn
from crmkit_telephony import Call, Outcome

from .machine import Attempt, State, Why
from .policy import Tried
from .roles import DIAL
from .settings import DialerSettings
from .tables import attempts, live, steps

TOPIC = Topic("telephony_dialer.attempt", permission=DIAL, personal=True)
"""An attempt of somebody's went on: their screen looks again."""
_MS = dt.timedelta(milliseconds=1)
_MOST = 200
_MACHINE = tuple(f.name for f in attrs.fields(Attempt))
_ENUMS = {"state": State, "why": Why, "outcome": Outcome}


@attrs.frozen
class Row:
    """An attempt as it is kept."""

    id: int
    turn_id: int
    task_id: int
    chain: int
    user_id: int
    team_id: int | None
    contact_id: int | None
    number: str | None
    call_id: int | None
    began_at: dt.datetime
    dialled_at: dt.datetime | None
    followed_at: dt.datetime | None
    refused: str | None
    until: dt.datetime | None
    silent: bool
    a: Attempt

    @property
    def is_over(self) -> bool:
        """True when it has ended."""
        return self.a.state is State.ENDED


@attrs.frozen
class Due:
    """The next step of an attempt may be due."""

    attempt_id: int


@attrs.frozen
class Ask:
    """The provider is to be asked how an attempt's call is."""

    attempt_id: int


@attrs.frozen
class Finish:
    """The task is to follow from how an attempt ended."""

    attempt_id: int


# Written once and compiled once: a dialer asks these many times a second.
_C = attempts.c
_NAMES = tuple(_C.keys())
_GET = sa.select(attempts).where(_C.id == sa.bindparam("attempt"))
_HOLD = _GET.with_for_update()
_CALL = Call.__table__
_CALL_OF = sa.select(_C.call_id).where(_C.id == sa.bindparam("attempt")).scalar_subquery()
_HOLD_CALL_OF = sa.select(*_CALL.columns).where(_CALL.c.id == _CALL_OF).with_for_update(key_share=True)
_HOLD_OF_CALL = sa.select(attempts).where(_C.call_id == sa.bindparam("call")).with_for_update()
_OF_TURN = sa.select(attempts).where(_C.turn_id == sa.bindparam("turn")).order_by(_C.id.desc()).limit(1)
_LAST_OF = sa.select(attempts).where(_C.user_id == sa.bindparam("user")).order_by(_C.id.desc()).limit(sa.bindparam("most", type_=sa.Integer))
_WAITING_OF = sa.select(_C.id).where(
    _C.user_id == sa.bindparam("user"), _C.state == State.WAITING.value, _C.due_at.is_not(None)).order_by(_C.id.desc()).limit(1)  # fmt: skip
_CHAIN_OF = sa.select(_C.chain).where(_C.task_id == sa.bindparam("task")).limit(1)
_STEP = steps.insert().values({c.name: sa.bindparam(c.name) for c in steps.c if c.name != "id"}).inline()
_FREE = live.delete().where(live.c.attempt_id == sa.bindparam("attempt"))
_TRIED = sa.select(_C.number, _C.outcome, _C.dialled_at, _C.chain, _C.rang_at).where(
    _C.outcome.is_not(None), _C.dialled_at.is_not(None), _C.dialled_at > sa.bindparam("since", type_=_C.dialled_at.type))
_TRIED_IN_CHAIN = _TRIED.where(_C.chain == sa.bindparam("chain")).order_by(_C.id.desc()).limit(_MOST)
_AT_ONE = sa.or_(_C.number == sa.bindparam("number"), _C.contact_id == sa.bindparam("contact", type_=_C.contact_id.type))
_TRIED_AT_ONE = _TRIED.where(_AT_ONE).order_by(_C.id.desc()).limit(_MOST)


@functools.cache
def _begun(names: tuple[str, ...]) -> t.Any:
    return attempts.insert().values({name: sa.bindparam(name) for name in names}).returning(*attempts.c)


@functools.cache
def _put(names: tuple[str, ...]) -> t.Any:
    values = {name: sa.bindparam(f"new_{name}", type_=_C[name].type) for name in names}
    return attempts.update().where(_C.id == sa.bindparam("attempt")).values(values)


def _row(found: t.Sequence[t.Any]) -> Row:
    values = dict(zip(_NAMES, found, strict=True))
    machine = {name: values.pop(name) for name in _MACHINE}
    for name, cls in _ENUMS.items():
        machine[name] = None if machine[name] is None else cls(machine[name])
    return Row(**values, a=Attempt(**machine))


def _one(uow: Uow, statement: t.Any, values: dict[str, t.Any]) -> Row | None:
    found = uow.run(statement, values)
    return _row(found[0]) if found else None


def get(uow: Uow, attempt_id: int, *, lock: bool = False) -> Row | None:
    """Return an attempt, held until the end of the transaction with `lock`."""
    return _one(uow, _HOLD if lock else _GET, {"attempt": attempt_id})


def hold(uow: Uow, attempt_id: int) -> Row | None:
    """Return an attempt, held, its call held before it: telephony holds them in this order as well."""
    uow.flush(wait=False)
    uow.run_for(Call, _HOLD_CALL_OF, {"attempt": attempt_id})
    return get(uow, attempt_id, lock=True)


def of_turn(uow: Uow, turn_id: int) -> Row | None:
    """Return the last attempt of a turn."""
    return _one(uow, _OF_TURN, {"turn": turn_id})


def of_call(uow: Uow, call_id: int) -> Row | None:
    """Return the attempt a call was placed for, held until the end of the transaction."""
    return _one(uow, _HOLD_OF_CALL, {"call": call_id})


def last_of(uow: Uow, user_id: int, most: int = 1) -> list[Row]:
    """Return somebody's last attempts, the latest first."""
    return [_row(found) for found in uow.run(_LAST_OF, {"user": user_id, "most": most})]


def waiting_of(uow: Uow, user_id: int) -> int | None:
    """Return somebody's attempt that waits for their line."""
    found = uow.run(_WAITING_OF, {"user": user_id})
    return found[0][0] if found else None


def begin(uow: Uow, turn: Turn, chain: int, contact_id: int | None, due_at: dt.datetime | None) -> Row:
    """Write a new attempt, which waits."""
    values = {
        "turn_id": turn.id, "task_id": turn.task_id, "chain": chain, "user_id": turn.user_id, "team_id": turn.team_id, "contact_id": contact_id,
        "state": State.WAITING.value, "began_at": uow.now, "due_at": due_at, "late": False, "looks": 0, "silent": False,
    }  # fmt: skip
    row = _row(uow.run(_begun(tuple(values)), values)[0])
    _step(uow, row.id, None, State.WAITING, "opened")
    if due_at is not None:
        set_timer(uow, row.id, due_at)
    return row


def put(uow: Uow, row: Row, a: Attempt, by: str, **more: t.Any) -> Row:
    """Write a step of a held attempt: its timer moves along, and its number is free once it has ended."""
    changed = {name: getattr(a, name) for name in _MACHINE if getattr(a, name) != getattr(row.a, name)}
    values = {name: value.value if isinstance(value, State | Why | Outcome) else value for name, value in changed.items()} | more
    if not values:
        return row
    uow.run(_put(tuple(values)), {"attempt": row.id, **{f"new_{name}": value for name, value in values.items()}}, wait=False)
    if a.state is not row.a.state:
        _step(uow, row.id, row.a.state, a.state, by)
        uow.publish(TOPIC.name, row.user_id)
    if "due_at" in changed:
        if a.due_at is None:
            uow.cancel(f"dialer:{row.id}", wait=False)
        else:
            set_timer(uow, row.id, a.due_at)
    if a.state is State.ENDED and row.a.state is not State.ENDED:
        uow.run(_FREE, {"attempt": row.id}, wait=False)
    return attrs.evolve(row, a=a, **more)


def set_timer(uow: Uow, key: int, at: dt.datetime) -> None:
    """Set the timer of an attempt: a row of the database, which knows thousandths of a second; it never goes off too early."""
    uow.schedule(Due(key), at=at + _MS - dt.timedelta(microseconds=1 + (at.microsecond - 1) % 1000), key=f"dialer:{key}")


def _step(uow: Uow, key: int, was: State | None, state: State, by: str) -> None:
    step = {"attempt_id": key, "at": uow.now, "was": None if was is None else was.value, "state": state.value, "by": by[:20]}
    uow.run(_STEP, step, wait=False)


def claim(uow: Uow, number: str, attempt_id: int) -> bool:
    """Take a number for an attempt; False while another attempt is under way at it."""
    return bool(uow.run(_claim(uow.crm.engine.dialect.name), {"number": number, "attempt_id": attempt_id}))


@functools.cache
def _claim(dialect: str) -> t.Any:
    insert: t.Any = postgresql.insert(live) if dialect == "postgresql" else sqlite.insert(live)
    new = insert.values(number=sa.bindparam("number"), attempt_id=sa.bindparam("attempt_id"))
    return new.on_conflict_do_nothing().returning(live.c.number)


# ---- what was tried ----------------------------------------------------------------------------------------------------
def chain_of(uow: Uow, task_id: int, previous_id: int | None) -> int:
    """Return the first of the tasks that follow each other up to this one."""
    for key in (task_id, previous_id):
        if key is not None:
            found = uow.run(_CHAIN_OF, {"task": key})
            if found:
                return int(found[0][0])
    return previous_id or task_id


def tried(uow: Uow, numbers: t.Sequence[str], contact_id: int | None, chain: int | None = None) -> list[Tried]:
    """Return the attempts at a client, by contact or number, the latest first; with `chain` those about one task alone."""
    since = uow.now - max(uow.crm[DialerSettings].forget_after, dt.timedelta(days=31))
    if chain is not None:
        rows = uow.run(_TRIED_IN_CHAIN, {"chain": chain, "since": since})
    elif len(numbers) <= 1:
        rows = uow.run(_TRIED_AT_ONE, {"number": numbers[0] if numbers else None, "contact": contact_id, "since": since})
    else:
        whose = sa.or_(_C.number.in_(list(numbers)), _C.contact_id == contact_id)
        rows = [tuple(row) for row in uow.connection.execute(_TRIED.where(whose).order_by(_C.id.desc()).limit(_MOST), {"since": since})]
    return [Tried(number=number, outcome=Outcome(outcome), at=at, chain=of, rang=rang is not None) for number, outcome, at, of, rang in rows]


@functools.cache
def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its name."""
    return ZoneInfo(name)
