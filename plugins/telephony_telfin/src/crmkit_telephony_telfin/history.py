"""The call history: how calls went, for those whose webhooks were lost. Its times are UTC, in seconds, and its ids in capitals."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from crmkit import Crm
from crmkit_telephony import Call, NotThere, Outcome, Past

from .client import Client
from .reading import bare, call_key, is_extension, moment, moment_asked, text_of

PAGE = 100
MOST_PAGES = 1000
CAUSES = {
    "UNALLOCATED_NUMBER": Outcome.INVALID_NUMBER, "INVALID_NUMBER_FORMAT": Outcome.INVALID_NUMBER, "USER_NOT_REGISTERED": Outcome.UNAVAILABLE,
    "SUBSCRIBER_ABSENT": Outcome.UNAVAILABLE, "CALL_REJECTED": Outcome.REJECTED, "USER_BUSY": Outcome.BUSY,
}  # fmt: skip
"""What FreeSWITCH calls the ends of calls that failed."""
SECOND = dt.timedelta(seconds=1)
PICKED_UP = dt.timedelta(seconds=1.5)
"""A call of ours whose start is so much later than its beginning was picked up at our side before it started."""


class History:
    """The call history of one application's client."""

    def __init__(self, crm: Crm, client: Client) -> None:
        self.crm, self.client = crm, client

    def past(self, key: str) -> Past | None:
        """Return how a call went, None while the history does not have it."""
        try:
            row = self.client.ask_history(f"/client/{self.client.settings.client_id}/call_history/{quote(key, safe='')}")
        except NotThere:
            return None
        return self._past(row) if isinstance(row, dict) and call_key(row.get("call_uuid")) == call_key(key) else None

    def between(self, since: dt.datetime, until: dt.datetime) -> Iterator[Past]:
        """Go through calls that began in a stretch of time, oldest first; those between colleagues are left out."""
        zone, seen = self.client.settings.zone, set[str]()
        for page in range(1, MOST_PAGES + 1):
            found = self.client.ask_history(
                f"/client/{self.client.settings.client_id}/call_history/", start_datetime=moment_asked(since, zone),
                end_datetime=moment_asked(until, zone), order="asc", page=page, per_page=PAGE,
            )  # fmt: skip
            found = found if isinstance(found, dict) else {}
            rows = [row for row in found.get("call_history") or () if isinstance(row, dict)]
            for row in rows:
                past = self._past(row)
                if past is not None and past.call_key not in seen and since - SECOND < past.began_at <= until:
                    seen.add(past.call_key)
                    yield past
            given = found.get("per_page")  # which may be less than what was asked for
            if len(rows) < (given if isinstance(given, int) and 0 < given < PAGE else PAGE):
                return

    def _past(self, row: Mapping[str, t.Any]) -> Past | None:
        key, began, ended = call_key(row.get("call_uuid")), moment(row.get("init_time_gmt")), moment(row.get("hangup_time_gmt"))
        began = began or moment(row.get("start_time_gmt"))
        caller, called = bare(text_of(row, "from_username")), bare(text_of(row, "to_username"))
        if not key or began is None or ended is None or (is_extension(caller) and is_extension(called)):
            return None
        incoming = text_of(row, "flow").lower() == "in"
        answered = moment(row.get("bridged_time_gmt"))
        outcome = Outcome.ANSWERED if answered is not None or text_of(row, "result") == "bridged" else self._outcome(row, key, began, incoming)
        return Past(
            call_key=key, incoming=incoming, extension=_extension(row, caller, called, incoming) or None,
            number=(caller if incoming else called) or None, our_number=bare(text_of(row, "did_number")) or None, began_at=began,
            answered_at=answered, ended_at=max(ended, began), outcome=outcome, recording=recording_of(row),
        )  # fmt: skip

    def _outcome(self, row: Mapping[str, t.Any], key: str, began: dt.datetime, incoming: bool) -> Outcome:
        """How a call went whose two parties never spoke."""
        if not incoming and self._stayed_at_home(row, key, began):
            return Outcome.AGENT_NO_ANSWER
        result, disposition = text_of(row, "result"), text_of(row, "hangup_disposition")
        cause = CAUSES.get(text_of(row, "hangup_cause").upper())
        if result == "busy":
            return Outcome.BUSY
        if result == "rejected" or disposition == "callee_refuse":
            return cause if cause in (Outcome.INVALID_NUMBER, Outcome.UNAVAILABLE) else Outcome.REJECTED
        if result == "failed":
            return cause or Outcome.FAILED
        return Outcome.CANCELLED if disposition == "caller_cancel" else Outcome.NO_ANSWER

    def _stayed_at_home(self, row: Mapping[str, t.Any], key: str, began: dt.datetime) -> bool:
        """True for a call of ours whose first leg, at the colleague's, was not picked up: the client never rang.

        The history does not say it outright. A client who rang was told by ``dial-out``; where that webhook was lost, a start
        that is later than the beginning tells that somebody picked up in between.
        """
        if not any(leg.get("application") == "callback" for leg in _legs(row)):
            return False
        with self.crm.read() as uow:
            call = uow.find(Call).archived(only=False).where(Call.key == f"telfin:{key}").first()
            if call is not None and call.ringing_at is not None:
                return False
        start = moment(row.get("start_time_gmt"))
        return start is None or start - began < PICKED_UP


def recording_of(row: Mapping[str, t.Any]) -> str | None:
    """Return the first recording of a call's legs."""
    return next((found for leg in _legs(row) if (found := text_of(leg, "record_uuid"))), None)


def _legs(row: Mapping[str, t.Any]) -> list[Mapping[str, t.Any]]:
    legs = row.get("cdr")
    return [leg for leg in legs if isinstance(leg, dict)] if isinstance(legs, list) else []


def _extension(row: Mapping[str, t.Any], caller: str, called: str, incoming: bool) -> str:
    """Return whose telephone it was: of an incoming call the one that was answered, not the queue it came through."""
    if not incoming:
        return bare(text_of(row, "extension_name")) or (caller if is_extension(caller) else "")
    phones = [leg for leg in _legs(row) if text_of(leg, "extension_type") in ("", "phone")]
    taken = next((leg for leg in phones if text_of(leg, "result") == "answered"), None) or (phones[-1] if phones else None)
    if taken is not None and (name := bare(text_of(taken, "extension_name"))):
        return name
    if text_of(row, "extension_type") in ("", "phone"):
        return bare(text_of(row, "extension_name")) or (called if is_extension(called) else "")
    return ""
