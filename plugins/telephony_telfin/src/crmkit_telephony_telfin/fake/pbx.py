"""The fake PBX as tests and the demo use it: one object with a clock, people, a server and a ledger."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmkit import Clock, MovableClock

from . import incoming, outgoing
from .agenda import Agenda
from .faults import Chance, Faults
from .people import Behaviour, Extension, Habits
from .sending import post
from .switch import Switch
from .transport import FakeTransport
from .truth import CLIENT, TrueCall, TrueLeg, Truth, digits
from .visits import Visit
from .webhooks import Send, Subscription, Webhooks

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from .api import Api

FOREIGN = "https://another-integration.example/telphin"  # whose subscriptions `Faults.foreign_subscriptions` puts there


class FakePbx:
    """A Telfin of one's own. On a `MovableClock` nothing happens until `advance`, `run_until` or `run_due` is called.

    `extensions` are short numbers or `Extension`s; `habits` say how people behave who have no script; `dids` are the company's
    numbers; `ring_seconds` is the server's own timer for a phone that nobody picks up (Telfin's is not known).
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        extensions: Sequence[Extension | str] = ("101", "102", "103"),
        client_id: int = 90001,
        app_id: str = "fake-app",
        app_secret: str = "fake-secret",
        prefix: str = "1111",
        dids: Sequence[str] = ("74950000000",),
        habits: Habits | None = None,
        faults: Faults | None = None,
        seed: int = 0,
        ring_seconds: float = 60.0,
        zone: dt.tzinfo = dt.UTC,
        base_url: str = "http://pbx.fake",
        send: Send = post,
    ) -> None:
        self.clock = clock or MovableClock()
        self.client_id, self.app_id, self.app_secret = client_id, app_id, app_secret
        self.zone, self.base_url = zone, base_url
        self.lock = threading.RLock()
        self._faults, chance = faults or Faults(), Chance(seed)
        self.agenda, self.truth = Agenda(), Truth()
        self.webhooks = Webhooks(self.agenda, chance, self._faults, self.truth, self.clock.now, send)
        self.switch = Switch(
            self.clock,
            self.agenda,
            chance,
            self._faults,
            _numbered(extensions),
            prefix,
            tuple(dids),
            habits or Habits(),
            ring_seconds,
            self.webhooks,
            self.truth,
        )
        if self._faults.foreign_subscriptions:
            for extension in self.extensions:
                self.foreign(extension.name)
        self._api: Api | None = None
        self.carry_out: Callable[[str, Callable[[], object]], object] = lambda name, deed: deed()

    # The time

    @property
    def next_at(self) -> dt.datetime | None:
        """The moment at which something happens next; None when everything is quiet."""
        with self.lock:
            return self.agenda.next_at()

    def run_due(self) -> int:
        """Do what is due by the clock, without moving it; returns how much it was."""
        done = 0
        while True:
            with self.lock:
                entry = self.agenda.due(self.clock.now())
                if entry is None:
                    return done
                done += 1
                deed = entry.deed
                if deed is not None and not entry.apart:
                    deed()
            if deed is not None and entry.apart:
                self.carry_out(entry.apart, deed)

    def run_until(self, moment: dt.datetime) -> int:
        """Move the clock to a moment, from one event to the next; returns how many there were."""
        done = self.run_due()
        while (at := self.next_at) is not None and at <= moment:
            self._move(at)
            done += self.run_due()
        self._move(moment)
        return done + self.run_due()

    def advance(self, seconds: float) -> int:
        """Let so many seconds pass."""
        return self.run_until(self.clock.now() + dt.timedelta(seconds=seconds))

    def settle(self, at_most: float = 3600.0) -> int:
        """Let time pass until nothing is going on any more, `at_most` so many seconds."""
        until, done = self.clock.now() + dt.timedelta(seconds=at_most), self.run_due()
        while (at := self.next_at) is not None and at <= until:
            done += self.run_until(at)
        return done

    def _move(self, moment: dt.datetime) -> None:
        if not isinstance(self.clock, MovableClock):
            raise TypeError("only a MovableClock can be moved; on a real one, `serve(pbx)` lets things happen in time")
        if moment > self.clock.now():
            self.clock.set(moment)

    # The faults

    @property
    def faults(self) -> Faults:
        """What goes wrong; assign another `Faults` at any time."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self.lock:
            self._faults = self.switch.faults = self.webhooks.faults = faults

    def trip(self, endpoint: str, fault: str, times: int = 1) -> None:
        """Let the next requests go wrong, for certain.

        `endpoint` is `callback`, `current_calls`, `control`, `call_history`, `record`, `event`, `token`, … or `*`; `fault` is one of
        `rate_limit`, `stats_busy`, `expired_token`, `server_error`, `server_error_after`, `slow`, `refused`.
        """
        self.api.trip(endpoint, fault, times)

    def revoke_tokens(self) -> None:
        """All tokens are dead at once, whatever expires_in said."""
        self.api.tokens.clear()

    def spend(self, requests: int) -> None:
        """Other apps of the client have made so many requests in this hour."""
        self.api.spend(requests)

    # The people

    @property
    def extensions(self) -> list[Extension]:
        """The extensions; their attributes may be changed at any time."""
        return list(self.switch.extensions.values())

    def extension(self, name: str) -> Extension:
        """The extension of a short or relative name."""
        found = self.switch.extension(name)
        if found is None:
            raise KeyError(f"the fake PBX has no extension {name!r}; it has {[e.name for e in self.extensions]}")
        return found

    def behave(self, who: str, *behaviours: Behaviour) -> None:
        """Script a client (by number) or an agent (by extension): one behaviour for each call, the last for all later ones."""
        with self.lock:
            known = self.switch.extension(who)
            key = f"*{known.name}" if known else digits(who)
            if behaviours:
                self.switch.scripts[key] = list(behaviours)
            else:
                self.switch.scripts.pop(key, None)

    def incoming(
        self,
        number: str,
        to: str | Iterable[str],
        *,
        did: str | None = None,
        behaviour: Behaviour | None = None,
    ) -> TrueCall:
        """A client calls in: to phones by their names, or to a queue or voice menu, which rings its members."""
        names = [to] if isinstance(to, str) else list(to)
        with self.lock:
            found = [self.extension(name) for name in names]
            entrance = next((e for e in found if e.type in ("queue", "ivr")), None)
            phones = [self.extension(name) for name in entrance.members] if entrance else found
            return incoming.incoming(self.switch, number, phones, did or self.switch.dids[0], entrance, behaviour)

    def outgoing(self, extension: str, number: str) -> TrueCall:
        """An agent dials on the telephone, past the CRM."""
        with self.lock:
            return outgoing.outgoing(self.switch, self.extension(extension), number)

    def internal(self, extension: str, other: str) -> TrueCall:
        """One colleague calls another."""
        self.extension(other)
        return self.outgoing(extension, other)

    # By hand

    def ringing(self) -> list[TrueLeg]:
        """The phones that ring now, and callers who wait."""
        with self.lock:
            return [leg for call in self.going_on() for leg in call.legs if leg.ringing]

    def talking(self) -> list[TrueLeg]:
        """The phones that are in a call now, queues and voice menus left out."""
        with self.lock:
            legs = [leg for call in self.going_on() for leg in call.legs]
            return [leg for leg in legs if leg.talking and leg.role not in ("queue", "ivr")]

    def going_on(self) -> list[TrueCall]:
        """The calls that go on, in order of their beginning."""
        return list({id(visit.call): visit.call for visit in self.switch.open_visits.values()}.values())

    def pick_up(self, leg: TrueLeg, *, voicemail: bool = False) -> None:
        """Somebody picks a ringing phone up; `voicemail`: a machine does."""
        with self.lock:
            if leg.role == CLIENT and leg.call.direction == "in":
                raise ValueError("this is the one who calls: an agent's phone is to be picked up")
            self.switch.picked_up(leg, voicemail=voicemail)

    def reject(self, leg: TrueLeg, does: str = "rejects") -> None:
        """A ringing phone says no: `rejects`, `busy`, `invalid` or `unavailable`."""
        with self.lock:
            self.switch.refused(leg, does)

    def hang_up(self, leg: TrueLeg) -> None:
        """Somebody hangs up, while it rings or in talk."""
        with self.lock:
            self.switch.hung_up(leg)

    def transfer(self, leg: TrueLeg, to: str, *, attended: bool = False) -> Visit:
        """An agent transfers a call by the keys of the telephone."""
        with self.lock:
            visit = next(v for v in self.switch.open_visits.values() if v.leg is leg and not v.hidden)
            return outgoing.transfer(self.switch, visit, to, attended=attended)

    # Webhooks

    def deliver_to(self, send: Send) -> None:
        """Hand webhooks to a function, `send(url, body, headers) -> status`, instead of posting them; no body means GET."""
        self.webhooks.send = send

    def subscribe(self, extension: str, url: str, event_type: str, method: str = "POST") -> Subscription:
        """Subscribe without the API."""
        with self.lock:
            return self.webhooks.subscribe(self.extension(extension).id, url, event_type, method)

    def foreign(self, extension: str, event_type: str = "hangup", url: str = FOREIGN) -> Subscription:
        """Somebody else's subscription, which must survive ours: its webhooks go nowhere."""
        with self.lock:
            return self.webhooks.subscribe(self.extension(extension).id, url, event_type, foreign=True)

    # The server

    @property
    def api(self) -> Api:
        """The REST API."""
        from .api import Api

        if self._api is None:
            self._api = Api(self)
        return self._api

    @property
    def app(self) -> Starlette:
        """The server as an ASGI application: the API, the recordings and the page at /fake/."""
        from .app import application

        return application(self)

    def transport(self) -> FakeTransport:
        """For `httpx.Client(transport=…)` and `httpx.AsyncClient(transport=…)`: the API without a socket, quick."""
        return FakeTransport(self)

    def credentials(self) -> dict[str, Any]:
        """What a client must know: base_url, client_id, app_id and app_secret."""
        return {
            "base_url": self.base_url,
            "client_id": self.client_id,
            "app_id": self.app_id,
            "app_secret": self.app_secret,
        }


def _numbered(extensions: Sequence[Extension | str]) -> dict[int, Extension]:
    found: dict[int, Extension] = {}
    for number, given in enumerate(extensions, 85001):
        extension = Extension(given) if isinstance(given, str) else given
        extension.id = extension.id or number
        extension.label = extension.label or f"Extension {extension.name}"
        found[extension.id] = extension
    return found
