"""call_history and recordings: what the API knows of calls that are over."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from .api import Answered, Asked, Problem, answer, route
from .people import Extension
from .recording import silence, size
from .resources import number, owned
from .truth import ANSWER, BUSY, CANCEL, CHANUNAVAIL, CONGESTION, NOANSWER, TrueCall
from .visits import DOMAIN, Visit

if TYPE_CHECKING:
    from .pbx import FakePbx

RESULTS = {
    ANSWER: "answered",
    NOANSWER: "not answered",
    CANCEL: "not answered",
    BUSY: "busy",
    CONGESTION: "failed",
    CHANUNAVAIL: "failed",
}
CAUSES = {
    ANSWER: "NORMAL_CLEARING",
    NOANSWER: "NO_ANSWER",
    CANCEL: "ORIGINATOR_CANCEL",
    BUSY: "USER_BUSY",
    CONGESTION: "UNALLOCATED_NUMBER",
    CHANUNAVAIL: "USER_NOT_REGISTERED",
}


def moment(at: dt.datetime | None, *, fraction: bool = False) -> str | None:
    """`YYYY-MM-DD HH:MM:SS` in UTC; with hundredths where Telfin gives them."""
    if at is None:
        return None
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{at.microsecond // 10000:02d}" if fraction else "")


def seconds(begins: dt.datetime | None, ends: dt.datetime | None) -> int:
    """Whole seconds."""
    return int((ends - begins).total_seconds()) if begins and ends else 0


def disposition(call: TrueCall, visit: Visit) -> str:
    """Who ended it, from the side of the one who called."""
    if call.ended_by == "server" or visit.leg.elsewhere:
        return "internal_cancel"
    caller = (call.ended_by in ("agent", "api")) == (call.direction != "in")
    if visit.answered_at is None:
        return "caller_cancel" if caller else "callee_refuse"
    return "caller_bye" if caller else "callee_bye"


def leg_of(pbx: FakePbx, visit: Visit) -> dict[str, Any]:
    """A leg of a call, as cdr has it."""
    call, flow = visit.call, "in" if visit.kind == "dial-in" else "transfer" if visit.transfered else "out"
    status = visit.status or CANCEL
    result = "answered elsewhere" if visit.leg.elsewhere else RESULTS[status]
    if any(leg.rejected for leg in (visit.leg, visit.far) if leg is not None) and status == BUSY:
        result = "rejected"
    caller, called = visit.caller, visit.called
    name = f"{pbx.switch.relative(visit.extension)}@{DOMAIN}"
    return {
        "flow": flow,
        "init_time_gmt": moment(visit.began_at, fraction=True),
        "start_time_gmt": moment(visit.answered_at or visit.began_at),
        "hangup_time_gmt": moment(visit.ended_at),
        "duration": int(visit.talked),
        "result": result,
        "hangup_cause": CAUSES[status],
        "hangup_disposition": disposition(call, visit),
        "extension_id": visit.extension.id,
        "extension_name": name,
        "extension_type": visit.extension.type,
        "extension_group_owner_id": None,
        "client_owner_id": pbx.client_id,
        "from_username": caller,
        "from_domain": DOMAIN,
        "from_screen_name": visit.caller_name or caller,
        "source_number": None,
        "source_domain": None,
        "to_username": called,
        "to_domain": DOMAIN,
        "dest_number": called,
        "dest_domain": DOMAIN,
        "did_number": call.did,
        "did_domain": DOMAIN if call.did else None,
        "ext_number_reg": None,
        "application": "callback" if call.origin == "callback" else None,
        "ani_number": pbx.switch.dids[0] if flow == "out" and pbx.switch.dids else None,
        "record_uuid": visit.record_uuid,
        "record_file_size": size(visit.talked) if visit.record_uuid else None,
    }


def history_of(pbx: FakePbx, call: TrueCall) -> dict[str, Any]:
    """One call: the first leg's side of it, and all legs."""
    visits = [visit for visit in pbx.switch.visits[call.call_id] if not visit.hidden]
    legs = [leg_of(pbx, visit) for visit in visits]
    first = visits[0]
    bridged_at = max(call.client_answered_at, call.agent_answered_at) if _both(call) else None  # type: ignore[type-var]
    source = call.agent_answered_at if call.origin == "callback" else None
    result = "bridged" if bridged_at else {"answered": "answered"}.get(call.outcome, legs[0]["result"])
    if not bridged_at:
        words = {"busy": "busy", "rejected": "rejected", "invalid_number": "failed", "unavailable": "failed"}
        result = words.get(call.outcome, "not answered")
    uuid = call.call_id.upper() if pbx.switch.chance.happens(pbx.faults.upper_call_uuid) else call.call_id
    other = call.number or next((leg.party for leg in call.legs[1:]), "")
    shared = (
        *("flow", "hangup_cause", "hangup_disposition", "extension_id", "extension_name", "extension_type"),
        *("extension_group_owner_id", "client_owner_id", "from_username", "from_domain", "from_screen_name"),
        *("to_username", "to_domain", "did_number", "did_domain", "ext_number_reg"),
    )
    return {name: legs[0][name] for name in shared} | {
        "call_uuid": uuid,
        "result": result,
        "init_time_gmt": moment(call.began_at),
        "start_time_gmt": moment(source or first.began_at),
        "bridged_time_gmt": moment(bridged_at),
        "hangup_time_gmt": moment(call.ended_at),
        "duration": seconds(source or first.began_at, call.ended_at),
        "bridged": bridged_at is not None,
        "bridged_duration": seconds(bridged_at, call.ended_at) if bridged_at else None,
        "bridged_username": other if bridged_at else None,
        "bridged_domain": DOMAIN if bridged_at else None,
        "cdr": legs,
    }


def _both(call: TrueCall) -> bool:
    return call.client_answered_at is not None and call.agent_answered_at is not None


def known(pbx: FakePbx, call: TrueCall) -> bool:
    """Whether call_history knows of a call yet."""
    if call.ended_at is None or not any(not visit.hidden for visit in pbx.switch.visits[call.call_id]):
        return False
    return call.ended_at + dt.timedelta(seconds=pbx.faults.history_delay) <= pbx.clock.now()


def span(pbx: FakePbx, asked: Asked) -> tuple[dt.datetime, dt.datetime]:
    """The asked span: both ends are required."""
    found = []
    for name in ("start_datetime", "end_datetime"):
        try:
            given = dt.datetime.strptime(asked.query.get(name, ""), "%Y-%m-%d %H:%M:%S").replace(tzinfo=pbx.zone)
        except ValueError:
            raise Problem(400, f"{name} is required: YYYY-MM-DD HH:MM:SS") from None
        found.append(given.astimezone(dt.UTC))
    return found[0], found[1]


def between(pbx: FakePbx, asked: Asked) -> list[TrueCall]:
    """Calls that began within the asked span, in the asked order."""
    begins, ends = span(pbx, asked)
    calls = list(pbx.truth)  # in order of their beginning
    low = _first(calls, begins)
    found = []
    for call in calls[low:]:
        if call.began_at > ends:
            break
        if known(pbx, call):
            found.append(call)
    return found if asked.query.get("order", "desc") == "asc" else found[::-1]


def _first(calls: list[TrueCall], at: dt.datetime) -> int:
    low, high = 0, len(calls)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if calls[middle].began_at < at else (low, middle)
    return low


@route("GET", "client/{client}/call_history", "call_history")
def call_history(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The list, by pages."""
    query = asked.query
    found = []
    for call in between(pbx, asked):
        flow = "in" if call.direction == "in" else "out"
        extension = str(pbx.switch.visits[call.call_id][0].extension.id)
        if query.get("flow", flow) == flow and query.get("extension_id", extension) == extension:
            found.append(call)
    page, per_page = number(query, "page", 1), min(number(query, "per_page", 20), 100)
    rows = [history_of(pbx, call) for call in found[(page - 1) * per_page : page * per_page]]
    if "to_username" in query:
        rows = [row for row in rows if row["to_username"] == query["to_username"]]
    order = query.get("order", "desc")
    return answer({"page": page, "per_page": per_page, "order": order, "call_history": rows})


@route("GET", "client/{client}/call_history/{call}", "call_history")
def one_call(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """One call that is over."""
    call = pbx.truth.calls.get(names["call"].lower())
    if call is None or not known(pbx, call):
        raise Problem(404, "Not found")
    return answer(history_of(pbx, call))


# Recordings


def recorded(pbx: FakePbx, names: dict[str, str]) -> Visit:
    """The visit of a recording."""
    owner = owned(pbx, names) if "extension" in names else None
    found = find_record(pbx, names["record"])
    if found is None or owner not in (None, found.extension):
        raise Problem(404, "Record not found")
    return found


def find_record(pbx: FakePbx, uuid: str) -> Visit | None:
    """The visit of a recording, once it is ready."""
    visit = pbx.switch.records.get(uuid.upper())
    if visit is None or visit.ended_at is None:
        return None
    ready = visit.ended_at + dt.timedelta(seconds=pbx.faults.record_delay)
    return visit if ready <= pbx.clock.now() else None


def file_name(visit: Visit) -> str:
    """As a real one is called: moment, direction, extension, four letters."""
    flow = "in" if visit.kind == "dial-in" else "out"
    return f"{visit.answered_at:%Y-%m-%d-%H-%M-%S}-UTC_{flow}_{visit.extension.name}_{visit.control_id[-4:]}.mp3"


def audio(visit: Visit) -> Answered:
    """The recording itself."""
    headers = {"Content-Type": "audio/mpeg", "Content-Disposition": f'attachment; filename="{file_name(visit)}"'}
    return Answered(200, silence(visit.talked), headers)


@route("GET", "client/{client}/record", "record")
@route("GET", "extension/{extension}/record", "record")
def records(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The recordings of a span, which may not reach beyond the end of the month after its beginning."""
    begins, ends = span(pbx, asked)
    following = (begins.replace(day=1) + dt.timedelta(days=63)).replace(day=1, hour=0, minute=0, second=0)
    if ends >= following:
        raise Problem(400, "end_datetime is later than the last day of the next month")
    owner: Extension | None = owned(pbx, names) if "extension" in names else None
    found = []
    for call in between(pbx, asked):
        for visit in pbx.switch.visits[call.call_id]:
            if visit.record_uuid and find_record(pbx, visit.record_uuid) and owner in (None, visit.extension):
                uuid = call.call_id.upper() if pbx.switch.chance.happens(pbx.faults.upper_call_uuid) else call.call_id
                found.append(leg_of(pbx, visit) | {"call_uuid": uuid, "file_name": file_name(visit), "record_transfer": False})
    page, per_page = number(asked.query, "page", 1), number(asked.query, "per_page", 100)
    return answer(found[(page - 1) * per_page : page * per_page])


@route("GET", "client/{client}/record/{record}", "record")
@route("GET", "extension/{extension}/record/{record}", "record")
def record(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A recording."""
    return audio(recorded(pbx, names))


@route("DELETE", "client/{client}/record/{record}", "record")
@route("DELETE", "extension/{extension}/record/{record}", "record")
def delete_record(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A recording is deleted."""
    visit = recorded(pbx, names)
    del pbx.switch.records[str(visit.record_uuid)]
    visit.record_uuid = None
    return answer({})


@route("GET", "client/{client}/record/{record}/storage_url", "record")
@route("GET", "extension/{extension}/record/{record}/storage_url", "record")
def storage_url(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A link to a recording."""
    visit = recorded(pbx, names)
    return answer({"record_url": f"{asked.base_url}/storage/{visit.record_uuid}"})


def storage(pbx: FakePbx, uuid: str) -> Answered:
    """What such a link leads to."""
    found = find_record(pbx, uuid)
    return audio(found) if found is not None else answer({"message": "Record not found"}, 404)
