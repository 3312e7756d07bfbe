"""Telephone numbers, by Google's rules for every country."""

from __future__ import annotations

import functools
import re

import phonenumbers

_EXTENSION = re.compile(r"(?:#|доб\.?|ext\.?|x)\s*\d+\s*$", re.IGNORECASE)

_GROUPS = re.compile(r"\+7(\d{3})(\d{3})(\d\d)(\d\d)", re.ASCII)
_RUSSIAN = re.compile(r"\+7[3489][0-9]{9}")


@functools.lru_cache(maxsize=100_000)
def read_phone(value: str, region: str = "RU") -> str | None:
    """Return a number as ``+79161234567``; without its country it is one of `region`. None where there are too few digits.

    What no numbering plan knows is kept as its digits: two equal wrong numbers are still equal.
    """
    if _RUSSIAN.fullmatch(value):  # as nearly all are kept: the library takes much longer to say the same
        return value
    text = _EXTENSION.sub("", value)
    digits = re.sub(r"\D", "", text)
    if len(digits) < 5:
        return None
    try:
        number = phonenumbers.parse(text, region)
        if not phonenumbers.is_possible_number(number) and not text.lstrip().startswith("+"):
            number = phonenumbers.parse(f"+{digits}", region)  # 7 916 …, the plus forgotten
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    return digits


@functools.lru_cache(maxsize=10_000)
def say_phone(value: str) -> str:
    """Return a number as people write it, ``+7 916 123-45-67``; what is none comes back as it is."""
    if own := _GROUPS.fullmatch(value):
        return "+7 {} {}-{}-{}".format(*own.groups())
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(number):
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
