"""Lists of records: sorting, filters, columns, views, bulk work."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from . import bulk, cell, editor, page, picker, viewing

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        of_kind={
            "": Address(get=page.listed), "rows": Address(get=page.rows),
            "filter": Address(get=editor.editor), "filter/apply": Address(get=editor.apply),
            "columns": Address(get=picker.columns), "columns/apply": Address(get=picker.apply_columns),
            "more": Address(get=picker.more), "export": Address(get=picker.export),
            "views": Address(get=viewing.views, post=viewing.save, again=viewing.again),
            "bulk": Address(get=bulk.bar, post=bulk.work, again=bulk.again), "bulk/form": Address(post=bulk.form),
        },
        of_record={"cell": Address(get=cell.cell, post=cell.save, again=cell.again)},
    )  # fmt: skip
