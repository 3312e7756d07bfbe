"""Protocols and their versions: what is in force, drafts, publishing. A version that was published never changes."""

from __future__ import annotations

import importlib.resources
import typing as t
import weakref

import sqlalchemy as sa

from crmkit import Conflict, Crm, Invalid, Problem, Uow, _

from .entities import Group, Protocol, ProtocolVersion
from .filling import PUBLISHED
from .protocols import Body
from .reading import read, read_toml, write
from .settings import FeedbackSettings
from .words import text_of

LOCK = 0x70726F74
TITLES = {Group.ADULT: _("Adults", ru="Взрослые"), Group.CHILD: _("Children", ru="Дети")}
FILES = {Group.ADULT: "adults.toml", Group.CHILD: "children.toml"}
NONE_IN_FORCE = _("protocol {name} has no published version", ru="у протокола {name} нет опубликованной версии")
_BODIES: weakref.WeakKeyDictionary[Crm, dict[int, Body]] = weakref.WeakKeyDictionary()


def usual_body(group: Group) -> Body:
    """Return the protocol of a group that is there without any work of an integrator's."""
    text = importlib.resources.files(__package__).joinpath("usual", FILES[group]).read_text("utf-8")
    return read_toml(text)


def protocol_of(uow: Uow, group: Group) -> Protocol:
    """Return the protocol of a group; the usual one is made, in force as version 1, where the settings' name is not there yet."""
    settings = uow.crm[FeedbackSettings]
    name = settings.child_protocol if group is Group.CHILD else settings.adult_protocol
    with uow.as_system():
        found = uow.find(Protocol).archived(only=False).where(Protocol.name == name).first()
        if found is not None:
            return found
        if uow.connection.dialect.name == "postgresql":  # SQLite has one writer anyway
            uow.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            found = uow.find(Protocol).archived(only=False).where(Protocol.name == name).first()
            if found is not None:
                return found
        made = uow.add(Protocol(name=name, title=TITLES[group].to(uow.crm.settings.language), group=group))
        uow.flush()
        draft = new_draft(uow, made, usual_body(group))
        publish(uow, draft)
        return made


def in_force(uow: Uow, group: Group) -> ProtocolVersion:
    """Return the version by which somebody of a group is followed who begins now."""
    protocol = protocol_of(uow, group)
    with uow.as_system():
        found = uow.find(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol.id, ProtocolVersion.number == protocol.in_force).first()
    if found is None:
        raise Conflict(NONE_IN_FORCE.format(name=protocol.name))
    return found


def body_of(uow: Uow, version: ProtocolVersion | int) -> Body:
    """Return what a version says; that of a published one is read once."""
    key = version if isinstance(version, int) else version.id
    known = _BODIES.setdefault(uow.crm, {})
    if key in known:
        return known[key]
    held = version if isinstance(version, ProtocolVersion) else uow.peek(ProtocolVersion, key)
    body = read(t.cast(ProtocolVersion, held).body)
    if held is not None and held.published_at is not None and held.published_at < uow.now:
        known[key] = body  # not in the transaction that publishes it: that may be undone
    return body


def new_draft(uow: Uow, protocol: Protocol, body: Body | None = None, note: str | None = None) -> ProtocolVersion:
    """Add a draft to a protocol: with `body`, else like the version in force."""
    with uow.as_system():
        uow.get(Protocol, protocol.id, lock=True)
        if body is None:
            last = uow.find(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol.id, ProtocolVersion.number == protocol.in_force).first()
            body = read(last.body) if last is not None else usual_body(protocol.group)
        draft = uow.add(ProtocolVersion(protocol_id=protocol.id, body=write(body), note=note))
        uow.flush()
    return draft


def save_draft(uow: Uow, draft: ProtocolVersion, body: Body, note: str | None = None) -> ProtocolVersion:
    """Change what a draft says."""
    if draft.published_at is not None:
        raise Conflict(PUBLISHED)
    draft.body = write(body)
    if note is not None:
        draft.note = note
    uow.flush()
    return draft


def publish(uow: Uow, draft: ProtocolVersion) -> ProtocolVersion:
    """Put a draft in force: whoever begins from now on is followed by it. What was made by earlier versions stays."""
    with uow.as_system():
        draft = uow.get(ProtocolVersion, draft.id, lock=True)
        if draft.published_at is not None:
            return draft
        try:
            read(draft.body, uow.crm[FeedbackSettings].all_reasons)
        except Invalid as refusal:
            raise Invalid(problems=[Problem(f"body.{p.path}", p.code, p.message) for p in refusal.problems]) from refusal
        uow.keep(draft, published_at=uow.now)
        uow.keep(uow.get(Protocol, draft.protocol_id, lock=True), in_force=draft.number)
        uow.flush()
    return draft


def period_label(uow: Uow, version: int, period: str) -> str:
    """Return what a period is called, in the CRM's language."""
    found = body_of(uow, version).periods.get(period)
    return text_of(found.label).to(uow.crm.settings.language) if found is not None else period


__all__ = ["PUBLISHED", "body_of", "in_force", "new_draft", "period_label", "protocol_of", "publish", "save_draft", "usual_body"]
