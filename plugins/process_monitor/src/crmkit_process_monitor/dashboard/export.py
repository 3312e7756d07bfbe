"""What the dashboard shows, for others: ``GET /x/process_monitor/monitor?since=2026-06-01&until=2026-06-30&format=xlsx``."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from collections.abc import Sequence

import attrs
from starlette.requests import Request
from starlette.responses import Response

from crmkit import Invalid, NotFound, Problem, Text, Uow, _, route

from ..entities import Log
from ..fairness import names
from ..reading import PERIODS, USUAL, Chosen, day_of, number_of, shown_logs
from ..roles import SEE
from .asked import NO_LOG
from .gathered import gather
from .map import NOBODY

FORMATS = {
    "json": "application/json", "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
NUMBERS = ("log", "team", "point", "worker", "step")
ASKED = ("since", "until", "period", *NUMBERS, "kind", "format")
UNKNOWN = _("unknown parameter; there are: {known}", ru="неизвестный параметр; есть: {known}")
A_DAY = _("a day is written as in 2026-06-30", ru="день записывают так: 2026-06-30")
A_NUMBER = _("expected the number of a record", ru="ожидается номер записи")
CHOOSE = _("choose one of: {known}", ru="выберите одно из: {known}")
ORDER = _("the period ends before it begins", ru="период кончается раньше, чем начинается")
FORMULA, PLAIN = ("=", "+", "-", "@", "\t", "\r", "\n"), re.compile(r"[+-]?\d+(\.\d+)?")
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
STEPS = {
    "worker": _("Manager", ru="Менеджер"), "step": _("Step", ru="Шаг"), "n": _("Cases", ru="Случаев"),
    "typical_s": _("Usual time, s", ru="Обычное время, с"), "reference_s": _("Reference, s", ru="Эталон, с"),
    "ratio": _("Against the reference", ru="К эталону"), "low": _("95 % from", ru="95 % от"), "high": _("95 % to", ru="95 % до"),
    "lost_min_per_day": _("Lost a day, min", ru="Теряется в день, мин"), "fast": _("Below the minimum", ru="Ниже минимума"),
    "slow": _("Above the maximum", ru="Выше максимума"), "verdict": _("Verdict", ru="Вывод"),
}  # fmt: skip
CLIENTS = {
    "worker": _("Manager", ru="Менеджер"), "days": _("Days of work", ru="Рабочих дней"), "clients": _("Clients", ru="Клиентов"),
    "per_day": _("Clients a day", ru="Клиентов в день"), "min_per_client": _("Minutes for one client", ru="Минут на клиента"),
    "lost_min_per_day": _("Lost a day, min", ru="Теряется в день, мин"),
    "gain_per_day": _("More clients a day if drawdowns are closed", ru="Клиентов в день больше, если закрыть просадки"),
}  # fmt: skip
SHEETS = {"steps": _("Managers and steps", ru="Менеджеры и шаги"), "clients": _("Clients a day", ru="Клиенты в день")}
_WHOLE: dict[str, t.Any] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_SCHEMAS: dict[str, t.Any] = {
    **{n: {"type": "string", "format": "date"} for n in ("since", "until")}, **dict.fromkeys(NUMBERS, _WHOLE), "period": {"enum": list(PERIODS)},
    "kind": {"type": "string", "maxLength": 40}, "format": {"enum": list(FORMATS)},
}  # fmt: skip
_TABLE = {"type": "object", "required": ["since", "until", "steps", "clients"]}
OPERATION: dict[str, t.Any] = {
    "summary": _("How long everybody takes for each step, against the norm", ru="Сколько времени каждый тратит на каждый шаг, против нормы"),
    "parameters": [{"name": n, "in": "query", "required": False, "schema": _SCHEMAS[n]} for n in ASKED],
    "responses": {"200": {"description": "OK", "content": {
        "application/json": {"schema": _TABLE}, "text/csv": {"schema": {"type": "string"}},
        FORMATS["xlsx"]: {"schema": {"type": "string", "format": "binary"}}}}},
}  # fmt: skip


@route("/monitor", permission=SEE, operation=OPERATION)
def monitor_file(request: Request, uow: Uow) -> t.Any:
    """Managers and steps, and clients a day, as far as the actor may see them."""
    chosen, form = read(request, uow)
    tables = tables_of(uow, chosen)
    if form == "json":
        return {"since": chosen.since.isoformat(), "until": chosen.until.isoformat(), **tables}
    name = f'attachment; filename="monitor-{chosen.since}-{chosen.until}.{form}"'
    body = as_xlsx(tables, uow.language) if form == "xlsx" else as_csv(STEPS, tables["steps"], uow.language)
    return Response(body, media_type=FORMATS[form], headers={"content-disposition": name})


def read(request: Request, uow: Uow) -> tuple[Chosen, str]:
    """Return what is asked for and in which form; every mistake is told by the name of its parameter."""
    problems: list[Problem] = []
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in ASKED:
            problems.append(Problem(name.replace("\x00", "\ufffd")[:60], "unknown", UNKNOWN.format(known=", ".join(ASKED))))
        given[name] = value
    for name in ("since", "until"):
        if name in given and day_of(given[name]) is None:
            problems.append(Problem(name, "invalid", A_DAY))
    problems += [Problem(name, "invalid", A_NUMBER) for name in NUMBERS if name in given and number_of(given[name]) is None]
    for name, known in (("period", PERIODS), ("format", FORMATS)):
        if given.get(name, next(iter(known))) not in known:
            problems.append(Problem(name, "invalid", CHOOSE.format(known=", ".join(known))))
    until = day_of(given.get("until")) or uow.now.astimezone(uow.crm.zone).date()
    since = day_of(given.get("since"))
    if since is not None and since > until:
        problems.append(Problem("until", "invalid", ORDER))
    if problems:
        raise Invalid(problems=problems)
    usual = Chosen.last(given.get("period", USUAL), until)
    numbers: dict[str, t.Any] = {name: number_of(given.get(name)) for name in NUMBERS}
    kind = given.get("kind", "").replace("\x00", "") or None
    chosen = attrs.evolve(usual, since=since or usual.since, kind=kind, **numbers)
    if chosen.log is not None and uow.connection.execute(shown_logs(uow).where(Log.__table__.c.id == chosen.log)).first() is None:
        raise NotFound(NO_LOG)
    return chosen, given.get("format", "json")


def tables_of(uow: Uow, chosen: Chosen) -> dict[str, list[dict[str, t.Any]]]:
    """Return the tables: of every manager at every step, and of every manager."""
    found = gather(uow, chosen)
    some = [one for one in found.colleagues if chosen.worker in (None, one.worker)]
    called = {worker: name or NOBODY.to(uow.language) for worker, name in names(uow, [one.worker for one in some]).items()}
    steps = [
        {
            "worker": called[one.worker], "step": found.steps[step], "n": c.n, "typical_s": round(c.typical, 1),
            "reference_s": _rounded(c.reference, 1), "ratio": _rounded(c.ratio), "low": _rounded(c.low), "high": _rounded(c.high),
            "lost_min_per_day": round(c.lost_per_day / 60_000, 2), "fast": c.fast, "slow": c.slow, "verdict": c.verdict.label,
        }
        for one in some for step in found.steps if chosen.step in (None, step) and (c := one.cells.get(step)) is not None
    ]  # fmt: skip
    clients = [
        {
            "worker": called[one.worker], "days": one.served.days, "clients": one.served.cases, "per_day": _rounded(one.per_day, 2),
            "min_per_client": _rounded(one.served.took / one.served.cases / 60_000 if one.served.cases else None, 2),
            "lost_min_per_day": round(one.lost_per_day / 60_000, 2), "gain_per_day": round(one.gain, 2),
        }
        for one in some
    ]  # fmt: skip
    for row in steps:
        row["verdict"] = said(row["verdict"], uow.language)
    return {"steps": steps, "clients": clients}


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def said(value: t.Any, language: str) -> t.Any:
    """Return a text in a language; anything else as it is."""
    return value.to(language) if isinstance(value, Text) else value


def as_csv(heads: t.Mapping[str, Text], rows: Sequence[t.Mapping[str, t.Any]], language: str) -> bytes:
    """Return a table as CSV with a byte order mark; no cell would run as a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([said(label, language) for label in heads.values()])
    writer.writerows([[_cell(row[name]) for name in heads] for row in rows])
    return text.getvalue().encode()


def _cell(value: t.Any) -> str:
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not PLAIN.fullmatch(shown) else shown


def as_xlsx(tables: t.Mapping[str, Sequence[t.Mapping[str, t.Any]]], language: str) -> bytes:
    """Return the tables as sheets of a workbook: numbers are numbers, texts are texts, whatever they begin with."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    for name, heads in (("steps", STEPS), ("clients", CLIENTS)):
        sheet = book.create_sheet(said(SHEETS[name], language)[:31])
        sheet.freeze_panes = "A2"
        sheet.append([said(label, language) for label in heads.values()])
        for row in tables[name]:
            line: list[t.Any] = []
            for column in heads:
                value = row[column]
                cell = WriteOnlyCell(sheet, UNFIT.sub("", value) if isinstance(value, str) else value)
                if isinstance(value, str):
                    cell.data_type = "s"
                elif column in ("ratio", "low", "high"):
                    cell.number_format = "0%"
                line.append(cell)
            sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


__all__ = ["as_csv", "as_xlsx", "monitor_file", "read", "tables_of"]
