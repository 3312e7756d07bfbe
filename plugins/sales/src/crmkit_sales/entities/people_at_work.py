"""Who takes leads, by which rules, and who is away."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Invalid, Mapped, Problem, _, column, relation

from .. import normal
from .people import Before, Values

if t.TYPE_CHECKING:
    from crmkit import Uow

POSITIVE = _("at least {least}", ru="не меньше {least}")


def _at_least(values: Values, name: str, least: int) -> None:
    if values.get(name) is not None and values[name] < least:
        raise Invalid(problems=[Problem(name, "invalid", POSITIVE.format(least=least))])


class Assignee(
    Entity, table="sales_assignee", label=_("Recipient of leads", ru="Получатель лидов"), plural=_("Recipients of leads", ru="Получатели лидов")
):
    """Somebody leads are given to. The host's users stay its own: here is what sales needs to know of one."""

    name: Mapped[str] = column(String(200), clean=normal.words, search=True, label=_("Name", ru="Имя"))
    user_id: Mapped[int] = column(sa.BigInteger, unique=True, label=_("User", ru="Пользователь"))
    team_id: Mapped[int | None] = column(sa.BigInteger, default=None, index=True, label=_("Team", ru="Команда"))
    weight: Mapped[int] = column(
        sa.Integer,
        default=1,
        label=_("Weight", ru="Вес"),
        help=_("Gets so many for each one of a person with weight 1", ru="Столько на каждый один у того, чей вес 1"),
    )
    max_active: Mapped[int | None] = column(
        sa.Integer, default=None, label=_("At most open at once", ru="Не больше открытых"), help=_("Left out: no limit", ru="Не указано: без предела")
    )
    active: Mapped[bool] = column(sa.Boolean, default=True, label=_("Takes leads", ru="Принимает лиды"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Refuse weights and limits that mean nothing."""
        _at_least(values, "weight", 1)
        _at_least(values, "max_active", 0)


class Absence(Entity, table="sales_absence", label=_("Absence", ru="Отсутствие"), plural=_("Absences", ru="Отсутствия")):
    """Days on which somebody gets no leads."""

    assignee_id: Mapped[int] = column(to=Assignee, part=True, index=True, label=_("Who", ru="Кто"))
    assignee: Mapped[Assignee] = relation()
    first_day: Mapped[dt.date] = column(label=_("First day", ru="Первый день"))
    last_day: Mapped[dt.date] = column(label=_("Last day", ru="Последний день"))
    note: Mapped[str | None] = column(String(200), default=None, label=_("Note", ru="Заметка"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """An absence ends after it begins."""
        if values["last_day"] < values["first_day"]:
            raise Invalid(problems=[Problem("last_day", "invalid", _("before the first day", ru="раньше первого дня"))])


class Assigns(enum.Enum):
    """What a rule gives out."""

    LEADS = "leads"
    INQUIRIES = "inquiries"

    @property
    def label(self) -> str:
        """What a person reads."""
        return ASSIGNED[self]


ASSIGNED: dict[Assigns, str] = {
    Assigns.LEADS: _("Leads", ru="Лиды"),
    Assigns.INQUIRIES: _("Inquiries", ru="Обращения"),
}


class AssignmentRule(
    Entity, table="sales_assignment_rule", label=_("Assignment rule", ru="Правило назначения"), plural=_("Assignment rules", ru="Правила назначения"),
):  # fmt: skip
    """Which leads (or inquiries) go to which team or people. The first rule that fits decides; within it, turns by weight."""

    name: Mapped[str] = column(String(120), clean=normal.words, label=_("Name", ru="Название"))
    position: Mapped[int] = column(sa.Integer, default=100, label=_("Order", ru="Порядок"))
    assigns: Mapped[Assigns] = column(default=Assigns.LEADS, label=_("Assigns", ru="Что назначает"))
    fits: Mapped[dict[str, t.Any]] = column(
        factory=dict,
        label=_("Fits", ru="Подходит"),
        help=_('A filter, such as {"city": "Perm"}; empty: everything', ru='Фильтр, например {"city": "Пермь"}; пустой: всё'),
    )
    team_id: Mapped[int | None] = column(sa.BigInteger, default=None, label=_("Team", ru="Команда"))
    people: Mapped[list[int]] = column(
        factory=list, label=_("People", ru="Люди"), help=_("User numbers, instead of the team", ru="Номера пользователей вместо команды")
    )
    active: Mapped[bool] = column(sa.Boolean, default=True, label=_("In use", ru="Используется"))
    turns: Mapped[dict[str, t.Any]] = column(factory=dict, init=False, generated=True, label=_("Turns", ru="Очередь"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Refuse a filter that cannot be read, and a rule that gives to nobody."""
        from .funnel import Inquiry, Lead

        people = values.get("people") or []
        if not all(type(p) is int for p in people):
            raise Invalid(problems=[Problem("people", "invalid", _("a list of user numbers", ru="список номеров пользователей"))])
        if values.get("team_id") is None and not people:
            raise Invalid(problems=[Problem("team_id", "required", _("name a team or people", ru="укажите команду или людей"))])
        try:
            uow.find(Lead if values.get("assigns") is Assigns.LEADS else Inquiry).where(values.get("fits") or {})
        except Invalid as refusal:
            raise Invalid(problems=[Problem(p.path.replace("filter", "fits", 1), p.code, p.message) for p in refusal.problems]) from refusal


__all__ = ["Absence", "Assignee", "AssignmentRule", "Assigns"]
