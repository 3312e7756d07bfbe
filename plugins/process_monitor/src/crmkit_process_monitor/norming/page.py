"""The pages of norms: what holds for each step, a norm typed in, a table taken over."""

from __future__ import annotations

import datetime as dt
import math
import typing as t
from collections import defaultdict
from collections.abc import Mapping

import attrs

from crmkit import Invalid, NotFound, Problem, Refusal, Uow, Upload, _, route
from crmkit.ui import Menu, Redirect, Result, View, Visit, page

from ..entities import Log, Norm, NormFrom, Step
from ..reading import Chosen, number_of, sums
from ..roles import NORMS
from ..times import clock, seconds_of
from . import words
from .entering import Wanted, kinds_of, put
from .recomputing import RECOUNTED, waiting
from .table import decoded, read, written

HERE = "/process_monitor/norms"
DAYS = dt.timedelta(days=29)
LARGEST = 2_000_000
ENDINGS = ".csv,.tsv,.txt"


@attrs.frozen(kw_only=True)
class Line:
    """What holds for a step and a kind of case."""

    step: Step
    kind: str | None
    label: str
    now: Norm | None
    coming: list[Norm]
    past: list[Norm]
    typical: float | None
    n: int


def log_at(visit: Visit, uow: Uow) -> int | None:
    """Return the imported log an address is about, or None for our own steps."""
    key = number_of(visit.query.get("log") or visit.form.get("log"))
    return uow.get(Log, key).id if key else None


def steps_of(uow: Uow, log: int | None) -> list[Step]:
    """Return the steps in use of our own, or of a log, in their order."""
    return uow.find(Step).where(Step.log_id.is_(None) if log is None else Step.log_id == log, Step.in_use).order_by(Step.position, Step.id).all()


@page("/norms", label=words.title, permission=NORMS, menu=Menu(icon="ruler", section="admin", order=71))
def norms(visit: Visit, uow: Uow) -> View:
    """Every step with the norms that hold, those that will, and those that did."""
    log = log_at(visit, uow)
    logs = uow.find(Log).order_by(Log.id.desc()).limit(100).all()
    groups = [(step, lines) for step, lines in lines_of(visit, uow, log)]
    return View(
        "norms.html", s=words, groups=groups, log=log, logs=logs, clock=clock, left=waiting(uow, log or 0), topic=RECOUNTED.name,
        calm=words.put.format(count=visit.query["made"]) if visit.query.get("made", "").isdecimal() else "",
    )  # fmt: skip


def lines_of(visit: Visit, uow: Uow, log: int | None) -> list[tuple[Step, list[Line]]]:
    """Return the steps with their norms by kind of case, and how long they usually take now."""
    today = visit.now.astimezone(visit.zone).date()
    steps, kinds = steps_of(uow, log), kinds_of(uow, log)
    held: dict[tuple[int, str | None], list[Norm]] = defaultdict(list)
    for norm in uow.find(Norm).where(Norm.step_id.in_([s.id for s in steps])).order_by(Norm.since.desc()):
        held[norm.step_id, norm.case_kind or None].append(norm)
    usual = usual_of(uow, Chosen(since=today - DAYS, until=today, log=log))
    found = []
    for step in steps:
        wanted = [None, *sorted({kind for key, kind in held if key == step.id and kind}, key=lambda kind: (*kinds, kind).index(kind))]
        lines = []
        for kind in wanted:
            versions = held[step.id, kind]
            past = [n for n in versions if n.since <= today]
            n, typical = usual.get((step.id, kind), (0, None))
            label = visit.say(words.all_kinds) if kind is None else visit.say(kinds.get(kind, kind))
            lines.append(Line(step=step, kind=kind, label=label, now=past[0] if past else None, past=past[1:], typical=typical, n=n,
                              coming=[n for n in versions if n.since > today][::-1]))  # fmt: skip
        found.append((step, lines))
    return found


def usual_of(uow: Uow, chosen: Chosen) -> dict[tuple[int, str | None], tuple[int, float | None]]:
    """Return how often and how long each step of each kind (None: of all) is done, in the middle: the geometric mean in seconds."""
    found: dict[tuple[int, str | None], tuple[int, float]] = {}
    for one in sums(uow, chosen, by=("step", "kind")):
        for kind in (None, one.kind):
            n, logs = found.get((one.step, kind), (0, 0.0))
            found[one.step, kind] = (n + one.n, logs + one.logs)
    return {key: (n, math.exp(logs / n) if n else None) for key, (n, logs) in found.items()}


# ---- typed in -----------------------------------------------------------------------------------------------------------
@page("/norms/new", label=words.new, permission=NORMS, methods=["GET", "POST"])
def new_norm(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """A norm typed in, from a day on."""
    log = log_at(visit, uow)
    if visit.method == "POST" and refusal is None:
        wanted = _typed(visit, uow, log)
        put(uow, [wanted], NormFrom.TYPED)
        said = visit.say(words.saved, day=day_words(wanted.since, visit.language))
        return Redirect(HERE + (f"?log={log}" if log else ""), say=said, undo=uow.tx)
    step = number_of(visit.query.get("step"))
    kind = visit.query.get("kind") or ""
    held = next((n for n in uow.find(Norm).where(Norm.step_id == (step or 0)).order_by(Norm.since.desc()) if (n.case_kind or "") == kind), None)
    before = {
        "step": str(step or ""), "case_kind": kind, "since": visit.now.astimezone(visit.zone).date().isoformat(),
        **({name: clock(getattr(held, name)) for name in ("reference", "least", "most")} if held is not None else {}),
    }  # fmt: skip
    problems = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    return View(
        "norm_new.html", s=words, log=log, steps=steps_of(uow, log), kinds=kinds_of(uow, log), form=visit.form if refusal is not None else before,
        problems=problems,
    )  # fmt: skip


def _typed(visit: Visit, uow: Uow, log: int | None) -> Wanted:
    form, problems = visit.form, []
    times: dict[str, int] = {}
    for name in ("reference", "least", "most"):
        text = form.get(name, "").strip()
        try:
            times[name] = seconds_of(text) if text or name != "least" else 0
        except ValueError as error:
            problems.append(Problem(name, "invalid", error.args[0]))
    step = number_of(form.get("step"))
    if step is None or step not in {s.id for s in steps_of(uow, log)}:
        problems.append(Problem("step", "required", words.choose_step))
    try:
        since = dt.date.fromisoformat(form.get("since", ""))
    except ValueError:
        since = dt.date.max
        problems.append(Problem("since", "invalid", words.no_day))
    if problems or step is None:
        raise Invalid(problems=problems)
    return Wanted(step=step, kind=form.get("case_kind") or None, since=since, note=form.get("note", "").strip()[:300] or None, **times)


# ---- a table -----------------------------------------------------------------------------------------------------------
@page("/norms/table", label=words.from_table, permission=NORMS, methods=["GET", "POST"])
def norms_table(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Norms pasted from a spreadsheet, or a CSV file dropped; every mistake is named by line and column."""
    log = log_at(visit, uow)
    if visit.method == "POST" and refusal is None:
        made = put(uow, read(uow, visit.form.get("table", ""), log), NormFrom.IMPORTED, label=words.from_table)
        return Redirect(HERE + (f"?log={log}" if log else ""), say=words.put.format(count=len(made)), undo=uow.tx)
    wrong = [visit.say(p.message) for p in refusal.problems] if refusal is not None else []
    return View("norms_table.html", s=words, log=log, text=visit.form.get("table", ""), wrong=wrong, accept=ENDINGS)


_TEXT = {"content": {"text/csv": {"schema": {"type": "string"}}}}
_LOG: dict[str, t.Any] = {"name": "log", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^(own|[0-9]{1,18})$"}}
TAKE: Mapping[str, t.Any] = {
    "summary": _("Take over norms from CSV", ru="Загрузить нормы из CSV"), "parameters": [_LOG], "requestBody": {"required": True, **_TEXT},
    "responses": {"201": {"description": "Created", "content": {"application/json": {"schema": {"type": "object"}}}}},
}  # fmt: skip
GIVE: Mapping[str, t.Any] = {
    "summary": _("Norms as CSV", ru="Нормы в CSV"), "parameters": [_LOG], "responses": {"200": {"description": "OK", **_TEXT}},
}  # fmt: skip


@route("/norms/{log}", permission=NORMS, methods=("POST",), upload=Upload(limit=lambda _crm: LARGEST), operation=TAKE)
def take_norms(request: t.Any, uow: Uow) -> t.Any:
    """Take over norms from a CSV file: all of its rows, or none and what is wrong with them."""
    from starlette.responses import JSONResponse

    log, sent = _log(request, uow), request.state.upload
    text = decoded(sent.file.read()) if sent is not None and sent.size else ""
    made = put(uow, read(uow, text, log), NormFrom.IMPORTED, label=words.from_table)
    told = {"norms": len(made), "operation": uow.operation_id, "id": made[0], "path": f"../norms?made={len(made)}" + (f"&log={log}" if log else "")}
    return JSONResponse(told, 201)


@route("/norms/{log}", permission=NORMS, operation=GIVE)
def give_norms(request: t.Any, uow: Uow) -> t.Any:
    """The norms as CSV that can be changed and taken over again."""
    from starlette.responses import Response

    headers = {"content-disposition": 'attachment; filename="norms.csv"', "cache-control": "no-store"}
    return Response("\ufeff" + written(uow, _log(request, uow)), media_type="text/csv; charset=utf-8", headers=headers)


def _log(request: t.Any, uow: Uow) -> int | None:
    given = request.path_params["log"]
    if given == "own":
        return None
    key = number_of(given)
    if key is None:
        raise NotFound()
    return uow.get(Log, key).id


def day_words(day: dt.date, language: str) -> str:
    """Return a day as people write it."""
    from babel.dates import format_date

    return str(format_date(day, "d MMMM y", locale="ru_RU" if language == "ru" else "en_GB"))


__all__ = ["HERE", "Line", "day_words", "give_norms", "lines_of", "log_at", "new_norm", "norms", "norms_table", "steps_of", "take_norms", "usual_of"]
