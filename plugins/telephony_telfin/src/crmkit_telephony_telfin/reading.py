"""Telfin's ways of writing moments, numbers and extensions, brought into one."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
STRANGE = dt.timedelta(days=2)
"""A webhook's moment that is further than that from ours is a mistake."""
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?Z?")
_CONTROL = re.compile(r"\d+-([0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12})")
SHORT = 4
"""Extensions have two to four digits."""


def moment(text: object) -> dt.datetime | None:
    """Read ``2017-08-23 15:57:56,60`` of the history and of current calls: UTC, with a comma, a dot or no fraction at all."""
    found = _MOMENT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    *parts, fraction = found.groups()
    try:
        whole = dt.datetime(*(int(part) for part in parts), tzinfo=dt.UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return whole + dt.timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))


def event_time(text: str, now: dt.datetime) -> dt.datetime:
    """Read a webhook's EventTime, microseconds since 1970; what cannot be is now."""
    span = microseconds(text)
    at = EPOCH + span if span is not None else now
    return at if abs(at - now) <= STRANGE else now


def microseconds(text: str) -> dt.timedelta | None:
    """Read a Duration of a webhook: microseconds, where the history has seconds."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    try:
        return dt.timedelta(microseconds=int(text))
    except OverflowError:
        return None


def moment_asked(at: dt.datetime, zone: dt.tzinfo) -> str:
    """Write a moment as the filter of the history wants it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def bare(name: str) -> str:
    """Return a number or an extension without its domain: ``1111*101@sipproxy.telphin.ru``."""
    return name.partition("@")[0].strip()


def number_of(given: str) -> str:
    """Return a number as it was meant: a plus that nobody encoded arrives as a blank."""
    text = bare(given)
    return f"+{text}" if given.startswith(" ") and text[:1].isdigit() else text


def is_extension(name: str) -> bool:
    """True for a colleague's number, ``1111*101`` or ``101``."""
    name = bare(name)
    return "*" in name or (name.isdigit() and len(name) <= SHORT)


def call_key(given: object) -> str:
    """Return a call's key: webhooks write it small, the history in capitals."""
    return given.strip().lower() if isinstance(given, str) else ""


def call_of_control(control: str) -> str:
    """Return the CallID within a CallAPIID, ``<number of the server>-<CallID as a UUID>``; empty where it has none."""
    found = _CONTROL.fullmatch(control)
    return found[1].replace("-", "").lower() if found else ""


def last_ten(number: str) -> str:
    """Return the digits by which ``+7…``, ``8…`` and ``7…`` are one number."""
    return "".join(c for c in bare(number) if c in "0123456789")[-10:]


def text_of(found: t.Mapping[str, t.Any], name: str) -> str:
    """Return a field as text; empty where there is none."""
    value = found.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
