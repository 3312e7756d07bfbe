"""``/x/process_monitor/logs``: a log comes in as the body of a request, and goes out as a file."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator

from starlette.responses import JSONResponse

from crmkit import Crm, Invalid, NotFound, Problem, Streamed, Uow, Upload, _, route

from ..entities import Log
from ..roles import LOGS
from ..settings import MonitorSettings
from .exporting import FORMATS, NO_FORMAT, export_log, export_own
from .importing import import_log
from .mapping import Mapping, mapping_of

TEXTS = ("case", "activity", "time", "start", "resource", "transition", "kind", "zone", "format")
ENDINGS = (".xes", ".xes.gz", ".csv", ".csv.gz", ".tsv", ".txt")
NO_FILE = _("a file is wanted whose name ends in {known}", ru="нужен файл, имя которого кончается на {known}")
NO_DAY = _("a day is written as in 2026-06-30", ru="день записывают так: 2026-06-30")
LONGEST = 200
_ASKED = ("name", "title", *(n for n in TEXTS if n != "kind"), "case_kind")
_SENT: dict[str, t.Any] = {n: {"type": "string", "maxLength": LONGEST} for n in _ASKED} | {"since_previous": {"enum": ["", "1"]}}
TAKE: dict[str, t.Any] = {
    "summary": _("Import an event log", ru="Загрузить журнал событий"),
    "parameters": [{"name": n, "in": "query", "required": n == "name", "schema": s} for n, s in _SENT.items()],
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}},
    "responses": {"201": {"description": "Created", "content": {"application/json": {"schema": {"type": "object"}}}}},
}
_GIVEN = {"content": {"application/xml": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}}
_DAY: dict[str, t.Any] = {"type": "string", "format": "date"}
GIVE: dict[str, t.Any] = {
    "summary": _("An imported log, or our own cases (own), as a file", ru="Журнал или наши случаи (own) файлом"),
    "parameters": [
        {"name": "log", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "format", "in": "query", "required": False, "schema": {"enum": list(FORMATS)}},
        *({"name": n, "in": "query", "required": False, "schema": _DAY} for n in ("since", "until")),
    ],
    "responses": {"200": {"description": "OK", **_GIVEN}},
}  # fmt: skip


def limit(crm: Crm) -> int:
    """Say how long a body may be."""
    return crm[MonitorSettings].log_size


@route("/logs", permission=LOGS, methods=("POST",), upload=Upload(limit=limit), operation=TAKE)
def take(request: t.Any, uow: Uow) -> JSONResponse:
    """Import an event log: its name says whether it is XES or CSV; what is what in a CSV file may be said in the query."""
    asked, sent = request.query_params, request.state.upload
    name = asked.get("name", "").replace("\\", "/").rpartition("/")[2].strip()[-LONGEST:]
    if sent is None or not sent.size or not name.lower().endswith(ENDINGS):
        raise Invalid(problems=[Problem("file", "invalid", NO_FILE.format(known=", ".join(ENDINGS)))])
    known = {n: asked[n][:LONGEST] for n in TEXTS if asked.get(n) and n != "kind"}
    mapping: Mapping = mapping_of({**known, "kind": asked.get("case_kind"), "since_previous": asked.get("since_previous") == "1"})
    made = import_log(uow, sent.file, name, title=asked.get("title", ""), mapping=mapping)
    told = {"log": made.log, "operation": made.operation, "cases": made.cases, "events": made.events, "steps": made.steps, "workers": made.workers}
    return JSONResponse({**told, "id": made.log, "path": f"?made={made.log}"}, 201)


@route("/logs/{log}", permission=LOGS, operation=GIVE)
def give(request: t.Any, uow: Uow) -> Streamed:
    """An imported log, or our own cases, as XES or CSV, sent piece by piece."""
    asked, log = request.query_params, request.path_params["log"]
    form = asked.get("format") or "xes"
    if form not in FORMATS:
        raise Invalid(problems=[Problem("format", "unknown", NO_FORMAT)])
    days = {name: _day(asked.get(name), name) for name in ("since", "until")}
    if log != "own":
        if not (log.isascii() and log.isdecimal() and len(log) < 19):
            raise NotFound()
        uow.get(Log, int(log))
    crm, actor = uow.crm, uow.actor

    def pieces() -> Iterator[bytes]:
        with crm.read(actor) as reading:
            yield from export_own(reading, form, **days) if log == "own" else export_log(reading, int(log), form)

    headers = {"Content-Disposition": f'attachment; filename="{"monitor" if log == "own" else f"log-{log}"}.{form}"', "Cache-Control": "no-store"}
    return Streamed(pieces=pieces(), media_type="application/xml" if form == "xes" else "text/csv; charset=utf-8", headers=headers)


def _day(text: str | None, name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(problems=[Problem(name, "invalid", NO_DAY)]) from None


__all__ = ["give", "take"]
