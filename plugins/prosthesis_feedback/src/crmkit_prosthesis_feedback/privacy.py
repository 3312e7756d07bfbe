"""Medical answers: who has seen them is written down before they are shown; a person's are handed out whole, or erased."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from crmkit import Tick, Uow, every, forget, hookimpl
from crmkit_sales import Contact
from crmkit_taskqueue import Task

from .cards import locked
from .entities import Answer, Feedback, FollowUpCall, Incident, Service
from .roles import ERASE
from .settings import FeedbackSettings
from .tables import LOOKS, accesses

SAME_LOOK = dt.timedelta(minutes=10)
"""Within so long the same person looking at the same thing again is the same look: pages refresh by themselves."""
BLANK_ANSWER = {"yes": None, "choice": None, "number": None, "text": None, "photo": None, "score": None, "red_flag": False}
BLANK_CARD = {"note": None, "score": None, "red_flags": 0, "in_use": None}
BLANK_INCIDENT = {"description": None, "resolution": None}
BLANK_SERVICE = {"worked": None, "did_not_work": None}
BLANK_TASK: Mapping[str, t.Any] = {"text": None, "note": None, "answers": {}}
ERASED = "—"
CHUNK = 5000


# ---- who has looked -----------------------------------------------------------------------------------------------------
def look(uow: Uow, what: str, service: Service | int | None = None, **facts: t.Any) -> None:
    """Write down that the actor is about to see medical answers of a person, or, without `service`, of many.

    In the same transaction where it writes, else in one of its own that is over before anything is shown. Automations do not look.
    """
    assert what in LOOKS, what
    actor = uow.actor
    if actor.system:
        return
    key = service.id if isinstance(service, Service) else service
    row = {"at": uow.now, "user_id": actor.id, "user": actor.name[:200], "service_id": key, "what": what, "facts": facts}
    if _seen(uow, row):
        return
    if uow.writable:
        uow.connection.execute(accesses.insert(), row)
    else:
        with uow.crm.uow(actor) as own:
            if not _seen(own, row):  # another part of the same page may have been quicker
                own.connection.execute(accesses.insert(), row)


def _seen(uow: Uow, row: Mapping[str, t.Any]) -> bool:
    """True when the same look was written down a moment ago; handing out and erasing are told each time."""
    if row["what"] in ("export", "erased"):
        return False
    c = accesses.c
    mine = [c.at > row["at"] - SAME_LOOK, c.what == row["what"], c.user == row["user"], c.user_id == row["user_id"]]
    mine.append(c.service_id.is_(None) if row["service_id"] is None else c.service_id == row["service_id"])
    if row["user_id"] is None:
        mine[3] = c.user_id.is_(None)
    return any(found.facts == row["facts"] for found in uow.connection.execute(sa.select(c.facts).where(*mine)))


@attrs.frozen
class Access:
    """One look at medical answers."""

    at: dt.datetime
    user_id: int | None
    user: str
    service_id: int | None
    what: str
    facts: Mapping[str, t.Any]


def looks_at(uow: Uow, service: int | None = None, *, limit: int = 200, before: dt.datetime | None = None) -> list[Access]:
    """Return who has looked, the last first: at one person's answers, or at all the actor may ask about."""
    uow.require(ERASE)
    c = accesses.c
    mine = [c.at < before] if before is not None else []
    if service is not None:
        mine.append(c.service_id == service)
    elif uow.crm.access.scopes(uow.actor, ERASE.name) and not _of_all(uow):
        mine.append(c.service_id.in_(uow.visible(Service)))
    found = uow.connection.execute(sa.select(c.at, c.user_id, c.user, c.service_id, c.what, c.facts).where(*mine).order_by(c.at.desc()).limit(limit))
    return [Access(*row) for row in found]


def _of_all(uow: Uow) -> bool:
    return uow.elevated or "all" in uow.crm.access.scopes(uow.actor, ERASE.name)


@every(cron="10 4 * * *")
def prune(tick: Tick, uow: Uow) -> None:
    """Forget who looked when nobody has to know any more."""
    c = accesses.c
    old = sa.select(c.id).where(c.at < uow.now - uow.crm[FeedbackSettings].keep_access_for).limit(CHUNK)
    while uow.connection.execute(accesses.delete().where(c.id.in_(old))).rowcount == CHUNK:
        pass


@hookimpl(optionalhook=True)
def activities_file_opened(file: t.Any, uow: Uow) -> None:
    """Write down who opens a photo of a card."""
    if file.about_kind == uow.crm.kind(Feedback).key:
        c = Feedback.__table__.c
        service = uow.connection.execute(sa.select(c.service_id).where(c.id == file.about_id)).scalar()
        look(uow, "photo", service, card=file.about_id, file=file.id)


# ---- erasing ------------------------------------------------------------------------------------------------------------
def erase(uow: Uow, service: Service, reason: str) -> dict[str, int]:
    """Erase what a person told, for good: answers, points, notes, incidents' texts, calls' notes, notes and files about them.

    Out of the journal, the search, undo and webhooks too. What was asked when stays, so that nobody is asked twice and the response
    rate stays true. Returns how much was erased of what.
    """
    uow.require(ERASE, service)
    service = locked(uow, service)
    ids = {
        "answers": _ids(uow, Answer.__table__, Answer.__table__.c.service_id == service.id),
        "cards": _ids(uow, Feedback.__table__, Feedback.__table__.c.service_id == service.id),
        "incidents": _ids(uow, Incident.__table__, Incident.__table__.c.service_id == service.id),
        "calls": _ids(uow, FollowUpCall.__table__, FollowUpCall.__table__.c.service_id == service.id),
    }
    with uow.as_system():
        for answer in uow.find(Answer).where(Answer.service_id == service.id):
            uow.archive(answer)
        found = {
            "answers": forget(uow, Answer, ids["answers"], BLANK_ANSWER), "cards": forget(uow, Feedback, ids["cards"], BLANK_CARD),
            "incidents": forget(uow, Incident, ids["incidents"], BLANK_INCIDENT), "calls": forget(uow, Task, ids["calls"], BLANK_TASK),
            "service": forget(uow, Service, [service.id], BLANK_SERVICE),
        }  # fmt: skip
        about = {"service": [service.id], "feedback": ids["cards"], "incident": ids["incidents"], "device": _devices(uow, service.id)}
        found |= _activities(uow, {_key(uow, name): keys for name, keys in about.items()})
    look(uow, "erased", service, reason=reason.strip()[:300], erased=found)
    return found


def _ids(uow: Uow, table: t.Any, *where: t.Any) -> list[int]:
    return list(uow.connection.execute(sa.select(table.c.id).where(*where)).scalars())


def _devices(uow: Uow, service: int) -> list[int]:
    from .entities import Device

    return _ids(uow, Device.__table__, Device.__table__.c.service_id == service)


def _key(uow: Uow, name: str) -> str:
    from .entities import Device

    classes = {"service": Service, "feedback": Feedback, "incident": Incident, "device": Device}
    return uow.crm.kind(classes[name]).key


def _activities(uow: Uow, about: Mapping[str, Iterable[int]]) -> dict[str, int]:
    """Erase notes, activities and files about these records, where that plugin is there."""
    blank: dict[str, dict[str, t.Any]] = {
        "note": {"text": ERASED}, "activity": {"subject": ERASED, "text": None, "outcome": None}, "file": {"name": ERASED},
    }  # fmt: skip
    found: dict[str, int] = {}
    for name, values in blank.items():
        kind = uow.crm.kinds.get(f"activities.{name}")
        if kind is None:
            continue
        c = kind.table.c
        mine = sa.or_(*(sa.and_(c.about_kind == key, c.about_id.in_(list(ids))) for key, ids in about.items()))
        keys = _ids(uow, kind.table, mine)
        if name == "file":
            remove = uow.crm.commands["activities.file.remove"]
            for file in uow.find(kind.cls).archived(only=False).where(kind.cls.id.in_(keys)):
                if file.removed_at is None:  # type: ignore[attr-defined]
                    remove.run(uow, file, {})
        found[{"activity": "activities"}.get(name, f"{name}s")] = forget(uow, kind.key, keys, values)
    return found


# ---- handing out --------------------------------------------------------------------------------------------------------
def hand_out(uow: Uow, service: Service) -> dict[str, t.Any]:
    """Return everything kept about a person's prostheses, to be handed to them: devices, what was asked and answered, incidents."""
    from .handing_out import medical_file

    uow.require(ERASE, service)
    look(uow, "export", service)
    return medical_file(uow, service)


def as_file(found: Mapping[str, t.Any]) -> bytes:
    """Return it as a JSON file that people can read."""
    return json.dumps(found, ensure_ascii=False, indent=2, default=str).encode()


def name_of(uow: Uow, service: Service) -> str:
    """Return what the person of a service card is called."""
    contact = uow.peek(Contact, service.contact_id)
    return contact.name if contact is not None else f"№ {service.contact_id}"


__all__ = ["Access", "as_file", "erase", "hand_out", "look", "looks_at", "name_of"]
