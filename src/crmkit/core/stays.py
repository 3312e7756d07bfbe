"""``{"been": {"stage": "offer", "left_at": {"gte": …}}}``: a filter on the stages a record was in, the present one included.

The inner tree is read against one *stay*: `pipeline` and `stage`; `entered_at`; `left_at`, `to_pipeline` and `to_stage`, empty
for the present stay; `last`, true for the stay from which the record came to where it is now.
"""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from .field import Field
from .kind import Kind
from .ledger import history
from .model import Entity
from .text import Text, _
from .types import UtcDateTime
from .where import Where

if t.TYPE_CHECKING:
    from .filter import Been

PRESENT = ("pipeline", "stage", "stage_since")  # what stays tell: who may not see these does not ask for those
LABELS = {
    "pipeline": _("Pipeline", ru="Воронка"), "stage": _("Stage", ru="Стадия"), "entered_at": _("Entered", ru="Начало"),
    "left_at": _("Left", ru="Конец"), "to_pipeline": _("To the pipeline", ru="В воронку"), "to_stage": _("To the stage", ru="На стадию"),
    "last": _("The stay before the present one", ru="Стадия перед нынешней"),
}  # fmt: skip
TYPES: dict[str, type] = {"entered_at": dt.datetime, "left_at": dt.datetime, "last": bool}


def _field(name: str, label: Text) -> Field:
    kind = TYPES.get(name, str)
    stored: sa.types.TypeEngine[t.Any] = UtcDateTime() if kind is dt.datetime else sa.Boolean() if kind is bool else sa.String(60)
    column: sa.Column[t.Any] = sa.Column(name, stored)
    return Field(name=name, column=column, type=kind, nullable=True, has_default=False, label=label)


STAY = Kind("stay", Entity, "crmkit", _("Stay in a stage", ru="Пребывание на стадии"), _("Stays in stages", ru="Пребывания на стадиях"),
    {name: _field(name, label) for name, label in LABELS.items()})


def been(where: Where, node: Been, prefix: str, numbers: t.Iterator[int]) -> t.Any:
    """Return the condition that some stay, past or present, is as `node` says; both are asked with the same parameters."""
    here, past = where.kind.table, history.alias()
    own = [next(numbers) for _leaf in node.node.leaves()]
    came = sa.and_(past.c.left_at == here.c.stage_since, past.c.to_pipeline == here.c.pipeline, past.c.to_stage == here.c.stage)
    before = {name: past.c[name] for name in LABELS if name != "last"} | {"last": came}
    nothing = {name: sa.cast(sa.null(), STAY.fields[name].column.type) for name in ("left_at", "to_pipeline", "to_stage")}
    present = {"pipeline": here.c.pipeline, "stage": here.c.stage, "entered_at": here.c.stage_since, **nothing, "last": sa.literal_column(
        "false", sa.Boolean)}
    conditions = []
    for columns in (before, present):
        inner = _OnStay(where, columns)
        conditions.append(inner._node(node.node, prefix, iter(own)))
        where.names |= inner.names
    mine = past.c.kind == sa.literal(where.kind.key), past.c.record_id == here.c.id
    was = sa.select(sa.literal(1)).where(*mine, conditions[0]).correlate(here).exists()
    return sa.or_(was, conditions[1])


class _OnStay(Where):
    """Reads conditions on a stay from the columns given."""

    def __init__(self, outer: Where, columns: dict[str, t.Any]) -> None:
        super().__init__(outer.kind, outer.kinds, outer.dialect)
        self._columns = columns

    def column(self, path: t.Any) -> t.Any:
        return self._columns[path.field.name]
