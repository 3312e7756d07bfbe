"""Who is shown by name, and who by a pseudonym."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crmkit import Uow, _

from .entities import Worker
from .roles import NAMES
from .settings import MonitorSettings

PSEUDONYM = _("Employee {code}", ru="Сотрудник {code}")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SCRAMBLED = 2**25
AT_ONCE = 5000
_w = Worker.__table__.c


def names(uow: Uow, ids: Iterable[int]) -> dict[int, str]:
    """Return what workers are to be called before the actor: oneself by name, others by name where the actor may see it, else by pseudonym.

    Names are seen by those who hold ``process_monitor.names``, of those colleagues it is granted for; by nobody where the setting `names`
    is off. A pseudonym stays the same as long as the worker does. What is empty in a log (nobody said who) is empty here.
    """
    wanted = sorted(set(ids))
    rows: list[sa.Row[*tuple[t.Any, ...]]] = []
    for place in range(0, len(wanted), AT_ONCE):
        asked = sa.select(_w.id, _w.log_id, _w.name, _w.user_id, _w.team_id, _w.code).where(_w.id.in_(wanted[place : place + AT_ONCE]))
        rows += uow.connection.execute(asked)
    by_name = _Names(uow)
    open_ = [row for row in rows if by_name.shown(row.log_id, row.user_id, row.team_id)]
    people = _people(uow, [row.user_id for row in open_ if row.user_id is not None])
    found = {row.id: PSEUDONYM.format(code=row.code or code_of(row.id)).to(uow.language) for row in rows}
    found |= {row.id: people.get(row.user_id) or row.name or found[row.id] for row in open_}
    return {worker: found.get(worker, "") for worker in wanted}


def code_of(worker: int) -> str:
    """Return a short name that tells nothing of who somebody is, nor of who came first: each worker has one, and keeps it."""
    value = worker % SCRAMBLED
    for _round in range(3):  # each step can be undone: no two are the same
        value = (value ^ (value >> 13)) * 0x9E3779 % SCRAMBLED
    letters = []
    for _place in range(5):
        value, rest = divmod(value, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)


def _people(uow: Uow, ids: list[int]) -> Mapping[int, str]:
    if not ids or "crm_names" not in uow.crm.hooked:
        return {}
    return t.cast("Mapping[int, str] | None", uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=ids)) or {}


class _Names:
    """Whom the actor may see by name."""

    def __init__(self, uow: Uow) -> None:
        actor = uow.actor
        scopes = {s for s in uow.crm.access.scopes(actor, NAMES.name) if isinstance(s, str)} if uow.may(NAMES) else set[str]()
        self.never = not uow.crm[MonitorSettings].names
        self.all = not self.never and (actor.system or uow.elevated or "all" in scopes)
        self.me = {actor.id} - {None}
        self.people = self.me | (set(actor.acts_for) if scopes & {"own", "team", "below"} and not self.never else set())
        self.teams = set[int]() if self.never or not scopes & {"team", "below"} else set(actor.teams)
        if self.teams and "below" in scopes:
            self.teams |= set(uow.crm.teams_below(actor.teams))

    def shown(self, log: int | None, user: int | None, team: int | None) -> bool:
        """Tell whether one of them is shown by name."""
        return self.all or (user is not None and user in self.people) or (log is None and team is not None and team in self.teams)


__all__ = ["code_of", "names"]
