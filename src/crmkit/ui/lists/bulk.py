"""Work on many rows at once: change a field, move, archive, run a plugin's command; all or none, undone as one."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import attrs

from ...core.commands import Command
from ...core.errors import Conflict, Invalid, Problem, Refusal
from ...core.kind import Kind
from ...core.lists import ListRequest
from ...core.many import MOST, change_many
from ...core.text import Text, _, translate
from ...web.problems import NoSuchPath
from ..controls import Control, controls, nested, typed
from ..results import Result, Toast, View
from ..shown import path_of
from . import words
from .asked import ARCHIVED, of_pairs
from .bar import Bar, stages_of, titles
from .columns import may_edit, visible_path
from .offered import Offered, fields_of
from .picker import EXPORT, FILES
from .words import WORDS

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Form, Visit

PAGE = 500
SHOWN = 20
COMMAND_LABEL = _("{command}: {kind}, {count}", ru="{command}: {kind}, {count}")


@attrs.frozen(kw_only=True)
class Refused:
    """A row that will not do, and why."""

    name: str
    url: str
    message: str


def chosen(visit: Visit, uow: Uow, form: Mapping[str, str]) -> tuple[Bar, list[int]]:
    """Return the keys of the chosen rows: those ticked, or with ``all`` everything the list shows."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    bar = Bar(visit, uow, kind, attrs.evolve(of_pairs(form), after=None))
    if not form.get("all"):
        keys = [int(i) for i in form.get("ids", "").split(",") if i.isascii() and i.isdigit() and len(i) < 19]
        if not keys:
            raise Invalid(problems=[Problem("", "required", words.nothing_chosen)])
        return bar, _few(list(dict.fromkeys(keys)))
    if bar.asked.raw:
        raise Invalid(problems=bar.problems)
    request = ListRequest(filter=bar.filter, sort=("id",), fields=("id",), limit=PAGE, archived=ARCHIVED[bar.asked.archived],
        search=bar.asked.q or None)
    found: list[int] = []
    while True:
        page = uow.page(kind.cls, request)
        found += [int(r["id"]) for r in page.rows]
        _few(found)
        if page.next is None:
            break
        request = attrs.evolve(request, after=page.next)
    if not found:
        raise Invalid(problems=[Problem("", "required", words.nothing_chosen)])
    return bar, found


def _few(keys: list[int]) -> list[int]:
    """Return keys, unless there are more than are worked on at once."""
    if len(keys) > MOST:
        raise Invalid(problems=[Problem("", "too-many", words.too_many.format(most=MOST))])
    return keys


def bar(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/bulk: what can be done with chosen rows; with `do` the form for it."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    found = Bar(visit, uow, kind, of_pairs(visit.query))
    do = visit.query.get("do", "")
    if not do:
        return View("ui/lists/bulk.html", bar=found, lw=WORDS, actions=actions(visit, uow, kind), exports=FILES if uow.may(EXPORT) else ())
    return _form(visit, uow, found, do, visit.query, None)


def form(visit: Visit, uow: Uow) -> View:
    """POST /sales/deal/bulk/form: the form for chosen rows, drawn again for the field or stage that was picked. Nothing is written."""
    found = Bar(visit, uow, visit.kind, of_pairs(visit.form))
    return _form(visit, uow, found, visit.form.get("do", ""), visit.form, None)


def actions(visit: Visit, uow: Uow, kind: Kind) -> list[tuple[str, Text | str, str]]:
    """Return what the visitor may do with chosen rows: word of the address, label, icon."""
    found: list[tuple[str, Text | str, str]] = []
    may = {action: uow.may(kind.permission(action)) for action in ("change", "move", "archive")}
    if may["change"]:
        found.append(("change", words.change_field, "pencil"))
        if kind.owned and "owner_id" not in uow.crm.access.read_only(uow.actor, kind, "change") | uow.crm.access.hidden(uow.actor, kind):
            found.append(("owner", words.change_owner, "circle-user-round"))
    if kind.pipelines and may["move"]:
        found.append(("move", words.move_stage, "git-commit-horizontal"))
    if may["archive"]:
        found += [("restore", words.restore, "archive-restore")] if visit.query.get("archived") else [("archive", words.archive, "archive")]
    registry = visit.site.registry
    for command in sorted(kind.commands.values(), key=lambda x: registry.button(x).order):
        mark = registry.button(command)
        if mark.bulk and uow.may(command.permission):
            found.append((f"command:{command.verb}", command.label, mark.icon))
    return found


# ---- forms -----------------------------------------------------------------------------------------------------------
def _form(visit: Visit, uow: Uow, found: Bar, do: str, given: Form, refusal: Refusal | None) -> View:
    kind = visit.kind
    fields = _changeable(visit, uow, kind)
    field = given.get("field", "")
    if do == "owner":
        field = "owner_id"
    own, told = _problems(visit, uow, refusal)
    asked: list[Control] = []
    if do in ("change", "owner") and field in {f.name for f in fields}:
        asked = controls(visit, uow, kind, [field], typed(visit, kind, [field], given), own, prefix="bulk")
    if do == "move":
        asked = _needed(visit, uow, given, own)
    command = _command(visit, do)
    title, sure = _titles(visit, do, command)
    return View(
        "ui/lists/bulk_form.html", bar=found, lw=WORDS, do=do, title=title, sure=sure, fields=fields if do == "change" else (), field=field,
        asked=[attrs.evolve(x, required=False) for x in asked], refused=told, stages=stages_of(kind, visit.language) if do == "move" else (),
        stage=given.get("stage", ""), general=[p for p in own if not p.path or p.path not in {x.name for x in asked}] if refusal else (),
        ids=given.get("ids", ""), all=given.get("all", ""), status=422 if refusal is not None else 200,
    )  # fmt: skip


def _titles(visit: Visit, do: str, command: Command | None) -> tuple[str, str]:
    """Return the heading of a form, and the question it asks before it does anything."""
    if command is not None:
        return visit.say(command.label), visit.say(visit.site.registry.button(command).confirm)
    title = {"change": words.change_field, "owner": words.change_owner, "move": words.move_stage, "archive": words.archive, "restore": words.restore}
    if do not in title:
        raise NoSuchPath()
    return visit.say(title[do]), visit.say({"archive": words.archive_sure, "restore": words.restore_sure}.get(do, ""))


def _changeable(visit: Visit, uow: Uow, kind: Kind) -> list[Offered]:
    found = []
    for offered in fields_of(visit, uow, kind, filters=False):
        path = visible_path(uow, kind, offered.name)
        if path is not None and offered.name != "stage" and may_edit(visit, uow, kind, path):
            found.append(offered)
    return found


def _needed(visit: Visit, uow: Uow, given: Form, problems: Sequence[Problem]) -> list[Control]:
    """Return the controls for what the chosen stage needs."""
    kind, name = visit.kind, given.get("stage", "")
    stage = next((p.stages[name] for p in kind.pipelines.values() if name in p.stages), None)
    if stage is None:
        return []
    wanted = [n for n in dict.fromkeys([*stage.needs, *(p.path for p in problems)]) if n in kind.fields and n not in ("stage", "pipeline")]
    return controls(visit, uow, kind, wanted, typed(visit, kind, wanted, given), problems, prefix="bulk")


def _problems(visit: Visit, uow: Uow, refusal: Refusal | None) -> tuple[list[Problem], list[Refused]]:
    """Return what is wrong with the form, and which rows will not do, by name."""
    if refusal is None:
        return [], []
    own, rows = list[Problem](), dict[int, list[Problem]]()
    for problem in refusal.problems or (Problem("", refusal.code, refusal.message),):
        head, _dot, rest = problem.path.partition(".")
        if head.isdigit():
            rows.setdefault(int(head), []).append(attrs.evolve(problem, path=rest))
        else:
            own.append(problem)
    # What is wrong with every row alike is wrong with the form: a field all of them lack is asked for once.
    own += list({p.path: p for problems in rows.values() for p in problems if p.path in visit.kind.fields}.values())
    names = titles(visit, uow, visit.kind, list(rows)[:SHOWN])
    told = [
        Refused(name=names.get(key, f"№ {key}"), url=visit.url(path_of(visit.kind, key)), message=_told(visit, problems))
        for key, problems in list(rows.items())[:SHOWN]
    ]
    return own, told


def _told(visit: Visit, problems: Sequence[Problem]) -> str:
    fields = visit.kind.fields
    said = [
        (f"{translate(fields[p.path].label, visit.language)}: " if p.path in fields else "") + translate(p.message, visit.language) for p in problems
    ]
    return "; ".join(said)


def _command(visit: Visit, do: str) -> Command | None:
    if not do.startswith("command:"):
        return None
    found: Command | None = next((x for x in visit.kind.commands.values() if x.verb == do.partition(":")[2]), None)
    if found is None or not visit.site.registry.button(found).bulk:
        raise NoSuchPath()
    return found


# ---- doing -----------------------------------------------------------------------------------------------------------
def work(visit: Visit, uow: Uow) -> Result:
    """POST /sales/deal/bulk: do it with all chosen rows, as one operation, or with none."""
    kind, form, do = visit.kind, visit.form, visit.form.get("do", "")
    command = _command(visit, do)
    _titles(visit, do, command)
    _bar, keys = chosen(visit, uow, form)
    if command is not None:
        _run(uow, kind, command, keys)
        return _done(visit, uow, len(keys))
    action = "change" if do == "owner" else do
    given: dict[str, t.Any] = {}
    if action == "change":
        field = "owner_id" if do == "owner" else form.get("field", "")
        values = typed(visit, kind, [field], form) if field in {f.name for f in _changeable(visit, uow, kind)} else {}
        if not values:
            raise Invalid(problems=[Problem("field", "required", words.needs_value)])
        given["values"] = nested(kind, values)
    elif action == "move":
        given["stage"] = form.get("stage", "")
        filled = {n: v for n, v in typed(visit, kind, [n for n in kind.fields if n in form], form).items() if v not in (None, "")}
        filled.pop("stage", None)
        filled.pop("pipeline", None)
        given["values"] = nested(kind, filled) or None
    done = change_many(uow, kind, action, ids=keys, **given)
    return _done(visit, uow, len(done.ids))


def _done(visit: Visit, uow: Uow, count: int) -> Toast:
    from ..formats import number

    return Toast(words.done.format(count=number(count, visit.language)), undo=uow.tx, topics=(visit.kind.key,))


def _run(uow: Uow, kind: Kind, command: Command, keys: Sequence[int]) -> None:
    """Run a plugin's command on each record; what it refuses is told under the record's number."""
    label = COMMAND_LABEL.format(command=command.label, kind=kind.plural, count=len(keys))
    uow.operation("bulk", label, of=kind.key, action=command.name, count=len(keys))
    problems: list[Problem] = []
    for key in keys:
        record = uow.get(kind.cls, key)
        try:
            command.run(uow, record, {})
        except Invalid as refusal:
            problems += [attrs.evolve(p, path=f"{key}.{p.path}" if p.path else str(key)) for p in refusal.problems]
        except Conflict as refusal:
            problems.append(Problem(str(key), refusal.code, refusal.message))
        if len(problems) >= SHOWN:
            break
    if problems:
        raise Invalid(problems=problems)
    uow.finish()


def again(visit: Visit, uow: Uow, refusal: Refusal) -> View:
    """Return the form with what stood in the way, row by row."""
    if refusal.status not in (403, 409, 422):
        raise refusal
    found = Bar(visit, uow, visit.kind, of_pairs(visit.form))
    return _form(visit, uow, found, visit.form.get("do", ""), visit.form, refusal)
