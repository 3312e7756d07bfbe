"""What an integrator sets under ``[duplicates]``."""

from __future__ import annotations

import datetime as dt

import attrs


def _share(_self: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 < value <= 1:
        raise ValueError(f"{attribute.name} must be between 0 and 1, not {value}")


def _some(_self: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value}")


@attrs.frozen(kw_only=True)
class DuplicatesSettings:
    """Settings of the duplicates plugin."""

    phone_region: str = "RU"
    """Whose numbers are written without a country, two letters by ISO 3166: ``RU``, ``US``."""
    propose_from: float = attrs.field(default=0.5, validator=_share)
    """From which probability on a pair is put into the review list. At 0.5 either answer costs the same."""
    show_from: float = attrs.field(default=0.2, validator=_share)
    """From which probability on a record is shown while a new one is typed: to look once costs less than to merge later."""
    mailboxes: bool = True
    """Whether addresses that reach the same mailbox (dots in Gmail's names, ya.ru and yandex.ru) are one."""
    wait: dt.timedelta = dt.timedelta(seconds=10)
    """How long after a change its record is compared with others; further changes put it off."""
    chunk: int = attrs.field(default=500, validator=_some)
    """How many records a scan compares in one transaction."""
