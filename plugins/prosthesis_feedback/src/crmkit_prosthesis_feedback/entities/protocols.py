"""Protocols: whom is asked what, and when. A version that cards were made with never changes."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Mapped, UtcDateTime, _, column, relation

if t.TYPE_CHECKING:
    from crmkit import Uow


class Group(enum.Enum):
    """Children grow: they have a calendar of their own."""

    ADULT = "adult"
    CHILD = "child"

    @property
    def label(self) -> str:
        """What a person reads."""
        return _("Adult", ru="Взрослый") if self is Group.ADULT else _("Child", ru="Ребёнок")

    @property
    def color(self) -> str:
        """The colour of it in lists."""
        return "blue" if self is Group.ADULT else "amber"

    @property
    def sign(self) -> str:
        """The sign in titles."""
        return "🧑" if self is Group.ADULT else "🧒"


class Protocol(Entity, table="prosthesis_feedback_protocol", label=_("Protocol", ru="Протокол"), plural=_("Protocols", ru="Протоколы")):
    """A calendar of questions for a group of wearers."""

    name: Mapped[str] = column(String(40), unique=True, label=_("Name", ru="Имя"))
    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    group: Mapped[Group] = column(label=_("For whom", ru="Для кого"))
    in_force: Mapped[int | None] = column(
        sa.Integer, default=None, init=False, generated=True, label=_("Version in force", ru="Действующая версия")
    )

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Keep it to its group once it is in force."""
        from ..filling import prepare_protocol

        prepare_protocol(values, before, uow)


class ProtocolVersion(
    Entity, table="prosthesis_feedback_protocol_version",
    label=_("Version of a protocol", ru="Версия протокола"), plural=_("Versions of protocols", ru="Версии протоколов"),
):  # fmt: skip
    """One wording of a protocol: a draft until it is published, unchanged ever after."""

    protocol_id: Mapped[int] = column(to=Protocol, part=True, index=True, label=_("Protocol", ru="Протокол"))
    protocol: Mapped[Protocol] = relation()
    number: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Number", ru="Номер"))
    body: Mapped[dict[str, t.Any]] = column(factory=dict, label=_("Periods and questions", ru="Периоды и вопросы"))
    note: Mapped[str | None] = column(String(300), default=None, label=_("What has changed", ru="Что изменилось"))
    published_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Published", ru="Опубликована")
    )

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Number a new one, and leave one that is published as it is."""
        from ..filling import prepare_version

        prepare_version(values, before, uow)


sa.Index("uq_prosthesis_feedback_version", ProtocolVersion.__table__.c.protocol_id, ProtocolVersion.__table__.c.number, unique=True)
