"""Cases: serving one client from beginning to end, and who does it."""

from __future__ import annotations

import contextvars
import datetime as dt
import enum
import typing as t
from collections.abc import Iterator, Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Mapped, Owned, Uow, UtcDateTime, _, column, relation
from crmkit_sales import Contact, PointOfSale

from .steps import Log


class Worker(Entity, table="process_monitor_worker", label=_("Employee", ru="Сотрудник"), plural=_("Employees", ru="Сотрудники")):
    """Who serves clients: a person of this CRM, or a resource of an imported log."""

    log_id: Mapped[int | None] = column(to=Log, default=None, index=True, label=_("Event log", ru="Журнал событий"))
    log: Mapped[Log | None] = relation()
    name: Mapped[str] = column(String(200), personal=True, label=_("Name", ru="Имя"))
    """As the log has it; empty for people of this CRM, whose names are asked for when they are shown."""
    user_id: Mapped[int | None] = column(sa.BigInteger, default=None, unique=True, label=_("Person", ru="Человек"))
    team_id: Mapped[int | None] = column(sa.BigInteger, default=None, label=_("Team", ru="Команда"))
    code: Mapped[str] = column(String(20), default="", init=False, generated=True, label=_("Pseudonym", ru="Псевдоним"))


class EndedHow(enum.Enum):
    """How a case came to its end."""

    DONE = "done"
    BY_HAND = "by_hand"
    NEXT = "next"
    TIME = "time"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "done": _("Completed", ru="Завершён"), "by_hand": _("Ended by hand", ru="Закончен вручную"),
            "next": _("The next client came", ru="Пришёл следующий клиент"), "time": _("Time limit", ru="Вышло время"),
        }[self.value]  # fmt: skip


KNOWN: contextvars.ContextVar[Iterator[Mapping[str, t.Any]] | None] = contextvars.ContextVar("process_monitor_known", default=None)
"""While cases of a log are added: what nobody else may write of each, in their order."""


class Case(
    Owned, table="process_monitor_case", label=_("Service case", ru="Случай обслуживания"), plural=_("Service cases", ru="Случаи обслуживания")
):
    """One client served by one colleague, from beginning to end. Its owner is who serves."""

    log_id: Mapped[int | None] = column(to=Log, default=None, index=True, label=_("Event log", ru="Журнал событий"))
    log: Mapped[Log | None] = relation()
    key: Mapped[str | None] = column(String(200), default=None, init=False, generated=True, search=True, label=_("Key", ru="Ключ"))
    """The name of the trace in an imported log; what began the case else: ``task:5``, ``call:7``."""
    worker_id: Mapped[int | None] = column(to=Worker, default=None, index=True, label=_("Employee", ru="Сотрудник"))
    worker: Mapped[Worker | None] = relation()
    kind: Mapped[str] = column(String(40), default="", label=_("Kind", ru="Вид"))
    product: Mapped[str | None] = column(String(120), default=None, label=_("Product", ru="Продукт"))
    channel: Mapped[str | None] = column(String(60), default=None, label=_("Channel", ru="Канал"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Client", ru="Клиент"))
    contact: Mapped[Contact | None] = relation()
    point_of_sale_id: Mapped[int | None] = column(to=PointOfSale, default=None, index=True, label=_("Point of sale", ru="Точка продаж"))
    point_of_sale: Mapped[PointOfSale | None] = relation()
    began_at: Mapped[dt.datetime] = column(UtcDateTime, index=True, label=_("Began", ru="Начат"))
    ended_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Ended", ru="Закончен"))
    ended_how: Mapped[EndedHow | None] = column(default=None, init=False, generated=True, label=_("How it ended", ru="Чем закончился"))
    outcome: Mapped[str | None] = column(String(60), default=None, label=_("Outcome", ru="Результат"))
    active: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Active, seconds", ru="Работа, с"))
    idle: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Idle, seconds", ru="Простой, с"))
    hidden: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Elsewhere, seconds", ru="В другом окне, с"))

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Fill in what only the plugin writes when cases come by the thousand."""
        if before is None and (known := KNOWN.get()) is not None:
            values.update(next(known))


_case = Case.__table__.c
_open: sa.ColumnElement[bool] = _case.ended_at.is_(None) & _case.log_id.is_(None) & _case.archived_at.is_(None)
# One client at a time: at most one open case for each colleague.
sa.Index("uq_process_monitor_case_open", _case.owner_id, unique=True, postgresql_where=_open, sqlite_where=_open)
