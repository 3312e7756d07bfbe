"""What the dashboard is asked for in its address: a period and a pipeline; and the switches that ask for others."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import attrs
from markupsafe import Markup

from crmkit import Pipeline, Staged, Text, Uow, _
from crmkit.ui import Visit

from ..entities import Deal
from ..reports import Ask, Report

PERIODS: dict[str, tuple[int, Text]] = {
    "month": (30, _("30 days", ru="30 дней")), "quarter": (91, _("Quarter", ru="Квартал")), "year": (365, _("Year", ru="Год")),
}  # fmt: skip
USUAL = "quarter"
PERIOD, PIPELINE = _("Period", ru="Период"), _("Pipeline", ru="Воронка")
DAY = dt.timedelta(days=1)


@attrs.frozen
class Asked:
    """A period up to today, the one before it, and the pipeline."""

    period: str
    pipeline: Pipeline[t.Any]
    ask: Ask
    before: Ask


def asked_of(visit: Visit, uow: Uow) -> Asked:
    """Return what the address asks for; what it does not say, or says wrongly, is as usual."""
    period = visit.query.get("period", USUAL)
    period = period if period in PERIODS else USUAL
    return asked_for(uow, period, pipelines_of(uow).get(visit.query.get("pipeline", "")))


def asked_for(uow: Uow, period: str, pipeline: Pipeline[t.Any] | None = None) -> Asked:
    """Return a period up to today and the one before it; without a pipeline the first one of deals."""
    pipeline = pipeline or uow.crm.kind(Deal).first_pipeline
    days, today = PERIODS[period][0], uow.now.astimezone(uow.crm.zone).date()
    since = today - days * DAY + DAY
    ask = Ask(since=since, until=today, pipeline=pipeline.name)
    return Asked(period, pipeline, ask, attrs.evolve(ask, since=since - days * DAY, until=since - DAY))


def pipelines_of(uow: Uow) -> Mapping[str, Pipeline[t.Any]]:
    """Return the pipelines whose records the visitor may read, those of deals first."""
    found = [p for p in uow.crm.pipelines.values() if uow.may(uow.crm.kind(t.cast("type[Staged]", p.of)).permission("read"))]
    return {p.name: p for p in sorted(found, key=lambda p: p.of is not Deal)}


def switches(visit: Visit, uow: Uow) -> Markup:
    """Return the links to other periods, and to other pipelines where there are some."""
    asked, known = asked_of(visit, uow), pipelines_of(uow)
    own = asked.pipeline.name
    periods = [(visit.say(label), {"period": name, "pipeline": own}, name == asked.period) for name, (_days, label) in PERIODS.items()]
    pipelines = [(visit.say(p.label), {"period": asked.period, "pipeline": p.name}, p is asked.pipeline) for p in known.values()]
    others = _links(visit, PIPELINE, pipelines) if len(pipelines) > 1 else Markup("")
    return Markup('<div class="dash-bar">{}{}</div>').format(others, _links(visit, PERIOD, periods))


def _links(visit: Visit, name: Text, choices: Iterable[tuple[str, dict[str, str], bool]]) -> Markup:
    drawn = Markup("").join(
        Markup('<a href="{}"{}>{}</a>').format(
            visit.url(visit.call.path, **query), Markup(' aria-current="true"') if current else Markup(""), label)
        for label, query, current in choices
    )  # fmt: skip
    return Markup('<nav class="seg" aria-label="{}">{}</nav>').format(visit.say(name), drawn)


def list_of(kind: str, tree: Mapping[str, t.Any] | None, archived: bool | None = False) -> str | None:
    """Return the address of the list behind a figure, by the filter tree a report brings."""
    if tree is None:
        return None
    state = {"filter": json.dumps(tree, ensure_ascii=False, separators=(",", ":"))}
    if archived is not False:
        state["archived"] = "all" if archived is None else "true"
    return f"/{kind.replace('.', '/', 1)}?{urlencode(state)}"


def drilled(report: Report[t.Any], row: t.Any, figure: str) -> str | None:
    """Return the list behind one figure of a report."""
    return list_of(report.kind, row.drill.get(figure), report.archived)
