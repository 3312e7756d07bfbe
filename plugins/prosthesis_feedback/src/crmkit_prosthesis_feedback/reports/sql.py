"""What the reports share: whose rows count, what they are split by, and what split values are called."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from babel.dates import format_date

from crmkit import Text, Uow, _

from ..entities import Answer, Device, DeviceState, Feedback, Group, Incident, Protocol, ProtocolVersion, Respondent, Service, Urgency
from ..people import names_of
from ..publish import body_of
from ..roles import REPORTS
from ..settings import FeedbackSettings
from ..words import text_of
from .asked import Ask
from .table import Key

NOT_SAID = _("Not said", ru="Не указано")
MEMBERS: Mapping[str, t.Any] = {"group": Group, "respondent": Respondent, "urgency": Urgency, "state": DeviceState}
VERSION_OF = _("{title}, version {number}", ru="{title}, версия {number}")
Columns = Mapping[str, t.Any]
card, device, version, incident, answer = (c.__table__.c for c in (Feedback, Device, ProtocolVersion, Incident, Answer))


def reach(uow: Uow, service_id: t.Any) -> list[t.Any]:
    """Return the condition of the rows that count: everybody's for whose report that is, else those of service cards one sees."""
    uow.require(REPORTS)
    if uow.elevated or "all" in uow.crm.access.scopes(uow.actor, REPORTS.name):
        return []
    return [service_id.in_(uow.visible(Service))]


def ones(condition: t.Any) -> t.Any:
    """Return how many rows a condition holds for."""
    return sa.func.count(sa.case((condition, 1)))


def month(column: t.Any) -> t.Any:
    """Return a day's month as a number: 202603."""
    return sa.extract("year", column) * 100 + sa.extract("month", column)


def month_in(bounds: Sequence[tuple[int, dt.datetime]], column: t.Any) -> t.Any:
    """Return a moment's month by the CRM's clock, as a number; `bounds` has months with the moments they end."""
    return sa.case(*[(column < end, sa.literal(number)) for number, end in bounds], else_=sa.null())


def months_between(uow: Uow, since: dt.date, until: dt.date) -> list[tuple[int, dt.datetime]]:
    """Return the months of some days with the moments they end."""
    found, first = [], since.replace(day=1)
    while first <= until:
        after = (first + dt.timedelta(days=32)).replace(day=1)
        found.append((first.year * 100 + first.month, dt.datetime.combine(after, dt.time(), uow.crm.zone).astimezone(dt.UTC)))
        first = after
    return found


def of_cards(ask: Ask) -> list[t.Any]:
    """Return the conditions of the cards asked about."""
    where = of_devices(ask)
    where += [card.group == ask.group] if ask.group is not None else []
    return where + ([version.protocol_id == ask.protocol] if ask.protocol is not None else [])


def of_devices(ask: Ask) -> list[t.Any]:
    """Return the conditions of the devices asked about."""
    found = [(device.model, ask.model), (device.batch, ask.batch), (device.serial, ask.serial)]
    return [column == value for column, value in found if value is not None]


CARDS = (
    Feedback.__table__.join(Device.__table__, device.id == card.device_id)
    .join(ProtocolVersion.__table__, version.id == card.protocol_version_id)
)  # fmt: skip
CARD_KEYS: Columns = {
    "period": card.period, "protocol": version.protocol_id, "version": version.id, "group": card.group, "month": month(card.ideal),
    "model": device.model, "batch": device.batch, "caller": card.done_by, "respondent": card.respondent,
}  # fmt: skip
DRILLS = {
    "period": "period", "protocol": "protocol_version.protocol_id", "version": "protocol_version_id", "group": "group", "model": "device.model",
    "batch": "device.batch", "caller": "done_by", "respondent": "respondent",
}  # fmt: skip


def drill(ask: Ask, keys: Iterable[Key], since: dt.date, until: dt.date) -> dict[str, t.Any] | None:
    """Return the filter of the cards of a row; None where a filter cannot say it."""
    tree: dict[str, t.Any] = {"ideal": {"gte": since.isoformat(), "lte": until.isoformat()}}
    for name, value in (("group", ask.group and ask.group.value), ("device.model", ask.model), ("device.batch", ask.batch),
                        ("protocol_version.protocol_id", ask.protocol)):  # fmt: skip
        if value is not None:
            tree[name] = value
    for key in keys:
        if key.name not in DRILLS:
            return None
        value = getattr(key.value, "value", key.value)
        tree[DRILLS[key.name]] = {"empty": True} if value is None else value
    return tree


class Names:
    """What split values are called: people, protocols and questions are looked up once for a whole report."""

    def __init__(self, uow: Uow, by: Sequence[str], rows: Sequence[t.Any]) -> None:
        self.uow, self.by = uow, by
        values = {name: {row[n] for row in rows} - {None} for n, name in enumerate(by)}
        self.people = names_of(uow, "person", values.get("caller", ()))
        self.titles: dict[int, str] = {}
        p = Protocol.__table__.c
        if "protocol" in by:
            self.titles = dict(tuple(row) for row in uow.connection.execute(sa.select(p.id, p.title).where(p.id.in_(values["protocol"]))))
        if "version" in by:
            asked = sa.select(version.id, p.title, version.number).join(Protocol.__table__, p.id == version.protocol_id)
            for key, title, number in uow.connection.execute(asked.where(version.id.in_(values["version"]))):
                self.titles[key] = VERSION_OF.format(title=title, number=number)
        self.words: dict[str, dict[str, tuple[Text, t.Any]]] = {"period": {}, "question": {}}
        if {"period", "question"} & set(by):
            self._read()

    def _read(self) -> None:
        """Know what periods and questions are called in the newest versions that have them; periods also by their time."""
        made = sa.select(version.id).where(version.published_at.is_not(None)).order_by(version.id)
        for key in self.uow.connection.execute(made).scalars().all():
            body = body_of(self.uow, key)
            for name, period in body.periods.items():
                self.words["period"][name] = (period.text, (period.after.months * 30.44 + period.after.days, name))
            for number, (name, question) in enumerate(body.questions.items()):
                self.words["question"][name] = (question.text, (number, name))

    def keys(self, row: t.Any) -> tuple[Key, ...]:
        """Return what a row is about."""
        return tuple(self._key(name, value) for name, value in zip(self.by, row, strict=False))

    def _key(self, name: str, value: t.Any) -> Key:
        if name in self.words and value in self.words[name]:
            return Key(name, value, *self.words[name][value])
        if name in self.words:
            return Key(name, value, str(value), (10**6, str(value)))
        if name == "month" and value is not None:
            day = dt.date(int(value) // 100, int(value) % 100, 1)
            return Key(name, day.isoformat()[:7], _month(day), day)
        if value is None or value == "":
            return Key(name, None, NOT_SAID)
        if name in MEMBERS:
            return Key(name, value, MEMBERS[name](value).label)
        if name == "reason":
            reason = self.uow.crm[FeedbackSettings].all_reasons.get(value)
            return Key(name, value, reason.text if reason is not None else value)
        label = self.people.get(value) if name == "caller" else self.titles.get(value) if name in ("protocol", "version") else None
        return Key(name, value, label or str(value))


def _month(day: dt.date) -> Text:
    return Text(format_date(day, "LLL y", locale="en_GB"), ru=format_date(day, "LLL y", locale="ru_RU"))


def reason_of(uow: Uow, name: str | None) -> str:
    """Return what a reason is called, in the reader's language."""
    found = uow.crm[FeedbackSettings].all_reasons.get(name or "")
    return text_of(found.label).to(uow.language) if found is not None else name or ""
