"""Who sees what, worked out in plain Python over all rows: no SQL, no filter trees, nothing of the kernel's access rules.

It knows the roles as data and the world as lists of dictionaries, and goes through them one by one.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

Row = Mapping[str, Any]


@attrs.define
class Person:
    """Somebody of the forty: `away` are the people they stand in for."""

    id: int
    name: str
    roles: Sequence[str]
    teams: Sequence[int]
    away: Sequence[int] = ()


@attrs.define
class World:
    """All rows of all kinds, the roles, the tree of teams, and what belongs to what."""

    rows: Mapping[str, Sequence[Row]]
    grants: Mapping[str, Mapping[str, Any]]  # role -> pattern -> scope or list of scopes
    parents: Mapping[int, int | None]
    parts: Mapping[str, tuple[str, str]]  # kind -> (the kind of its whole, the field that names it)
    about: frozenset[str]  # kinds that are about any record
    owned: frozenset[str]
    scopes: Mapping[tuple[str, str], Mapping[str, Any]]  # (kind, name) -> a plugin's own scope

    def below(self, teams: Iterable[int]) -> set[int]:
        """Return these teams and every team under them, by walking up from each."""
        wanted = set(teams)
        found = set()
        for team in {*self.parents, *wanted}:
            here: int | None = team
            while here is not None:
                if here in wanted:
                    found.add(team)
                here = self.parents.get(here)
        return found

    def permission(self, kind: str, action: str) -> str:
        """Return the permission an action on a kind takes: parts are changed by those who change their whole."""
        if kind in self.parts:
            return self.permission(self.parts[kind][0], "read" if action == "read" else "change")
        return f"{kind}.{action}"

    def allows(self, person: Person, kind: str, row: Row, action: str = "read") -> bool:
        """Say whether a person may see (or change …) one row."""
        return self._granted(person, kind, row, self.permission(kind, action)) and self._about_something_seen(person, kind, row)

    def visible(self, person: Person, kind: str, action: str = "read") -> set[int]:
        """Return the numbers of the rows a person may see."""
        return {row["id"] for row in self.rows[kind] if self.allows(person, kind, row, action)}

    def _granted(self, person: Person, kind: str, row: Row, permission: str) -> bool:
        if kind in self.parts:
            whole, field = self.parts[kind]
            other = next(r for r in self.rows[whole] if r["id"] == row[field])
            return self._granted(person, whole, other, permission)
        for role in person.roles:
            for pattern, given in self.grants.get(role, {}).items():
                if fnmatch.fnmatchcase(permission, pattern):
                    scopes = given if isinstance(given, list) else [given]
                    if any(self._covers(person, kind, row, scope) for scope in scopes):
                        return True
        return False

    def _covers(self, person: Person, kind: str, row: Row, scope: Any) -> bool:
        if scope == "all":
            return True
        if (kind, scope if isinstance(scope, str) else "") in self.scopes:
            return self._matches(person, row, self.scopes[kind, scope])
        if not isinstance(scope, str):
            return self._matches(person, row, scope)
        if kind not in self.owned:
            return False
        mine = row["owner_id"] is not None and row["owner_id"] in {person.id, *person.away}
        if scope == "own":
            return mine
        teams = set(person.teams) if scope == "team" else self.below(person.teams)
        return mine or row["team_id"] in teams

    def _matches(self, person: Person, row: Row, tree: Mapping[str, Any]) -> bool:
        return all(self._entry(person, row, key, asked) for key, asked in tree.items())

    def _entry(self, person: Person, row: Row, key: str, asked: Any) -> bool:
        if key in ("and", "or"):
            return (all if key == "and" else any)(self._matches(person, row, part) for part in asked)
        if key == "not":
            return not self._matches(person, row, asked)
        given = asked if isinstance(asked, Mapping) and "relative" not in asked else {"eq": asked}
        return all(self._compare(person, row[key], operator, value) for operator, value in given.items())

    def _compare(self, person: Person, here: Any, operator: str, value: Any) -> bool:
        if isinstance(value, Mapping):
            mine, teams = {person.id, *person.away}, set(person.teams)
            words = {"me": person.id, "mine": mine, "my_teams": teams, "my_teams_and_below": self.below(teams)}
            value = words[value["relative"]]
        if here is None:
            return operator == "ne" or (operator == "empty" and value is True)
        if operator == "in":
            return bool(here in value)
        answers: dict[str, bool] = {
            "eq": here == value, "ne": here != value, "starts": str(here).startswith(str(value)), "empty": value is False,
        }  # fmt: skip
        return answers[operator]

    def _about_something_seen(self, person: Person, kind: str, row: Row) -> bool:
        if kind not in self.about:
            return True
        target = row["about_kind"]
        if target in self.about or target not in self.rows:
            return False
        found = [r for r in self.rows[target] if r["id"] == row["about_id"]]
        return bool(found) and self.allows(person, target, found[0])
