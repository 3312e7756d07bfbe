"""What an integrator sets under ``[taskqueue]``."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping

import attrs

from crmkit import Misuse
from crmkit_sales import WorkCalendar, read_hours

from .kinds import USUAL_KINDS, TaskKind, read_kind
from .words import BREAKS, EXITS, Label, text_of


def _positive(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value < 1:
        raise Misuse(f"{attribute.name} = {value}: at least 1")


@attrs.frozen(kw_only=True, slots=False)
class TaskqueueSettings:
    """Settings of the taskqueue plugin."""

    kinds: dict[str, TaskKind] = attrs.field(factory=dict)
    """Kinds of tasks by name, beside the usual ones or instead of those of the same name; see the page on the manager's screen."""
    usual_kinds: bool = True
    """Whether the usual kinds (new_lead, call_back, call, task, old_client) are there."""
    max_break: dt.timedelta = dt.timedelta(minutes=10)
    """How long a manager may wait for the next planned task; where it begins later, a task on an old client is opened."""
    wait: str = attrs.field(default="open", validator=attrs.validators.in_(("open", "count_down")))
    """What becomes of a planned task within `max_break`: ``open`` at once, or ``count_down`` to its time."""
    team_after: dt.timedelta = dt.timedelta(hours=4)
    """How long after its time a task may be opened by the owner's team as well."""
    starving_after: dt.timedelta | None = None
    """How long a due task may wait before it comes first whatever its class; left out: classes are never broken."""
    min_share: dict[str, int] = attrs.field(factory=dict)
    """Least share of a day's closed tasks by priority class, in percent: ``{ "3" = 10 }``."""
    daily_cap: int = attrs.field(default=30, validator=_positive)
    """How many tasks of kinds that count a manager may have planned on one day."""
    days_ahead: int = attrs.field(default=60, validator=_positive)
    """How many days ahead a free day is looked for."""
    goal: int = attrs.field(default=140, validator=_positive)
    """How many tasks a manager is to close in a day: reports and the supervisor's board measure against it."""
    lease: dt.timedelta = dt.timedelta(minutes=3)
    """How long a task stays open at somebody whose browser is silent; then it returns to the queue with a note."""
    client_hours: tuple[str, ...] = ("mon-fri 09:00-20:00", "sat-sun 10:00-18:00")
    """When clients may be called, by their own clocks."""
    breaks: dict[str, dict[str, str] | str] = attrs.field(factory=dict)
    """Reasons for a break by name and label, instead of the usual ones: ``{ lunch = { en = "Lunch", ru = "Обед" } }``."""
    exits: dict[str, dict[str, str] | str] = attrs.field(factory=dict)
    """Reasons why a task cannot be done, by name and label, instead of the usual ones."""
    lead_kind: str = "new_lead"
    """The kind of the task that is made for every new lead; empty: none is made."""
    stack_kind: str = "old_client"
    """The kind of the tasks that are made from the stack of old clients."""
    revive_lost_after: dt.timedelta | None = dt.timedelta(days=90)
    """How long after a deal was lost its client gets into the stack of old clients; `0d` turns it off."""
    rest: dt.timedelta = dt.timedelta(days=14)
    """How long an old client is left alone after an attempt."""
    attempts: int = attrs.field(default=3, validator=_positive)
    """How often an old client is tried before it is given up."""
    team_draws_after: dt.timedelta = dt.timedelta(days=0)
    """How long an old client is its owner's alone before the team may draw it."""

    def __attrs_post_init__(self) -> None:
        read_hours(self.client_hours)
        for name, kind in self.all_kinds.items():
            read_kind(name, kind)
        if self.stack_kind not in self.all_kinds:
            raise Misuse(f"stack_kind = {self.stack_kind!r}: there is no such kind; there are {', '.join(self.all_kinds)}")
        if self.lead_kind not in ("", "new_lead", *self.all_kinds):
            raise Misuse(f"lead_kind = {self.lead_kind!r}: there is no such kind; there are {', '.join(self.all_kinds)}")
        for name, percent in self.min_share.items():
            if not name.isdecimal() or not 0 < percent < 100:
                raise Misuse(f"min_share.{name} = {percent}: write a priority class and its percent, such as \"3\" = 10")
        if sum(self.min_share.values()) > 90:
            raise Misuse("min_share: the shares of all classes are 90 at most together, or nothing is left to decide")
        if self.lease < dt.timedelta(seconds=30):
            raise Misuse("lease: 30s at least, or a task is taken away from somebody who works on it")

    @functools.cached_property
    def all_kinds(self) -> Mapping[str, TaskKind]:
        """The kinds of tasks by name."""
        return {**(USUAL_KINDS if self.usual_kinds else {}), **self.kinds}

    @functools.cached_property
    def classes(self) -> tuple[int, ...]:
        """Priority classes there are, the first one first."""
        return tuple(sorted({kind.priority for kind in self.all_kinds.values()}))

    @functools.cached_property
    def calling_hours(self) -> WorkCalendar:
        """When clients may be called: hours alone, no holidays."""
        return WorkCalendar(read_hours(self.client_hours), None, frozenset(), frozenset())

    @functools.cached_property
    def break_reasons(self) -> Mapping[str, Label]:
        """Reasons for a break."""
        return {name: text_of(label) for name, label in self.breaks.items()} or BREAKS

    @functools.cached_property
    def exit_reasons(self) -> Mapping[str, Label]:
        """Reasons why a task cannot be done."""
        return {name: text_of(label) for name, label in self.exits.items()} or EXITS
