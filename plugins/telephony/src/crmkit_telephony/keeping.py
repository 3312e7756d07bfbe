"""Events as they are kept: append-only, each once, whatever a provider sends."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import typing as t
import zlib
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit import Uow

from .entities import Call
from .events import CallEvent, EventType, Outcome
from .tables import events

_CALL = Call.__table__
_SPACE = 0x74656C65
_TEXTS = {"control": 160, "extension": 60, "device": 60, "number": 60, "our_number": 60, "to": 60, "recording": 200, "reference": 40}
_DEEP, _MANY, _LONG = 6, 200, 4000
_DAY = dt.timedelta(days=1)
_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
# Written once and compiled once: every webhook asks these.
_SHOWN = tuple(events.c[name] for name in ("type", "call_key", "at", "key", "leg", "raw", "facts"))
_OF_CALL = sa.select(*_SHOWN, events.c.call_id).where(
    events.c.provider == sa.bindparam("provider"), events.c.call_key == sa.bindparam("call")).order_by(events.c.id)  # fmt: skip
_BELONG = events.update().where(
    events.c.provider == sa.bindparam("of_provider"), events.c.call_key == sa.bindparam("of_call"),
    events.c.call_id.is_distinct_from(sa.bindparam("id", type_=events.c.call_id.type))).values(
    call_id=sa.bindparam("id", type_=events.c.call_id.type))  # fmt: skip
_ALONE = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("space", type_=sa.Integer), sa.bindparam("name", type_=sa.Integer)))


def call_key(provider: str, key: str) -> str:
    """Return the key of a call: the provider's, with its name."""
    return f"{provider}:{key}"


def one_at_a_time(uow: Uow, names: Iterable[str]) -> None:
    """Let one transaction at a time go on from here, by names; SQLite has one writer anyway."""
    if uow.crm.engine.dialect.name != "postgresql":
        return
    for number in sorted({zlib.crc32(name.encode("utf-8", "replace")) - 2**31 for name in names}):
        uow.run(_ALONE, {"space": _SPACE, "name": number}, wait=False)  # what comes next waits for it there


def keep(uow: Uow, provider: str, told: Sequence[CallEvent]) -> list[CallEvent]:
    """Write (cleaned) events down that are not there yet, and return those."""
    clean = {e.key: e for e in told}
    if not clean:
        return []
    rows = [_row(provider, e, uow.now) for _key, e in sorted(clean.items())]
    new: set[str] = set()
    if len(rows) == 1:
        row = {**rows[0], "known_as": call_key(provider, rows[0]["call_key"])}
        new |= {key for (key,) in uow.run(_insert(uow.crm.engine.dialect.name, one=True), row)}
    else:
        insert = _insert(uow.connection.dialect.name, one=False)
        for start in range(0, len(rows), _MANY):
            statement = insert.values(rows[start : start + _MANY]).on_conflict_do_nothing().returning(events.c.key)
            new |= set(uow.connection.execute(statement).scalars())
    return [e for e in clean.values() if e.key in new]


@functools.cache
def _insert(dialect: str, *, one: bool) -> t.Any:
    insert: t.Any = postgresql.insert(events) if dialect == "postgresql" else sqlite.insert(events)
    if not one:
        return insert
    values: dict[str, t.Any] = {c.name: sa.bindparam(c.name) for c in events.c if c.name not in ("id", "call_id")}
    values["call_id"] = sa.select(_CALL.c.id).where(_CALL.c.key == sa.bindparam("known_as")).scalar_subquery()
    return insert.values(values).on_conflict_do_nothing().returning(events.c.key)


def kept(uow: Uow, provider: str, call: str) -> list[CallEvent]:
    """Return all that was told of one call."""
    return kept_with(uow, provider, call)[0]


def kept_with(uow: Uow, provider: str, call: str) -> tuple[list[CallEvent], set[int | None]]:
    """Return all that was told of one call, and which calls of ours it is noted with."""
    rows = uow.run(_OF_CALL, {"provider": provider, "call": call})
    return [_event(*row[:-1]) for row in rows], {row[-1] for row in rows}


def belong(uow: Uow, provider: str, key: str, call_id: int) -> None:
    """Note which call the events of a key are about."""
    uow.run(_BELONG, {"of_provider": provider, "of_call": key, "id": call_id}, wait=False)


def cleaned(event: CallEvent, now: dt.datetime) -> CallEvent:
    """Return an event as it can be kept: no text too long or unreadable for a database, no moment out of this world."""
    texts: dict[str, t.Any] = {name: _text(getattr(event, name), most) for name, most in _TEXTS.items()}
    at = event.at if event.at.tzinfo is not None else event.at.replace(tzinfo=dt.UTC)
    at = now if not _EARLIEST <= at <= now + _DAY else at.astimezone(dt.UTC)
    talked = event.talked if event.talked is not None and dt.timedelta(0) <= event.talked <= _DAY else None
    return attrs.evolve(
        event, call=_key(event.call, 160), key=_key(event.key, 200), leg=None if not event.leg else _key(event.leg, 160), at=at, talked=talked,
        raw=plain(event.raw), **texts)  # fmt: skip


def cleaned_key(given: str) -> str:
    """Return a call's key as it is kept."""
    return _key(given, 160)


def _key(given: str, most: int) -> str:
    text = _text(given, 10_000) or ""
    return text if len(text) <= most else f"{text[: most - 33]}-{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}"


def _text(given: object, most: int) -> str | None:
    return None if given in (None, "") else str(given).encode("utf-8", "replace").decode().replace("\x00", "")[:most]


def plain(value: t.Any, depth: int = 0) -> t.Any:
    """Return a value as JSON any database keeps: cut where it is too long or too deep."""
    if isinstance(value, Mapping) and depth < _DEEP:
        return {_text(k, 200) or "": plain(v, depth + 1) for k, v in list(value.items())[:_MANY]}
    if isinstance(value, list | tuple) and depth < _DEEP:
        return [plain(v, depth + 1) for v in value[:_MANY]]
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return (_text(value.decode("utf-8", "replace") if isinstance(value, bytes) else value, _LONG)) or ""


def _row(provider: str, e: CallEvent, now: dt.datetime) -> dict[str, t.Any]:
    facts: dict[str, t.Any] = {name: value for name in _TEXTS if (value := getattr(e, name))}
    facts |= {"incoming": e.incoming} if e.incoming is not None else {}
    facts |= {"order": e.order} if e.order is not None and abs(e.order) < 2**53 else {}
    facts |= {"internal": True} if e.internal else {}
    facts |= {"outcome": e.outcome.value} if e.outcome is not None else {}
    facts |= {"talked": e.talked.total_seconds()} if e.talked is not None else {}
    return {"provider": provider, "call_key": e.call, "call_id": None, "key": e.key, "type": e.type.value, "leg": e.leg, "at": e.at,
        "received_at": now, "facts": facts, "raw": e.raw}


def _event(
    type: str, call: str, at: dt.datetime, key: str, leg: str | None, raw: dict[str, t.Any], known: dict[str, t.Any],
) -> CallEvent:  # fmt: skip
    facts = dict(known)
    outcome, talked = facts.pop("outcome", None), facts.pop("talked", None)
    return CallEvent(
        type=EventType(type), call=call, at=at, key=key, leg=leg, outcome=None if outcome is None else Outcome(outcome),
        talked=None if talked is None else dt.timedelta(seconds=talked), raw=raw, **facts)  # fmt: skip


__all__ = ["belong", "call_key", "cleaned", "cleaned_key", "keep", "kept", "kept_with", "one_at_a_time", "plain"]
