"""The port: what a telephone provider is to the CRM, and what it may be able to do.

A provider's plugin answers the hook ``telephony_providers`` with its `Provider`. What it can do it *declares* as capabilities; the
interface offers nothing else. Its methods talk to the outside, so they are never called within a transaction; what happens on the line
comes back as `CallEvent`s, by webhook, by a listener of the provider's own, or by asking.
"""

from __future__ import annotations

import datetime as dt
import enum
import threading
import typing as t
import weakref
from collections.abc import Iterator, Mapping, Sequence

import attrs

from crmkit import Text

from .events import CallEvent, Outcome

if t.TYPE_CHECKING:
    from crmkit import Crm

_MADE: weakref.WeakKeyDictionary[Crm, dict[str, Provider]] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


class Capability(enum.Enum):
    """Something a provider may be able to do."""

    ORIGINATE = "originate"
    """Place a call: the agent's own telephone rings first, then the client's."""
    HANG_UP = "hang_up"
    HOLD = "hold"
    """Put the other party on hold and take them back."""
    TRANSFER = "transfer"
    """Hand a call over at once (blind)."""
    ATTENDED_TRANSFER = "attended_transfer"
    """Hand a call over after a word with the colleague."""
    ACTIVE_CALLS = "active_calls"
    """Say which calls there are right now."""
    HISTORY = "history"
    """Say afterwards how calls went."""
    RECORDINGS = "recordings"
    PRESENCE = "presence"
    """Say whose telephone is connected."""
    WEBHOOKS = "webhooks"
    """Send events to an address of ours."""
    LISTENER = "listener"
    """Be listened to over a connection of ours."""


class ProviderError(Exception):
    """A provider did not do what it was asked. `message` is for people; `again` says whether trying once more makes sense."""

    def __init__(self, message: Text | str, *, again: bool = False, after: dt.timedelta | None = None) -> None:
        super().__init__(str(message))
        self.message, self.again, self.after = message, again, after


class NotThere(ProviderError):
    """What was asked about is not there (any more): a call that is over, a recording that is not ready."""


class Unknown(ProviderError):
    """The connection broke after the request was sent: nobody knows whether it was done."""


@attrs.frozen(kw_only=True)
class Originate:
    """A call to be placed."""

    extension: str
    """The agent's telephone, as the provider calls it (`Line.extension`)."""
    device: str | None
    """The provider's own number of that telephone (`Line.device`)."""
    number: str
    """The client's number, E.164."""
    from_number: str | None = None
    """The number the client is to see, E.164; left to the provider where it has no such choice."""
    shown: str | None = None
    """What the agent's telephone shows: the client's name."""
    reference: str = ""
    """Ours; providers that give it back in events let a call be recognised before their answer is there."""


@attrs.frozen(kw_only=True)
class Placed:
    """What a provider answers to `Originate`."""

    call_key: str | None
    """The call's key in its events, as `CallEvent.call`; None where the answer does not name it: then events carry the reference."""
    control: str | None = None
    """What call control addresses, where that is known already."""


@attrs.frozen(kw_only=True)
class Leg:
    """A party of a call that can be controlled."""

    call_key: str
    leg_key: str
    control: str | None
    extension: str | None
    device: str | None


@attrs.frozen(kw_only=True)
class Active:
    """A call as the provider sees it right now."""

    call_key: str
    leg_key: str | None
    control: str | None
    extension: str | None
    device: str | None
    number: str | None
    incoming: bool
    began_at: dt.datetime | None
    answered_at: dt.datetime | None
    reference: str | None = None


@attrs.frozen(kw_only=True)
class Past:
    """A call as the provider's history tells it."""

    call_key: str
    incoming: bool
    extension: str | None
    number: str | None
    our_number: str | None
    began_at: dt.datetime
    answered_at: dt.datetime | None
    ended_at: dt.datetime
    outcome: Outcome
    recording: str | None = None


@attrs.frozen(kw_only=True)
class Recording:
    """The sound of a call: its type, its length in bytes where known, and its pieces, to be read once."""

    content_type: str
    size: int | None
    pieces: Iterator[bytes]
    name: str | None = None


@attrs.frozen(kw_only=True)
class Received:
    """A webhook request as it came: nothing decoded."""

    method: str
    path: str
    """What follows the provider's secret in the address."""
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str | None
    """The address it came from, behind trusted proxies the client's."""


@attrs.frozen(kw_only=True)
class Heard:
    """What a webhook said: events, and what is answered to it."""

    events: Sequence[CallEvent] = ()
    answer: str = ""
    content_type: str = "text/plain"
    status: int = 200


@attrs.frozen(kw_only=True)
class Finding:
    """One line of a provider's check of its own set-up."""

    ok: bool
    what: Text | str
    """What was looked at, and what to do where it is not well."""


class Provider:
    """A telephone provider. Subclass it, declare `capabilities`, and write the methods these stand for.

    Methods run in threads without a transaction, several at once; those that change nothing may be repeated. Errors are
    `ProviderError`s in words for people, without secrets.
    """

    name: t.ClassVar[str]
    """A short name, as in ``telephony_call.provider``: small letters, digits and _."""
    label: t.ClassVar[str]
    capabilities: frozenset[Capability] = frozenset()
    inside: t.ClassVar[bool] = False
    """True for one that runs within the CRM, to try things out: it needs no address to reach the CRM at."""

    def __init__(self, crm: Crm) -> None:
        """Remember the CRM; read settings from it. Nothing is connected yet."""
        self._crm = weakref.ref(crm)

    @property
    def crm(self) -> Crm:
        """The CRM, which outlives its providers."""
        return t.cast("Crm", self._crm())

    def can(self, capability: Capability) -> bool:
        """True when the provider declares it."""
        return capability in self.capabilities

    @property
    def can_be_asked(self) -> bool:
        """True when it can say of a call whether it still is: of its history, or of what goes on."""
        return self.can(Capability.HISTORY) or self.can(Capability.ACTIVE_CALLS)

    def full_until(self) -> dt.datetime | None:
        """Return until when no call can be placed, because a limit of the provider's is used up; None where nothing is known of one.

        Asked within transactions: from memory, without the network.
        """
        return None

    def gathers(self) -> dt.timedelta:
        """Return how long a question of what goes on may wait for others who want to know the same: none, unless requests are scarce."""
        return dt.timedelta(0)

    # ---- calls: network, no transaction ----------------------------------------------------------------------------
    def originate(self, asked: Originate) -> Placed:
        """Place a call; `Unknown` where it may or may not have been placed."""
        raise NotImplementedError

    def hang_up(self, leg: Leg) -> None:
        """End a call; `NotThere` when it is over already (whoever asked has what they wanted)."""
        raise NotImplementedError

    def hold(self, leg: Leg) -> None:
        """Put the other party on hold."""
        raise NotImplementedError

    def resume(self, leg: Leg) -> None:
        """Take the other party back from hold."""
        raise NotImplementedError

    def transfer(self, leg: Leg, to: str, *, attended: bool = False) -> None:
        """Hand the other party over to an extension or a number (E.164)."""
        raise NotImplementedError

    # ---- asking ----------------------------------------------------------------------------------------------------
    def active_calls(self) -> Sequence[Active]:
        """Return all calls there are now."""
        raise NotImplementedError

    def active_at(self, leg: Leg) -> Sequence[Active] | None:
        """Return a call as it is at one telephone, where asking of that one costs no more than asking of all; None: all are to be asked of.

        Also None where that telephone does not have it (any more): it may be at another.
        """
        return None

    def past(self, call_key: str) -> Past | None:
        """Return how one call went, None while the history does not have it."""
        raise NotImplementedError

    def history(self, since: dt.datetime, until: dt.datetime) -> Iterator[Past]:
        """Go through calls that began in a stretch of time, oldest first."""
        raise NotImplementedError

    def recording(self, key: str) -> Recording:
        """Return the sound of a call; `NotThere` while it is not ready."""
        raise NotImplementedError

    def present(self) -> Mapping[str, bool]:
        """Return by extension whether its telephone is connected."""
        raise NotImplementedError

    # ---- hearing ---------------------------------------------------------------------------------------------------
    def receive(self, received: Received) -> Heard:
        """Read a webhook request whose secret was right. What is not understood is an event of type ``unknown``, never an error.

        Raise `crmkit.Forbidden` for a wrong signature or network.
        """
        raise NotImplementedError

    def listen(self, tell: t.Callable[[Sequence[CallEvent]], None], stop: t.Callable[[], bool]) -> None:
        """Stay connected and tell what happens until `stop()` is true; return or raise where the connection is lost."""
        raise NotImplementedError

    # ---- keeping the set-up right ------------------------------------------------------------------------------------
    def align(self, lines: Sequence[tuple[str, str | None]]) -> Sequence[Finding]:
        """Bring subscriptions into step with the telephones in use, as (extension, device); leave alone what is not ours."""
        return ()

    def check(self) -> Sequence[Finding]:
        """Say what is well and what is not, in words."""
        return ()


def provider_named(crm: Crm, name: str) -> Provider | None:
    """Return a provider of the composed CRM by name, None where no plugin has it."""
    return providers(crm).get(name)


def providers(crm: Crm) -> Mapping[str, Provider]:
    """Return all providers by name; made once for a CRM."""
    known = _MADE.get(crm)
    if known is None:
        with _LOCK:
            made = [p for answer in crm.hook.telephony_providers(crm=crm) for p in answer or ()]
            known = _MADE.setdefault(crm, {p.name: p for p in made})
    return known


__all__ = [
    "Active", "Capability", "Finding", "Heard", "Leg", "NotThere", "Originate", "Past", "Placed", "Provider", "ProviderError", "Received",
    "Recording", "Unknown", "provider_named", "providers",
]  # fmt: skip
