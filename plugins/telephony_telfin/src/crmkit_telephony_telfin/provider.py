"""Telfin as telephony sees it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import httpx

from crmkit import Crm, Forbidden, _, hookimpl
from crmkit_telephony import (
    Active,
    Capability,
    Finding,
    Heard,
    Leg,
    NotThere,
    Originate,
    Past,
    Placed,
    Provider,
    ProviderError,
    Received,
    Recording,
    Unknown,
)

from . import placing, words
from .catalogue import Catalogue
from .checks import address_of, look_over
from .client import Client, pieces_of
from .current import Current, named_by_handle
from .hearing import hear
from .history import History
from .reading import bare, call_key, text_of
from .settings import TelfinSettings
from .subscribing import Subscriptions

RECORDING_AGAIN = dt.timedelta(seconds=30)
_NAME = re.compile(r'filename="?([\w.\-]+)"?')
GATHER = dt.timedelta(seconds=1)


class TelfinProvider(Provider):
    """Telfin (Telphin, RingMe)."""

    name = "telfin"
    label = _("Telfin", ru="Телфин")
    capabilities = frozenset(set(Capability) - {Capability.LISTENER})

    def __init__(self, crm: Crm, transport: httpx.BaseTransport | None = None) -> None:
        """Nothing is asked yet. `transport` is that of a fake PBX, in tests."""
        super().__init__(crm)
        self.settings = crm[TelfinSettings]
        self.client = Client(crm, transport)
        self.catalogue = Catalogue(crm, self.client)
        self.current = Current(self.client, self.catalogue)
        self.calls = History(crm, self.client)
        self.subscriptions = Subscriptions(crm, self.client, self.catalogue)
        self._networks = tuple(ipaddress.ip_network(network) for network in self.settings.networks)

    # ---- calls -------------------------------------------------------------------------------------------------------
    def originate(self, asked: Originate) -> Placed:
        """Place a call: the colleague's telephone rings first."""
        device = asked.device or self.catalogue.device_of(asked.extension)
        body: dict[str, t.Any] = {
            "src_num": [bare(asked.extension)], "dst_num": asked.number, "src_caller_id_number": asked.number,
            "src_caller_id_name": (asked.shown or asked.number)[:60],
        }  # fmt: skip
        if asked.from_number:
            body["dst_ani"] = asked.from_number.lstrip("+")  # one of the client's own numbers, which Telfin writes without the plus
        if self.settings.wait_for_pickup is not None:
            body["wait_for_pickup"] = self.settings.wait_for_pickup
        noted = placing.remember(self.crm, asked, device)
        try:
            found = self.client.post(f"/extension/{quote(device, safe='')}/callback/", body)
        except Unknown:
            raise  # it may have been placed: what is told of it is to be recognised
        except ProviderError:
            placing.forget(self.crm, noted)
            raise
        key = call_key(text_of(found, "call_id")) if isinstance(found, dict) else ""
        if not key:
            raise Unknown(words.ODD)
        placing.answered(self.crm, noted, key)
        return Placed(call_key=key)  # its call_api_id does not address call control: a webhook's CallAPIID does

    def full_until(self) -> dt.datetime | None:
        """Return when the next hour begins, where the limit of this one is used up."""
        return self.client.limits.over_until()

    def gathers(self) -> dt.timedelta:
        """Return how long questions of what goes on are gathered: a second, once the hour's requests go faster than the hour."""
        return GATHER if self.client.limits.hurried() else dt.timedelta(0)

    def hang_up(self, leg: Leg) -> None:
        """End a call."""
        self.current.hang_up(leg)

    def hold(self, leg: Leg) -> None:
        """Put the other party on hold."""
        self.current.act(leg, "hold", repeatable=True)

    def resume(self, leg: Leg) -> None:
        """Take the other party back."""
        self.current.act(leg, "offhold", repeatable=True)

    def transfer(self, leg: Leg, to: str, *, attended: bool = False) -> None:
        """Hand the other party over."""
        self.current.act(leg, "attended_transfer" if attended else "transfer", bare(to), repeatable=False)

    # ---- asking ------------------------------------------------------------------------------------------------------
    def active_calls(self) -> Sequence[Active]:
        """Return all calls there are at telephones now."""
        return named_by_handle(self.crm, self.current.all())

    def active_at(self, leg: Leg) -> Sequence[Active] | None:
        """Ask of one telephone: a list of hundreds of calls is not read for one. In a hurry one question is to answer for many."""
        if self.client.limits.hurried():
            return None
        return [a for a in self.current.of(self.current.device_of(leg), urgent=False) if a.call_key == call_key(leg.call_key)] or None

    def past(self, call_key: str) -> Past | None:
        """Return how one call went."""
        return self.calls.past(call_key)

    def history(self, since: dt.datetime, until: dt.datetime) -> Iterator[Past]:
        """Go through the calls that began in a stretch of time."""
        return self.calls.between(since, until)

    def recording(self, key: str) -> Recording:
        """Return the sound of a call: Telfin's own addresses of it never leave this server."""
        try:
            answer = self.client.stream(f"/client/{self.settings.client_id}/record/{quote(key, safe='')}")
        except NotThere:
            raise NotThere(words.NO_RECORDING, again=True, after=RECORDING_AGAIN) from None
        size = answer.headers.get("Content-Length", "")
        packed = "Content-Encoding" in answer.headers
        name = _NAME.search(answer.headers.get("Content-Disposition", ""))
        return Recording(
            content_type=answer.headers.get("Content-Type", "audio/mpeg").partition(";")[0],
            size=int(size) if size.isdigit() and not packed else None, pieces=pieces_of(answer), name=name[1] if name else None,
        )  # fmt: skip

    def present(self) -> Mapping[str, bool]:
        """Return whose telephone is connected."""
        names = {e.id: e.name for e in self.catalogue.all()}
        found = self.client.get("/extension/registration/")
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return {names[id]: row.get("registered") is True for row in rows if (id := text_of(row, "extension_id")) in names}

    # ---- hearing -----------------------------------------------------------------------------------------------------
    def receive(self, received: Received) -> Heard:
        """Read a webhook."""
        if self._networks and not self._from_there(received.peer):
            raise Forbidden(words.STRANGER)
        return hear(received, self.crm.clock.now(), lambda call, device, number: placing.reference_of(self.crm, call, device, number))

    def _from_there(self, peer: str | None) -> bool:
        try:
            address = ipaddress.ip_address((peer or "").partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    # ---- the set-up --------------------------------------------------------------------------------------------------
    def align(self, lines: Sequence[tuple[str, str | None]]) -> Sequence[Finding]:
        """Have Telfin tell of the telephones in use."""
        try:
            return self.subscriptions.align(lines, address_of(self.crm))
        except ProviderError as error:
            if error.again:
                raise
            return [Finding(ok=False, what=error.message)]  # which trying again does not mend

    def check(self) -> Sequence[Finding]:
        """Say in words what is well and what is not."""
        return look_over(self)


@hookimpl
def telephony_providers(crm: Crm) -> Sequence[Provider]:
    """Offer Telfin where it is set up."""
    settings = crm[TelfinSettings]
    return [TelfinProvider(crm)] if settings.app_id and not settings.fake else []


__all__ = ["TelfinProvider"]
