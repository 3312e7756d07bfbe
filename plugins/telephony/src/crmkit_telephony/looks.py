"""How calls, telephones and numbers are shown."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Crm, Uow, _
from crmkit.ui import Look, View, list_column

from .entities import Call, DoNotCall, Line, OurNumber
from .provider import providers
from .roles import LISTEN
from .screen import words

SETUP = _("Telephony set-up", ru="Настройка телефонии")


def _providers(crm: Crm) -> list[tuple[str, str]]:
    return [(p.name, p.label) for p in providers(crm).values()]


CALLS = Look(
    of=Call, icon="phone", title="number", subtitle="contact.name", order=35, sort="-began_at", day="began_at",
    hidden=("key", "given", "state", "heard_at", "asked_at", "wrapped_at", "said"), choices={"provider": _providers},
    columns=("number", "direction", "began_at", "outcome", "talked", "contact_id", "telephony:sound", "owner_id", "source_id"),
    card=("direction", "outcome", "contact_id", "owner_id"), form=("contact_id", "lead_id", "deal_id", "inquiry_id", "note"),
)  # fmt: skip
LINES = Look(
    of=Line, icon="phone-call", title="extension", section=SETUP, order=10, sort="extension", choices={"provider": _providers},
    columns=("extension", "owner_id", "provider", "device", "from_number", "in_use", "present"),
    form=("provider", "extension", "owner_id", "device", "from_number", "in_use"),
)  # fmt: skip
NUMBERS = Look(
    of=OurNumber, icon="megaphone", title="number", subtitle="name", section=SETUP, order=20, sort="number",
    columns=("number", "name", "source_id", "created_at"), form=("number", "name", "source_id"),
)  # fmt: skip
STOP_LIST = Look(
    of=DoNotCall, icon="phone-off", title="number", subtitle="contact.name", section=SETUP, order=30, sort="-created_at",
    columns=("number", "reason", "contact_id", "created_at"), form=("number", "reason", "contact_id"),
)  # fmt: skip


@list_column(Call, label=words.sound, permission=LISTEN)
def sound(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """A player for each call that has a recording the visitor may hear."""
    rows = uow.find(Call).where(Call.id.in_(list(ids)), Call.recording.is_not(None)).all()
    return {call.id: View("sound.html", key=call.id, talked=call.talked or 0, s=words, compact=True) for call in rows if uow.may(LISTEN, call)}
