"""The page of event logs: which there are, one more in, any of them out."""

from __future__ import annotations

import json
import typing as t

import sqlalchemy as sa

from crmkit import Uow, _
from crmkit.ui import Menu, View, Visit, page

from ..entities import Log, Step, Worker
from ..roles import LOGS
from ..settings import MonitorSettings
from .routes import ENDINGS

TITLE = _("Event logs", ru="Журналы событий")
WORDS = {
    "title": TITLE,
    "drop": _("Drop an event log of another system here", ru="Перетащите сюда журнал событий другой системы"),
    "choose": _("Choose a file", ru="Выбрать файл"), "sending": _("Sending", ru="Отправка"),
    "formats": _("XES (also .gz) or CSV with a case, an activity, a time and best a resource in each row; up to {size}",
        ru="XES (можно .gz) или CSV, где в каждой строке случай, шаг, время и лучше исполнитель; до {size}"),
    "calm": _("A log is kept apart from your own cases, and its import can be undone as a whole.",
        ru="Журнал хранится отдельно от ваших случаев, а загрузку можно целиком отменить."),
    "own": _("Our own cases", ru="Наши случаи"),
    "own_more": _("As other tools for process mining read them: each stay at a step with its beginning and end.",
        ru="Так, как их читают другие программы process mining: каждое пребывание на шаге с началом и концом."),
    "none": _("No log has been imported yet", ru="Пока ни одного журнала"), "log": _("Log", ru="Журнал"), "cases": _("Cases", ru="Случаев"),
    "events": _("Events", ru="Событий"), "steps": _("Steps", ru="Шагов"), "workers": _("Employees", ru="Сотрудников"),
    "imported": _("Imported", ru="Загружен"), "undo": _("Undo", ru="Отменить"), "out": _("Export", ru="Выгрузка"),
    "made": _("Imported: {title}", ru="Загружен: {title}"),
}  # fmt: skip


@page("/logs", label=TITLE, permission=LOGS, menu=Menu(icon="file-input", section="admin", order=72))
def logs(visit: Visit, uow: Uow) -> View:
    """Event logs of other systems, the last first; a file to drop, files to take."""
    found = list(uow.find(Log).order_by(Log.id.desc()).limit(200))
    keys = [log.id for log in found]
    steps, workers = _counted(uow, Step, keys), _counted(uow, Worker, keys)
    rows = [
        {"log": log, "steps": steps.get(log.id, 0), "workers": workers.get(log.id, 0), "operation": log.head.get("operation"),
         "filter": json.dumps({"log_id": log.id})}
        for log in found
    ]  # fmt: skip
    made = next((log.title for log in found if str(log.id) == visit.query.get("made")), None)
    return View("logs.html", s=WORDS, rows=rows, accept=",".join(ENDINGS), size=uow.crm[MonitorSettings].log_size, made=made)


def _counted(uow: Uow, of: type[t.Any], logs: list[int]) -> dict[int, int]:
    c = of.__table__.c
    rows = uow.connection.execute(sa.select(c.log_id, sa.func.count()).where(c.log_id.in_(logs), c.archived_at.is_(None)).group_by(c.log_id))
    return {row[0]: row[1] for row in rows}


__all__ = ["logs"]
