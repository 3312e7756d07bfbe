"""A meeting as a calendar file (RFC 5545). Written by hand: one event of fixed fields in UTC is two rules, escaping and folding."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable

from crmkit import NotFound, Permission, Uow, _, route

from ..entities import Assignment, Course, Mentor, Step
from . import words
from .people import people

READ = Permission("process_monitor.assignment.read")
USUAL = 60
OPERATION: dict[str, t.Any] = {
    "summary": _("A meeting with a mentor as a calendar file", ru="Встреча с наставником файлом календаря"),
    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
    "responses": {"200": {"description": "OK", "content": {"text/calendar": {"schema": {"type": "string"}}}}},
}


def escaped(text: str) -> str:
    """Return a text as a value: backslash, semicolon, comma and line breaks are escaped, other control characters left out."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(c for c in plain if c >= " " and c != "\x7f")


def folded(line: str) -> str:
    """Return a line in pieces of at most 75 bytes, none of which splits a letter."""
    pieces, room = [""], 75
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append("")
            room = 74  # the blank that says the line goes on
        pieces[-1] += letter
        room -= size
    return "\r\n ".join(pieces)


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def calendar(
    *, uid: str, version: int, changed: dt.datetime, begins: dt.datetime, minutes: int, title: str, text: str, url: str, cancelled: bool
) -> str:
    """Return a calendar with one event and a reminder half an hour before it."""
    lines: Iterable[str] = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crmkit//process_monitor//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{escaped(uid)}", f"DTSTAMP:{_moment(changed)}", f"SEQUENCE:{version}", f"DTSTART:{_moment(begins)}",
        f"DTEND:{_moment(begins + dt.timedelta(minutes=minutes))}", f"SUMMARY:{escaped(title)}", *([f"DESCRIPTION:{escaped(text)}"] if text else []),
        f"URL:{url}", f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escaped(title)}", "TRIGGER:-PT30M", "END:VALARM", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return "".join(f"{folded(line)}\r\n" for line in lines)


@route("/meetings/{id}", permission=READ, operation=OPERATION)
def meeting(request: t.Any, uow: Uow) -> t.Any:
    """A meeting with a mentor as a file for any calendar; asked for again it replaces what was there."""
    from starlette.responses import Response

    given = request.path_params["id"]
    key = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
    found = uow.get(Assignment, key)
    if found.meets_at is None:
        raise NotFound()
    step, course = uow.peek(Step, found.step_id), uow.peek(Course, found.course_id) if found.course_id else None
    mentor = uow.peek(Mentor, found.mentor_id) if found.mentor_id else None
    said = words.meeting_about.format(step=step.title if step else "").to(uow.language)
    if mentor is not None and mentor.owner_id is not None and mentor.owner_id != uow.actor.id:
        said = f"{said} ({people(uow, [mentor.owner_id])[mentor.owner_id]})"
    host = request.url.hostname or "crmkit"
    root = str(request.scope.get("root_path", "")).removesuffix("/x")
    text = calendar(
        uid=f"process-monitor-{found.id}@{host}", version=found.version, changed=found.updated_at, begins=found.meets_at,
        minutes=(course.minutes if course else None) or USUAL, title=said, text=found.why or "",
        url=f"{request.url.scheme}://{request.url.netloc}{root}/process_monitor/assignment/{found.id}", cancelled=found.stage == "cancelled",
    )  # fmt: skip
    headers = {"content-disposition": f'attachment; filename="meeting-{found.id}.ics"', "cache-control": "no-store"}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


__all__ = ["calendar", "escaped", "folded", "meeting"]
