"""What really happened: the ledger with which an audit compares what a CRM believes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import attrs

AGENT, CLIENT, OTHER, QUEUE, IVR = ROLES = ("agent", "client", "other", "queue", "ivr")
ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL = STATUSES = (*("ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION", "CHANUNAVAIL"),)


@attrs.define(eq=False)
class TrueLeg:
    """One phone's part in a call: who rang when, when they picked up, when and how it ended.

    `status` is the word the hang-up webhook uses (`ANSWER`, `BUSY`, …), None while it lasts. `ended_by` is `agent`, `client`,
    `api` or `server`. `elsewhere`: another phone of the same call was answered. `voicemail`: a machine picked up.
    """

    call: TrueCall = attrs.field(repr=False)
    role: str
    party: str  # an external number, or a relative name such as 1111*101
    extension_id: int | None
    sub_call_id: str
    control_id: str
    rang_at: dt.datetime
    source: bool = False  # a phone that a callback rings first
    transfered: bool = False
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    status: str | None = None
    ended_by: str | None = None
    elsewhere: bool = False
    voicemail: bool = False
    held: bool = False
    record_uuid: str | None = None
    rejected: bool = False

    @property
    def ringing(self) -> bool:
        """Whether it rings now."""
        return self.answered_at is None and self.ended_at is None

    @property
    def talking(self) -> bool:
        """Whether it is connected now."""
        return self.answered_at is not None and self.ended_at is None


@attrs.define(eq=False)
class TrueCall:
    """One call with all its legs. `number` is the client's, None for an internal call; `origin` is `callback`, `phone` or `outside`."""

    call_id: str
    direction: str  # out, in, internal
    origin: str
    number: str | None
    began_at: dt.datetime
    extension_id: int | None = None  # whose callback, or who dialled
    did: str | None = None
    ended_at: dt.datetime | None = None
    ended_by: str | None = None
    legs: list[TrueLeg] = attrs.field(factory=list, repr=False)
    notes: list[tuple[dt.datetime, str]] = attrs.field(factory=list, repr=False)
    request: dict[str, object] = attrs.field(factory=dict, repr=False)

    def roles(self, role: str) -> list[TrueLeg]:
        """The legs of a role."""
        return [leg for leg in self.legs if leg.role == role]

    @property
    def client_rang_at(self) -> dt.datetime | None:
        """The moment the client's phone began to ring (or they began to wait), None if that never came."""
        return min((leg.rang_at for leg in self.roles(CLIENT)), default=None)

    @property
    def agent_answered_at(self) -> dt.datetime | None:
        """The moment the first agent picked up."""
        return min((leg.answered_at for leg in self.roles(AGENT) if leg.answered_at), default=None)

    @property
    def client_answered_at(self) -> dt.datetime | None:
        """The moment the client, or their voicemail, picked up; for an incoming call the moment an agent did."""
        return min((leg.answered_at for leg in self.roles(CLIENT) if leg.answered_at), default=None)

    @property
    def answered(self) -> bool:
        """Whether an agent and somebody else were connected."""
        if self.direction == "internal":
            return sum(leg.answered_at is not None for leg in self.legs) > 1
        return self.client_answered_at is not None and self.agent_answered_at is not None

    @property
    def outcome(self) -> str:
        """`answered`, `voicemail`, `busy`, `rejected`, `invalid_number`, `unavailable`, `no_answer`, `agent_no_answer` or `going_on`."""
        if self.ended_at is None:
            return "going_on"
        if self.answered:
            return "voicemail" if any(leg.voicemail for leg in self.legs) else "answered"
        clients = self.roles(CLIENT) if self.direction != "internal" else self.legs[1:]
        if self.direction == "out" and not clients:
            return "agent_no_answer"
        if any(leg.rejected for leg in clients):
            return "rejected"
        words = {BUSY: "busy", CONGESTION: "invalid_number", CHANUNAVAIL: "unavailable"}
        return next((words[leg.status] for leg in clients if leg.status in words), "no_answer")


@attrs.frozen
class Delivery:
    """One webhook as it was sent, or lost: `status` is what the receiver answered, None if it did not."""

    at: dt.datetime  # when it was sent
    event_at: dt.datetime  # when it happened
    url: str
    method: str
    fields: dict[str, str]
    fate: str  # sent, lost, foreign (a stranger's subscription: never sent)
    status: int | None = None


@attrs.define
class Truth:
    """The ledger: every call that ever was, in order of their beginning, and every webhook (the last `keep` of them)."""

    calls: dict[str, TrueCall] = attrs.field(factory=dict)
    deliveries: list[Delivery] = attrs.field(factory=list, repr=False)
    keep: int = 20_000

    def __iter__(self) -> Iterator[TrueCall]:
        return iter(self.calls.values())

    def __len__(self) -> int:
        return len(self.calls)

    def of(self, call_id: str) -> TrueCall:
        """The call of this id, in either case; `KeyError` if there never was one."""
        return self.calls[call_id.lower()]

    def to(self, number: str) -> list[TrueCall]:
        """All calls with a client's number, however it is written: the last ten digits are compared."""
        return [call for call in self if call.number and digits(call.number) == digits(number)]

    def going_on(self) -> list[TrueCall]:
        """The calls that have not ended."""
        return [call for call in self if call.ended_at is None]

    def overlapping(self) -> list[tuple[TrueCall, TrueCall]]:
        """Pairs of outgoing calls that rang or talked to one client's number at the same time: there should be none."""
        spans: dict[str, list[tuple[dt.datetime, dt.datetime | None, TrueCall]]] = {}
        for call in self:
            if call.number and call.direction == "out" and call.client_rang_at:
                spans.setdefault(digits(call.number), []).append((call.client_rang_at, call.ended_at, call))
        return [pair for found in spans.values() for pair in _overlaps(sorted(found, key=lambda span: span[0]))]

    def wrote(self, delivery: Delivery) -> None:
        """Add a webhook."""
        self.deliveries.append(delivery)
        if len(self.deliveries) > self.keep * 2:
            del self.deliveries[: -self.keep]


def digits(number: str) -> str:
    """The last ten digits, by which `+7 999…`, `8999…` and `7999…` are one number."""
    return "".join(c for c in number.partition("@")[0] if c.isdigit())[-10:]


def _overlaps(
    spans: Iterable[tuple[dt.datetime, dt.datetime | None, TrueCall]],
) -> Iterator[tuple[TrueCall, TrueCall]]:
    longest: tuple[dt.datetime | None, TrueCall] | None = None
    for begins, ends, call in spans:
        if longest is not None and (longest[0] is None or begins < longest[0]):
            yield longest[1], call
        if longest is None or (longest[0] is not None and (ends is None or ends > longest[0])):
            longest = (ends, call)
