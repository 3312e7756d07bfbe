"""The reports over HTTP: ``GET /x/sales/reports/funnel?from=2026-01-01&by=source``."""

from __future__ import annotations

import typing as t

from starlette.requests import Request
from starlette.responses import Response

from crmkit import Uow, _, route

from .cohorts import cohorts
from .forecast import forecast
from .frame import READ
from .funnel import BASES, funnel
from .hours import office
from .outcomes import won_lost
from .parameters import ANY, Asked, described
from .render import as_csv, as_json
from .responses import first_response
from .stays import time_in_stage
from .table import Report


def _answer(request: Request, uow: Uow, asked: Asked, report: Report[t.Any]) -> t.Any:
    if asked.format == "json":
        return as_json(report, uow.language)
    headers = {"content-disposition": f'attachment; filename="{report.name}-{report.since}-{report.until}.csv"'}
    return Response(as_csv(report, uow.language), media_type="text/csv; charset=utf-8; header=present", headers=headers)


FUNNEL = {"basis": BASES}
TIME = {"time": ("calendar", "working")}


@route("/reports/funnel", permission=READ, operation=described(_("Funnel", ru="Воронка"), FUNNEL))
def reports_funnel(request: Request, uow: Uow) -> t.Any:
    """How many records reached each stage of a pipeline."""
    asked = Asked(request, FUNNEL)
    return _answer(request, uow, asked, funnel(uow, asked.ask, asked.chosen["basis"]))


@route("/reports/stages", permission=READ, operation=described(_("Time in stage", ru="Время на стадиях"), TIME))
def reports_stages(request: Request, uow: Uow) -> t.Any:
    """How long records stay in each stage of a pipeline."""
    asked = Asked(request, TIME)
    hours = office(uow) if asked.chosen["time"] == "working" else None
    return _answer(request, uow, asked, time_in_stage(uow, asked.ask, hours))


@route("/reports/outcomes", permission=READ, operation=described(_("Won and lost", ru="Выиграно и потеряно")))
def reports_outcomes(request: Request, uow: Uow) -> t.Any:
    """What was won and lost."""
    asked = Asked(request)
    return _answer(request, uow, asked, won_lost(uow, asked.ask))


@route("/reports/cohorts", permission=READ, operation=described(_("Cohorts", ru="Когорты"), flags=ANY))
def reports_cohorts(request: Request, uow: Uow) -> t.Any:
    """What inquiries of a month became."""
    asked = Asked(request, flags=ANY)
    return _answer(request, uow, asked, cohorts(uow, asked.ask))


@route("/reports/forecast", permission=READ, operation=described(_("Forecast", ru="Прогноз")))
def reports_forecast(request: Request, uow: Uow) -> t.Any:
    """What open deals promise."""
    asked = Asked(request)
    return _answer(request, uow, asked, forecast(uow, asked.ask))


@route("/reports/responses", permission=READ, operation=described(_("First response", ru="Первый ответ"), flags=ANY))
def reports_responses(request: Request, uow: Uow) -> t.Any:
    """How soon inquiries were answered."""
    asked = Asked(request, flags=ANY)
    return _answer(request, uow, asked, first_response(uow, asked.ask))
