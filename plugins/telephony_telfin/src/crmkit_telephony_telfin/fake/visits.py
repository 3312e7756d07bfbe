"""A visit: one extension's part in a call, as Telfin tells of it. It has the `SubCallID` and the handle for call control."""

from __future__ import annotations

import datetime as dt

import attrs

from .people import Extension
from .truth import TrueCall, TrueLeg

DOMAIN = "sipproxy.telphin.ru"
SERVER = "3580000000"  # what a CallAPIID begins with


@attrs.define(eq=False)
class Visit:
    """What webhooks, current_calls and call_history know of one extension in one call."""

    call: TrueCall = attrs.field(repr=False)
    extension: Extension
    leg: TrueLeg = attrs.field(repr=False)
    kind: str  # dial-in, dial-out
    sub_call_id: str
    control_id: str
    caller: str
    called: str
    began_at: dt.datetime
    caller_name: str = ""
    caller_extension: Extension | None = None
    called_extension: Extension | None = None
    far: TrueLeg | None = attrs.field(default=None, repr=False)  # whom it talks with, or rings
    consults: Visit | None = attrs.field(default=None, repr=False)  # an attended transfer under way
    callback_id: str | None = None
    remote: str | None = None
    transfered: bool = False
    hidden: bool = False  # in no list: the first leg of a callback, where that sends webhooks of its own
    dialled_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    status: str | None = None
    record_uuid: str | None = None
    told: list[str] = attrs.field(factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    @property
    def talked(self) -> float:
        """Seconds of talk."""
        return (self.ended_at - self.answered_at).total_seconds() if self.ended_at and self.answered_at else 0.0
