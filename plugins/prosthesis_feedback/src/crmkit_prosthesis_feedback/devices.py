"""Devices: one begins a calendar of its own; one that is replaced, lost or taken back ends it."""

from __future__ import annotations

import datetime as dt

from crmkit import Changed, Conflict, Created, Invalid, Problem, Uow, _, on

from .cards import locked, replan
from .days import today
from .entities import Device, DeviceProtocol, DeviceState, Ended, Group, ProtocolVersion, Service
from .publish import in_force

GONE = _("the device is no longer in use", ru="изделие уже не используется")
IN_USE = _("the device is in use", ru="изделие используется")
NOT_THEIRS = _("it is a device of somebody else", ru="это изделие другого человека")
NOT_YET = _("the day lies ahead", ru="этот день ещё не наступил")


def follow(uow: Uow, service: Service, device: Device) -> None:
    """Begin the calendar of a device, by the protocol in force for the wearer's group; once."""
    with uow.as_system():
        uow.flush()
        if uow.find(DeviceProtocol).archived(only=False).where(DeviceProtocol.device_id == device.id).exists():
            return
        group = Group.ADULT if service.crossed_on is not None else service.group
        version = in_force(uow, group)
        apply_version(uow, device.id, version, device.issued_on)


def apply_version(uow: Uow, device_id: int, version: ProtocolVersion, since: dt.date) -> DeviceProtocol:
    """Follow a device by a version of a protocol from a day on."""
    held = uow.find(DeviceProtocol).archived(only=False)
    row = held.where(DeviceProtocol.device_id == device_id, DeviceProtocol.protocol_version_id == version.id).first()
    if row is None:
        row = uow.add(DeviceProtocol(device_id=device_id, protocol_version_id=version.id, group=version.protocol.group, since=since))
    else:
        if row.archived_at is not None:
            uow.restore(row)
        uow.keep(row, since=since)
    uow.flush()
    return row


def issue_device(
    uow: Uow, service: Service, *, model: str, serial: str | None = None, batch: str | None = None, issued_on: dt.date | None = None,
    replaces: Device | None = None, deal_id: int | None = None,
) -> Device:  # fmt: skip
    """Hand over a device: its own follow-up begins, and that of the one it replaces ends."""
    service = locked(uow, service)
    day = issued_on or today(uow)
    _not_ahead(uow, day, "issued_on")
    with uow.as_system():
        if replaces is not None:
            if replaces.service_id != service.id:
                raise Invalid(problems=[Problem("replaces", "reference", NOT_THEIRS)])
            if replaces.state is not DeviceState.IN_USE:
                raise Conflict(GONE)
        device = uow.add(Device(service_id=service.id, model=model, serial=serial, batch=batch, issued_on=day, deal_id=deal_id))
        uow.flush()
        if replaces is not None:
            uow.keep(device, replaces_id=replaces.id)
            uow.keep(replaces, state=DeviceState.REPLACED, ended_on=day)
        follow(uow, service, device)
        with_devices(uow, service)
        replan(uow, service)
    return device


def end_device(uow: Uow, device: Device, state: DeviceState, ended_on: dt.date | None = None) -> Device:
    """Note that a device was lost or taken back: nobody is asked about it any more."""
    service = locked(uow, device.service_id)
    day = ended_on or today(uow)
    _not_ahead(uow, day, "ended_on")
    with uow.as_system():
        device = uow.get(Device, device.id, lock=True)
        if device.state is not DeviceState.IN_USE:
            raise Conflict(GONE)
        uow.keep(device, state=state, ended_on=day)
        with_devices(uow, service)
        replan(uow, service)
    return device


def found_again(uow: Uow, device: Device) -> Device:
    """Go on with a device that turned up again, as if it had never been away."""
    service = locked(uow, device.service_id)
    with uow.as_system():
        device = uow.get(Device, device.id, lock=True)
        if device.state is DeviceState.IN_USE:
            raise Conflict(IN_USE)
        uow.keep(device, state=DeviceState.IN_USE, ended_on=None)
        with_devices(uow, service)
        replan(uow, service)
    return device


def _not_ahead(uow: Uow, day: dt.date, path: str) -> None:
    if day > today(uow):
        raise Invalid(problems=[Problem(path, "invalid", NOT_YET)])


def with_devices(uow: Uow, service: Service) -> None:
    """End a service without devices, and go on with it when there is one again."""
    uow.flush()
    wears = uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).exists()
    if not wears and service.ended is None:
        service.ended = Ended.NO_DEVICE
    elif wears and service.ended is Ended.NO_DEVICE:
        service.ended = None
    uow.flush()


@on(Created[Device])
def device_is_there(event: Created[Device], uow: Uow) -> None:
    """A device somebody adds by hand is followed like any other."""
    service = locked(uow, event.record.service_id)
    if uow.find(DeviceProtocol).archived(only=False).where(DeviceProtocol.device_id == event.record.id).exists():
        return  # whoever made it has seen to that
    follow(uow, service, event.record)
    with_devices(uow, service)
    replan(uow, service)


@on(Changed[Device], fields=("issued_on", "archived_at"))
def issue_is_corrected(event: Changed[Device], uow: Uow) -> None:
    """Another day of issue makes another calendar."""
    replan(uow, event.record.service_id)


__all__ = ["apply_version", "end_device", "follow", "found_again", "issue_device", "with_devices"]
