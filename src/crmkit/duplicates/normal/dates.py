"""Dates as people and old systems write them."""

from __future__ import annotations

import datetime as dt
import re

_ISO = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:[T ].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\D(\d{1,2})\D(\d{4})")


def read_date(value: object) -> str | None:
    """Return a date as eight digits, ``19700131``; day and month of ``31.01.1970`` are understood, None where there is no date.

    An impossible day is kept: whoever typed ``19700231`` twice typed the same.
    """
    if isinstance(value, dt.date):
        return f"{value:%Y%m%d}"
    text = str(value).strip()
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
        if int(month) > 12 >= int(day):
            day, month = month, day
        return f"{year}{int(month):02d}{int(day):02d}"
    if re.fullmatch(r"\d{8}", text):
        return text
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
        return f"{year}{int(month):02d}{int(day):02d}"
    return None
