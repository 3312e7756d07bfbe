"""Steps of serving a client: which pages belong to which, and pages that belong to none yet."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
import weakref
from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit import Crm, Tick, Uow, every

from .entities import Step
from .locks import hold
from .settings import MonitorSettings, StepPages
from .tables import pages, spans

LONGEST = 300
MOST_PAGES = 5000
"""Addresses that are told apart; what comes beyond is one page, so that nobody fills a table by making addresses up."""
OTHERS = "/…"
ALWAYS = ("sales.contact", "sales.company", "sales.inquiry", "sales.lead", "sales.deal")
"""Steps that are there from the beginning where settings name none; those of other records come when somebody works at one."""
BESIDES: Mapping[str, str] = {"/telephony/card/**": "telephony.call", "/taskqueue/**": "taskqueue.task"}
UNMAPPED_FOR = dt.timedelta(days=30)
PLUGIN = "process_monitor"
_step = Step.__table__.c


@attrs.frozen
class Unmapped:
    """A page that belongs to no step, and how much time went there lately."""

    page: int
    path: str
    seen_at: dt.datetime
    stays: int
    seconds: int


def pattern(path: str) -> str:
    """Return an address without the numbers of records: ``/sales/deal/5/edit`` is ``/sales/deal/{id}/edit``."""
    parts = ["{id}" if any(c.isdigit() for c in part) else part for part in path.split("/")]
    return ("/".join(parts).rstrip("/") or "/")[:LONGEST]


class Steps:
    """Which step a page belongs to, by the settings of a CRM."""

    def __init__(self, crm: Crm) -> None:
        self.kinds, self.language = frozenset(crm.kinds), crm.settings.language
        self._labels = {name: kind.label for name, kind in crm.kinds.items()}
        self.settings: Mapping[str, StepPages] = crm[MonitorSettings].steps
        self._patterns = sorted(((p, name) for name, step in self.settings.items() for p in step.pages), key=lambda one: rank(one[0]), reverse=True)
        self._compiled = [(compiled(p), name) for p, name in self._patterns]
        self._besides = [(compiled(p), name) for p, name in BESIDES.items() if name in self.kinds]

    def of(self, path: str) -> str | None:
        """Return the name of the step of a page (`pattern`), None where it belongs to none."""
        if self.settings:
            return next((name for fits, name in self._compiled if fits(path)), None)
        kind = ".".join(path.split("/")[1:3])
        if kind in self.kinds and not kind.startswith(f"{PLUGIN}."):
            return kind
        return next((name for fits, name in self._besides if fits(path)), None)

    def first(self) -> list[str]:
        """Return the steps that are there before anybody worked at them, in their order."""
        return list(self.settings) if self.settings else [name for name in ALWAYS if name in self.kinds]

    def title(self, name: str) -> str:
        """Return what a step is called, in the language of the settings."""
        said = self.settings[name].text if name in self.settings else self._labels[name]
        to = getattr(said, "to", None)
        return (to(self.language) if to is not None else str(said))[:200]


_KNOWN: weakref.WeakKeyDictionary[Crm, Steps] = weakref.WeakKeyDictionary()


def steps_of(crm: Crm) -> Steps:
    """Return what a CRM's settings say, read once."""
    if (found := _KNOWN.get(crm)) is None:
        found = _KNOWN[crm] = Steps(crm)
    return found


def compiled(pattern: str) -> t.Callable[[str], t.Any]:
    """Return what tells whether an address fits: ``*`` is one part, ``**`` any number of them, none too."""
    parts = [p for p in pattern.strip("/").split("/") if p]
    made = "".join("(?:/[^/]+)*" if p == "**" else "/[^/]+" if p == "*" else "/" + re.escape(p) for p in parts)
    return re.compile(made or "/").fullmatch


def rank(pattern: str) -> tuple[int, int, int]:
    """Return what the longest pattern is the greatest of: its words count first, then its single parts."""
    parts = [p for p in pattern.strip("/").split("/") if p]
    return sum(p not in ("*", "**") for p in parts), sum(p == "*" for p in parts), -len(parts)


def align(uow: Uow) -> dict[str, int]:
    """Make the steps what the settings say, map the pages seen so far, and return the steps in use by name.

    A step that settings no longer name stays, for what was done; it is not in use. Said again, nothing changes.
    """
    steps = steps_of(uow.crm)
    rows = uow.connection.execute(sa.select(pages.c.id, pages.c.path, pages.c.step_id)).all()
    named = {row.id: steps.of(row.path) for row in rows}
    found = ensure(uow, steps, [*steps.first(), *(n for n in named.values() if n is not None)])
    for row in rows:
        name = named[row.id]
        if (step := found[name] if name is not None else None) != row.step_id:
            uow.connection.execute(pages.update().where(pages.c.id == row.id).values(step_id=step))
    return found


def ensure(uow: Uow, steps: Steps, names: Iterable[str]) -> dict[str, int]:
    """Return the steps of these names by name, made where they are new; those nobody names any more go out of use."""
    wanted = list(dict.fromkeys(names))
    with uow.as_system():
        there = {s.name: s for s in uow.find(Step).where(_step.log_id.is_(None))}
        fresh = [name for name in wanted if name not in there]
        if fresh:
            hold(uow, 0)
            there = {s.name: s for s in uow.find(Step).where(_step.log_id.is_(None))}
        for place, name in enumerate(wanted, 1):
            title = steps.title(name)
            if (step := there.get(name)) is None:
                there[name] = uow.add(Step(name=name, title=title, position=place))
                continue
            if name in steps.settings and (step.title, step.position) != (title, place):
                step.title, step.position = title, place
            if not step.in_use:
                step.in_use = True
        for name, step in there.items():
            if name not in wanted and step.in_use and (steps.settings or name not in steps.kinds):
                step.in_use = False
        uow.flush()
    return {name: step.id for name, step in there.items() if step.in_use}


def pages_of(uow: Uow, paths: Iterable[str]) -> dict[str, tuple[int, int | None]]:
    """Return the numbers of pages and those of their steps, noting pages that were never seen."""
    wanted, found, long_ago = set(paths), dict[str, tuple[int, int | None]](), []
    for row in uow.connection.execute(sa.select(pages.c.path, pages.c.id, pages.c.step_id, pages.c.seen_at).where(pages.c.path.in_(wanted))):
        found[row.path] = row.id, row.step_id
        if uow.now - row.seen_at > dt.timedelta(days=1):
            long_ago.append(row.id)
    if long_ago:
        uow.connection.execute(pages.update().where(pages.c.id.in_(long_ago)).values(seen_at=uow.now))
    return found | {path: page_of(uow, steps_of(uow.crm), path) for path in sorted(wanted - found.keys())}


def page_of(uow: Uow, steps: Steps, path: str) -> tuple[int, int | None]:
    """Return the number of a page and that of its step, noted if it was never seen."""
    connection, known = uow.connection, sa.select(pages.c.id, pages.c.step_id)
    found = connection.execute(known.where(pages.c.path == path)).first()
    if found is not None:
        return found.id, found.step_id
    if path != OTHERS and connection.execute(sa.select(sa.func.count()).select_from(pages)).scalar_one() >= MOST_PAGES:
        return page_of(uow, steps, OTHERS)
    name = steps.of(path)
    step = None
    if name is not None:
        in_use = sa.select(_step.id).where(_step.log_id.is_(None), _step.name == name, _step.in_use)
        step = connection.execute(in_use).scalar_one_or_none() or _one_more(uow, steps, name)
    put: t.Any = postgresql.insert(pages) if connection.dialect.name == "postgresql" else sqlite.insert(pages)
    connection.execute(put.values(path=path, step_id=step, seen_at=uow.now).on_conflict_do_nothing())
    return page_of(uow, steps, path)


def _one_more(uow: Uow, steps: Steps, name: str) -> int:
    there = sa.select(_step.name).where(_step.log_id.is_(None)).order_by(_step.position, _step.id)
    return ensure(uow, steps, [*steps.first(), *uow.connection.execute(there).scalars(), name])[name]


def unmapped(uow: Uow) -> list[Unmapped]:
    """Return pages that belong to no step, those first where most time went in the last thirty days."""
    page = pages.c
    lately = spans.select().where(spans.c.began_at >= uow.now - UNMAPPED_FOR, spans.c.step_id.is_(None)).subquery()
    time = sa.func.coalesce(sa.func.sum(lately.c.active + lately.c.idle), 0)
    there = pages.outerjoin(lately, lately.c.page_id == page.id)
    wanted = sa.select(page.id, page.path, page.seen_at, sa.func.count(lately.c.id), time).select_from(there).where(page.step_id.is_(None))
    rows = uow.connection.execute(wanted.group_by(page.id, page.path, page.seen_at).order_by(time.desc(), page.path))
    return [Unmapped(row[0], row[1], row[2], row[3], int(row[4]) // 1000) for row in rows]


@every(cron="17 * * * *")
def follow_settings(tick: Tick, uow: Uow) -> None:
    """Let steps and pages follow the settings."""
    align(uow)


__all__ = ["Steps", "Unmapped", "align", "page_of", "pages_of", "pattern", "steps_of", "unmapped"]
