# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""A list for a recall: who has a device of a model, a batch or a serial number, and how they are reached."""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Problem, Text, Uow, _
from crmkit_sales import Contact

from ..entities import SERVICE, Device, DeviceState, Service
from ..people import names_of
from .asked import Ask, days_of
from .sql import device, incident, of_devices, reach
from .table import Report, Row, figure

TITLE = _("Recall list", ru="Список для отзыва")
NAME_ONE = _("name a model, a batch or a serial number", ru="укажите модель, партию или серийный номер")
MOST = 50_000
service = Service.__table__.c


@attrs.frozen(kw_only=True)
class RecallRow(Row):
    """One device, with its wearer."""

    device_id: int = figure(_("Device", ru="Изделие"), kind="number")
    service_id: int = figure(_("Service card", ru="Карточка сервиса"), kind="number")
    wearer: str = figure(_("Wearer", ru="Пользователь протеза"), "", kind="text")
    phone: str | None = figure(_("Telephone", ru="Телефон"), None, kind="text")
    model: str = figure(_("Model", ru="Модель"), "", kind="text")
    batch: str | None = figure(_("Batch", ru="Партия"), None, kind="text")
    serial: str | None = figure(_("Serial number", ru="Серийный номер"), None, kind="text")
    issued_on: dt.date | None = figure(_("Handed over", ru="Выдано"), None, kind="day")
    state: Text | str = figure(_("State", ru="Состояние"), "", kind="text")
    guardian: str | None = figure(_("Guardian", ru="Представитель"), None, kind="text")
    guardian_phone: str | None = figure(_("Guardian's telephone", ru="Телефон представителя"), None, kind="text")
    stage: Text | str = figure(_("Service", ru="Сервис"), "", kind="text")
    open_incidents: int = figure(_("Open incidents", ru="Открытых инцидентов"))
    owner: str | None = figure(_("Responsible", ru="Ответственный"), None, kind="text")


def recall(uow: Uow, ask: Ask | None = None, *, worn: bool = True) -> Report[RecallRow]:
    """Return the devices of a model, a batch or a serial number with their wearers, as far as one sees service cards.

    With `worn` those that are in use; else also those that were replaced, lost or taken back. Names need the right to read service cards,
    telephones the right to see them on contacts.
    """
    ask = ask or Ask()
    reach(uow, device.service_id)
    uow.require(uow.crm.kind(Service).permission("read"))
    if ask.model is None and ask.batch is None and ask.serial is None:
        raise Invalid(problems=[Problem("model", "required", NAME_ONE)])
    if ask.since is not None or ask.until is not None:
        days_of(uow, ask)
    wearer, guardian = (sa.alias(Contact.__table__, name).c for name in ("wearer", "guardian"))
    source = (
        Device.__table__.join(Service.__table__, service.id == device.service_id)
        .join(wearer.id.table, wearer.id == service.contact_id).outerjoin(guardian.id.table, guardian.id == service.guardian_id)
    )  # fmt: skip
    where = [device.archived_at.is_(None), service.id.in_(uow.visible(Service)), *of_devices(ask)]
    where += [device.state == DeviceState.IN_USE] if worn else []
    where += [device.issued_on >= ask.since] if ask.since is not None else []
    where += [device.issued_on <= ask.until] if ask.until is not None else []
    going = sa.select(sa.func.count()).where(incident.service_id == service.id, incident.closed_at.is_(None), incident.archived_at.is_(None))
    asked = sa.select(
        device.id, service.id, device.model, device.batch, device.serial, device.issued_on, device.state, wearer.name, wearer.phone, guardian.name,
        guardian.phone, service.stage, going.correlate(Service.__table__).scalar_subquery(), service.owner_id,
    ).select_from(source).where(*where).order_by(device.model, device.batch, device.serial, device.id).limit(MOST)  # fmt: skip
    found = uow.connection.execute(asked).all()
    names = names_of(uow, "person", {row[-1] for row in found})
    phones = uow.elevated or "phone" not in uow.crm.access.hidden(uow.actor, uow.crm.kind(Contact))
    rows = [
        RecallRow(
            by=(), device_id=row[0], service_id=row[1], model=row[2], batch=row[3], serial=row[4], issued_on=row[5],
            state=row[6].label, wearer=row[7], phone=row[8] if phones else None, guardian=row[9], guardian_phone=row[10] if phones else None,
            stage=uow.crm.pipelines[SERVICE.name].stages[row[11]].label, open_incidents=row[12], owner=names.get(row[13] or 0),
        )
        for row in found
    ]  # fmt: skip
    return Report(
        name="recall", title=TITLE, of=RecallRow, kind=uow.crm.kind(Device).key, since=ask.since, until=ask.until, as_of=uow.now, split_by=(),
        rows=rows,
    )  # fmt: skip


