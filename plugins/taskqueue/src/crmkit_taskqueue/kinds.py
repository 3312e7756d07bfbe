"""Kinds of tasks: what comes first, what may come of a task, and what follows.

An integrator sets them in the settings file; `USUAL_KINDS` are there to begin with.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Crm, Misuse, StageOf
from crmkit_sales import Deal, Lead

from .words import Label, text_of

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
THEN = ("close", "again", "retry", "move", "revive", "refuse")
ASKS = ("text", "choice", "number", "date", "moment")
OWN_KEYS = frozenset("0123456789")
Words = dict[str, str] | str


@attrs.frozen(kw_only=True, slots=False)
class Ask:
    """A field an outcome asks for."""

    label: Words
    """What is asked: a text, or ``{ en = …, ru = … }``."""
    type: str = "text"
    """``text``, ``choice``, ``number``, ``date``, or ``moment`` (a date and a time)."""
    choices: dict[str, Words] = attrs.field(factory=dict)
    """The answers of a choice by name and label."""
    required: bool = True
    """Whether the outcome cannot be given without it."""

    @functools.cached_property
    def text(self) -> Label:
        """What is asked."""
        return text_of(self.label)


@attrs.frozen(kw_only=True, slots=False)
class Outcome:
    """One way a task may end."""

    label: Words
    """What the key says."""
    then: str = "close"
    """What follows: ``close`` nothing; ``again`` the same at a time that is asked for; ``retry`` the same by the kind's `retry_after`;
    ``move`` the deal or lead goes to stage `to`; ``revive`` the old client is a client again; ``refuse`` the old client refused again."""
    to: str = ""
    """For ``move``: pipeline and stage, such as ``sales.offer``."""
    key: str = ""
    """The digit on the keyboard that chooses it; left out: by order."""
    asks: dict[str, Ask] = attrs.field(factory=dict)
    """Fields it asks for, by name. What is named like a field of the stage it moves to goes there."""
    task: str = ""
    """A task of this kind is made besides."""
    task_in: dt.timedelta = dt.timedelta(days=1)
    """When that task is due."""
    reached: bool = True
    """Whether somebody was spoken to: an attempt without it counts as none reached."""

    @functools.cached_property
    def text(self) -> Label:
        """What the key says."""
        return text_of(self.label)


@attrs.frozen(kw_only=True, slots=False)
class TaskKind:
    """A kind of tasks."""

    label: Words
    """What people call it."""
    priority: int = 3
    """The priority class: 1 comes first."""
    minutes: int = 5
    """How long one takes as a rule."""
    capped: bool = False
    """Whether it counts to the daily cap."""
    dials: bool = False
    """Whether opening it dials the client: such tasks are opened in the client's calling hours only."""
    icon: str = "circle-check"
    """Its icon, a name of lucide's."""
    outcomes: dict[str, Outcome] = attrs.field(factory=dict)
    """How it may end, by name, in the order of the keys."""
    retry_after: tuple[dt.timedelta, ...] = (dt.timedelta(minutes=15), dt.timedelta(hours=2), dt.timedelta(days=1), dt.timedelta(days=3))
    """How long after each attempt that reached nobody the next one is made."""
    give_up: str = "close"
    """What follows when the last attempt reached nobody: ``close``, or ``stack``: the client goes to the stack of old clients."""
    exits: tuple[str, ...] | None = None
    """Which reasons not to do it are offered; left out: all."""

    @functools.cached_property
    def text(self) -> Label:
        """What people call it."""
        return text_of(self.label)

    @functools.cached_property
    def keys(self) -> Mapping[str, str]:
        """The outcome of each digit."""
        found = {outcome.key: name for name, outcome in self.outcomes.items() if outcome.key}
        free = iter(sorted(set("123456789") - found.keys()))
        found |= {next(free, ""): name for name, outcome in self.outcomes.items() if not outcome.key}
        return {key: name for key, name in sorted(found.items()) if key}


def read_kind(name: str, kind: TaskKind) -> None:
    """Refuse a kind that cannot work; `Misuse` says where and what to write."""
    where = f"kinds.{name}"
    if not NAME.fullmatch(name):
        raise Misuse(f"{where}: names are small Latin letters, digits and _")
    if not 1 <= kind.priority <= 9:
        raise Misuse(f"{where}.priority = {kind.priority}: a class from 1 (comes first) to 9")
    if kind.minutes < 1:
        raise Misuse(f"{where}.minutes = {kind.minutes}: at least 1")
    if not kind.outcomes:
        raise Misuse(f'{where} has no outcomes: nobody could end such a task; write [taskqueue.{where}.outcomes.done] with label = "Done"')
    if len(kind.outcomes) > 9:
        raise Misuse(f"{where} has {len(kind.outcomes)} outcomes: nine have a key on the keyboard")
    if kind.give_up not in ("close", "stack"):
        raise Misuse(f"{where}.give_up = {kind.give_up!r}: write close or stack")
    taken: dict[str, str] = {}
    for key, outcome in kind.outcomes.items():
        _read_outcome(f"{where}.outcomes.{key}", key, outcome, kind)
        if outcome.key and outcome.key in taken:
            raise Misuse(f"{where}.outcomes.{key}: key {outcome.key} is that of {taken[outcome.key]} already")
        taken[outcome.key] = key


def _read_outcome(where: str, name: str, outcome: Outcome, kind: TaskKind) -> None:
    if not NAME.fullmatch(name):
        raise Misuse(f"{where}: names are small Latin letters, digits and _")
    if outcome.then not in THEN:
        raise Misuse(f"{where}.then = {outcome.then!r}: write one of {', '.join(THEN)}")
    if (outcome.then == "move") != bool(outcome.to):
        raise Misuse(f'{where}: then = "move" and to = "pipeline.stage" belong together')
    if outcome.key and outcome.key not in OWN_KEYS:
        raise Misuse(f"{where}.key = {outcome.key!r}: a digit")
    if outcome.then == "retry" and not kind.retry_after:
        raise Misuse(f"{where}: then = \"retry\" needs retry_after, such as [\"15min\", \"2h\"]")
    for field, ask in outcome.asks.items():
        if not NAME.fullmatch(field) or field in ("at", "note"):
            raise Misuse(f"{where}.asks.{field}: another name, of small Latin letters, digits and _; at and note are taken")
        if ask.type not in ASKS:
            raise Misuse(f"{where}.asks.{field}.type = {ask.type!r}: write one of {', '.join(ASKS)}")
        if (ask.type == "choice") != bool(ask.choices):
            raise Misuse(f'{where}.asks.{field}: type = "choice" and choices belong together')


def check_kinds(kinds: Mapping[str, TaskKind], crm: Crm) -> list[str]:
    """Return what is wrong with kinds in a composed CRM: stages and kinds that are not there."""
    problems = []
    for name, kind in kinds.items():
        for key, outcome in kind.outcomes.items():
            where = f"[taskqueue] kinds.{name}.outcomes.{key}"
            if outcome.to and stage_of(crm, outcome.to) is None:
                problems.append(f"{where}.to = {outcome.to!r}: there is no such stage; write pipeline.stage, such as sales.offer or leads.qualified")
            if outcome.task and outcome.task not in kinds:
                problems.append(f"{where}.task = {outcome.task!r}: there is no such kind; there are {', '.join(kinds)}")
    return problems


def stage_of(crm: Crm, name: str) -> StageOf[t.Any] | None:
    """Return the stage ``"sales.offer"`` of a deal or a lead, None where there is none."""
    pipeline, _dot, stage = name.partition(".")
    for cls in (Deal, Lead):
        found = crm.kind(cls).pipelines.get(pipeline)
        if found is not None and stage in found.stages:
            return found[stage]
    return None


_DONE = Outcome(label={"en": "Done", "ru": "Сделано"})
_LATER = Outcome(label={"en": "Call back later", "ru": "Перезвонить"}, then="again")
_SILENT = Outcome(label={"en": "No answer", "ru": "Не дозвонились"}, then="retry", reached=False)
_REASON = Ask(label={"en": "Why", "ru": "Почему"})

USUAL_KINDS: Mapping[str, TaskKind] = {
    "new_lead": TaskKind(
        label={"en": "New lead", "ru": "Новый лид"}, priority=1, minutes=4, dials=True, icon="target", give_up="stack",
        outcomes={
            "interested": Outcome(label={"en": "Interested", "ru": "Заинтересован"}, task="call", task_in=dt.timedelta(days=1)),
            "later": _LATER, "no_answer": _SILENT,
            "not_interested": Outcome(label={"en": "Not interested", "ru": "Не интересно"}, asks={"reason": _REASON}),
        },
    ),
    "call_back": TaskKind(
        label={"en": "Call back", "ru": "Перезвонить"}, priority=1, minutes=4, dials=True, icon="phone-incoming",
        outcomes={"reached": _DONE, "later": _LATER, "no_answer": _SILENT},
    ),
    "call": TaskKind(
        label={"en": "Call", "ru": "Звонок"}, priority=2, minutes=4, capped=True, dials=True, icon="phone",
        outcomes={"reached": _DONE, "later": _LATER, "no_answer": _SILENT},
    ),
    "task": TaskKind(
        label={"en": "Task", "ru": "Задача"}, priority=3, minutes=5, capped=True,
        outcomes={"done": _DONE, "later": Outcome(label={"en": "Another day", "ru": "На другой день"}, then="again")},
    ),
    "old_client": TaskKind(
        label={"en": "Old client", "ru": "Старый клиент"}, priority=4, minutes=4, dials=True, icon="history",
        outcomes={
            "revived": Outcome(label={"en": "Wants to buy", "ru": "Снова интересно"}, then="revive", task="call"),
            "refused": Outcome(label={"en": "Refused again", "ru": "Снова отказ"}, then="refuse", asks={"reason": _REASON}),
            "later": _LATER, "no_answer": _SILENT,
        },
    ),
}  # fmt: skip
"""What there is without any settings."""
