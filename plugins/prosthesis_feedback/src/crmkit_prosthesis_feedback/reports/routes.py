"""The reports over HTTP: ``GET /x/prosthesis_feedback/reports/response?by=period,protocol&format=xlsx``."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from crmkit import Invalid, Problem, Text, Uow, _, route

from ..entities import Group
from ..roles import REPORTS
from . import complaints, flags, recalling, resolving, responding, using
from .asked import CHOOSE, SPLITS, TWICE, Ask
from .sql import CARD_KEYS
from .table import Report, as_csv, as_json, as_xlsx

FLAGS = ("from", "to", "by", "group", "protocol", "model", "batch", "serial", "reason", "worn", "format")
FORMATS = {
    "json": "application/json", "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
UNKNOWN = _("unknown parameter; there are: {known}", ru="неизвестный параметр; есть: {known}")
A_DAY = _("expected a day such as 2026-01-31", ru="ожидается день, например 2026-01-31")
A_NUMBER = _("expected a number", ru="ожидается номер")
BIGGEST = 2**63 - 1
Make = Callable[[Uow, Ask], Report[t.Any]]


class Asked:
    """What the parameters of an address ask for; every mistake is told by the name of its parameter."""

    def __init__(self, given: Sequence[tuple[str, str]]) -> None:
        self.problems: list[Problem] = []
        self.given: dict[str, str] = {}
        for name, value in given:
            if name not in FLAGS:
                self.problems.append(Problem(name.replace("\x00", "�"), "unknown", UNKNOWN.format(known=", ".join(FLAGS))))
            elif name in self.given:
                self.problems.append(Problem(name, "repeated", TWICE))
            self.given[name] = value.replace("\x00", "�")
        self.form = self.one_of("format", FORMATS) or "json"
        self.worn = self.one_of("worn", ("true", "false")) != "false"
        group = self.one_of("group", [g.value for g in Group])
        self.ask = Ask(
            since=self.day("from"), until=self.day("to"), by=tuple(self.given["by"].split(",")) if self.given.get("by") else (),
            group=Group(group) if group else None, protocol=self.number("protocol"), model=self.text("model"), batch=self.text("batch"),
            serial=self.text("serial"), reason=self.text("reason"),
        )  # fmt: skip
        if self.problems:
            raise Invalid(problems=self.problems)

    def text(self, name: str) -> str | None:
        """Return a text as it is; empty is none."""
        return self.given.get(name, "").strip() or None

    def one_of(self, name: str, known: t.Iterable[str]) -> str | None:
        """Return one of some names."""
        text = self.given.get(name) or None
        if text is not None and text not in known:
            self.problems.append(Problem(name, "invalid", CHOOSE.format(known=", ".join(known))))
            return None
        return text

    def day(self, name: str) -> dt.date | None:
        """Return a day."""
        text = self.given.get(name)
        try:
            if not text or (len(text) == 10 and text[4] == text[7] == "-"):
                return dt.date.fromisoformat(text) if text else None
        except ValueError:
            pass
        self.problems.append(Problem(name, "invalid", A_DAY))
        return None

    def number(self, name: str) -> int | None:
        """Return a whole number."""
        text = self.given.get(name)
        if not text or (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGGEST):
            return int(text) if text else None
        self.problems.append(Problem(name, "invalid", A_NUMBER))
        return None


def answer(request: Request, uow: Uow, make: Make) -> t.Any:
    """Return a report as it is asked for."""
    asked = Asked(request.query_params.multi_items())
    return given(make(uow, asked.ask), asked.form, uow.language)


def given(report: Report[t.Any], form: str, language: str) -> t.Any:
    """Return a report in a format."""
    if form == "json":
        return as_json(report, language)
    body = (as_csv if form == "csv" else as_xlsx)(report, language)
    days = "-".join(day.isoformat() for day in (report.since, report.until) if day is not None) or report.as_of.date().isoformat()
    headers = {"content-disposition": f'attachment; filename="{report.name}-{days}.{form}"', "cache-control": "no-store"}
    return Response(body, media_type=FORMATS[form], headers=headers)


def described(summary: Text, by: Sequence[str], *, worn: bool = False) -> Mapping[str, t.Any]:
    """Return what the OpenAPI document says of a report."""
    text, day = {"type": "string"}, {"type": "string", "format": "date"}
    schemas: dict[str, t.Any] = {
        "from": day, "to": day, "group": {"enum": [g.value for g in Group]}, "protocol": {"type": "integer", "minimum": 0, "maximum": BIGGEST},
        "model": text, "batch": text, "serial": text, "reason": text, "worn": {"enum": ["true", "false"]}, "format": {"enum": list(FORMATS)},
        "by": {"type": "array", "maxItems": 3, "items": {"enum": [name for name in SPLITS if name in by]}},
    }  # fmt: skip
    shown = [n for n in FLAGS if (n != "worn" or worn) and (n != "by" or by)]
    parameters = [{"name": n, "in": "query", "required": False, "schema": schemas[n], "style": "form", "explode": False} for n in shown]
    table = {"type": "object", "required": ["report", "kind", "columns", "rows"]}
    content = {"application/json": {"schema": table}, "text/csv": {"schema": text}, FORMATS["xlsx"]: {"schema": {**text, "format": "binary"}}}
    return {"summary": summary, "parameters": parameters, "responses": {"200": {"description": "The report", "content": content}}}


@route("/reports/response", permission=REPORTS, operation=described(responding.TITLE, list(CARD_KEYS)))
def reports_response(request: Request, uow: Uow) -> t.Any:
    """How much of the feedback that came due was collected."""
    return answer(request, uow, responding.response)


@route("/reports/use", permission=REPORTS, operation=described(using.TITLE, using.BY))
def reports_use(request: Request, uow: Uow) -> t.Any:
    """Who uses the device, and why the others do not."""
    return answer(request, uow, using.use)


@route("/reports/incidents", permission=REPORTS, operation=described(resolving.TITLE, resolving.BY))
def reports_incidents(request: Request, uow: Uow) -> t.Any:
    """Incidents and how long they took."""
    return answer(request, uow, resolving.incidents)


@route("/reports/red_flags", permission=REPORTS, operation=described(flags.TITLE, flags.BY))
def reports_red_flags(request: Request, uow: Uow) -> t.Any:
    """Red flags by question, for whoever may see medical answers."""
    return answer(request, uow, flags.red_flags)


@route("/reports/devices", permission=REPORTS, operation=described(complaints.TITLE, complaints.BY))
def reports_devices(request: Request, uow: Uow) -> t.Any:
    """Devices with their complaint rate."""
    return answer(request, uow, complaints.devices)


@route("/reports/recall", permission=REPORTS, operation=described(recalling.TITLE, (), worn=True))
def reports_recall(request: Request, uow: Uow) -> t.Any:
    """Who has a device of a model, a batch or a serial number."""
    asked = Asked(request.query_params.multi_items())
    return given(recalling.recall(uow, asked.ask, worn=asked.worn), asked.form, uow.language)
