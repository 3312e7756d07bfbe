"""Titles in the reader's language: stored once, in the CRM's, for search and order, and read in words of whoever looks."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from crmkit import Text, Uow

from .entities import Incident, ProtocolVersion
from .publish import body_of
from .settings import FeedbackSettings
from .words import text_of

DOT = " · "
_KNOWN: weakref.WeakKeyDictionary[Uow, Mapping[str, Text]] = weakref.WeakKeyDictionary()


def card_title(uow: Uow, stored: str) -> str:
    """Return the title of a feedback card as it is read: its period, which stands last, in the reader's language."""
    if uow.language == uow.crm.settings.language:
        return stored
    head, dot, period = stored.rpartition(DOT)
    found = _periods(uow).get(period) if dot else None
    return f"{head}{DOT}{found.to(uow.language)}" if found is not None else stored


def incident_title(uow: Uow, stored: str) -> str:
    """Return the title of an incident as it is read: its reason, which stands first, in the reader's language."""
    if uow.language == uow.crm.settings.language:
        return stored
    reason, dot, name = stored.partition(DOT)
    known = {one.text.to(uow.crm.settings.language): one.text for one in uow.crm[FeedbackSettings].all_reasons.values()}
    return f"{known[reason].to(uow.language)}{DOT}{name}" if dot and reason in known else stored


def naming(uow: Uow) -> Callable[[Incident], str]:
    """Return what tells templates how incidents are called."""
    return lambda incident: incident_title(uow, incident.title)


def _periods(uow: Uow) -> Mapping[str, Text]:
    """Return what periods are called, of every version there is, by their names in the CRM's language; looked up once for a page."""
    found = _KNOWN.get(uow)
    if found is None:
        c, own = ProtocolVersion.__table__.c, uow.crm.settings.language
        keys = uow.connection.execute(sa.select(c.id).where(c.published_at.is_not(None)).order_by(c.id)).scalars()
        texts = [text_of(period.label) for key in keys.all() for period in body_of(uow, key).periods.values()]
        found = _KNOWN[uow] = {text.to(own): text for text in texts}
    return found


__all__ = ["card_title", "incident_title", "naming"]
