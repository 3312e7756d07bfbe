"""Two weeks on the telephone for the demo: numbers in advertisements, a stop list, and calls as their events would have told them."""

from __future__ import annotations

import datetime as dt
import itertools
import random as chance
import typing as t
from collections.abc import Iterator, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow, hookimpl
from crmkit_sales import Contact, Source

from .entities import Direction, DoNotCall, Line, OurNumber
from .events import CallEvent, EventType, Outcome
from .taking import take

DAYS = 14
MOST = 160
SECOND = dt.timedelta(seconds=1)
NUMBERS = ("+74950000001", "+74950000002", "+442079460001")
STRANGER = "+7499000{n:04}"
# How calls to clients go, in percent; the rest is answered.
FATES = (
    (Outcome.NO_ANSWER, 27), (Outcome.BUSY, 8), (Outcome.REJECTED, 6), (Outcome.UNAVAILABLE, 6), (Outcome.VOICEMAIL, 3), (Outcome.AGENT_NO_ANSWER, 3),
)  # fmt: skip
NOTES: dict[bool, tuple[str, ...]] = {
    True: ("Просит выслать счёт до пятницы", "Перезвонить после отпуска, 20-го числа", "Уточнили размеры, ждёт замерщика",
           "Сравнивает с другим предложением", "Договорились о встрече в салоне", "Цена устраивает, согласует с руководителем"),
    False: ("Wants the invoice by Friday", "Back from holiday on the 20th, call then", "Comparing with another offer", "Agreed to meet at the shop",
            "Happy with the price, asks the manager"),
}  # fmt: skip
WHY = {True: "Попросил больше не звонить", False: "Asked not to be called again"}


@hookimpl
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Add our numbers with the advertising they stand in, and a few numbers nobody may call."""
    sources = uow.find(Source).order_by(Source.__table__.c.id).all()
    for number, source in zip(NUMBERS, [sources[0], sources[1], sources[-1]] if len(sources) > 2 else (), strict=False):
        uow.add(OurNumber(number=number, name=source.name, source_id=source.id))
    silent = uow.find(Contact).where(Contact.phone.is_not(None)).order_by(Contact.__table__.c.id).limit(30).all()
    for contact in silent[7:30:11]:
        uow.add(DoNotCall(number=t.cast(str, contact.phone), reason=WHY[contact.country == "RU"], contact_id=contact.id))


def demo_calls(uow: Uow, random: chance.Random, size: int, provider: str) -> None:
    """Play calls of the last two weeks at the telephones of a provider, in the order they happened: for the demo of its plugin."""
    now, actor = uow.now, uow.actor
    lines = uow.find(Line).where(Line.provider == provider, Line.in_use.is_(True)).order_by(Line.__table__.c.id).all()
    owners = [line.owner_id for line in lines]
    barred = sa.select(DoNotCall.number)
    clients = uow.find(Contact).where(Contact.phone.is_not(None), Contact.owner_id.in_(owners), Contact.phone.not_in(barred)).all()
    if not lines or not clients:
        return
    story = _Story(uow, random, provider, lines, sorted(clients, key=lambda c: c.id), owners[0])
    for at in sorted(story.moment(now) for _number in range(min(MOST, max(8, size * 2 // 5)))):
        story.call(at, now)
    uow.at(now, actor)


@attrs.define
class _Story:
    """Who calls whom, drawn from the dice."""

    uow: Uow
    dice: chance.Random
    provider: str
    lines: Sequence[Line]
    clients: Sequence[Contact]
    front: int | None
    """Who takes most of what comes in."""
    count: Iterator[int] = attrs.field(factory=itertools.count)

    def moment(self, now: dt.datetime) -> dt.datetime:
        """Return a moment of a working day of the last two weeks."""
        zone = self.uow.crm.zone
        while True:
            day = now.astimezone(zone) - dt.timedelta(days=min(self.dice.randrange(DAYS), self.dice.randrange(DAYS + 4)))
            at = day.replace(hour=self.dice.choice((9, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 17)), minute=self.dice.randrange(60),
                             second=self.dice.randrange(60), microsecond=0)  # fmt: skip
            if day.isoweekday() > 5 and self.dice.random() < 0.9:
                continue
            return at.astimezone(dt.UTC) - dt.timedelta(days=1 if at > now - dt.timedelta(minutes=30) else 0)

    def call(self, at: dt.datetime, now: dt.datetime) -> None:
        """One call; one that was missed is called back within the hour, unless that would be in time to come."""
        client = self.dice.choice(self.clients)
        if self.dice.random() < 0.58:
            self._out(at, client)
        elif self._in(at, client):
            back = at + dt.timedelta(minutes=self.dice.randint(4, 50))
            if back < now - dt.timedelta(hours=1):
                self._out(back, client, Outcome.ANSWERED)

    def _line(self, owner: int | None) -> Line:
        return next(line for line in self.lines if line.owner_id == owner)

    def _out(self, at: dt.datetime, client: Contact, outcome: Outcome | None = None) -> None:
        line, roll = self._line(client.owner_id), self.dice.randrange(100)
        for fate, share in FATES if outcome is None else ():
            if 0 <= roll < share:
                outcome = fate
            roll -= share
        outcome = outcome or Outcome.ANSWERED
        picked, rang = at + 3 * SECOND, at + 4 * SECOND
        told: list[tuple[EventType, dt.datetime]] = [(EventType.AGENT_RINGING, at)]
        end = at + 25 * SECOND
        if outcome is not Outcome.AGENT_NO_ANSWER:
            told += [(EventType.AGENT_ANSWERED, picked), (EventType.CLIENT_RINGING, rang)]
            end = rang + SECOND * {Outcome.NO_ANSWER: 20, Outcome.BUSY: 2, Outcome.UNAVAILABLE: 3}.get(outcome, self.dice.randint(5, 17))
        talks = outcome in (Outcome.ANSWERED, Outcome.VOICEMAIL)
        if talks:
            told.append((EventType.ANSWERED, end))
            end += SECOND * (self.dice.randint(30, 420) if outcome is Outcome.ANSWERED else 12)
        self._tell(Direction.OUT, client.phone, line, None, told, end, outcome, client)

    def _in(self, at: dt.datetime, client: Contact) -> bool:
        """A client calls; True where nobody took it."""
        russian = client.country == "RU"
        line = self._line(client.owner_id if self.dice.random() < 0.45 or not russian else self.front)
        number = STRANGER.format(n=self.dice.randrange(10**4)) if russian and self.dice.random() < 0.12 else client.phone
        taken = self.dice.random() < 0.83
        waited = at + SECOND * self.dice.randint(4, 22 if taken else 45)
        told = [(EventType.AGENT_RINGING, at), *([(EventType.ANSWERED, waited)] if taken else ())]
        end = waited + SECOND * self.dice.randint(25, 360) if taken else waited
        ours = self.dice.choice(NUMBERS[:2]) if russian else NUMBERS[2]
        self._tell(Direction.IN, number, line, ours, told, end, Outcome.ANSWERED if taken else Outcome.CANCELLED, client)
        return not taken and number == client.phone

    def _tell(
        self, direction: Direction, number: str | None, line: Line, ours: str | None, told: Sequence[tuple[EventType, dt.datetime]],
        end: dt.datetime, outcome: Outcome, client: Contact,
    ) -> None:  # fmt: skip
        key, incoming, uow = f"demo-{next(self.count)}", direction is Direction.IN, self.uow
        kept = f"{key}-recording" if outcome is Outcome.ANSWERED and told[-1][0] is EventType.ANSWERED else None
        uow.at(end)
        facts: dict[str, t.Any] = {"call": key, "leg": "1", "incoming": incoming, "extension": line.extension, "device": line.device,
                                   "number": number, "our_number": ours}  # fmt: skip
        events = [CallEvent(type=kind, at=at, key=f"{key}:{kind.value}", **facts) for kind, at in told]
        ended = None if outcome is Outcome.VOICEMAIL else outcome
        events.append(CallEvent(type=EventType.ENDED, at=end, key=f"{key}:ended", outcome=ended, recording=kept, **facts))
        (call,) = take(uow, self.provider, events)
        if call.contact_id is None and number == client.phone:
            call.contact_id = client.id  # of several who have the number whoever picked up has chosen one
        if kept is not None:
            uow.keep(call, wrapped_at=end + SECOND * self.dice.randint(15, 150))
            if self.dice.random() < 0.4:
                call.note = self.dice.choice(NOTES[client.country == "RU"])
        elif outcome is Outcome.VOICEMAIL:
            uow.keep(call, said=outcome, outcome=outcome, wrapped_at=end + 3 * SECOND)


__all__ = ["demo_calls"]
