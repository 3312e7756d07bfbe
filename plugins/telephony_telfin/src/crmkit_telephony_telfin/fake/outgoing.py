"""Calls that go out: by callback, dialled on a phone, and from one extension to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .people import Behaviour, Extension, answers
from .switch import Switch
from .truth import AGENT, ANSWER, CANCEL, CLIENT, NOANSWER, OTHER, TrueCall, TrueLeg
from .visits import Visit


def callback(switch: Switch, extension: Extension, request: Mapping[str, Any]) -> TrueCall:
    """Ring all sources at once; whoever picks up first is put through to the destination."""
    destination = str(request["dst_num"])
    inside = switch.extension(destination)
    call = switch.new_call("internal" if inside else "out", "callback", None if inside else destination, extension_id=extension.id)
    call.request = dict(request)
    wait = request.get("wait_for_pickup")
    seconds = float(wait) if isinstance(wait, (int, float)) and wait > 0 else switch.ring_seconds
    for source in request["src_num"]:
        _ring_source(switch, call, extension, str(source), seconds)
    return call


def _ring_source(switch: Switch, call: TrueCall, owner: Extension, source: str, seconds: float) -> None:
    phone = switch.extension(source)
    destination = str(call.request["dst_num"])
    if phone is None:
        leg = switch.new_leg(call, AGENT, source, source=True)
        behaviour = switch.behaviour(source)
    else:
        leg = switch.new_leg(call, AGENT, switch.relative(phone), phone, source=True)
        visit = _visit(switch, leg, phone, destination)
        visit.callback_id = call.call_id
        behaviour = switch.manner(phone)
        if switch.faults.dial_in_for_callbacks:
            _tell_first(switch, leg, phone)

    def picked_up(leg: TrueLeg) -> None:
        for other in [other for other in call.legs if other.source and other.ringing]:
            other.elsewhere = True
            switch.end_leg(other, CANCEL, "server")
            _close_sources(switch, other, CANCEL)
        for first in switch.visits[call.call_id]:
            if first.leg is leg and first.hidden:
                first.answered_at = switch.clock.now()
                switch.webhooks.tell(first, "answer", ANSWER)
        visit = next((v for v in switch.visits[call.call_id] if v.leg is leg and not v.hidden), None)
        if visit is None:  # the agent is at an outside phone: the extension whose callback it is dials for them
            leg.extension_id, leg.sub_call_id = owner.id, f"{owner.id}-{switch.chance.hexadecimal()}"
            visit = _visit(switch, leg, owner, destination)
            visit.callback_id = call.call_id
        dial(switch, visit, destination)

    def failed(leg: TrueLeg) -> None:
        _close_sources(switch, leg, leg.status or NOANSWER)
        if not any(other.ringing for other in call.legs):
            switch.end_call(call, leg.ended_by or "server", leg.status)

    switch.ring(leg, behaviour, picked_up, failed, seconds)


def _close_sources(switch: Switch, leg: TrueLeg, status: str) -> None:
    for visit in switch.visits[leg.call.call_id]:
        if visit.leg is leg:
            switch.close(visit, status)


def _visit(switch: Switch, leg: TrueLeg, phone: Extension, destination: str) -> Visit:
    inside = switch.extension(destination)
    return switch.new_visit(
        leg,
        phone,
        "dial-out",
        switch.relative(phone),
        switch.relative(inside) if inside else destination,
        caller_name=phone.label,
        caller_extension=phone,
        called_extension=inside,
    )


def _tell_first(switch: Switch, leg: TrueLeg, phone: Extension) -> None:
    """The dial-in of a callback's first leg, where a PBX sends one: whether Telfin does is not known."""
    request = leg.call.request
    caller = str(request.get("src_caller_id_number") or request["dst_num"])
    first = switch.new_visit(
        leg,
        phone,
        "dial-in",
        caller,
        switch.relative(phone),
        called_extension=phone,
        caller_name=str(request.get("src_caller_id_name") or ""),
        hidden=True,
    )
    first.sub_call_id = f"{phone.id}-{switch.chance.hexadecimal()}"
    switch.webhooks.tell(first, "dial-in", "CALLING")


def outgoing(switch: Switch, phone: Extension, number: str) -> TrueCall:
    """Somebody dials on their telephone."""
    inside = switch.extension(number)
    call = switch.new_call("internal" if inside else "out", "phone", None if inside else number, extension_id=phone.id)
    leg = switch.new_leg(call, AGENT, switch.relative(phone), phone)
    leg.answered_at = switch.clock.now()
    switch.engage(leg)
    switch.manners[leg] = Behaviour(answers().does, talks=switch.manner(phone).talks)
    dial(switch, _visit(switch, leg, phone, number), number)
    return call


def dial(switch: Switch, visit: Visit, destination: str, role: str = CLIENT) -> None:
    """The other end begins to ring: this is the moment of dial-out."""
    visit.dialled_at = switch.clock.now()
    call, target = visit.call, switch.extension(destination)

    def picked_up(leg: TrueLeg) -> None:
        switch.connect(visit)

    def failed(leg: TrueLeg) -> None:
        switch.end_call(call, leg.ended_by or "server", leg.status)

    switch.webhooks.tell(visit, "dial-out", "CALLING")
    if target is None:
        visit.far = leg = switch.new_leg(call, role, destination)
        leg.sub_call_id, leg.control_id = visit.sub_call_id, visit.control_id
        switch.ring(leg, switch.behaviour(destination), picked_up, failed, switch.ring_seconds)
        return
    leg = switch.new_leg(call, AGENT, switch.relative(target), target)
    visit.far = leg
    theirs = switch.new_visit(
        leg,
        target,
        "dial-in",
        visit.caller,
        switch.relative(target),
        caller_name=visit.caller_name,
        caller_extension=visit.extension,
        called_extension=target,
        far=visit.leg,
    )
    switch.webhooks.tell(theirs, "dial-in", "CALLING")

    def picked_up_inside(leg: TrueLeg) -> None:
        switch.connect(visit)
        theirs.answered_at = switch.clock.now()
        switch.webhooks.tell(theirs, "answer", ANSWER)

    switch.ring(leg, switch.manner(target), picked_up_inside, failed, switch.ring_seconds)


def transfer(switch: Switch, visit: Visit, destination: str, *, attended: bool = False) -> Visit:
    """Somebody else takes the client over: at once (blind), or after a word between the two (attended)."""
    call, client, target = visit.call, visit.far, switch.extension(destination)
    assert client is not None
    call.notes.append((switch.clock.now(), f"{'attended ' if attended else ''}transfer to {destination}"))
    client.held = attended
    if not attended:
        switch.quiet(client)
        switch.end_leg(visit.leg, ANSWER, AGENT)
        switch.close(visit, ANSWER)
    remote = client.party
    if target is None:
        new = _transfer_out(switch, visit, destination)
    else:
        leg = switch.new_leg(call, AGENT, switch.relative(target), target, transfered=True)
        new = switch.new_visit(
            leg,
            target,
            "dial-in",
            remote,
            switch.relative(target),
            caller_extension=visit.extension,
            called_extension=target,
            remote=remote,
            far=visit.leg if attended else client,
        )
        switch.webhooks.tell(new, "dial-in", "CALLING")
    if attended:
        visit.consults = new

    def picked_up(leg: TrueLeg) -> None:
        switch.connect(new)
        if attended and visit.leg.talking and switch.manners[visit.leg].does != "by_hand":
            switch.later(visit.leg, 8.0, lambda: switch.hung_up(visit.leg))

    def failed(leg: TrueLeg) -> None:
        switch.close(new, leg.status or NOANSWER)
        if attended and visit.is_open:
            visit.consults, client.held = None, False
        else:
            switch.end_call(call, "server", leg.status)

    ringing = new.leg if target is not None else new.far
    assert ringing is not None
    behaviour = switch.behaviour(destination) if target is None else switch.manner(target)
    switch.ring(ringing, behaviour, picked_up, failed, switch.ring_seconds)
    return new


def _transfer_out(switch: Switch, visit: Visit, destination: str) -> Visit:
    """To an outside number: a second dial-out of the same extension, marked as `Transfered`."""
    phone = visit.extension
    leg = switch.new_leg(visit.call, OTHER, destination, transfered=True)
    leg.sub_call_id = f"{phone.id}-{switch.chance.hexadecimal()}"
    new = _visit(switch, leg, phone, destination)
    new.transfered, new.far, new.dialled_at = True, leg, switch.clock.now()
    switch.webhooks.tell(new, "dial-out", "CALLING")
    return new
