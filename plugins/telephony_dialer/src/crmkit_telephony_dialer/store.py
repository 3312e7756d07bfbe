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
from crmkit_telephony import Outcome

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


def _row(found: t.Any) -> Row:
    values = dict(found._mapping)
    machine = {name: values.pop(name) for name in _MACHINE}
    for name, cls in _ENUMS.items():
        machine[name] = None if machine[name] is None else cls(machine[name])
    return Row(**values, a=Attempt(**machine))


def get(uow: Uow, attempt_id: int, *, lock: bool = False) -> Row | None:
    """Return an attempt, held until the end of the transaction with `lock`."""
    wanted = sa.select(attempts).where(attempts.c.id == attempt_id)
    found = uow.connection.execute(wanted.with_for_update() if lock else wanted).first()
    return None if found is None else _row(found)


def of_turn(uow: Uow, turn_id: int) -> Row | None:
    """Return the last attempt of a turn."""
    found = uow.connection.execute(sa.select(attempts).where(attempts.c.turn_id == turn_id).order_by(attempts.c.id.desc()).limit(1)).first()
    return None if found is None else _row(found)


def of_call(uow: Uow, call_id: int) -> int | None:
    """Return the attempt a call was placed for."""
    return uow.connection.execute(sa.select(attempts.c.id).where(attempts.c.call_id == call_id)).scalar()


def last_of(uow: Uow, user_id: int, most: int = 1) -> list[Row]:
    """Return somebody's last attempts, the latest first."""
    wanted = sa.select(attempts).where(attempts.c.user_id == user_id).order_by(attempts.c.id.desc()).limit(most)
    return [_row(found) for found in uow.connection.execute(wanted)]


def waiting_of(uow: Uow, user_id: int) -> int | None:
    """Return somebody's attempt that waits for their line."""
    c = attempts.c
    wanted = sa.select(c.id).where(c.user_id == user_id, c.state == State.WAITING.value, c.due_at.is_not(None)).order_by(c.id.desc()).limit(1)
    return uow.connection.execute(wanted).scalar()


def begin(uow: Uow, turn: Turn, chain: int, contact_id: int | None, due_at: dt.datetime | None) -> Row:
    """Write a new attempt, which waits."""
    values = {
        "turn_id": turn.id, "task_id": turn.task_id, "chain": chain, "user_id": turn.user_id, "team_id": turn.team_id, "contact_id": contact_id,
        "state": State.WAITING.value, "began_at": uow.now, "due_at": due_at,
    }  # fmt: skip
    key = uow.connection.execute(attempts.insert().values(**values).returning(attempts.c.id)).scalar_one()
    _step(uow, key, None, State.WAITING, "opened")
    if due_at is not None:
        set_timer(uow, key, due_at)
    return t.cast(Row, get(uow, key))


def put(uow: Uow, row: Row, a: Attempt, by: str, **more: t.Any) -> Row:
    """Write a step of a held attempt: its timer moves along, and its number is free once it has ended."""
    changed = {name: getattr(a, name) for name in _MACHINE if getattr(a, name) != getattr(row.a, name)}
    values = {name: value.value if isinstance(value, State | Why | Outcome) else value for name, value in changed.items()} | more
    if not values:
        return row
    uow.connection.execute(attempts.update().where(attempts.c.id == row.id).values(**values))
    if a.state is not row.a.state:
        _step(uow, row.id, row.a.state, a.state, by)
        uow.publish(TOPIC.name, row.user_id)
    if "due_at" in changed:
        if a.due_at is None:
            uow.cancel(f"dialer:{row.id}")
        else:
            set_timer(uow, row.id, a.due_at)
    if a.state is State.ENDED and row.a.state is not State.ENDED:
        uow.connection.execute(live.delete().where(live.c.attempt_id == row.id))
    return attrs.evolve(row, a=a, **more)


def set_timer(uow: Uow, key: int, at: dt.datetime) -> None:
    """Set the timer of an attempt: a row of the database, which knows thousandths of a second; it never goes off too early."""
    uow.schedule(Due(key), at=at + _MS - dt.timedelta(microseconds=1 + (at.microsecond - 1) % 1000), key=f"dialer:{key}")


def _step(uow: Uow, key: int, was: State | None, state: State, by: str) -> None:
    uow.connection.execute(steps.insert().values(attempt_id=key, at=uow.now, was=None if was is None else was.value, state=state.value, by=by[:20]))


def claim(uow: Uow, number: str, attempt_id: int) -> bool:
    """Take a number for an attempt; False while another attempt is under way at it."""
    insert: t.Any = postgresql.insert(live) if uow.connection.dialect.name == "postgresql" else sqlite.insert(live)
    statement = insert.values(number=number, attempt_id=attempt_id).on_conflict_do_nothing().returning(live.c.number)
    return uow.connection.execute(statement).first() is not None


# ---- what was tried ----------------------------------------------------------------------------------------------------
def chain_of(uow: Uow, task_id: int, previous_id: int | None) -> int:
    """Return the first of the tasks that follow each other up to this one."""
    for key in (task_id, previous_id):
        if key is not None:
            found = uow.connection.execute(sa.select(attempts.c.chain).where(attempts.c.task_id == key).limit(1)).scalar()
            if found is not None:
                return int(found)
    return previous_id or task_id


def tried(uow: Uow, numbers: t.Sequence[str], contact_id: int | None, chain: int | None = None) -> list[Tried]:
    """Return the attempts at a client, by contact or number, the latest first; with `chain` those about one task alone."""
    c = attempts.c
    whose = c.chain == chain if chain is not None else sa.or_(c.number.in_(list(numbers)), c.contact_id == contact_id)
    since = uow.now - max(uow.crm[DialerSettings].forget_after, dt.timedelta(days=31))
    wanted = sa.select(c.number, c.outcome, c.dialled_at, c.chain, c.rang_at).where(
        whose, c.outcome.is_not(None), c.dialled_at.is_not(None), c.dialled_at > since).order_by(c.id.desc()).limit(_MOST)  # fmt: skip
    return [
        Tried(number=row.number, outcome=Outcome(row.outcome), at=row.dialled_at, chain=row.chain, rang=row.rang_at is not None)
        for row in uow.connection.execute(wanted)
    ]  # fmt: skip


@functools.cache
def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its name."""
    return ZoneInfo(name)
