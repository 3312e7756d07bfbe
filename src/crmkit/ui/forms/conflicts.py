"""Two people, one record: what was changed meanwhile, by whom, and whether it gets in the way of what is to be saved."""

from __future__ import annotations

import typing as t

import attrs
import orjson
import sqlalchemy as sa
from markupsafe import Markup

from ...core import operations
from ...core.errors import Stale
from ...core.ledger import journal
from ..cells import Cells, look_of
from ..controls import as_typed, flat, from_text, nested
from . import words

if t.TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..visit import Form, Visit

WAS, VERSION, TAKE = "_was", "_version", "_take."
LOOK_BACK = 50


@attrs.frozen(kw_only=True)
class Clash:
    """A field that was changed meanwhile: what it was, what it is, and who changed it. `both`: by this form, too."""

    name: str
    label: str
    was: Markup
    now: Markup
    now_typed: str
    who: str
    at: dt.datetime | None
    both: bool


def base_of(visit: Visit, kind: Kind, names: Iterable[str], values: Mapping[str, t.Any]) -> str:
    """Return what a form shows when it is opened, to be sent along with it: what was changed is told by comparing."""
    look = visit.site.shown(kind).path
    return orjson.dumps({n: as_typed(visit, look_of(look(n).field), values.get(n)) for n in names}).decode()


def read_base(form: Form) -> dict[str, str]:
    """Return what the form showed when it was opened."""
    try:
        found = orjson.loads(form.get(WAS, "{}"))
    except orjson.JSONDecodeError:
        found = {}
    return {n: v for n, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def changed_in(visit: Visit, kind: Kind, names: Iterable[str], form: Form) -> dict[str, t.Any]:
    """Return what the form changes, as JSON values by dotted name. What somebody chose to take from the other is left out."""
    base, found = read_base(form), {}
    for name in names:
        if name not in form or form.get(TAKE + name) == "theirs" or _plain(form[name]) == _plain(base.get(name, "")):
            continue
        field = visit.site.shown(kind).path(name).field
        value = from_text(visit, field, form[name])
        if name not in base or value != from_text(visit, field, base[name]):  # the same amount may be typed with blanks and without
            found[name] = value
    return found


def save(visit: Visit, uow: Uow, kind: Kind, key: int, names: Iterable[str], form: Form) -> tuple[Entity, dict[str, t.Any]]:
    """Save what a form changes and return the record and the changes; `Stale` when somebody changed the same fields meanwhile.

    Other fields that changed are in nobody's way: the record is held, and the checks see it as it will be.
    """
    changes = changed_in(visit, kind, names, form)
    record = operations.locked(uow, kind, key, "change", None)
    if str(record.version) != form.get(VERSION, ""):
        base, now = read_base(form), texts_of(visit, uow, kind, record, changes)
        if any(_plain(now[n]) != _plain(base.get(n, "")) for n in changes):
            raise Stale(current_version=record.version)
    if changes:
        record = operations.change(uow, kind, key, nested(kind, changes, new=False), None)
    return record, changes


def texts_of(visit: Visit, uow: Uow, kind: Kind, record: Entity, names: Iterable[str]) -> dict[str, str]:
    """Return fields of a record as they would stand in a form."""
    values, look = flat(kind, operations.show(uow, kind, record)), visit.site.shown(kind).path
    return {n: as_typed(visit, look_of(look(n).field), values.get(n)) for n in names}


def clashes(visit: Visit, uow: Uow, kind: Kind, record: Entity, names: Iterable[str], form: Form) -> list[Clash]:
    """Return the fields that differ from what the form showed when it was opened, with who changed them last."""
    base, mine = read_base(form), set(changed_in(visit, kind, names, form))
    now = texts_of(visit, uow, kind, record, [n for n in names if n in base])
    other = [n for n in now if _plain(now[n]) != _plain(base[n])]
    if not other:
        return []
    look = visit.site.shown(kind).path
    before = {n: from_text(visit, look(n).field, base[n]) for n in other}
    after = {n: v for n, v in flat(kind, operations.show(uow, kind, record)).items() if n in other}
    cells = Cells(visit, uow, kind, other)
    cells.look_up([before], claimed=True)
    cells.look_up([after])
    who = _who(uow, kind, record.id, other)
    return [
        Clash(name=n, label=cells.label(n), was=cells.html(n, before), now=cells.html(n, after), now_typed=now[n],
            who=who.get(n, (visit.say(words.somebody), None))[0], at=who.get(n, ("", None))[1], both=n in mine)
        for n in other if n in cells.names
    ]  # fmt: skip


def _who(uow: Uow, kind: Kind, key: int, names: Iterable[str]) -> dict[str, tuple[str, dt.datetime]]:
    c, wanted = journal.c, set(names)
    rows = uow.connection.execute(
        sa.select(c.actor, c.at, c.changes).where(c.kind == kind.key, c.record_id == key).order_by(c.id.desc()).limit(LOOK_BACK))
    found: dict[str, tuple[str, dt.datetime]] = {}
    for actor, at, changes in rows:
        for name in wanted & changes.keys():
            found.setdefault(name, (actor, at))
    return found


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


__all__ = ["TAKE", "VERSION", "WAS", "Clash", "base_of", "changed_in", "clashes", "read_base", "save", "texts_of"]
