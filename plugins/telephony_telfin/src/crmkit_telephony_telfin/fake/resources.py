"""The resources of the REST API: who am I, extensions, callback, current calls and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .api import Answered, Asked, Problem, answer, route
from .outgoing import callback, transfer
from .people import Extension
from .visits import DOMAIN, Visit
from .webhooks import CALL_EVENTS, EVENT_TYPES, Subscription

if TYPE_CHECKING:
    from .pbx import FakePbx

ACTIONS = (*("transfer", "attended_transfer", "eavesdrop", "whisper", "conference", "hold", "offhold", "park", "pickup"),)


def owned(pbx: FakePbx, names: dict[str, str]) -> Extension:
    """The extension of a path."""
    found = pbx.switch.extensions.get(int(names["extension"])) if names["extension"].isdigit() else None
    if found is None:
        raise Problem(404, "Not found")
    return found


# Who, and what


@route("GET", "user", "user")
def user(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A trusted app belongs to the client."""
    return answer(
        {
            "id": pbx.client_id,
            "login": pbx.app_id,
            "client_id": pbx.client_id,
            "extension_id": None,
            "extension_group_id": None,
            "dealer_id": None,
            "admin": False,
            "access": "all",
            "timezone": "UTC",
        }
    )


@route("GET", "client/{client}/limit", "limit")
def limit(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The quotas. Their names are not known: an empty object, so that nobody builds on invented ones."""
    return answer({})


@route("GET", "client/{client}/did", "did")
def did(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The company's numbers."""
    numbers = enumerate(pbx.switch.dids, 1)
    return answer([{"id": n, "name": name, "domain": DOMAIN, "client_id": pbx.client_id, "extension_id": None} for n, name in numbers])


def shown(pbx: FakePbx, extension: Extension) -> dict[str, Any]:
    """An extension as the API shows it."""
    return {
        "id": extension.id,
        "name": pbx.switch.relative(extension),
        "label": extension.label,
        "type": extension.type,
        "status": extension.status,
        "client_id": pbx.client_id,
        "domain": DOMAIN,
        "extension_group_id": None,
        "caller_id_name": None,
    }


@route("GET", "client/{client}/extension", "extension")
def extensions(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A bare array, by pages."""
    query = asked.query
    found = [
        e
        for e in pbx.extensions
        if e.type == query.get("type", e.type)
        and e.status == query.get("status", e.status)
        and query.get("name", e.name).rpartition("*")[2] == e.name
    ]
    page, per_page = number(query, "page", 1), min(number(query, "per_page", 20), 100)
    return answer([shown(pbx, e) for e in found[(page - 1) * per_page : page * per_page]])


@route("GET", "client/{client}/extension/{extension}", "extension")
def extension(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """One extension."""
    return answer(shown(pbx, owned(pbx, names)))


@route("GET", "extension/{extension}/phone", "phone")
def phone(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """A phone's properties, as far as they are known; the password is none."""
    found = owned(pbx, names)
    if found.type != "phone":
        raise Problem(404, "Not found")
    return answer(
        {
            "extension_id": found.id,
            "label": found.label,
            "password": "",
            "allow_webrtc": False,
            "record_enabled": found.record_enabled,
            "record_transfer": False,
        }
    )


@route("PUT", "extension/{extension}/phone", "phone")
def change_phone(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Recording may be switched on and off."""
    found, wanted = owned(pbx, names), asked.json()
    found.record_enabled = bool(wanted.get("record_enabled", found.record_enabled))
    found.label = str(wanted.get("label", found.label))
    return phone(pbx, asked, names)


def registered(pbx: FakePbx, found: Extension) -> dict[str, Any]:
    """Whether a phone is plugged in."""
    device = {
        "device": "Fake phone",
        "real_address": "192.0.2.10:5060",
        "contact_address": f"sip:{pbx.switch.relative(found)}@192.0.2.10:5060",
        "expires": 3600,
        "registration_id": found.id,
    }
    return {
        "registered": found.registered,
        "extension_id": found.id,
        "registrations": [device] if found.registered else [],
    }


@route("GET", "client/{client}/extension/{extension}/registration", "registration")
@route("GET", "extension/{extension}/registration", "registration")
def registration(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """One phone's registrations."""
    return answer(registered(pbx, owned(pbx, names)))


@route("GET", "extension/registration", "registration")
def registrations(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """All phones' registrations."""
    return answer([registered(pbx, e) for e in pbx.extensions if e.type == "phone"])


# Calls


@route("POST", "extension/{extension}/callback", "callback")
def call_back(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Originate: all sources ring at once, then the destination."""
    owner, wanted = owned(pbx, names), asked.json()
    sources, destination = wanted.get("src_num"), wanted.get("dst_num")
    if not isinstance(sources, list) or not sources or not all(isinstance(s, str) and s for s in sources):
        raise Problem(400, "src_num is required: an array of strings")
    if not isinstance(destination, str) or not destination:
        raise Problem(400, "dst_num is required: a string")
    kinds = {found.type for s in sources if (found := pbx.switch.extension(s)) is not None}
    if kinds - {"phone"}:
        raise Problem(400, "src_num may not contain queues or IVRs")
    call = callback(pbx.switch, owner, wanted)
    return answer({"call_api_id": call.call_id, "call_id": call.call_id}, 201)


def current(pbx: FakePbx, visit: Visit) -> dict[str, Any]:
    """An item of current_calls."""
    flow = "in" if visit.kind == "dial-in" else "out"
    happens = pbx.switch.chance.happens
    fraction = "," if happens(pbx.faults.comma_in_time) else "."
    return {
        "call_api_id": visit.control_id,
        "callback_id": visit.callback_id,
        "call_flow": flow.upper() if happens(pbx.faults.upper_call_flow) else flow,
        "extension_id": visit.extension.id,
        "caller_id_number": visit.caller,
        "caller_id_name": visit.caller_name or visit.caller,
        "called_number": visit.called,
        "called_did": visit.call.did if flow == "in" else None,
        "caller_extension": _side(pbx, visit.caller_extension),
        "called_extension": _side(pbx, visit.called_extension),
        "init_time_gmt": f"{visit.began_at:%Y-%m-%d %H:%M:%S}{fraction}{visit.began_at.microsecond // 10000:02d}",
        "answer_time_gmt": visit.answered_at and f"{visit.answered_at:%Y-%m-%d %H:%M:%S}",
        "record_uuid": visit.record_uuid,
        "real_call": True,
    }


def _side(pbx: FakePbx, found: Extension | None) -> dict[str, Any] | None:
    if found is None:
        return None
    name = f"{pbx.switch.relative(found)}@{DOMAIN}"
    return {"id": found.id, "type": found.type, "name": name, "client_id": pbx.client_id, "extension_group_id": None}


def going_on(pbx: FakePbx, only: Extension | None = None) -> list[Visit]:
    """What current_calls covers: visits of phones."""
    visits = pbx.switch.open_visits.values()
    return [v for v in visits if (only is None or v.extension.id == only.id) and v.extension.type == "phone" and not v.hidden]


@route("GET", "client/{client}/current_calls", "current_calls")
def all_current(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """All phones' calls."""
    return answer({"call_list": [current(pbx, visit) for visit in going_on(pbx)]})


@route("GET", "extension/{extension}/current_calls", "current_calls")
def own_current(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """One phone's calls."""
    return answer({"call_list": [current(pbx, visit) for visit in going_on(pbx, owned(pbx, names))]})


def held(pbx: FakePbx, names: dict[str, str]) -> Visit:
    """The call that is to be controlled."""
    for visit in going_on(pbx, owned(pbx, names)):
        by_callback = pbx.faults.control_by_callback_id and visit.callback_id == names["call"]
        if visit.control_id == names["call"] or by_callback:
            return visit
    raise Problem(404, "Not found")


@route("PUT", "extension/{extension}/current_calls/{call}", "control")
def control(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Hold, transfer and the rest. There is no action to answer, to mute or to send tones."""
    wanted = asked.json()
    action, destination = wanted.get("action"), wanted.get("send_dst")
    if action not in ACTIONS or destination is None:
        raise Problem(400, f"action must be one of {', '.join(ACTIONS)}, and send_dst is required")
    visit = held(pbx, names)
    talks = visit.answered_at is not None and visit.far is not None
    if action in ("transfer", "attended_transfer"):
        if not destination or not talks:
            raise Problem(400, "send_dst is required, and the call must have been answered")
        transfer(pbx.switch, visit, str(destination), attended=action == "attended_transfer")
    elif action in ("hold", "offhold"):
        if visit.far is None or not talks:
            raise Problem(400, "the call must have been answered")
        visit.far.held = action == "hold"
        visit.call.notes.append((pbx.clock.now(), action))
    else:  # what these do to the call is not imitated
        visit.call.notes.append((pbx.clock.now(), f"{action} {destination}"))
    pbx.switch.version += 1
    return answer({})


@route("DELETE", "extension/{extension}/current_calls/{call}", "control")
def hang_up(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The receiver is put down from here."""
    pbx.switch.hung_up(held(pbx, names).leg, "api")
    return Answered(204)


# Events


def event(found: Subscription) -> dict[str, Any]:
    """A subscription as the API shows it."""
    return {"id": found.id, "url": found.url, "method": found.method, "event_type": found.event_type}


def wanted_event(asked: Asked, types: tuple[str, ...]) -> tuple[str, str, str]:
    """Url, type and method of a subscription."""
    body = asked.json()
    url, kind, method = (str(body.get(name) or "") for name in ("url", "event_type", "method"))
    if kind not in types or method.upper() not in ("GET", "POST"):
        raise Problem(400, "event_type or method is not valid")
    if urlsplit(url).scheme not in ("http", "https"):
        raise Problem(400, "url is not valid")
    return url, kind, method.upper()


def one_event(pbx: FakePbx, names: dict[str, str]) -> Subscription:
    """The subscription of a path."""
    owner = owned(pbx, names).id if "extension" in names else None
    found = pbx.webhooks.subscriptions.get(int(names["event"])) if names["event"].isdigit() else None
    if found is None or found.extension_id != owner:
        raise Problem(404, "Not found")
    return found


@route("GET", "extension/{extension}/event", "event")
def events(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """An extension's subscriptions, whoever made them."""
    return answer([event(found) for found in pbx.webhooks.of(owned(pbx, names).id)])


@route("POST", "extension/{extension}/event", "event")
def subscribe(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Subscribe to one kind of event."""
    owner = owned(pbx, names)
    url, kind, method = wanted_event(asked, EVENT_TYPES)
    most = pbx.faults.event_limit
    if most is not None and len(pbx.webhooks.of(owner.id)) >= most:
        raise Problem(400, "The limit of events is exceeded")
    return answer(event(pbx.webhooks.subscribe(owner.id, url, kind, method)), 201)


@route("DELETE", "extension/{extension}/event", "event")
def unsubscribe_all(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Everything goes, strangers' subscriptions too: a trap."""
    for found in pbx.webhooks.of(owned(pbx, names).id):
        pbx.webhooks.unsubscribe(found)
    return Answered(204)


@route("GET", "extension/{extension}/event/{event}", "event")
@route("GET", "client/{client}/phone_events/{event}", "event")
def read_event(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """One subscription."""
    return answer(event(one_event(pbx, names)))


@route("PUT", "extension/{extension}/event/{event}", "event")
@route("PUT", "client/{client}/phone_events/{event}", "event")
def change_event(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Change one subscription."""
    found = one_event(pbx, names)
    url, kind, method = wanted_event(asked, (*EVENT_TYPES, "extension-call-status"))
    pbx.webhooks.change(found, url, kind, method)
    return answer(event(found))


@route("DELETE", "extension/{extension}/event/{event}", "event")
@route("DELETE", "client/{client}/phone_events/{event}", "event")
def unsubscribe(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Give one subscription up."""
    pbx.webhooks.unsubscribe(one_event(pbx, names))
    return Answered(204)


@route("GET", "client/{client}/phone_events", "event")
def phone_events(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """The subscriptions for all phones."""
    return answer([event(found) for found in pbx.webhooks.of(None)])


@route("POST", "client/{client}/phone_events", "event")
def subscribe_phones(pbx: FakePbx, asked: Asked, names: dict[str, str]) -> Answered:
    """Subscribe to all phones at once."""
    url, kind, method = wanted_event(asked, (*CALL_EVENTS, "extension-call-status"))
    return answer(event(pbx.webhooks.subscribe(None, url, kind, method)), 201)


def number(query: dict[str, str], name: str, default: int) -> int:
    """A whole number from the query."""
    given = query.get(name, "")
    return max(1, int(given)) if given.isdigit() else default
