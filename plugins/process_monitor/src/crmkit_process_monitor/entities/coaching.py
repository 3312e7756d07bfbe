"""Coaching: courses and mentors for a step, who was given one and why, and whether it helped."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import LOST, WON, Entity, Mapped, Owned, Pipeline, RowScope, Stage, Staged, UtcDateTime, _, column, relation

from .steps import Step


class Course(Entity, table="process_monitor_course", label=_("Course", ru="Курс"), plural=_("Courses", ru="Курсы")):
    """Something to learn for a step."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    step_id: Mapped[int | None] = column(to=Step, default=None, index=True, label=_("Step", ru="Шаг"))
    step: Mapped[Step | None] = relation()
    minutes: Mapped[int | None] = column(sa.Integer, default=None, label=_("Minutes", ru="Минут"))
    link: Mapped[str | None] = column(String(500), default=None, label=_("Link", ru="Ссылка"))
    text: Mapped[str | None] = column(sa.Text, default=None, search=True, label=_("Text", ru="Текст"))
    in_use: Mapped[bool] = column(default=True, label=_("In use", ru="Используется"))


class Mentor(Owned, table="process_monitor_mentor", label=_("Mentor", ru="Наставник"), plural=_("Mentors", ru="Наставники")):
    """Somebody who can show how a step is done: its owner."""

    step_id: Mapped[int | None] = column(to=Step, default=None, index=True, label=_("Step", ru="Шаг"))
    step: Mapped[Step | None] = relation()
    in_use: Mapped[bool] = column(default=True, label=_("In use", ru="Используется"))


class Assignment(
    Owned, Staged, table="process_monitor_assignment", label=_("Coaching", ru="Обучение"), plural=_("Coaching", ru="Обучение")
):  # fmt: skip
    """A course or a meeting with a mentor that a director gave a colleague for one step. Its owner is who learns."""

    step_id: Mapped[int] = column(to=Step, index=True, label=_("Step", ru="Шаг"))
    step: Mapped[Step] = relation()
    course_id: Mapped[int | None] = column(to=Course, default=None, index=True, label=_("Course", ru="Курс"))
    course: Mapped[Course | None] = relation()
    mentor_id: Mapped[int | None] = column(to=Mentor, default=None, index=True, label=_("Mentor", ru="Наставник"))
    mentor: Mapped[Mentor | None] = relation()
    why: Mapped[str | None] = column(sa.Text, default=None, label=_("Why", ru="Почему"))
    figures: Mapped[dict[str, t.Any]] = column(factory=dict, init=False, generated=True, label=_("Figures of then", ru="Показатели тогда"))
    given_by: Mapped[int | None] = column(sa.BigInteger, default=None, init=False, generated=True, label=_("Given by", ru="Назначил"))
    due_on: Mapped[dt.date | None] = column(default=None, label=_("By", ru="До"))
    meets_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Meeting", ru="Встреча"))
    note: Mapped[str | None] = column(sa.Text, default=None, label=_("Mentor's note", ru="Заметка наставника"))
    done_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Done", ru="Пройдено"))


ASSIGNMENTS = Pipeline(
    "process_monitor_coaching", of=Assignment, label=_("Coaching", ru="Обучение"),
    stages=[
        Stage("given", label=_("Given", ru="Назначено")),
        Stage("begun", label=_("Begun", ru="Начато")),
        Stage("done", label=_("Done", ru="Пройдено"), outcome=WON),
        Stage("cancelled", label=_("Cancelled", ru="Отменено"), outcome=LOST),
    ],
)  # fmt: skip
MENTORED = RowScope(
    "mentored", of=Assignment, filter={"mentor.owner_id": {"eq": {"relative": "me"}}},
    label=_("meetings with oneself as the mentor", ru="встречи, где сам — наставник"),
)  # fmt: skip
