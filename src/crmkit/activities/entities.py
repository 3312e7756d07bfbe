"""What is kept about records of any kind. Whoever may not see the record does not see these either."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from crmkit import About, Mapped, Owned, UtcDateTime, _, column

from .names import clean_name

MAX_TEXT = 100_000
LONGEST = 7 * 24 * 60
OVERDUE: t.Mapping[str, t.Any] = {"done_at": {"empty": True}, "due_at": {"lt": {"relative": "now"}}}
"""The filter tree of what should have been done by now: ``uow.find(Activity).where(OVERDUE)``."""
BLANK = _("write something", ru="напишите что-нибудь")
TOO_LONG = _("at most {most} characters", ru="не больше {most} знаков")
MINUTES = _("from 0 to {most} minutes", ru="от 0 до {most} минут")


def not_blank(value: str) -> None:
    """Refuse a text of nothing but spaces, and one that is a book."""
    if not value.strip():
        raise ValueError(BLANK)
    at_most(value)


def at_most(value: str) -> None:
    """Refuse a text that is a book."""
    if len(value) > MAX_TEXT:
        raise ValueError(TOO_LONG.format(most=MAX_TEXT))


def minutes(value: int) -> None:
    """Refuse what cannot be minutes of one activity."""
    if not 0 <= value <= LONGEST:
        raise ValueError(MINUTES.format(most=LONGEST))


class Note(About, Owned, table="activities_note", label=_("Note", ru="Заметка"), plural=_("Notes", ru="Заметки")):
    """Something worth remembering, plain or in Markdown; what is pinned is shown first."""

    text: Mapped[str] = column(sa.Text, check=not_blank, search=True, label=_("Text", ru="Текст"))
    pinned: Mapped[bool] = column(default=False, label=_("Pinned", ru="Закреплена"))


class File(About, Owned, table="activities_file", label=_("File", ru="Файл"), plural=_("Files", ru="Файлы")):
    """A file that was attached. Its content lies outside the database; it comes in by an upload only."""

    name: Mapped[str] = column(sa.String(200), clean=clean_name, search=True, label=_("File name", ru="Имя файла"))
    size: Mapped[int] = column(default=0, generated=True, label=_("Size, bytes", ru="Размер, байт"))
    media_type: Mapped[str] = column(sa.String(100), default="", generated=True, label=_("Type", ru="Тип"))
    digest: Mapped[str] = column(sa.String(64), default="", generated=True, label=_("SHA-256", ru="SHA-256"))
    key: Mapped[str] = column(
        sa.String(200), default="", generated=True, secret=True, index=True, label=_("Place in the store", ru="Место в хранилище"))
    removed_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, generated=True, label=_("Content removed", ru="Содержимое удалено"))


class Activity(About, Owned, table="activities_activity", label=_("Activity", ru="Дело"), plural=_("Activities", ru="Дела")):
    """A call, meeting, letter or task: planned, and one day done. An open one that is due is the record's next step."""

    kind: Mapped[str] = column(sa.String(40), index=True, label=_("Kind", ru="Вид"))
    subject: Mapped[str] = column(sa.String(200), clean=str.strip, check=not_blank, search=True, label=_("Subject", ru="Тема"))
    due_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Due", ru="Срок"))
    done_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Done", ru="Выполнено"))
    outcome: Mapped[str | None] = column(sa.String(200), default=None, label=_("Outcome", ru="Результат"))
    text: Mapped[str | None] = column(sa.Text, default=None, check=at_most, search=True, label=_("Details", ru="Подробности"))
    duration: Mapped[int | None] = column(default=None, check=minutes, label=_("Duration, minutes", ru="Длительность, минут"))


_activity = Activity.__table__.c
sa.Index("ix_activities_activity_open", _activity.owner_id, _activity.done_at, _activity.due_at)
sa.Index("ix_activities_activity_due", _activity.done_at, _activity.due_at)
