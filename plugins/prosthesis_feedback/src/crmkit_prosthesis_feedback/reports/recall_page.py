"""The recall list as a page: who has a device of a model, a batch or a serial number."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from crmkit import Text, Uow, _
from crmkit.ui import Menu, View, Visit, page, plural

from ..entities import Device, Service
from ..roles import REPORTS
from .asked import Ask
from .page import files
from .recalling import TITLE, recall
from .sql import reach
from .table import cells, figures, heads

MOST = 500
WORDS: Mapping[str, Text] = {
    "title": TITLE, "model": _("Model", ru="Модель"), "batch": _("Batch", ru="Партия"), "serial": _("Serial number", ru="Серийный номер"),
    "all": _("Replaced, lost and returned ones, too", ru="Показать и заменённые, утерянные, возвращённые"), "show": _("Show", ru="Показать"),
    "any": _("Any", ru="Любая"), "files": _("Download", ru="Скачать"),
    "choose": _("Choose a model, a batch or a serial number", ru="Выберите модель, партию или серийный номер"),
    "nobody": _("Nobody has such a device", ru="Таких изделий ни у кого нет"),
    "more": _("The first {count} are shown; all are in the file", ru="Показаны первые {count}; все — в файле"),
}  # fmt: skip
HIDDEN = ("device_id", "service_id")


@page("/recall", label=TITLE, permission=REPORTS, menu=Menu(icon="list-checks", section="reports", order=31))
def recall_list(visit: Visit, uow: Uow) -> View:
    """Who has a device of a model, a batch or a serial number, with telephones; as a file too."""
    uow.require(uow.crm.kind(Service).permission("read"))
    given = {name: visit.query.get(name, "").replace("\x00", "").strip()[:120] for name in ("model", "batch", "serial")}
    everything = visit.query.get("all") == "1"
    ask = Ask(model=given["model"] or None, batch=given["batch"] or None, serial=given["serial"] or None)
    d = Device.__table__.c
    mine = d.archived_at.is_(None), *reach(uow, d.service_id)
    models = uow.connection.execute(sa.select(d.model).where(*mine).distinct().order_by(d.model)).scalars().all()
    batches = uow.connection.execute(sa.select(d.batch).where(*mine, d.batch.is_not(None)).distinct().order_by(d.batch)).scalars().all()
    asked = any(given.values())
    context: dict[str, t.Any] = {"rows": [], "heads": [], "files": [], "count": "", "more": ""}
    if asked:
        report = recall(uow, ask, worn=not everything)
        names = [one.name for one in figures(report)]
        shown = [n for n, name in enumerate(names) if name not in HIDDEN]
        lines = [(row, cells(report, row, visit.language)) for row in report.rows[:MOST]]
        day = names.index("issued_on")
        for row, line in lines:
            line[day] = row.issued_on
        context = {
            "heads": [heads(report, visit.language)[n] for n in shown], "files": files(visit, "recall", ask) if not everything else [
                (form, f"{href}&worn=false") for form, href in files(visit, "recall", ask)],
            "rows": [{"service": row.service_id, "cells": [line[n] for n in shown]} for row, line in lines],
            "count": visit.say(plural(len(report.rows), visit.language, *DEVICES), count=len(report.rows)) if report.rows else "",
            "more": WORDS["more"].format(count=MOST) if len(report.rows) > MOST else "",
        }  # fmt: skip
    return View("recall.html", s=WORDS, given=given, everything=everything, models=models, batches=batches, asked=asked, **context)


DEVICES = (_("{count} device", ru="{count} изделие"), _("{count} devices", ru="{count} изделия"), _("{count} devices", ru="{count} изделий"))
