"""What the address of a list says: filter, order, search, columns, saved view. All of a list's state is there."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

import attrs

from ...core.errors import Invalid
from ...web.call import BIGGEST, parse_json

if t.TYPE_CHECKING:
    from ..visit import Visit

ARCHIVED: Mapping[str, bool | None] = {"": False, "true": True, "all": None}
STATE = ("view", "filter", "sort", "q", "columns", "archived")
MOST_NAMES = 60


@attrs.frozen(kw_only=True)
class Asked:
    """The state of a list. What is empty is not in the address, and comes from the saved view or from how the entity is shown."""

    view: int | None = None
    """A saved view; 0 is none, although one may open first."""
    filter: t.Any = None
    """The filter tree; None when the address says nothing of it, {} when it says "no filter"."""
    raw: str = ""
    """A filter that is no JSON, as it was given."""
    sort: tuple[str, ...] = ()
    q: str = ""
    columns: tuple[str, ...] = ()
    archived: str = ""
    after: str | None = None

    @property
    def plain(self) -> bool:
        """True when the address says nothing at all."""
        return self.view is None and self.filter is None and not (self.raw or self.sort or self.q or self.columns or self.archived)

    def query(self, **changes: t.Any) -> dict[str, str]:
        """Return the parameters of an address with this state, changed as said."""
        now = attrs.evolve(self, **{"after": None, **changes})
        found: dict[str, str] = {}
        if now.view is not None:
            found["view"] = str(now.view)
        if now.raw or now.filter is not None:
            found["filter"] = now.raw or compact(now.filter)
        for name, value in (("sort", ",".join(now.sort)), ("q", now.q), ("columns", ",".join(now.columns)), ("archived", now.archived)):
            if value:
                found[name] = value
        if now.after:
            found["after"] = now.after
        return found


def compact(tree: t.Any) -> str:
    """Return a filter tree as it stands in addresses."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def read(visit: Visit) -> Asked:
    """Return the state an address asks for. What cannot be read of it is left out; of a filter it is kept and told."""
    return of_pairs(visit.query)


def of_pairs(given: Mapping[str, str]) -> Asked:
    """Return the state that the fields of a query, or of a form, say."""
    tree, raw = None, ""
    if (text := given.get("filter", "").strip()):
        try:
            tree = parse_json(text, "filter")
        except Invalid:
            raw = text
    number = given.get("view", "")
    view = int(number) if number.isascii() and number.isdigit() and len(number) < 19 and int(number) <= BIGGEST else None
    archived = given.get("archived", "")
    return Asked(
        view=view, filter=tree, raw=raw, sort=_names(given.get("sort", "")), q=given.get("q", "").strip()[:500],
        columns=_names(given.get("columns", "")), archived=archived if archived in ARCHIVED else "", after=given.get("after") or None,
    )  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))[:MOST_NAMES]
