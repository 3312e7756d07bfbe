"""The timeline of a record: the journal in the reader's words, and what plugins add, by days."""

from __future__ import annotations

import datetime as dt
import logging
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import jinja2
from markupsafe import Markup

from ...core.errors import Invalid, Problem
from ...core.text import Text, _, translate
from ...core.timeline import timeline as record_timeline
from .. import formats
from ..cells import Names, names_of
from ..forms.ids import id_of
from ..history.told import Line, Teller
from ..history.words import icons as ICONS
from ..results import View
from ..shown import path_of
from . import words

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

log = logging.getLogger("crmkit.ui")
PAGE, FURTHEST = 30, 200
ROUNDS = 4
"""How many pages are looked through for entries of one sort before the reader is asked to go on."""
CHANGES = "changes"
BAD_MOMENT = _("expected a moment", ru="ожидается дата и время")
Row = dict[str, t.Any]


@attrs.frozen(kw_only=True)
class Event:
    """One line of the timeline. `html` is what a plugin's own template made of its entry."""

    at: dt.datetime
    icon: str
    tone: str
    who: str
    who_id: int | None
    what: str
    lines: Sequence[Line] = ()
    text: str = ""
    link: str = ""
    html: Markup | None = None
    plugin: str = ""


@attrs.frozen(kw_only=True)
class Day:
    """What happened on one day."""

    label: str
    events: Sequence[Event]


@attrs.frozen(kw_only=True)
class Feed:
    """A stretch of the timeline, newest first. `older` is the address of what came before, empty at the beginning of all."""

    days: Sequence[Day]
    older: str
    sorts: Sequence[tuple[str, str]]
    chosen: str
    first: bool


def shown_to(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5/timeline?only=&before=: a stretch of the timeline."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    record = uow.get(kind.cls, visit.key)
    return View("ui/records/feed.html", r=words, **context(visit, uow, kind, record))


def context(visit: Visit, uow: Uow, kind: Kind, record: Entity) -> dict[str, t.Any]:
    """Return what the template of the timeline is filled with."""
    topics = [f"{kind.key}:{record.id}", *(k.key for k in _about_kinds(uow))]
    return {
        "feed": feed(visit, uow, kind, record), "feed_live": " ".join(topics), "feed_src": visit.url(f"{path_of(kind, record.id)}/timeline"),
        "feed_id": id_of(visit, "feed", kind.key, record.id),
    }  # fmt: skip


def feed(visit: Visit, uow: Uow, kind: Kind, record: Entity) -> Feed:
    """Return a stretch of a record's timeline, as the address asks for it."""
    sorts = _sorts(visit, uow, kind)
    chosen = visit.query.get("only", "")
    chosen = chosen if chosen in dict(sorts) else ""
    before = _moment(visit.query.get("before", ""))
    entries, more = _stretch(uow, kind, record, chosen, before)
    source = f"{path_of(kind, record.id)}/timeline"
    last = dt.datetime.fromisoformat(entries[-1]["at"]).astimezone(visit.zone).date().isoformat() if entries else None
    older = visit.url(source, before=more, only=chosen or None, day=last) if more else ""
    days = _by_day(visit, _events(visit, uow, kind, record, entries), visit.query.get("day", "") if before else "")
    return Feed(days=days, older=older, sorts=sorts, chosen=chosen, first=before is None)


def _about_kinds(uow: Uow) -> list[Kind]:
    """Return the kinds of what is about one record of any kind: notes, files, activities. Their entries are told in timelines."""
    return [k for k in uow.crm.kinds.values() if len(k.abouts) == 1 and uow.may(k.permission("read"))]


def _sorts(visit: Visit, uow: Uow, kind: Kind) -> list[tuple[str, str]]:
    about = [(k.key, translate(k.plural, visit.language)) for k in _about_kinds(uow)]
    return [("", visit.say(words.all_entries)), *about, (CHANGES, visit.say(words.changes_only))]


def _stretch(uow: Uow, kind: Kind, record: Entity, chosen: str, before: dt.datetime | None) -> tuple[list[Row], str]:
    """Return entries, newest first, and before when to go on. What happened at one moment is never torn apart."""
    found: list[Row] = []
    for _round in range(ROUNDS if chosen else 1):
        rows = record_timeline(uow, kind, record, limit=PAGE + 1, before=before)
        more = len(rows) > PAGE
        if more:
            kept = [e for e in rows if e["at"] > rows[PAGE]["at"]]
            rows = kept or record_timeline(uow, kind, record, limit=FURTHEST, before=before)
            rows = kept or [e for e in rows if e["at"] == rows[0]["at"]]
            before = dt.datetime.fromisoformat(rows[-1]["at"])
        found += [e for e in rows if not chosen or _sort_of(kind, e) == chosen]
        if not more:
            return found, ""
        if len(found) >= PAGE // 2:
            break
    return found, before.isoformat() if before is not None else ""


def _sort_of(kind: Kind, entry: Row) -> str:
    return CHANGES if "changes" in entry else str(entry.get("kind", ""))


# ---- entries to events ------------------------------------------------------------------------------------------------
def _events(visit: Visit, uow: Uow, kind: Kind, record: Entity, entries: Sequence[Row]) -> list[Event]:
    teller = Teller(visit, uow)
    journal = [e for e in entries if "changes" in e]
    present = {"pipeline": record.__dict__.get("pipeline")}
    changes = [teller.changes(kind, e["changes"]) for e in journal]
    lines = dict(zip(map(id, journal), teller.lines(kind, changes, [present] * len(journal)), strict=True))
    people = [e["owner_id"] for e in entries if isinstance(e.get("owner_id"), int)]
    names = names_of(uow, "person", sorted(set(people)))
    records = Names(visit, uow)
    for entry in entries:
        if "changes" not in entry and isinstance(entry.get("record_id"), int) and entry.get("kind") in uow.crm.kinds:
            records.want(entry["kind"], [entry["record_id"]])
    events = []
    for entry in entries:
        if "changes" in entry:
            event = _of_journal(visit, teller, entry, lines[id(entry)])
        else:
            event = _of_plugin(visit, uow, entry, names)
        if event is not None:
            events.append(event)
    return events


def _of_journal(visit: Visit, teller: Teller, entry: Row, lines: Sequence[Line]) -> Event | None:
    action = entry["action"]
    if action == "changed" and not lines:
        return None  # only machinery changed: nothing to tell
    tone = {"created": "ok", "moved": "mail", "archived": "note", "restored": "ok"}.get(action, "")
    system = entry["actor"] in ("", "system")
    return Event(
        at=dt.datetime.fromisoformat(entry["at"]), icon=ICONS.get(action, "zap"), tone=tone,
        who=visit.say(words.system) if system else str(entry["actor"]), who_id=entry["actor_id"], what=teller.verb(action),
        lines=() if action == "created" else tuple(lines),
    )  # fmt: skip


def _of_plugin(visit: Visit, uow: Uow, entry: Row, names: Mapping[int, str]) -> Event:
    kind = uow.crm.kinds.get(str(entry.get("kind", "")))
    owner = entry.get("owner_id")
    who = names.get(owner, "") if isinstance(owner, int) else str(entry.get("who", "") or "")
    key = entry.get("record_id")
    link = visit.url(path_of(kind, key)) if kind is not None and isinstance(key, int) and uow.may(kind.permission("read")) else ""
    title = _said(visit, entry.get("title", "")) or (translate(kind.label, visit.language) if kind is not None else "")
    plugin = kind.plugin if kind is not None else ""
    return Event(
        at=dt.datetime.fromisoformat(entry["at"]), icon=str(entry.get("icon") or (visit.site.shown(kind).icon if kind is not None else "dot")),
        tone=str(entry.get("tone", "")), who=who, who_id=owner if isinstance(owner, int) else None, what=title,
        text=_said(visit, entry.get("text", "")), link=link, html=_drawn(visit, kind, entry, link), plugin=plugin,
    )  # fmt: skip


def _drawn(visit: Visit, kind: Kind | None, entry: Row, link: str) -> Markup | None:
    """Return what the plugin's own template (``timeline/note.html``) makes of its entry; None where it has none."""
    if kind is None:
        return None
    name = f"timeline/{kind.key.partition('.')[2]}.html"
    try:
        return visit.site.fragment(visit, View(name, entry=_Entry(entry), link=link), kind.plugin)
    except jinja2.TemplateNotFound:
        return None
    except Exception as error:  # its entry is told plainly; the rest of the page is not its business
        log.exception("the template %s of plugin %s failed", name, kind.plugin)
        if "crm_error" in visit.crm.hooked:
            visit.crm.hook.crm_error(error=error, where=f"{kind.plugin}:{name}")
        return None


class _Entry(dict[str, t.Any]):
    """An entry as templates have it: what is hidden from the reader, or not known, is nothing."""

    def __missing__(self, name: str) -> None:
        return None


def _said(visit: Visit, value: t.Any) -> str:
    return translate(value, visit.language) if isinstance(value, Text) else str(value or "")


def _by_day(visit: Visit, events: Sequence[Event], told: str) -> list[Day]:
    """Group events by the day they happened on in the CRM's zone; a day the reader has before them gets no second heading."""
    today = visit.now.astimezone(visit.zone).date()
    days: dict[dt.date, list[Event]] = {}
    for event in events:
        days.setdefault(event.at.astimezone(visit.zone).date(), []).append(event)
    return [Day(label="" if day.isoformat() == told else formats.near_day(day, today, visit.language), events=found) for day, found in days.items()]


def _moment(text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Invalid(problems=[Problem("before", "invalid", BAD_MOMENT)]) from None
    if found.tzinfo is None:
        raise Invalid(problems=[Problem("before", "invalid", BAD_MOMENT)])
    return found


__all__ = ["Event", "Feed", "context", "feed", "shown_to"]
