"""Roles and teams from the settings file."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .access import Role
from .errors import closest
from .funnels import text

ROLE_KEYS = ("label", "grants", "hidden", "read_only")


def read_teams(tables: Mapping[str, t.Any], problems: list[str]) -> dict[int, int | None]:
    """``[teams] 2 = 1`` says that team 2 stands below team 1; 0 means that it stands below none."""
    found: dict[int, int | None] = {}
    for team, parent in tables.items():
        if not str(team).isdecimal() or type(parent) is not int:
            problems.append(f"[teams] {team} = {parent!r}: write the number of a team = the number of the team above it (0 for none)")
        else:
            found[int(team)] = parent or None
    return found


def read_roles(tables: Mapping[str, t.Any], problems: list[str]) -> list[Role]:
    """Return the roles of ``[roles.*]``; what is wrong goes to `problems`."""
    found = []
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            problems.append(f"[roles.{name}] must be a table")
            continue
        wrong = [f"[roles.{name}] has no key {k!r}.{closest(k, ROLE_KEYS)}" for k in table if k not in ROLE_KEYS]
        for key in ("hidden", "read_only"):
            fields = table.get(key, [])
            if not isinstance(fields, list | tuple) or not all(isinstance(f, str) for f in fields):
                wrong.append(f"[roles.{name}] {key} must be a list of fields, not {fields!r}")
        if not isinstance(table.get("grants", {}), Mapping):
            wrong.append(f"[roles.{name}] grants must be a table of permissions, not {table['grants']!r}")
        label = text(name)
        try:
            label = text(table.get("label", name))
        except ValueError as error:
            wrong.append(f"[roles.{name}] label: {error}")
        problems += wrong
        if not wrong:
            found.append(Role(name, dict(table.get("grants", {})), tuple(table.get("hidden", ())), tuple(table.get("read_only", ())), label))
    return found
