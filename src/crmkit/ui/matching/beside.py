"""What plugins say beside a form for a new record, asked while it is filled in."""

from __future__ import annotations

import typing as t

from ...core.errors import Refusal
from ...core.field import Field
from ...core.kind import Kind
from ...web.problems import NoSuchPath
from ..controls import from_text
from ..results import View

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit


def beside(visit: Visit, _uow: Uow) -> Result:
    """POST /_/beside/<plugin>/<note>/<kind>: what one plugin has to say about what was typed; nothing where it has nothing."""
    kind = visit.crm.kinds.get(visit.path["kind"])
    item = visit.site.registry.find(visit.site.registry.notes, visit.path["plugin"], visit.path["key"])
    if kind is None or item is None or item.mark.of not in (None, kind.cls):
        raise NoSuchPath()
    with visit.crm.read(visit.actor) as uow:  # asked at every pause of typing: it holds up nobody who writes
        visit.uow = uow
        right = uow.may(kind.permission("create")) or (item.mark.always and uow.may(kind.permission("change")))
        if not right or (item.mark.permission is not None and not uow.may(item.mark.permission)):
            return ""
        values = _values(visit, uow, kind)
        part = visit.site.boundary.one(visit, uow, item, lambda i, inner: i.function(kind.cls, values, inner))
        return View("ui/matching/said.html", part=part, plugin=item.plugin)


def _values(visit: Visit, uow: Uow, kind: Kind) -> dict[str, t.Any]:
    """Return what was typed, as far as it makes sense already, of fields the visitor may see."""
    hidden = uow.crm.access.hidden(uow.actor, kind)
    found: dict[str, t.Any] = {}
    for name, text in visit.form.items():
        field = _field(kind, name)
        if field is None or name in hidden or field.secret or not text.strip():
            continue
        try:
            found[name] = from_text(visit, field, text)
        except Refusal:
            continue
    return found


def _field(kind: Kind, name: str) -> Field | None:
    extension, dot, own = name.rpartition(".")
    if dot:
        return kind.extensions[extension].fields.get(own) if extension in kind.extensions else None
    return kind.fields.get(name)
