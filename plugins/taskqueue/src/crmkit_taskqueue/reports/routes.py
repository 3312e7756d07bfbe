"""The reports over HTTP: ``GET /x/taskqueue/reports/work?from=2026-03-01&by=day,manager&format=csv``."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from crmkit import Invalid, Problem, Text, Uow, _, route

from ..roles import REPORTS
from . import done, rests, waits
from .asked import CHOOSE, SPLITS, TWICE, Ask
from .table import Report, as_csv, as_json

FLAGS = ("from", "to", "by", "team", "manager", "kind", "format")
FORMATS = ("json", "csv")
UNKNOWN = _("unknown parameter; there are: {known}", ru="неизвестный параметр; есть: {known}")
A_DAY = _("expected a day such as 2026-01-31", ru="ожидается день, например 2026-01-31")
A_NUMBER = _("expected a number", ru="ожидается номер")
BIGGEST = 2**63 - 1


def read(request: Request) -> tuple[Ask, str]:
    """Return what is asked and in which format; every mistake is told by the name of its parameter."""
    problems: list[Problem] = []
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in FLAGS:
            problems.append(Problem(name.replace("\x00", "�"), "unknown", UNKNOWN.format(known=", ".join(FLAGS))))
        elif name in given:
            problems.append(Problem(name, "repeated", TWICE))
        given[name] = value

    def day(name: str) -> dt.date | None:
        text = given.get(name)
        try:
            if text is None or (len(text) == 10 and text[4] == text[7] == "-"):
                return None if text is None else dt.date.fromisoformat(text)
        except ValueError:
            pass
        problems.append(Problem(name, "invalid", A_DAY))
        return None

    def number(name: str) -> int | None:
        text = given.get(name)
        if text is None or (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGGEST):
            return None if text is None else int(text)
        problems.append(Problem(name, "invalid", A_NUMBER))
        return None

    form = given.get("format", "json")
    if form not in FORMATS:
        problems.append(Problem("format", "invalid", CHOOSE.format(known=", ".join(FORMATS))))
    ask = Ask(
        since=day("from"), until=day("to"), by=tuple(given["by"].split(",")) if given.get("by") else (), team=number("team"),
        manager=number("manager"), kind=given.get("kind", "").replace("\x00", "") or None,
    )  # fmt: skip
    if problems:
        raise Invalid(problems=problems)
    return ask, form


def answer(request: Request, uow: Uow, make: Callable[[Uow, Ask], Report[t.Any]]) -> t.Any:
    """Return a report as it is asked for."""
    ask, form = read(request)
    report = make(uow, ask)
    if form == "json":
        return as_json(report, uow.language)
    headers = {"content-disposition": f'attachment; filename="{report.name}-{report.since}-{report.until}.csv"'}
    return Response(as_csv(report, uow.language), media_type="text/csv; charset=utf-8; header=present", headers=headers)


def described(summary: Text, by: Sequence[str]) -> dict[str, t.Any]:
    """Return what the OpenAPI document says of a report."""
    whole = {"type": "integer", "minimum": 0, "maximum": BIGGEST}
    day = {"type": "string", "format": "date"}
    schemas: dict[str, t.Any] = {
        "from": day, "to": day, "team": whole, "manager": whole, "kind": {"type": "string"}, "format": {"enum": list(FORMATS)},
        "by": {"type": "array", "maxItems": 3, "items": {"enum": [name for name in SPLITS if name in by]}},
    }  # fmt: skip
    parameters = [{"name": n, "in": "query", "required": False, "schema": schemas[n], "style": "form", "explode": False} for n in FLAGS]
    table = {"type": "object", "required": ["report", "kind", "columns", "rows"]}
    content = {"application/json": {"schema": table}, "text/csv": {"schema": {"type": "string"}}}
    return {"summary": summary, "parameters": parameters, "responses": {"200": {"description": "The report", "content": content}}}


@route("/reports/work", permission=REPORTS, operation=described(_("What was done", ru="Что сделано"), done.BY))
def reports_work(request: Request, uow: Uow) -> t.Any:
    """Closed tasks, how long they took, lost time and exits."""
    return answer(request, uow, done.work)


@route("/reports/breaks", permission=REPORTS, operation=described(_("Breaks", ru="Перерывы"), rests.BY))
def reports_breaks(request: Request, uow: Uow) -> t.Any:
    """Breaks by reason."""
    return answer(request, uow, rests.breaks)


@route("/reports/queue", permission=REPORTS, operation=described(_("What waits", ru="Что ждёт"), waits.BY))
def reports_queue(request: Request, uow: Uow) -> t.Any:
    """What is overdue at this moment."""
    return answer(request, uow, waits.queue)
