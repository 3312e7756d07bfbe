"""The fields that can be filtered by, and shown as columns: one's own, those of extensions, those of links one hop away."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import attrs

from ...core.field import Field
from ...core.filter import is_hidden
from ...core.kind import Kind, Path
from ...core.text import _, translate
from ..cells import look_of
from ..shown import MACHINERY, Shown
from .conditions import BEEN, ROTTEN
from .ways import fitting, how_of

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

OWN = _("Fields", ru="Поля")
BEEN_LABEL = _("Has been in stage", ru="Был на стадии")
ROTTEN_LABEL = _("Too long in its stage", ru="Засиделся на стадии")
LEFT_OUT = frozenset({"version"})


@attrs.frozen(kw_only=True)
class Offered:
    """A field somebody may choose."""

    name: str
    label: str
    how: str
    group: str
    path: Path | None = None

    @property
    def icon(self) -> str:
        """What stands before its name."""
        return ICONS.get(self.how, "type")


ICONS = {
    "number": "hash", "money": "banknote", "day": "calendar", "moment": "clock", "choice": "circle-chevron-down", "stage": "git-commit-horizontal",
    "record": "link-2", "person": "circle-user-round", "team": "users-round", "check": "square-check", "phone": "phone", "email": "at-sign",
    "long": "file-text", "been": "history", "rotten": "hourglass", "json": "braces", "list": "list",
}  # fmt: skip


def fields_of(visit: Visit, uow: Uow, kind: Kind, *, filters: bool) -> list[Offered]:
    """Return what can be chosen, in the order of the entity: for a filter, or (without `filters`) for columns."""
    return list(_fields(visit, uow, kind, filters))


def _fields(visit: Visit, uow: Uow, kind: Kind, filters: bool) -> Iterator[Offered]:
    crm, language = uow.crm, visit.language
    hidden = crm.access.hidden(uow.actor, kind)
    shown = visit.site.shown(kind)

    def usable(field: Field, dotted: str) -> bool:
        path = kind.path(dotted, crm.kinds)
        return field.type is not bytes and not is_hidden(path, kind, crm.kinds, lambda k: crm.access.hidden(uow.actor, k))

    own = translate(OWN, language)
    for name in in_order(shown):
        field = kind.fields[name]
        keep = name not in LEFT_OUT and name not in shown.hidden and not field.secret and (filters or name != "archived_at")
        if keep and name not in hidden and usable(field, name):
            path = kind.path(name, crm.kinds)
            yield Offered(name=name, label=translate(field.label, language), how=how_of(kind, path), group=own, path=path)
    if filters and kind.staged and "stage" not in hidden:
        yield Offered(name=BEEN, label=translate(BEEN_LABEL, language), how="been", group=own)
        if any(s.rots_after is not None for p in kind.pipelines.values() for s in p.stages.values()):
            yield Offered(name=ROTTEN, label=translate(ROTTEN_LABEL, language), how="rotten", group=own)
    for extension in kind.extensions.values():
        for name, field in extension.fields.items():
            dotted = f"{extension.name}.{name}"
            if name != "id" and not field.secret and dotted not in shown.hidden and usable(field, dotted):
                path, group = kind.path(dotted, crm.kinds), translate(extension.label, language)
                yield Offered(name=dotted, label=translate(field.label, language), how=look_of(field), group=group, path=path)
    for link in kind.links.values():
        target = crm.kinds[link.target]
        if link.field.name in hidden or link.field.name in shown.hidden or not uow.may(target.permission("read")):
            continue
        away = visit.site.shown(target).hidden
        for name, field in target.fields.items():
            dotted = f"{link.name}.{name}"
            if name in ("id", *LEFT_OUT) or name in away or field.secret or not usable(field, dotted):
                continue
            path = kind.path(dotted, crm.kinds)
            yield Offered(name=dotted, label=translate(field.label, language), how=how_of(target, path) if name != "pipeline" else "text",
                group=translate(link.field.label, language), path=path)


def in_order(shown: Shown) -> list[str]:
    """Return the names of an entity's own fields: first what its lists and forms show, last what the system keeps."""
    names = list(shown.kind.fields)
    first = [n for n in (shown.title, *shown.columns, *shown.form, *shown.card) if n in shown.kind.fields and n != "id"]
    rest = [n for n in names if n not in MACHINERY]
    return list(dict.fromkeys((*first, *rest, *(n for n in names if n in MACHINERY))))


def find(visit: Visit, uow: Uow, kind: Kind, name: str) -> Offered | None:
    """Return a field by its name, as far as somebody may choose it; deeper paths than are offered too, for trees that have them."""
    found = next((f for f in fields_of(visit, uow, kind, filters=True) if f.name == name), None)
    if found is not None:
        return found
    from .columns import visible_path

    path = visible_path(uow, kind, name)
    if path is None:
        return None
    label = " → ".join([*(translate(h.field.label if hasattr(h, "field") else h.label, visit.language) for h in path.hops),
        translate(path.field.label, visit.language)])
    return Offered(name=name, label=label, how=how_of(kind, path), group="", path=path)


def ways_for(offered: Offered) -> tuple[str, ...]:
    """Return the ways of comparing that fit a field."""
    field = offered.path.field if offered.path is not None else None
    tree = field is not None and field.to is not None and any(f.to is field.to for f in field.to.__fields__.values())
    return fitting(offered.how, field, tree=tree)
