"""Scopes: for which rows a role grants a permission."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs

from .text import Text, _

if t.TYPE_CHECKING:
    from .model import Entity

Scope = str | Mapping[str, t.Any]
SCOPES: dict[str, Text] = {
    "own": _("own records", ru="свои записи"), "team": _("records of own teams", ru="записи своих команд"),
    "below": _("records of own teams and those below", ru="записи своих и нижестоящих команд"), "all": _("all records", ru="все записи"),
}  # fmt: skip
OWN: Mapping[str, t.Any] = {"owner_id": {"eq": {"relative": "me"}}}
MINE: Mapping[str, t.Any] = {"owner_id": {"in": {"relative": "mine"}}}
TEAM: Mapping[str, t.Any] = {"team_id": {"in": {"relative": "my_teams"}}}
BELOW: Mapping[str, t.Any] = {"team_id": {"in": {"relative": "my_teams_and_below"}}}


def filter_of(scope: str, for_others: bool) -> Mapping[str, t.Any]:
    """Return the filter tree of ``own``, ``team`` or ``below``; `for_others`: the actor stands in for somebody."""
    own = MINE if for_others else OWN
    return own if scope == "own" else {"or": [own, TEAM if scope == "team" else BELOW]}


def _label(value: str) -> Text:
    return value if isinstance(value, Text) else Text(value)


@attrs.frozen
class RowScope:
    """A scope of a plugin's own, by name: the rows of `of` that match `filter`.

    ``SHARED = RowScope("shared", of=View, filter={"shared": "everybody"}, label=_("shared", ru="общие"))`` at the top level of
    a module; a role then grants ``{"views.view.read": "shared"}``.
    """

    name: str
    of: type[Entity] = attrs.field(kw_only=True)
    filter: Mapping[str, t.Any] = attrs.field(kw_only=True)
    label: Text = attrs.field(default=Text(""), converter=_label, kw_only=True)
