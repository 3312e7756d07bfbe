"""What activities add to the page of every record: the next step, what writes a note, plans something and attaches a file, and their lists."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

import attrs

from crmkit import About, Entity, Invalid, ListRequest, NotFound, Permission, Problem, Refusal, Staged, Uow, _
from crmkit.ui import Control, Slot, View, Visit, controls, page, panel, typed

from . import ui_words as words
from .entities import Activity, File, Note
from .kinds import kinds_of
from .planning import WORK, next_step, plan
from .settings import ActivitiesSettings

WRITE_NOTE, PLAN, ATTACH = (Permission(f"activities.{kind}.create") for kind in ("note", "activity", "file"))
READ = {cls: Permission(f"activities.{name}.read") for cls, name in ((Note, "note"), (Activity, "activity"), (File, "file"))}
NOON = dt.time(10, 0)
SHOWN, PINNED = 100, 5
LISTED = ("id", "kind", "subject", "due_at", "done_at", "outcome", "owner_id")
FILED = ("id", "name", "size", "media_type", "created_at", "removed_at")
ASKED = ("kind", "subject", "due_at", "owner_id", "text")


def _takes(record: Entity) -> bool:
    """True for records that things are noted and planned about: what is itself about another is not, nor what is put away."""
    return not isinstance(record, About) and record.archived_at is None


# ---- the next step ----------------------------------------------------------------------------------------------------
@panel(None, label=_("Next step", ru="Следующий шаг"), icon="zap", slot=Slot.TOP, order=10, live=[Activity], permission=READ[Activity])
def next_step_bar(record: Entity, uow: Uow) -> View | None:
    """What is to be done first, with what gets it done; nothing for records nobody plans anything about."""
    if not _takes(record) or _hidden(uow, Activity) & {"kind", "subject", "due_at", "done_at"}:
        return None
    step = next_step(uow, record)
    may_plan = uow.may(PLAN)
    asks = isinstance(record, Staged) and not getattr(type(record), "__plans_itself__", False)  # whose next step another plugin plans
    if step is None and not (may_plan and asks and _open(t.cast(Staged, record), uow)):
        return None
    if step is None:
        return View("next_step.html", a=words, step=None, icon_name="calendar-plus", plan_at=f"{_compose('activity', record, uow)}?ask=1")
    known = kinds_of(uow.crm).get(step.kind)
    return View(
        "next_step.html", a=words, step=step, kind_label=known.label if known is not None else "", late=_due(step) < uow.now,
        icon_name=words.icons.get(step.kind, "circle-check-big"), may_work=uow.may(WORK, step), later=_later(uow),
    )  # fmt: skip


def _compose(what: str, record: Entity, uow: Uow) -> str:
    about = uow.about(record)
    return f"/activities/compose/{what}/{about['about_kind']}/{about['about_id']}"


def _open(record: Staged, uow: Uow) -> bool:
    pipeline = uow.crm.pipelines.get(record.pipeline)
    return pipeline is not None and record.stage in pipeline.stages and pipeline.stages[record.stage].outcome.value == "open"


def _due(step: Activity) -> dt.datetime:
    return t.cast(dt.datetime, step.due_at)


def _later(uow: Uow) -> list[tuple[str, str]]:
    """Return when a step is usually put off to: a word, and the moment."""
    today = uow.now.astimezone(uow.crm.zone).date()
    days = ((words.tomorrow, 1), (words.in_three_days, 3), (words.next_week, 7 - today.weekday()))
    return [(word, dt.datetime.combine(today + dt.timedelta(days=n), NOON, uow.crm.zone).isoformat()) for word, n in days]


# ---- writing something ------------------------------------------------------------------------------------------------
@panel(None, label=_("Add", ru="Добавить"), icon="plus", slot=Slot.TIMELINE, order=10)
def composer(record: Entity, uow: Uow) -> View | None:
    """A note, an activity, a file: what the visitor may add."""
    may = {name: uow.may(permission) for name, permission in (("note", WRITE_NOTE), ("activity", PLAN), ("file", ATTACH))}
    if not _takes(record) or not any(may.values()):
        return None
    about = uow.about(record)
    settings = uow.crm[ActivitiesSettings]
    return View(
        "composer.html", a=words, may=may, first=next(name for name, yes in may.items() if yes), about=about, key=_key(about),
        note_at=_compose("note", record, uow), activity_at=_compose("activity", record, uow),
        accept=",".join(f".{e}" for e in settings.file_types), biggest=settings.max_file_size,
    )  # fmt: skip


@panel(None, label=_("Pinned", ru="Закреплено"), icon="pin", slot=Slot.TIMELINE, order=20, live=[Note], permission=READ[Note])
def pinned(record: Entity, uow: Uow) -> View | None:
    """Notes that are shown before all else."""
    if isinstance(record, About) or _hidden(uow, Note) & {"text", "pinned"}:
        return None
    about = uow.about(record)
    rows = uow.page(Note, ListRequest(filter={**about, "pinned": True}, fields=["id", "text", "owner_id"], sort=["-id"], limit=PINNED)).rows
    return View("pinned.html", a=words, rows=rows) if rows else None


def _hidden(uow: Uow, cls: type[Entity]) -> frozenset[str]:
    return uow.crm.access.hidden(uow.actor, uow.crm.kind(cls))


def _key(named: t.Mapping[str, t.Any]) -> str:
    """Return a record as a part of element ids."""
    return "-".join(str(v) for v in named.values()).replace(".", "-")


@page("/compose/note/{kind}/{id}", label=_("Note", ru="Заметка"), permission=WRITE_NOTE, methods=["GET", "POST"])
def compose_note(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> View:
    """The form of a note; what is sent is kept."""
    record = _record(visit, uow)
    if visit.method != "POST" or refusal is not None:
        return _note_form(visit, record, refusal)
    actor = uow.actor
    note = uow.add(Note(text=visit.form.get("text", "").replace("\r\n", "\n"), pinned=visit.form.get("pinned") == "true", owner_id=actor.id,
        team_id=next(iter(actor.teams), None), **uow.about(record)))  # fmt: skip
    uow.flush()
    uow.require(WRITE_NOTE, note)
    uow.settle()
    return _kept(_note_form(visit, record, None), visit, words.note_kept, "activities.note", uow.tx)


def _note_form(visit: Visit, record: Entity, refusal: Refusal | None) -> View:
    said = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    return View(
        "note_form.html", status=422 if refusal is not None else 200, a=words, at=visit.url(visit.call.path), problem=said.get("text", ""),
        text=visit.form.get("text", "") if refusal is not None else "", key=_key(visit.path),
    )  # fmt: skip


@page("/compose/activity/{kind}/{id}", label=_("Activity", ru="Дело"), permission=PLAN, methods=["GET", "POST"])
def compose_activity(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> View:
    """The form of an activity; what is sent is planned. With `ask` it stands in a dialog."""
    record = _record(visit, uow)
    if visit.method != "POST" or refusal is not None:
        return _activity_form(visit, uow, record, refusal)
    given = typed(visit, uow.crm.kind(Activity), ASKED, visit.form)
    activity = plan(
        uow, record, given.get("kind") or "todo", given.get("subject") or "", _moment(given.get("due_at")), owner_id=_number(given.get("owner_id")),
        text=given.get("text") or None, done_at=uow.now if visit.form.get("done") == "true" else None)  # fmt: skip
    uow.flush()
    uow.require(PLAN, activity)
    uow.settle()
    form = View("planned.html") if visit.form.get("ask") else _activity_form(visit, uow, record, None)
    return _kept(form, visit, words.activity_kept, "activities.activity", uow.tx)


def _activity_form(visit: Visit, uow: Uow, record: Entity, refusal: Refusal | None) -> View:
    kind = uow.crm.kind(Activity)
    start = {"kind": "call", "owner_id": getattr(record, "owner_id", None) or uow.actor.id, "due_at": _later(uow)[0][1]}
    made = controls(visit, uow, kind, ASKED, start, refusal.problems if refusal is not None else (), prefix=f"plan-{_key(visit.path)}",
        typed=visit.form if refusal is not None else None)  # fmt: skip
    choices = [(k.name, visit.say(k.label)) for k in kinds_of(uow.crm).values()]
    fields: list[Control] = [attrs.evolve(c, how="choice", choices=choices) if c.name == "kind" else c for c in made]
    ask = bool(visit.form.get("ask") or visit.query.get("ask"))
    return View("activity_form.html", status=422 if refusal is not None else 200, a=words, at=visit.url(visit.call.path), fields=fields, ask=ask)


def _kept(form: View, visit: Visit, said: str, topic: str, tx: int) -> View:
    told = {"crm:toast": {"text": visit.say(said), "undo": tx}, f"crm:{topic}": {"own": True}}
    return View(form.template, headers=[("HX-Trigger", json.dumps(told))], **form.context)


def _record(visit: Visit, uow: Uow) -> Entity:
    """Return the record an address names, as far as the visitor may see it."""
    kind = uow.crm.kinds.get(visit.path["kind"])
    digits = visit.path["id"]
    if kind is None or issubclass(kind.cls, About) or not digits.isdecimal() or not 0 < int(digits[:20]) < 2**63:
        raise NotFound()
    uow.require(kind.permission("read"))
    return uow.get(kind.cls, int(digits))


def _moment(value: t.Any) -> dt.datetime | None:
    if value is None:
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid(problems=[Problem("due_at", "invalid", words.bad_moment)]) from None


def _number(value: t.Any) -> int | None:
    if value is None or isinstance(value, int):
        return value
    raise Invalid(problems=[Problem("owner_id", "invalid", words.bad_person)])


# ---- tabs -------------------------------------------------------------------------------------------------------------
@panel(None, label=_("Activities", ru="Дела"), icon="circle-check-big", slot=Slot.TAB, order=20, live=[Activity], permission=READ[Activity])
def activities_of(record: Entity, uow: Uow) -> View | None:
    """Everything planned and done about a record: what is open first, by its date."""
    if isinstance(record, About):
        return None
    fields = [f for f in LISTED if f not in _hidden(uow, Activity)]
    rows = uow.page(Activity, ListRequest(filter=uow.about(record), fields=fields, sort=["due_at", "id"], limit=SHOWN)).rows
    now, known = uow.now, kinds_of(uow.crm)
    lines = []
    for found in rows:
        row: dict[str, t.Any] = dict.fromkeys(LISTED) | found
        late = bool(row["due_at"]) and not row["done_at"] and dt.datetime.fromisoformat(row["due_at"]) < now
        label = known[row["kind"]].label if row["kind"] in known else ""
        lines.append({**row, "late": late, "label": label, "icon": words.icons.get(row["kind"] or "", "circle-check-big")})
    lines.sort(key=lambda r: bool(r.get("done_at")))
    return View("activities.html", a=words, rows=lines, may_work=uow.may(WORK))


@panel(None, label=_("Files", ru="Файлы"), icon="paperclip", slot=Slot.TAB, order=30, live=[File], permission=READ[File])
def files_of(record: Entity, uow: Uow) -> View | None:
    """The files of a record, the newest first."""
    if isinstance(record, About):
        return None
    fields = [f for f in FILED if f not in _hidden(uow, File)]
    rows = uow.page(File, ListRequest(filter=uow.about(record), fields=fields, sort=["-id"], limit=SHOWN)).rows
    return View("files.html", a=words, rows=[dict.fromkeys(FILED) | row for row in rows])
