
"""Devices: how many of a model or a batch were handed over, what became of them, and about how many somebody complained."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import Text, Uow, _

from ..entities import Device, DeviceState, Service
from .asked import Ask, check_splits, days_of
from .sql import Names, device, incident, month, of_devices, ones, reach
from .table import Report, Row, figure, in_order

TITLE = _("Devices", ru="Изделия")
BY = ("model", "batch", "state", "month", "group")
UNNAMED = _(
    "Incidents that name no device are not counted here: {count}. Say in the incident which device it is about.",
    ru="Инциденты без указанного изделия здесь не учтены: {count}. Укажите в инциденте, о каком изделии речь.",
)
service = Service.__table__.c


@attrs.frozen(kw_only=True)
class DeviceRow(Row):
    """Devices by the day they were handed over; without days all of them. A complaint is an incident about the device."""

    devices: int = figure(_("Handed over", ru="Выдано"))
    in_use: int = figure(_("In use", ru="Используется"))
    replaced: int = figure(_("Replaced", ru="Заменено"))
    lost: int = figure(_("Lost", ru="Утеряно"))
    taken_back: int = figure(_("Taken back", ru="Возвращено"))
    complaints: int = figure(_("Complaints", ru="Жалоб"))
    complained: int = figure(_("With a complaint", ru="С жалобами"))
    rate: float | None = figure(_("Complaint rate", ru="Доля с жалобами"), None, kind="share")


def devices(uow: Uow, ask: Ask | None = None) -> Report[DeviceRow]:
    """Return devices by model and batch with their complaint rate."""
    ask = ask or Ask()
    mine = reach(uow, device.service_id)
    check_splits(ask, BY)
    if ask.since is not None or ask.until is not None:
        days_of(uow, ask)
    complaints = (
        sa.select(sa.func.count()).where(incident.device_id == device.id, incident.archived_at.is_(None))
        .correlate(Device.__table__).scalar_subquery()
    )  # fmt: skip
    columns = {"model": device.model, "batch": device.batch, "state": device.state, "month": month(device.issued_on), "group": service.group}
    keys = [columns[name].label(f"k_{name}") for name in ask.by]
    where = [device.archived_at.is_(None), *mine, *of_devices(ask)]
    where += [device.issued_on >= ask.since] if ask.since is not None else []
    where += [device.issued_on <= ask.until] if ask.until is not None else []
    where += [service.group == ask.group] if ask.group is not None else []
    source = Device.__table__.join(Service.__table__, service.id == device.service_id)
    inner = sa.select(*keys, device.state.label("is"), complaints.label("n")).select_from(source).where(*where).subquery()
    by, c = [inner.c[key.name] for key in keys], inner.c
    states = [ones(c["is"] == state) for state in (DeviceState.IN_USE, DeviceState.REPLACED, DeviceState.LOST, DeviceState.TAKEN_BACK)]
    counts = [sa.func.count(), *states, sa.func.sum(c.n), ones(c.n > 0)]
    found = uow.connection.execute(sa.select(*by, *counts).group_by(*by)).all()
    names, width = Names(uow, ask.by, found), len(keys)
    rows = [
        DeviceRow(
            by=names.keys(row), devices=count, in_use=used, replaced=replaced, lost=lost, taken_back=back, complaints=int(told or 0),
            complained=complained, rate=complained / count,
        )
        for row in found
        for count, used, replaced, lost, back, told, complained in [row[width:]]
        if count
    ]  # fmt: skip
    return Report(
        name="devices", title=TITLE, of=DeviceRow, kind=uow.crm.kind(Device).key, since=ask.since, until=ask.until, as_of=uow.now,
        split_by=ask.by, rows=in_order(rows), notes=_left_out(uow),
    )  # fmt: skip


def _left_out(uow: Uow) -> tuple[Text, ...]:
    """Say how many incidents name no device: of people who wore several, nobody has said which."""
    unnamed = sa.select(sa.func.count()).where(incident.device_id.is_(None), incident.archived_at.is_(None), *reach(uow, incident.service_id))
    count = uow.connection.execute(unnamed).scalar_one()
    return (UNNAMED.format(count=count),) if count else ()


