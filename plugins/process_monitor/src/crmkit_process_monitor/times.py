"""How long something took, as people write it: ``3:05``, ``1:02:10``."""

from __future__ import annotations

import re

from crmkit import _

PARTS = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]\d)")
WORDS = re.compile(
    r"(?:(\d{1,3}(?:[.,]\d+)?)\s*(?:ч|час|часа|часов|h)\.?)?\s*(?:(\d{1,4}(?:[.,]\d+)?)\s*(?:мин|м|min|m)\.?)?\s*(?:(\d{1,5})\s*(?:с|сек|s|sec)\.?)?"
)
NO_TIME = _("minutes and seconds are written as in 3:05", ru="минуты и секунды записывают так: 3:05")


def clock(seconds: float) -> str:
    """Return seconds as ``3:05``, from an hour on as ``1:02:10``."""
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "\u2212" if round(seconds) < 0 else ""
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def seconds_of(text: str) -> int:
    """Return the seconds of ``185``, ``3:05``, ``1:02:10`` or ``3 min 5 s``; `ValueError` tells how it is written."""
    plain = text.strip().casefold().replace("\u00a0", " ").replace("\u202f", " ")
    if plain.isascii() and plain.isdecimal() and len(plain) < 7:
        return int(plain)
    if parts := PARTS.fullmatch(plain):
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        return hours * 3600 + minutes * 60 + seconds
    if plain and (words := WORDS.fullmatch(plain)) and any(words.groups()):
        hours_, minutes_, seconds_ = (float((part or "0").replace(",", ".")) for part in words.groups())
        return round(hours_ * 3600 + minutes_ * 60 + seconds_)
    raise ValueError(NO_TIME)


__all__ = ["NO_TIME", "clock", "seconds_of"]
