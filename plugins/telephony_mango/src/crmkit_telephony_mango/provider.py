"""Mango Office behind the port of telephony."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import httpx

from crmkit import Crm, Forbidden, _
from crmkit_telephony import Capability, Finding, Heard, Leg, Originate, Placed, Provider, ProviderError, Received, Recording

from .client import MISSING, Client
from .parsing import events_of, read
from .settings import MangoSettings
from .signing import opened

NOT_OURS = _("The signature is not Mango Office's", ru="Подпись не от Mango Office")
WELL = _("Mango Office answers and accepts the key", ru="Mango Office отвечает и принимает ключ")
NO_LEG = _("Nothing is known of this call that Mango Office could transfer", ru="О звонке нет данных, по которым Mango Office мог бы его перевести")
NO_WORD = _("Mango Office transfers at once, without a word before", ru="Mango Office переводит сразу, без разговора перед переводом")
MARK = "Mango Office"


class MangoProvider(Provider):
    """Mango Office: calls out by callback, blind transfer, recordings and signed webhooks. It can do more; more is not known here."""

    name = "mango"
    label = MARK
    capabilities = frozenset({Capability.ORIGINATE, Capability.TRANSFER, Capability.RECORDINGS, Capability.WEBHOOKS})

    def __init__(self, crm: Crm, transport: httpx.BaseTransport | None = None) -> None:
        """Read the settings; `transport` stands in for the network."""
        super().__init__(crm)
        self.settings = crm[MangoSettings]
        self.client = Client(self.settings, transport)

    def originate(self, asked: Originate) -> Placed:
        """Ask for a callback. The answer names no call: it is known by our reference, which all its events carry."""
        come_from = {"extension": asked.extension, "number": asked.device}
        self.client.ask("commands/callback", {
            "command_id": asked.reference, "from": {k: v for k, v in come_from.items() if v}, "to_number": asked.number.lstrip("+"),
        })  # fmt: skip
        return Placed(call_key=None)

    def transfer(self, leg: Leg, to: str, *, attended: bool = False) -> None:
        """Hand the leg over at once."""
        if attended:
            raise ProviderError(NO_WORD)
        if not leg.control or not leg.extension:
            raise ProviderError(NO_LEG)
        self.client.ask("commands/transfer", {
            "call_id": leg.control, "method": "blind", "to_number": to.lstrip("+"), "initiator": leg.extension,
        })  # fmt: skip

    def recording(self, key: str) -> Recording:
        """Follow the link that is good once, and hand the sound on as it comes."""
        opening = ExitStack()
        answer = opening.enter_context(self.client.sound("queries/recording/post", {"recording_id": key, "action": "download"}))
        length = answer.headers.get("Content-Length", "")
        whole = length.isdecimal() and "Content-Encoding" not in answer.headers
        return Recording(
            content_type=answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip(),
            size=int(length) if whole else None, pieces=_Pieces(answer.iter_bytes(), opening),
        )  # fmt: skip

    def receive(self, received: Received) -> Heard:
        """Check the signature and read the message."""
        text = opened(received.body, self.settings.key, self.settings.secret())
        if text is None:
            raise Forbidden(NOT_OURS)
        return Heard(events=events_of(received.path.strip("/"), read(text), self.crm.clock.now()))

    def check(self) -> Sequence[Finding]:
        """Ask for the list of users, which changes nothing, to see whether key and signature are accepted."""
        if not self.settings.key:
            return [Finding(ok=False, what=MISSING)]
        try:
            self.client.ask("config/users/request", {})
        except ProviderError as error:
            return [Finding(ok=False, what=error.message)]
        return [Finding(ok=True, what=WELL)]


class _Pieces:
    """Sound as it comes; the connection is let go at its end, and when whoever reads stops before."""

    def __init__(self, pieces: Iterator[bytes], opening: ExitStack) -> None:
        self._pieces, self._opening = pieces, opening

    def __iter__(self) -> t.Self:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._opening.close()

    def __del__(self) -> None:
        self.close()
