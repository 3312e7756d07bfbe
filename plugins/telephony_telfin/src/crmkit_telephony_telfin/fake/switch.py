"""The exchange itself: phones ring, people pick up or do not, calls begin, are held, transferred and end."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable

import attrs

from crmkit import Clock

from .agenda import Agenda, Entry
from .faults import Chance, Faults
from .people import (
    ANSWERS,
    BY_HAND,
    IGNORES,
    INVALID,
    REJECTS,
    UNAVAILABLE,
    VOICEMAIL,
    Behaviour,
    Extension,
    Habits,
)
from .people import (
    BUSY as IS_BUSY,
)
from .truth import (
    AGENT,
    ANSWER,
    BUSY,
    CANCEL,
    CHANUNAVAIL,
    CLIENT,
    CONGESTION,
    NOANSWER,
    TrueCall,
    TrueLeg,
    Truth,
    digits,
)
from .visits import SERVER, Visit
from .webhooks import Webhooks

FAILURES = {IS_BUSY: BUSY, REJECTS: BUSY, INVALID: CONGESTION, UNAVAILABLE: CHANUNAVAIL}


@attrs.define(eq=False)
class Switch:
    """The state of the exchange and its primitives; `callbacks`, `incoming` and `transfers` make calls of them."""

    clock: Clock
    agenda: Agenda
    chance: Chance
    faults: Faults
    extensions: dict[int, Extension]
    prefix: str
    dids: tuple[str, ...]
    habits: Habits
    ring_seconds: float
    webhooks: Webhooks
    truth: Truth = attrs.field(factory=Truth)
    by_name: dict[str, Extension] = attrs.field(init=False)
    visits: dict[str, list[Visit]] = attrs.field(factory=dict)  # by CallID
    open_visits: dict[Visit, Visit] = attrs.field(factory=dict)  # in order of their beginning
    records: dict[str, Visit] = attrs.field(factory=dict)  # by record_uuid
    scripts: dict[str, list[Behaviour]] = attrs.field(factory=dict)
    engaged: dict[str, int] = attrs.field(factory=dict)  # line → how many of its legs are taken
    taken: set[TrueLeg] = attrs.field(factory=set)
    manners: dict[TrueLeg, Behaviour] = attrs.field(factory=dict)  # how its person behaves at this call
    timers: dict[TrueLeg, list[Entry]] = attrs.field(factory=dict)  # what is to happen to it
    when_answered: dict[TrueLeg, Callable[[TrueLeg], None]] = attrs.field(factory=dict)
    when_failed: dict[TrueLeg, Callable[[TrueLeg], None]] = attrs.field(factory=dict)
    version: int = 0  # grows with every change: the page looks at it

    def __attrs_post_init__(self) -> None:
        self.by_name = {extension.name: extension for extension in self.extensions.values()}

    # Whom is it about

    def extension(self, name: str) -> Extension | None:
        """The extension of a name in any of its forms: 101, 1111*101, 1111*101@domain."""
        return self.by_name.get(name.partition("@")[0].rpartition("*")[2])

    def relative(self, extension: Extension) -> str:
        """`1111*101`, the form in which Telfin names extensions."""
        return f"{self.prefix}*{extension.name}"

    def behaviour(self, number: str) -> Behaviour:
        """How the person at a number behaves this time: by script, the last line of which is repeated, or by the habits."""
        script = self.scripts.get(digits(number))
        if script:
            return script.pop(0) if len(script) > 1 else script[0]
        return self.habits.draw(self.chance.person(digits(number)))

    def manner(self, extension: Extension) -> Behaviour:
        """How the person at an extension behaves this time."""
        script = self.scripts.get(f"*{extension.name}")
        if script:
            return script.pop(0) if len(script) > 1 else script[0]
        return extension.behaviour

    # Calls and legs

    def new_call(self, direction: str, origin: str, number: str | None, **more: object) -> TrueCall:
        """Begin a call and enter it in the ledger."""
        call_id = self.chance.hexadecimal()
        call = TrueCall(call_id, direction, origin, number, self.clock.now())
        for name, value in more.items():
            setattr(call, name, value)
        self.truth.calls[call_id] = call
        self.visits[call_id] = []
        return call

    def new_leg(self, call: TrueCall, role: str, party: str, extension: Extension | None = None, **more: bool) -> TrueLeg:
        """A phone begins to ring, or a caller to wait."""
        first = not any(leg.extension_id for leg in call.legs)
        channel = call.call_id if first else self.chance.hexadecimal()
        dashed = "-".join((channel[:8], channel[8:12], channel[12:16], channel[16:20], channel[20:]))
        sub = f"{extension.id}-{self.chance.hexadecimal()}" if extension else ""
        leg = TrueLeg(call, role, party, extension.id if extension else None, sub, f"{SERVER}-{dashed}", self.clock.now())
        for name, value in more.items():
            setattr(leg, name, value)
        call.legs.append(leg)
        self.version += 1
        return leg

    def new_visit(self, leg: TrueLeg, extension: Extension, kind: str, caller: str, called: str, **more: object) -> Visit:
        """The extension's part in the call, as webhooks will tell of it."""
        visit = Visit(leg.call, extension, leg, kind, leg.sub_call_id, leg.control_id, caller, called, self.clock.now())
        for name, value in more.items():
            setattr(visit, name, value)
        self.visits[leg.call.call_id].append(visit)
        self.open_visits[visit] = visit
        return visit

    def ring(
        self,
        leg: TrueLeg,
        behaviour: Behaviour,
        answered: Callable[[TrueLeg], None],
        failed: Callable[[TrueLeg], None],
        seconds: float | None,
    ) -> None:
        """Let a phone ring until its person does something, or for so many seconds (None: for ever)."""
        self.manners[leg] = behaviour
        self.when_answered[leg], self.when_failed[leg] = answered, failed
        phone = self.extensions[leg.extension_id] if leg.extension_id is not None else None
        if phone is not None and not phone.registered:
            behaviour = Behaviour(UNAVAILABLE, 0.2)
        elif self.engaged.get(line(leg)) and not (phone is not None and phone.call_waiting):
            behaviour = Behaviour(IS_BUSY, 1.0)
        if phone is None:
            self.engage(leg)
        if behaviour.does in (ANSWERS, VOICEMAIL):
            self.later(leg, behaviour.after, lambda: self.picked_up(leg, voicemail=behaviour.does == VOICEMAIL))
        elif behaviour.does in FAILURES:
            self.later(leg, behaviour.after, lambda: self.refused(leg, behaviour.does))
        else:
            assert behaviour.does in (IGNORES, BY_HAND)
        if seconds is not None:
            self.later(leg, seconds, lambda: self.not_reached(leg, NOANSWER, "server"))

    def engage(self, leg: TrueLeg) -> None:
        """A line is taken: an outside phone as soon as it rings, an extension while somebody talks on it."""
        self.engaged[line(leg)] = self.engaged.get(line(leg), 0) + 1
        self.taken.add(leg)

    def later(self, leg: TrueLeg, seconds: float, deed: Callable[[], object]) -> None:
        """Do something with a leg later, unless it has ended or been answered by then."""
        entry = self.agenda.enter(self.clock.now() + dt.timedelta(seconds=seconds), deed)
        self.timers.setdefault(leg, []).append(entry)

    def quiet(self, leg: TrueLeg) -> None:
        """Forget what was to happen to a leg."""
        for entry in self.timers.pop(leg, ()):
            entry.cancel()

    def picked_up(self, leg: TrueLeg, *, voicemail: bool = False) -> None:
        """Somebody, or a machine, picks up."""
        if not leg.ringing:
            return
        self.quiet(leg)
        leg.answered_at, leg.voicemail = self.clock.now(), voicemail
        if leg not in self.taken:
            self.engage(leg)
        self.version += 1
        self.when_answered[leg](leg)

    def refused(self, leg: TrueLeg, does: str) -> None:
        """The phone does not want: busy, rejected, no such number, unavailable."""
        leg.rejected = does == REJECTS
        self.not_reached(leg, FAILURES[does], "server" if does in (INVALID, UNAVAILABLE) else leg.role)

    def not_reached(self, leg: TrueLeg, status: str, by: str) -> None:
        """The phone stops ringing without an answer."""
        if leg.ringing:
            self.end_leg(leg, status, by)
            self.when_failed[leg](leg)

    def end_leg(self, leg: TrueLeg, status: str, by: str) -> None:
        """Write down the end of a leg; what follows from it is the caller's business."""
        if leg.ended_at is not None:
            return
        self.quiet(leg)
        leg.ended_at, leg.status, leg.ended_by = self.clock.now(), status, by
        self.manners.pop(leg, None)
        self.version += 1
        if leg in self.taken:
            self.taken.discard(leg)
            self.engaged[line(leg)] -= 1
            if not self.engaged[line(leg)]:
                del self.engaged[line(leg)]

    def forget(self, legs: Iterable[TrueLeg]) -> None:
        """Let go of what belonged to a call that is over."""
        for leg in legs:
            self.when_answered.pop(leg, None)
            self.when_failed.pop(leg, None)

    # Talk

    def connect(self, visit: Visit) -> None:
        """Two people talk: tell it, and see who will hang up first."""
        visit.answered_at = self.clock.now()
        self.webhooks.tell(visit, "answer", ANSWER)
        limit = visit.call.request.get("call_duration")
        if isinstance(limit, (int, float)) and limit > 0:
            self.later(visit.leg, float(limit), lambda: self.end_call(visit.call, "server"))
        for leg in (visit.leg, visit.far):
            talks = self.manners[leg].talks if leg is not None and leg in self.manners else math.inf
            if leg is not None and math.isfinite(talks):
                self.later(leg, talks, lambda leg=leg: self.hung_up(leg))  # type: ignore[misc]

    def hung_up(self, leg: TrueLeg, by: str = "") -> None:
        """Somebody puts the receiver down, or the API does it for them: everything that hangs on it ends."""
        if leg.ended_at is not None:
            return
        by = by or leg.role
        visit = next((v for v in self.visits[leg.call.call_id] if v.leg is leg and v.is_open and not v.hidden), None)
        waits = leg.role == CLIENT and leg.call.direction == "in"
        if leg.ringing and not waits and not (by == "api" and leg.call.direction != "in"):
            leg.rejected = by != "api"
            self.not_reached(leg, BUSY if leg.rejected else CANCEL, by)
        elif visit is not None and visit.consults is not None and visit.consults.is_open and by != "api":
            self.complete(visit)
        else:
            self.end_call(leg.call, by)

    def complete(self, visit: Visit) -> None:
        """An attended transfer is completed: the agent leaves, the colleague goes on with the client."""
        colleague, visit.consults = visit.consults, None
        assert colleague is not None
        colleague.far = visit.far
        if visit.far is not None:
            visit.far.held = False
        self.end_leg(visit.leg, ANSWER, AGENT)
        self.close(visit, ANSWER)

    def close(self, visit: Visit, status: str, *, bridged: bool | None = None) -> None:
        """A visit is over: the recording is written, and the hang-up told if anything was told before."""
        if not visit.is_open:
            return
        visit.ended_at, visit.status = self.clock.now(), status
        self.open_visits.pop(visit, None)
        if (
            visit.answered_at is not None
            and visit.extension.type == "phone"
            and visit.extension.record_enabled
            and not visit.hidden
            and not self.chance.happens(self.faults.missing_record)
        ):
            visit.record_uuid = visit.leg.record_uuid = f"{visit.extension.id}-{self.chance.hexadecimal().upper()}"
            self.records[visit.record_uuid] = visit
        if visit.told or bridged is not None:
            self.webhooks.tell(visit, "hangup", status, bridged=bridged)

    def end_call(self, call: TrueCall, by: str, status: str | None = None) -> None:
        """The call is over for everybody."""
        if call.ended_at is not None:
            return
        call.ended_at, call.ended_by = self.clock.now(), by
        unanswered = status or (NOANSWER if by == "server" else CANCEL)
        for leg in call.legs:
            self.end_leg(leg, ANSWER if leg.answered_at else unanswered, by)
        bridged = call.answered
        for visit in list(self.visits[call.call_id]):
            entrance = visit.extension.type != "phone"
            self.close(visit, ANSWER if visit.answered_at else unanswered, bridged=bridged if entrance else None)
        self.forget(call.legs)


def line(leg: TrueLeg) -> str:
    """By what two calls to one phone are known to be that."""
    return leg.party if "*" in leg.party else digits(leg.party)
