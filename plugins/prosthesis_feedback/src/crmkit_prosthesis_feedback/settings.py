"""What an integrator sets under ``[prosthesis_feedback]``."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping

import attrs

from crmkit import Misuse, Text

from .entities.incidents import INCIDENT_PIPELINES, Policy
from .words import Words, text_of

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
STAGE = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


@attrs.frozen(kw_only=True, slots=False)
class Reason:
    """A reason for an incident."""

    label: Words
    pipeline: str
    """The pipeline it goes through: one of `Incident`, such as ``incident_repair``; more are added under ``[pipelines.…]``."""
    icon: str = "wrench"
    """Its icon, a name of lucide's."""
    remakes: bool = False
    """Whether it may end with a new device: then that one is followed anew and the old one no longer."""

    @functools.cached_property
    def text(self) -> Text:
        """What it is called."""
        return text_of(self.label)


_ICONS = {"repair": "wrench", "visit": "stethoscope", "refit": "ruler", "remake": "hammer", "other": "circle-question-mark"}
USUAL_REASONS: Mapping[str, Reason] = {
    name: Reason(label=made.label, pipeline=made.name, icon=_ICONS[name], remakes=name == "remake")
    for made in INCIDENT_PIPELINES
    for name in [made.name.removeprefix("incident_")]
}


@attrs.frozen(kw_only=True, slots=False)
class FeedbackSettings:
    """Settings of the prosthesis_feedback plugin."""

    opens_at: str = "sales.won"
    """The pipeline and stage of a deal in which the prosthesis has been handed over."""
    issued: str = "closed_at"
    """The deal's field with the day of handing over; empty there: the day of the move."""
    models: tuple[str, ...] = ()
    """Words of deal lines that are devices (part of title or article); left out: every deal of that stage has handed over one device."""
    owner: str = attrs.field(default="share", validator=attrs.validators.in_(("share", "deal", "none")))
    """Whose a service card is: ``share`` gives it to whoever of the team has fewest, ``deal`` to the deal's owner, ``none`` to nobody yet."""
    team: int | None = None
    """The team of customer service."""
    callers: tuple[int, ...] = ()
    """Ids of the people cards are shared among; left out: those the task queue knows to work in that team."""
    adult_protocol: str = "adults"
    """Name of the protocol of adults."""
    child_protocol: str = "children"
    """Name of the protocol of children."""
    adult_at: int = 18
    """The birthday on which a child crosses over to the adults' protocol."""
    crossing: str = attrs.field(default="automatic", validator=attrs.validators.in_(("automatic", "ask", "never")))
    """``automatic`` on that birthday, ``ask``: offered with a preview, ``never``: children finish their own calendar."""
    correct_at: str = "00:30"
    """When cards are put in their months, by the CRM's time zone: on the 1st all of them, on other days those whose day has come."""
    call_at: str = "10:00"
    """The time of day calls are planned for, by the wearer's clock."""
    ahead: dt.timedelta = dt.timedelta(days=1)
    """How long before its time a call becomes a task of the queue."""
    task_kind: str = "follow_up"
    """The kind of those tasks."""
    attempts: int = 3
    """How many calls in vain until the person counts as unreachable; each goes to the next number, the guardian's too."""
    try_again: dt.timedelta = dt.timedelta(days=30)
    """When somebody who could not be reached is tried again."""
    missed_after: dt.timedelta = dt.timedelta(days=60)
    """How long after the end of its window a period that nobody was asked about is given up."""
    policy: Policy = Policy.SHIFT
    """What becomes of periods that fell into an incident, where the closing says nothing."""
    catch_up_in: dt.timedelta = dt.timedelta(days=3)
    """With ``catch_up``, how long after the closing they are asked."""
    reasons: dict[str, Reason] = attrs.field(factory=dict)
    """Reasons for incidents by name, beside the usual ones (repair, visit, refit, remake, other) or instead of those of the same name."""
    message: str = ""
    """Text of the message to somebody who cannot be reached, where a plugin for messages is installed; empty: none."""
    keep_access_for: dt.timedelta = dt.timedelta(days=3 * 365)
    """How long it is kept who has looked at medical answers."""

    def __attrs_post_init__(self) -> None:
        for name in ("correct_at", "call_at"):
            if not CLOCK.fullmatch(getattr(self, name)):
                raise Misuse(f'{name} = {getattr(self, name)!r}: a time of day such as "00:30"')
        if not STAGE.fullmatch(self.opens_at):
            raise Misuse(f'opens_at = {self.opens_at!r}: a pipeline and a stage such as "sales.won"')
        if self.attempts < 1:
            raise Misuse(f"attempts = {self.attempts}: at least 1")
        if not 10 <= self.adult_at <= 30:
            raise Misuse(f"adult_at = {self.adult_at}: an age from 10 to 30")

    @functools.cached_property
    def all_reasons(self) -> Mapping[str, Reason]:
        """The reasons for incidents by name."""
        return {**USUAL_REASONS, **self.reasons}
