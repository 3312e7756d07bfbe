"""A newer version of a protocol: offered to those who are followed by an older one, with a preview; nobody is moved by a publication."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Invalid, Problem, Uow, _, on

from .cards import Change, Facts, facts_of, locked, preview, replan
from .days import today
from .devices import apply_version
from .entities import Device, DeviceProtocol, DeviceState, ProtocolVersion, Service
from .planning import Applied
from .publish import body_of

BATCH = 50
A_DRAFT = _("this version is a draft: publish it first", ru="это черновик: сначала опубликуйте его")
NOT_THEIRS = _(
    "nobody's device here is followed by another version for this group", ru="здесь нет изделий, которые ведут по другой версии для этой группы"
)


@attrs.frozen
class MoveOn:
    """Some more of those who are followed by older versions are to be moved to a version."""

    version_id: int
    after_id: int


def followers(uow: Uow, version: ProtocolVersion, after: int = 0, limit: int | None = None) -> list[int]:
    """Return the service cards with a device in use that is followed by an older version of the same protocol."""
    a, d, v = DeviceProtocol.__table__.c, Device.__table__.c, ProtocolVersion.__table__.c
    newer = DeviceProtocol.__table__.alias()
    of_newer = ProtocolVersion.__table__.alias()
    there = (
        sa.select(newer.c.id)
        .join(of_newer, of_newer.c.id == newer.c.protocol_version_id)
        .where(newer.c.device_id == a.device_id, of_newer.c.protocol_id == version.protocol_id, of_newer.c.number >= version.number)
    )
    found = (
        sa.select(d.service_id)
        .join(DeviceProtocol.__table__, a.device_id == d.id)
        .join(ProtocolVersion.__table__, v.id == a.protocol_version_id)
        .join(Service.__table__, Service.__table__.c.id == d.service_id)
        .where(v.protocol_id == version.protocol_id, v.number < version.number, d.state == DeviceState.IN_USE, d.service_id > after)
        .where(a.archived_at.is_(None), Service.__table__.c.ended.is_(None), ~there.exists())
        .distinct()
        .order_by(d.service_id)
    )
    return list(uow.connection.execute(found.limit(limit)).scalars())


def _devices(uow: Uow, service: Service, version: ProtocolVersion) -> list[int]:
    """Return the devices of a person that would move: in use, followed for this group, and never by this version."""
    protocol = version.protocol
    rows = uow.find(DeviceProtocol).where(
        DeviceProtocol.device_id.in_(sa.select(Device.id).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE))
    )
    by: dict[int, set[int]] = {}
    for row in rows:
        if row.group is protocol.group:
            by.setdefault(row.device_id, set()).add(row.protocol_version_id)
    return [key for key, known in by.items() if version.id not in known]


def move_on(uow: Uow, service: Service, version: ProtocolVersion) -> list[Change]:
    """Follow a person's devices by a newer version from today on; what is done stays with the version it was asked by."""
    if version.published_at is None:
        raise Conflict(A_DRAFT)
    service = locked(uow, service)
    with uow.as_system():
        devices = _devices(uow, service, version)
        if not devices:
            raise Invalid(problems=[Problem("version", "invalid", NOT_THEIRS)])
        for key in devices:
            apply_version(uow, key, version, today(uow))
        return replan(uow, service)


def preview_move(uow: Uow, service: Service, version: ProtocolVersion) -> list[Change]:
    """Return what a newer version would change for a person, without writing anything."""
    with uow.as_system():
        return preview(uow, service, with_version(uow, facts_of(uow, service), _devices(uow, service, version), version))


def with_version(uow: Uow, facts: Facts, devices: list[int], version: ProtocolVersion) -> Facts:
    """Return the facts as they would be with a version applied to some devices from today on."""
    one = Applied(version.id, version.protocol.group, today(uow), body_of(uow, version))
    changed = {key: attrs.evolve(d, applied=(*d.applied, one)) if key in devices else d for key, d in facts.devices.items()}
    return attrs.evolve(facts, devices=changed)


def move_everybody(uow: Uow, version: ProtocolVersion) -> int:
    """Move everybody who is followed by an older version, some at a time after this transaction; return how many there are."""
    if version.published_at is None:
        raise Conflict(A_DRAFT)
    uow.schedule(MoveOn(version.id, 0), key=f"prosthesis_feedback.version:{version.id}", delay=None, at=uow.now)
    return len(followers(uow, version))


@on(MoveOn)
def move_some(event: MoveOn, uow: Uow) -> None:
    """Move some, each person as a whole, and go on with the next."""
    version = uow.peek(ProtocolVersion, event.version_id)
    if version is None:
        return
    keys = followers(uow, version, event.after_id, BATCH)
    for key in keys:
        move_on(uow, uow.get(Service, key), version)
    if len(keys) == BATCH:
        uow.schedule(MoveOn(version.id, keys[-1]), key=f"prosthesis_feedback.version:{version.id}", at=uow.now)


__all__ = ["MoveOn", "followers", "move_everybody", "move_on", "preview_move", "with_version"]
