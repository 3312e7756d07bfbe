"""The check in the background: asked for from the settings page, done outside any transaction, kept for whoever looks."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Crm, Text, Topic, Uow, outside
from crmkit_telephony import SET_UP, Finding, provider_named

from .limits import add_missing
from .settings import TelfinSettings
from .tables import accounts

CHECKED = Topic("telephony_telfin.checked", permission=SET_UP)
LANGUAGES = ("en", "ru")


@attrs.frozen
class CheckAsked:
    """Somebody wants to know whether Telfin is set up well."""

    app_id: str


@attrs.frozen
class Checked:
    """The last check: when, and what it found."""

    at: dt.datetime | None
    findings: tuple[tuple[bool, Text], ...]
    most: int | None
    remaining: int | None


@outside(CheckAsked)
def check_now(event: CheckAsked, crm: Crm) -> None:
    """Check and keep what was found."""
    provider = provider_named(crm, "telfin")
    findings = list(provider.check()) if provider is not None else []
    with crm.uow() as uow:
        add_missing(uow, accounts, app_id=event.app_id)
        kept = [[f.ok, *_in_all(f)] for f in findings]
        uow.connection.execute(sa.update(accounts).where(accounts.c.app_id == event.app_id).values(checked_at=uow.now, findings=kept))
        uow.publish(CHECKED.name, 0)


def _in_all(finding: Finding) -> list[str]:
    told = finding.what
    return [told.to(language) if isinstance(told, Text) else str(told) for language in LANGUAGES]


def last_check(uow: Uow) -> Checked:
    """Return what the last check found."""
    row: t.Any = uow.connection.execute(sa.select(accounts).where(accounts.c.app_id == uow.crm[TelfinSettings].app_id)).first()
    if row is None:
        return Checked(None, (), None, None)
    over = row.reset_at is None or row.reset_at <= uow.now
    found = tuple((ok, Text(en, ru=ru)) for ok, en, ru in row.findings or ())
    return Checked(row.checked_at, found, row.most, row.most if over else row.remaining)


__all__ = ["CHECKED", "CheckAsked", "Checked", "check_now", "last_check"]
