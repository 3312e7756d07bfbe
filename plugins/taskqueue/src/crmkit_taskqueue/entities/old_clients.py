"""The stack of old clients: who refused once, or fell silent, and is asked again when there is time."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Exact, Mapped, Owned, UtcDateTime, _, column, relation
from crmkit_sales import Contact, Deal, Lead


class StackState(enum.Enum):
    """Where an old client is."""

    WAITING = "waiting"
    DRAWN = "drawn"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """What a person reads."""
        return STATES[self]

    @property
    def color(self) -> str:
        """The colour it is shown in."""
        return {"waiting": "gray", "drawn": "blue", "closed": "green"}[self.value]


class Result(enum.Enum):
    """What came of an old client."""

    REVIVED = "revived"
    REFUSED = "refused"
    WRONG_CONTACT = "wrong_contact"
    DO_NOT_CALL = "do_not_call"
    SILENT = "silent"

    @property
    def label(self) -> str:
        """What a person reads."""
        return RESULTS[self]

    @property
    def color(self) -> str:
        """The colour it is shown in."""
        return "green" if self is Result.REVIVED else "gray" if self is Result.SILENT else "red"


STATES: dict[StackState, str] = {
    StackState.WAITING: _("In the stack", ru="В стеке"), StackState.DRAWN: _("In work", ru="В работе"), StackState.CLOSED: _("Closed", ru="Закрыт"),
}  # fmt: skip
RESULTS: dict[Result, str] = {
    Result.REVIVED: _("Revived", ru="Вернулся"), Result.REFUSED: _("Refused again", ru="Снова отказ"),
    Result.WRONG_CONTACT: _("Wrong contact", ru="Неверный контакт"), Result.DO_NOT_CALL: _("Do not call", ru="Не звонить"),
    Result.SILENT: _("Never reached", ru="Не дозвонились"),
}  # fmt: skip


class OldClient(Owned, table="taskqueue_old_client", label=_("Old client", ru="Старый клиент"), plural=_("Old clients", ru="Старые клиенты")):
    """A client of the stack. Whom it is about is in its links: leads, deals and contacts."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    score: Mapped[decimal.Decimal] = column(
        Exact(12, 2), default=decimal.Decimal(0), label=_("Score", ru="Оценка"), help=_("Higher comes first", ru="Больше — раньше")
    )
    not_before: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Not before", ru="Не раньше"))
    reason: Mapped[str | None] = column(String(200), default=None, label=_("Why in the stack", ru="Почему в стеке"))
    state: Mapped[StackState] = column(default=StackState.WAITING, init=False, generated=True, label=_("State", ru="Состояние"))
    zone: Mapped[str | None] = column(String(40), default=None, init=False, generated=True, label=_("Client's time zone", ru="Часовой пояс клиента"))
    attempts: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Attempts", ru="Попыток"))
    drawn_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Last drawn", ru="Последний раз взят")
    )
    result: Mapped[Result | None] = column(default=None, init=False, generated=True, label=_("Result", ru="Результат"))

    @classmethod
    def prepare(cls, values: t.MutableMapping[str, t.Any], before: t.Mapping[str, t.Any] | None, uow: t.Any) -> None:
        """Know the client's time zone."""
        from ..clients import prepare_client

        prepare_client(values, before, uow)


class OldClientLink(
    Entity, table="taskqueue_old_client_link", label=_("Link of an old client", ru="Связь старого клиента"),
    plural=_("Links of old clients", ru="Связи старых клиентов"),
):  # fmt: skip
    """A lead, a deal or a contact an old client is about; there may be many of each."""

    old_client_id: Mapped[int] = column(to=OldClient, part=True, index=True, label=_("Old client", ru="Старый клиент"))
    old_client: Mapped[OldClient] = relation()
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    lead_id: Mapped[int | None] = column(to=Lead, default=None, index=True, label=_("Lead", ru="Лид"))
    lead: Mapped[Lead | None] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal | None] = relation()

    @classmethod
    def prepare(cls, values: t.MutableMapping[str, t.Any], before: t.Mapping[str, t.Any] | None, uow: t.Any) -> None:
        """Refuse a link to nothing, or to two things."""
        from ..clients import prepare_link

        prepare_link(values)


_client = OldClient.__table__.c
_waits: t.Any = (_client.state == StackState.WAITING) & _client.archived_at.is_(None)
sa.Index("ix_taskqueue_old_client_own", _client.owner_id, _client.score.desc(), _client.id, postgresql_where=_waits, sqlite_where=_waits)
sa.Index("ix_taskqueue_old_client_help", _client.team_id, _client.score.desc(), _client.id, postgresql_where=_waits, sqlite_where=_waits)

__all__ = ["OldClient", "OldClientLink", "Result", "StackState"]
