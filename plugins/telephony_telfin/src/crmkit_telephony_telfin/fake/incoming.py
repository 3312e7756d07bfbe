"""Calls that come in: to phones, or through a queue or voice menu that rings phones in rounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from .people import Behaviour, Extension
from .switch import Switch
from .truth import AGENT, CANCEL, CLIENT, IVR, NOANSWER, QUEUE, TrueCall, TrueLeg
from .visits import Visit

ROUND_SECONDS = 20.0  # how long a queue rings its phones before it pauses
PAUSE_SECONDS = 5.0
MENU_SECONDS = 4.0  # what a voice menu takes


@attrs.define(eq=False)
class Incoming:
    """One call on its way in: the caller waits, rounds of phones ring, somebody picks up or nobody does."""

    switch: Switch
    call: TrueCall
    caller: TrueLeg
    phones: Sequence[Extension]
    entrance: Visit | None
    again: bool  # a queue rings again, phones ring once
    same: bool  # its next round is of the same leg: dial-in again, without a hang-up in between
    ringing: list[Visit] = attrs.field(factory=list)
    rounds: int = 0

    def ring(self) -> None:
        """One round: every phone that is free rings, all with one CallID."""
        if self.call.ended_at is not None:
            return
        self.rounds += 1
        seconds = ROUND_SECONDS if self.again else self.switch.ring_seconds
        before = {visit.extension.id: visit for visit in self.ringing if visit.is_open}
        self.ringing = [self._ring(phone, before.get(phone.id)) for phone in self.phones]
        for visit in self.ringing:
            behaviour = self.switch.manner(visit.extension)
            self.switch.ring(visit.leg, behaviour, self.picked_up, self.failed, seconds)
        if not self.ringing:
            self.nobody()

    def _ring(self, phone: Extension, before: Visit | None) -> Visit:
        switch, call = self.switch, self.call
        leg = switch.new_leg(call, AGENT, switch.relative(phone), phone)
        if before is not None:
            leg.sub_call_id, leg.control_id, before.leg = before.sub_call_id, before.control_id, leg
            switch.webhooks.tell(before, "dial-in", "CALLING")
            return before
        through = self.entrance.extension if self.entrance else None
        visit = switch.new_visit(
            leg,
            phone,
            "dial-in",
            self.caller.party,
            switch.relative(phone),
            caller_extension=through,
            called_extension=phone,
            far=self.caller,
        )
        switch.webhooks.tell(visit, "dial-in", "CALLING")
        return visit

    def picked_up(self, leg: TrueLeg) -> None:
        """One phone is answered; the others stop ringing: answered elsewhere."""
        self.switch.quiet(self.caller)
        self.caller.answered_at = self.switch.clock.now()
        for visit in self.ringing:
            if visit.leg is not leg and visit.leg.ringing:
                visit.leg.elsewhere = True
                self.switch.end_leg(visit.leg, CANCEL, "server")
                self.switch.close(visit, CANCEL)
        self.switch.connect(next(visit for visit in self.ringing if visit.leg is leg))

    def failed(self, leg: TrueLeg) -> None:
        """A phone stopped ringing, or did not want to; if it was the last one, the queue pauses or the call ends."""
        for visit in self.ringing:
            if visit.leg is leg and not (self.same and leg.status == NOANSWER):
                self.switch.close(visit, leg.status or NOANSWER)
        if not any(visit.leg.ringing for visit in self.ringing) and self.call.ended_at is None:
            self.nobody()

    def nobody(self) -> None:
        """Nobody picked up in this round."""
        if self.again:
            self.switch.later(self.caller, PAUSE_SECONDS, self.ring)
        else:
            self.switch.end_call(self.call, "server", NOANSWER)


def incoming(
    switch: Switch,
    number: str,
    to: Sequence[Extension],
    did: str,
    entrance: Extension | None = None,
    behaviour: Behaviour | None = None,
) -> TrueCall:
    """Somebody calls one of our numbers."""
    behaviour = behaviour or switch.behaviour(number)
    call = switch.new_call("in", "outside", number, did=did)
    caller = switch.new_leg(call, CLIENT, number)
    door = None
    if entrance is not None:
        role = QUEUE if entrance.type == "queue" else IVR
        leg = switch.new_leg(call, role, switch.relative(entrance), entrance)
        leg.answered_at = switch.clock.now()
        door = switch.new_visit(leg, entrance, "dial-in", number, switch.relative(entrance), called_extension=entrance, far=caller)
        door.answered_at = switch.clock.now()
        switch.webhooks.tell(door, "dial-in", "CALLING")
    queue = entrance is not None and entrance.type == "queue"
    same = queue and switch.chance.happens(switch.faults.same_leg_in_queue)
    story = Incoming(switch, call, caller, to, door, again=queue, same=same)
    switch.engage(caller)
    switch.manners[caller] = behaviour
    if math.isfinite(behaviour.patience):
        switch.later(caller, behaviour.patience, lambda: switch.end_call(call, CLIENT, CANCEL))
    if entrance is not None and entrance.type == "ivr":
        switch.later(caller, MENU_SECONDS, story.ring)
    else:
        story.ring()
    return call
