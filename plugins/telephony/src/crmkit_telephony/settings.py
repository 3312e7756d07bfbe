"""What an integrator sets under ``[telephony]``."""

from __future__ import annotations

import datetime as dt
import typing as t
from urllib.parse import urlsplit

import attrs

from crmkit import Misuse

if t.TYPE_CHECKING:
    from crmkit import Crm


@attrs.frozen(kw_only=True)
class TelephonySettings:
    """Settings of the telephony plugin."""

    public_url: str = ""
    """Where providers reach this CRM, with the path it is mounted at: ``https://crm.example.com``; left out, accounts' ``base_url``."""
    pop_at: str = attrs.field(default="ringing", validator=attrs.validators.in_(("ringing", "answer")))
    """When the card of an incoming call opens at the operator's: while it is ``ringing``, or at the ``answer``."""
    unknown_makes: str = attrs.field(default="inquiry", validator=attrs.validators.in_(("inquiry", "nothing")))
    """What an incoming call from a number nobody has makes: a new ``inquiry``, or ``nothing``."""
    missed_makes: bool = True
    """Whether a missed call makes a task for the owner of the client (by the work queue where it is installed, else a next step)."""
    missed_within: dt.timedelta = dt.timedelta(minutes=15)
    """When that task is due after the call."""
    number_length: int = 10
    """How many of the last digits tell numbers apart where the country is not known."""
    believed_for: dt.timedelta = dt.timedelta(minutes=2)
    """How long a call may be silent before its provider is asked whether it still is."""
    over_after: dt.timedelta = dt.timedelta(hours=4)
    """How long after the last word of it a call is over at the latest, whatever the provider says."""
    recordings_from: dt.timedelta = dt.timedelta(seconds=20)
    """How long after a call its recording is first asked for where the provider does not tell."""
    wrap_up: dt.timedelta = dt.timedelta(minutes=10)
    """How long after a call writing it up may count at the most."""
    internal_digits: int = 5
    """Numbers with at most so many digits are colleagues'."""

    def __attrs_post_init__(self) -> None:
        if self.public_url and urlsplit(self.public_url).scheme not in ("https", "http"):
            raise Misuse(f"public_url = {self.public_url!r}: write it as https://crm.example.com")
        if self.number_length < 7:
            raise Misuse(f"number_length = {self.number_length}: 7 digits at least, or strangers are taken for clients")
        if self.believed_for < dt.timedelta(seconds=30):
            raise Misuse("believed_for: 30s at least, or the provider's hourly limit is spent on asking")


def public_url(crm: Crm) -> str:
    """Return where providers reach the CRM, without a slash at its end; empty where nobody has said it."""
    given = crm[TelephonySettings].public_url
    if not given and "accounts" in {plugin.name for plugin in crm.plugins}:
        from crmkit.accounts import AccountsSettings

        given = crm[AccountsSettings].base_url
    return given.rstrip("/")
