"""What can be done with a record beyond editing: commands with their forms, the archive and back."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Mapping

import attrs

from ...core import operations, wire
from ...core.commands import Command
from ...core.errors import Conflict, Invalid, Problem, Refusal, Unavailable
from ...core.model import Entity
from ...core.plugin import PUBLIC
from ...core.text import Text, translate
from ...web.idempotency import once
from ...web.problems import NoSuchPath
from ..forms.ids import id_of
from ..forms.page import KEY
from ..results import Redirect, Toast, View
from ..shown import path_of
from . import words
from .arguments import arguments_of, controls_of, given_in
from .rights import Rights

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ...web.answer import Answer
    from ..marks import ButtonMark
    from ..results import Result
    from ..visit import Visit

log = logging.getLogger("crmkit.ui")


@attrs.frozen(kw_only=True)
class Action:
    """A button of a record's page. `asks`: it opens a form first, for what the command wants to know or to be sure."""

    label: str
    icon: str
    path: str
    asks: bool
    primary: bool
    menu: bool


def actions(visit: Visit, kind: Kind, record: Entity, rights: Rights) -> list[Action]:
    """Return what the visitor may do with a record, the main things first."""
    if record.archived_at is not None:
        return []
    registry = visit.site.registry
    found: list[tuple[int, Action]] = []
    for command in kind.commands.values():
        mark = registry.button(command)
        if _fits(mark, record) and (command.permission is PUBLIC or rights.may(command.permission.name)):
            asks = bool(attrs.fields(command.arguments)) or bool(mark.confirm)
            found.append((mark.order, Action(label=translate(command.label, visit.language), icon=mark.icon, asks=asks, primary=mark.primary,
                menu=mark.menu, path=visit.url(f"{path_of(kind, record.id)}/do/{command.verb}"))))  # fmt: skip
    made = [action for _order, action in sorted(found, key=lambda pair: (not pair[1].primary, pair[0]))]
    return [attrs.evolve(action, primary=action.primary and action is made[0]) for action in made]  # one main thing at a time


def _fits(mark: ButtonMark, record: Entity) -> bool:
    """True unless the author of a command says that there is no point in it for this record."""
    try:
        return mark.shown is None or bool(mark.shown(record))
    except Exception:
        log.exception("a button could not tell whether it is shown")
        return True


# ---- commands ---------------------------------------------------------------------------------------------------------
def ask(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5/do/register_call, /_/command/sales.sweep: the form of a command."""
    command, key = _asked(visit)
    record = _record(uow, command, key)
    if command.permission is not PUBLIC:
        uow.require(command.permission, record)
    return _form(visit, uow, command, key, None)


def do(visit: Visit, uow: Uow) -> Result | Answer:
    """POST the same address: run the command."""
    command, key = _asked(visit)
    once_key = visit.form.get("_key", "")
    if KEY.fullmatch(once_key):
        return once(uow, visit.call, f"form:{once_key}", lambda uow: visit.answer(_done(visit, uow, command, key)))
    return _done(visit, uow, command, key)


def do_again(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """The form of the command once more, with what is wrong."""
    command, key = _asked(visit)
    if not isinstance(refusal, Invalid | Conflict | Unavailable) or not (attrs.fields(command.arguments) or "_key" in visit.form):
        raise refusal
    return _form(visit, uow, command, key, refusal)


def _asked(visit: Visit) -> tuple[Command, int | None]:
    """Return the command an address names, and the key of its record."""
    if "name" in visit.path:
        command = visit.crm.commands.get(visit.path["name"])
        if command is None or command.kind is not None:
            raise NoSuchPath()
        return command, None
    verb = visit.call.path.rpartition("/")[2]
    found = next((c for c in visit.kind.commands.values() if c.verb == verb), None)
    if found is None:
        raise NoSuchPath()
    return found, visit.key


def _record(uow: Uow, command: Command, key: int | None) -> Entity | None:
    return uow.get(command.kind.cls, key) if command.kind is not None and key is not None else None


def _done(visit: Visit, uow: Uow, command: Command, key: int | None) -> Result:
    result = run_command(visit, uow, command, key)
    said = words.done.format(label=command.label)
    topics = (command.kind.key,) if command.kind is not None else ()
    if isinstance(result, Redirect | Toast):
        return result
    if isinstance(result, Text) and result:
        return Toast(result, topics=topics)
    if isinstance(result, Mapping) and result:
        return _told(visit, command, result)
    if isinstance(result, Entity) and not (command.kind is not None and isinstance(result, command.kind.cls) and result.id == key):
        kind = uow.crm.kind(type(result))
        if uow.may(kind.permission("read")) and "about_id" not in kind.fields and kind.whole is None:
            return Redirect(path_of(kind, result.id), say=said)
        topics = (*topics, kind.key)
    return Toast(said, topics=topics)


def _told(visit: Visit, command: Command, result: Mapping[str, t.Any]) -> View:
    """Return what a command has to say, to be read once: it may be a secret, so nothing keeps it."""
    fields = command.kind.fields if command.kind is not None else {}
    labels = {n: translate(fields[n].label, visit.language) if n in fields else n.replace("_", " ").capitalize() for n in result}
    rows = [(labels[n], str(wire.dump(v))) for n, v in result.items() if v is not None]
    return View("ui/records/result.html", headers=[("cache-control", "no-store")], r=words, rows=rows, title=translate(command.label, visit.language))


def run_command(visit: Visit, uow: Uow, command: Command, key: int | None) -> t.Any:
    """Run a command with what the form says; the record is held meanwhile."""
    record = uow.get(command.kind.cls, key, lock=True) if command.kind is not None and key is not None else None
    result = command.run(uow, record, given_in(visit, arguments_of(command), visit.form))
    uow.settle()
    return result


def _form(visit: Visit, uow: Uow, command: Command, key: int | None, refusal: Refusal | None) -> View:
    wanted, mark = arguments_of(command), visit.site.registry.button(command)
    problems = () if refusal is None else refusal.problems or (Problem("", refusal.code, refusal.message),)
    form = visit.form if refusal is not None else visit.query if visit.query else None
    made = controls_of(visit, uow, wanted, form, problems, id_of(visit, "do", command.verb))
    shown = {c.name for c in made}
    path = f"{path_of(command.kind, key)}/do/{command.verb}" if command.kind is not None else f"/_/command/{command.name}"
    return View(
        "ui/records/command.html", status=200 if refusal is None else 422, r=words, title=translate(command.label, visit.language),
        icon_name=mark.icon, controls=made, other=[translate(p.message, visit.language) for p in problems if p.path.partition(".")[0] not in shown],
        action=visit.url(path), confirm=translate(mark.confirm, visit.language) if mark.confirm else "", key=visit.form.get("_key") or _new_key(),
        back=visit.url(path_of(command.kind, key)) if command.kind is not None else visit.url("/"),
    )  # fmt: skip


def _new_key() -> str:
    import secrets

    return secrets.token_urlsafe(12)


# ---- the archive ------------------------------------------------------------------------------------------------------
def archive(visit: Visit, uow: Uow) -> Result:
    """POST /sales/deal/5/archive: put a record away; the toast takes it back."""
    operations.archive(uow, visit.kind, visit.key)
    uow.settle()
    return Toast(words.archived_done, undo=uow.tx, topics=(visit.kind.key,))


def restore(visit: Visit, uow: Uow) -> Result:
    """POST /sales/deal/5/restore: bring back a record that was put away."""
    operations.restore(uow, visit.kind, visit.key)
    uow.settle()
    return Toast(words.restored_done, topics=(visit.kind.key,))


__all__ = ["Action", "actions", "archive", "ask", "do", "do_again", "restore", "run_command"]
