"""The fake PBX as the provider, alive while the CRM serves. Its webhooks come in by the front door, as Telfin's do."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import typing as t
from collections.abc import AsyncIterator, Sequence

import httpx
import sqlalchemy as sa

from crmkit import Crm, MovableClock, Uow, hookimpl
from crmkit_telephony import (
    Call,
    CallEvent,
    CallState,
    EventType,
    Line,
    OurNumber,
    Provider,
    Recording,
    align_soon,
    provider_named,
    take,
)

from ..fake import Behaviour, Extension, FakePbx, Habits, alive, answers, by_hand
from ..provider import TelfinProvider
from ..settings import TelfinSettings
from ..tables import accounts, extensions

PHONES = 15
QUEUE = "900"
PATIENCE = 20.0
HEARD, LONGEST = 40.0, 120.0
"""Seconds of a recording made before this process began, which nobody has kept; and of any recording at the most."""
RATE = 4000
VOICES = ((165, 0.9), (262, 1.3), (147, 0.6), (294, 0.8))


class Exchange(TelfinProvider):
    """Telfin's client, talking to a fake PBX within the process."""

    inside = True

    def __init__(self, crm: Crm) -> None:
        """Nobody lives there yet: telephones move when the CRM serves."""
        settings = crm[TelfinSettings]
        phones = [Extension(str(101 + n), behaviour=by_hand()) for n in range(PHONES)]
        queue = Extension(QUEUE, type="queue", members=("101", "102"))
        self.pbx = FakePbx(
            crm.clock, extensions=[*phones, queue], app_id=settings.app_id, app_secret=settings.app_secret, base_url=settings.base_url,
            habits=Habits.at_the_page(), seed=secrets.randbits(32), send=self._send)  # fmt: skip
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(crm, self.pbx.transport())

    def recording(self, key: str) -> Recording:
        """Return the sound of a call: somebody hums, somebody else hums back. Nothing was said, but a player has something to play."""
        with self.pbx.lock:
            visit = self.pbx.switch.records.get(key)
        sound = two_voices(visit.talked if visit is not None else HEARD)
        return Recording(content_type="audio/wav", size=len(sound), pieces=iter([sound]))

    # ---- who lives there ---------------------------------------------------------------------------------------------
    def move_in(self, uow: Uow, names: t.Mapping[int, str]) -> None:
        """Write people's names at their telephones; the first three are those of the queue."""
        lines = uow.find(Line).where(Line.provider == self.name, Line.in_use.is_(True)).order_by(Line.__table__.c.id).all()
        shorts = [line.extension.rpartition("*")[2] for line in lines]
        with self.pbx.lock:
            for extension in self.pbx.extensions:
                if extension.type == "queue":
                    extension.members = tuple(shorts[:3]) or extension.members
                elif extension.name in shorts:
                    extension.label = names.get(lines[shorts.index(extension.name)].owner_id or 0, "") or extension.label
            numbers = [n.number.lstrip("+") for n in uow.find(OurNumber).order_by(OurNumber.__table__.c.id)]
            if numbers:
                self.pbx.switch.dids = tuple(numbers)

    @property
    def by_themselves(self) -> tuple[bool, bool]:
        """Whether colleagues and clients pick up by themselves."""
        phones = [e for e in self.pbx.extensions if e.type == "phone"]
        return phones[0].behaviour != by_hand(), self.pbx.switch.habits != Habits.at_the_page()

    def let(self, *, colleagues: bool, clients: bool) -> None:
        """Let colleagues pick up by themselves, and clients behave as in life; else somebody at the page does both."""
        behaviour: Behaviour = answers(after=2.0) if colleagues else by_hand()
        with self.pbx.lock:
            for extension in self.pbx.extensions:
                if extension.type == "phone":
                    extension.behaviour = behaviour
            self.pbx.switch.habits = Habits(talks=(10.0, 40.0)) if clients else Habits.at_the_page()

    # ---- webhooks ----------------------------------------------------------------------------------------------------
    def _send(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Post a webhook to the CRM that runs here, whatever port and path it is served at."""
        loop = self._loop
        if loop is None:
            return 503
        return asyncio.run_coroutine_threadsafe(self._post(url, body, headers), loop).result(PATIENCE)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        transport = httpx.ASGITransport(app=self.crm.app)
        async with httpx.AsyncClient(transport=transport, timeout=PATIENCE) as client:
            answer = await client.request("POST" if body else "GET", url, content=body or None, headers=headers)
        return answer.status_code

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let telephones ring while the CRM serves. A PBX that has just begun knows no subscription: all are made anew."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._begin)
        with contextlib.ExitStack() as stack:
            if not isinstance(self.crm.clock, MovableClock):
                stack.enter_context(alive(self.pbx))
            try:
                yield
            finally:
                self._loop = None
                await asyncio.to_thread(stack.pop_all().close)

    def _begin(self) -> None:
        app_id = self.settings.app_id
        with self.crm.uow() as uow:
            uow.connection.execute(sa.update(extensions).where(extensions.c.app_id == app_id).values(aligned=None, aligned_at=None))
            uow.connection.execute(sa.update(accounts).where(accounts.c.app_id == app_id).values(
                listed_at=None, phones_aligned=None, remaining=None, reset_at=None))  # fmt: skip
            owners = [line.owner_id for line in uow.find(Line).where(Line.provider == self.name) if line.owner_id is not None]
            names = uow.crm.hook.crm_names(crm=self.crm, of="person", ids=owners) if "crm_names" in self.crm.hooked else None
            self.move_in(uow, names or {})
            self._let_go(uow)
            align_soon(uow, self.name)

    def _let_go(self, uow: Uow) -> None:
        """End the calls of the process before: its telephones are gone."""
        open_ones = uow.find(Call).where(Call.provider == self.name, Call.state != CallState.ENDED, Call.key.is_not(None)).all()
        keys = [str(call.key).partition(":")[2] for call in open_ones]
        take(uow, self.name, [CallEvent(type=EventType.ENDED, call=key, at=uow.now, key=f"exchange:over:{key}") for key in keys])


def two_voices(seconds: float) -> bytes:
    """Return a WAV of so many seconds in which a low and a high voice hum in turns."""
    import io
    import math
    import wave

    phrases = []
    for pitch, length in VOICES:
        size = int(RATE * length)
        swell = [math.sin(math.pi * i / size) * math.sin(2 * math.pi * pitch * i / RATE) for i in range(size)]
        phrases.append(bytes(128 + int(70 * level) for level in swell) + b"\x80" * (RATE // 4))
    phrase, wanted = b"".join(phrases), int(RATE * min(max(seconds, 1.0), LONGEST))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes((phrase * (wanted // len(phrase) + 1))[:wanted])
    return file.getvalue()


def exchange_of(crm: Crm) -> Exchange | None:
    """Return the exchange of a CRM that has one."""
    found = provider_named(crm, Exchange.name) if crm[TelfinSettings].fake else None
    return found if isinstance(found, Exchange) else None


@hookimpl
def telephony_providers(crm: Crm) -> Sequence[Provider]:
    """Offer the exchange instead of Telfin."""
    return [Exchange(crm)] if crm[TelfinSettings].fake else []


@hookimpl
def crm_lifespan(crm: Crm) -> contextlib.AbstractAsyncContextManager[None] | None:
    """Keep the exchange alive while the CRM serves."""
    found = exchange_of(crm)
    return None if found is None else found.running()


__all__ = ["Exchange", "exchange_of"]
