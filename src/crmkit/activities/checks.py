"""What must hold of every note, file and activity, whoever writes it."""

from __future__ import annotations

import typing as t

from crmkit import Changed, Created, Invalid, Problem, Uow, _, on

from .entities import Activity, File, Note
from .kinds import kinds_of
from .names import extension

NO_KIND = _("there is no kind of record {name!r}", ru="нет записей вида {name!r}")
NOT_ABOUT = _("notes, files and activities are about other records, not about each other",
    ru="заметки, файлы и дела относятся к другим записям, а не друг к другу")
NO_RECORD = _("there is no such record", ru="такой записи нет")
NO_SUCH = _("there is no kind of activity {name!r}; there are: {known}", ru="нет вида дел {name!r}; есть: {known}")
BY_UPLOAD = _("files are attached by an upload: POST /x/activities/files", ru="файлы прикрепляются загрузкой: POST /x/activities/files")
KEEP_TYPE = _("keep the extension .{extension}", ru="оставьте расширение .{extension}")
ABOUT = ("about_kind", "about_id")


def _about(record: Note | File | Activity, uow: Uow) -> None:
    kind = uow.crm.kinds.get(record.about_kind)
    if kind is None:
        raise Invalid(problems=[Problem("about_kind", "unknown", NO_KIND.format(name=record.about_kind))])
    if "about_id" in kind.fields:
        raise Invalid(problems=[Problem("about_kind", "invalid", NOT_ABOUT)])
    if uow.peek(kind.cls, record.about_id) is None:
        raise Invalid(problems=[Problem("about_id", "reference", NO_RECORD)])


@on(Created[Note])
def check_note(event: Created[Note], uow: Uow) -> None:
    """A note is about something that exists."""
    _about(event.record, uow)


@on(Created[File])
def check_file(event: Created[File], uow: Uow) -> None:
    """A file is about something that exists, and has content."""
    if not event.record.key:
        raise Invalid(problems=[Problem("", "upload", BY_UPLOAD)])
    _about(event.record, uow)


@on(Created[Activity])
def check_activity(event: Created[Activity], uow: Uow) -> None:
    """An activity is about something that exists, and of a kind that is known."""
    _kind(event.record, uow)
    _about(event.record, uow)


@on(Changed[Note], fields=ABOUT)
def check_note_again(event: Changed[Note], uow: Uow) -> None:
    """A note that goes to another record is still about something."""
    _about(event.record, uow)


@on(Changed[File], fields=[*ABOUT, "name"])
def check_file_again(event: Changed[File], uow: Uow) -> None:
    """A file keeps its type under another name."""
    before, after = (extension(name) for name in t.cast("tuple[str, str]", event.changes.get("name", ("", ""))))
    if before != after:
        raise Invalid(problems=[Problem("name", "extension", KEEP_TYPE.format(extension=before))])
    _about(event.record, uow)


@on(Changed[Activity], fields=[*ABOUT, "kind"])
def check_activity_again(event: Changed[Activity], uow: Uow) -> None:
    """An activity keeps to the kinds that are known."""
    if "kind" in event.changes:
        _kind(event.record, uow)
    _about(event.record, uow)


def _kind(activity: Activity, uow: Uow) -> None:
    known = kinds_of(uow.crm)
    if activity.kind not in known:
        message = NO_SUCH.format(name=activity.kind, known=", ".join(known))
        raise Invalid(problems=[Problem("kind", "unknown", message)])
