"""Recordings: silence as MP3, as long as the talk was."""

from __future__ import annotations

# MPEG-2 layer III, 16 kHz, mono, 16 kbit/s: a frame of 72 bytes lasts 36 ms, which is the two kilobytes a second of real ones.
# Header, then nine bytes of side information that say "no data follows", then nothing.
FRAME = b"\xff\xf3\x28\xc4" + bytes(68)
FRAME_SECONDS = 0.036
LONGEST = 3600.0


def silence(seconds: float) -> bytes:
    """A playable MP3 of so many seconds (one hour at most)."""
    return FRAME * max(1, round(min(seconds, LONGEST) / FRAME_SECONDS))


def size(seconds: float) -> int:
    """How long `silence` is."""
    return len(FRAME) * max(1, round(min(seconds, LONGEST) / FRAME_SECONDS))
