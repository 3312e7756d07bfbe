"""Steps of serving a client, their norms, and logs of other systems."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Mapped, UtcDateTime, _, column, relation


class Log(Entity, table="process_monitor_log", label=_("Event log", ru="Журнал событий"), plural=_("Event logs", ru="Журналы событий")):
    """An event log of another system that was imported, to be looked at like our own."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    file: Mapped[str | None] = column(String(200), default=None, init=False, generated=True, label=_("File", ru="Файл"))
    imported_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Imported", ru="Загружен"))
    cases: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Cases", ru="Случаев"))
    events: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Events", ru="Событий"))
    head: Mapped[dict[str, t.Any]] = column(factory=dict, init=False, generated=True, label=_("Head of the file", ru="Заголовок файла"))
    """Extensions, globals, classifiers and attributes of the log, as XES has them: an export gives them back."""


class Step(Entity, table="process_monitor_step", label=_("Step", ru="Шаг"), plural=_("Steps", ru="Шаги")):
    """A step of serving a client: pages of the CRM that settings map to it, or an activity of an imported log."""

    log_id: Mapped[int | None] = column(to=Log, default=None, index=True, label=_("Event log", ru="Журнал событий"))
    log: Mapped[Log | None] = relation()
    name: Mapped[str] = column(String(200), label=_("Name", ru="Имя"))
    title: Mapped[str] = column(String(200), search=True, label=_("Title", ru="Название"))
    position: Mapped[int] = column(sa.Integer, default=0, label=_("Position", ru="Порядок"))
    in_use: Mapped[bool] = column(default=True, label=_("In use", ru="Используется"))


_step = Step.__table__.c
sa.Index("uq_process_monitor_step", sa.func.coalesce(_step.log_id, 0), _step.name, unique=True)


class NormFrom(enum.Enum):
    """Where a norm comes from."""

    TYPED = "typed"
    IMPORTED = "imported"
    PROPOSED = "proposed"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "typed": _("Typed in", ru="Введён"), "imported": _("Imported", ru="Загружен"),
            "proposed": _("From the best quarter", ru="По лучшей четверти"),
        }[self.value]  # fmt: skip


def some_seconds(value: int) -> None:
    """Refuse what cannot be the seconds of a step."""
    if not 0 <= value <= 24 * 3600:
        raise ValueError(_("from 0 seconds to 24 hours", ru="от 0 секунд до 24 часов"))


class Norm(Entity, table="process_monitor_norm", label=_("Norm", ru="Норма"), plural=_("Norms", ru="Нормы")):
    """How long a step takes: from a day on. What was done before is judged by the norm of its day."""

    step_id: Mapped[int] = column(to=Step, index=True, label=_("Step", ru="Шаг"))
    step: Mapped[Step] = relation()
    case_kind: Mapped[str | None] = column(
        String(40), default=None, label=_("Kind of case", ru="Вид случая"), help=_("Left out: all", ru="Не указан: все")
    )
    since: Mapped[dt.date] = column(label=_("In force since", ru="Действует с"))
    reference: Mapped[int] = column(sa.Integer, check=some_seconds, label=_("Reference, seconds", ru="Эталон, с"))
    least: Mapped[int] = column(sa.Integer, default=0, check=some_seconds, label=_("Minimum, seconds", ru="Минимум, с"))
    most: Mapped[int] = column(sa.Integer, check=some_seconds, label=_("Maximum, seconds", ru="Максимум, с"))
    came_from: Mapped[NormFrom] = column(default=NormFrom.TYPED, label=_("Where from", ru="Откуда"))
    note: Mapped[str | None] = column(String(300), default=None, label=_("Note", ru="Заметка"))


_norm = Norm.__table__.c
sa.Index("uq_process_monitor_norm", _norm.step_id, sa.func.coalesce(_norm.case_kind, ""), _norm.since, unique=True)
