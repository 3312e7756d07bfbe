"""What a provider answers when it is asked, as events: so that asking and being told end in one place."""

from __future__ import annotations

from .events import CallEvent, EventType, Outcome
from .provider import Active, Past


def of_past(past: Past) -> list[CallEvent]:
    """Return the events of a call a provider's history tells of."""
    common = {"call": past.call_key, "incoming": past.incoming, "extension": past.extension, "number": past.number, "our_number": past.our_number}
    key = f"crm:past:{past.call_key}"
    told = [CallEvent(type=EventType.ENDED, at=past.ended_at, key=f"{key}:ended", outcome=past.outcome, recording=past.recording,
        talked=None if past.answered_at is None else past.ended_at - past.answered_at, **common)]  # type: ignore[arg-type]
    rings = EventType.AGENT_RINGING if past.incoming else EventType.INITIATED
    told.append(CallEvent(type=rings, at=past.began_at, key=f"{key}:began", **common))  # type: ignore[arg-type]
    if past.answered_at is not None and past.outcome in (Outcome.ANSWERED, Outcome.VOICEMAIL):
        told.append(CallEvent(type=EventType.ANSWERED, at=past.answered_at, key=f"{key}:answered", **common))  # type: ignore[arg-type]
    return told


def of_active(active: Active) -> list[CallEvent]:
    """Return what a call that goes on now tells beyond its being there: that it was answered."""
    if active.answered_at is None:
        return []
    return [CallEvent(
        type=EventType.ANSWERED, call=active.call_key, at=active.answered_at, key=f"crm:active:{active.call_key}:{active.leg_key or ''}",
        leg=active.leg_key, control=active.control, incoming=active.incoming, extension=active.extension, device=active.device,
        number=active.number)]  # fmt: skip


__all__ = ["of_active", "of_past"]
