"""Work sessions: when a manager works, and when not."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String

from crmkit import Entity, Mapped, Owned, UtcDateTime, _, column, relation


class WorkSession(Owned, table="taskqueue_session", label=_("Work session", ru="Рабочая сессия"), plural=_("Work sessions", ru="Рабочие сессии")):
    """A stretch of work of one manager, from the first task to the last one."""

    started_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, index=True, label=_("Started", ru="Начата")
    )
    ended_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Ended", ru="Завершена"))
    ended_how: Mapped[str | None] = column(String(40), default=None, init=False, generated=True, label=_("How it ended", ru="Как завершена"))


class Pause(Entity, table="taskqueue_pause", label=_("Break", ru="Перерыв"), plural=_("Breaks", ru="Перерывы")):
    """A break of a work session, with its reason."""

    session_id: Mapped[int] = column(to=WorkSession, part=True, index=True, label=_("Work session", ru="Рабочая сессия"))
    session: Mapped[WorkSession] = relation()
    reason: Mapped[str] = column(String(40), label=_("Reason", ru="Причина"))
    started_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Started", ru="Начат"))
    ended_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Ended", ru="Закончен"))
