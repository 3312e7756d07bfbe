"""Believable notes and activities for the demo data of other plugins, the same for the same `random`."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import random as chance

from crmkit import Crm, Entity, Owned, Text, Uow, _

from .entities import Activity, File, Note
from .planning import plan
from .store import new_key, store_of

NOTES = (
    _("Asked for the price list by e-mail", ru="Просил прислать прайс-лист на почту"),
    _("Decides together with the partner", ru="Решение принимает вместе с партнёром"),
    _("Call after lunch only", ru="Звонить только после обеда"),
    _("Compares with a competitor's offer", ru="Сравнивает с предложением конкурента"),
    _("Wants to see a sample first", ru="Хочет сначала посмотреть образец"),
)
SUBJECTS: tuple[tuple[str, Text], ...] = (
    ("call", _("Call back about the offer", ru="Перезвонить по предложению")),
    ("meeting", _("Meeting at the client's", ru="Встреча у клиента")),
    ("letter", _("Send the contract", ru="Отправить договор")),
    ("message", _("Remind of the visit", ru="Напомнить о визите")),
    ("todo", _("Prepare an estimate", ru="Подготовить смету")),
)
OUTCOMES = (_("Agreed", ru="Договорились"), _("Did not answer", ru="Не дозвонились"), _("Asked to call later", ru="Просил перезвонить позже"))


def add_note(uow: Uow, record: Entity, random: chance.Random, language: str = "ru") -> Note:
    """Add a note about a record, now."""
    owner, team = (record.owner_id, record.team_id) if isinstance(record, Owned) else (None, None)
    return uow.add(Note(text=random.choice(NOTES).to(language), owner_id=owner, team_id=team, **uow.about(record)))


def add_done(uow: Uow, record: Entity, random: chance.Random, language: str = "ru") -> Activity:
    """Add an activity about a record that was just done."""
    kind, subject = random.choice(SUBJECTS)
    outcome = random.choice(OUTCOMES).to(language)
    return plan(uow, record, kind, subject.to(language), uow.now, done_at=uow.now, outcome=outcome, duration=random.randint(2, 45))


def add_open(uow: Uow, record: Entity, random: chance.Random, language: str = "ru", within_days: int = 10) -> Activity:
    """Add an activity about a record that is still to be done; some are overdue."""
    kind, subject = random.choice(SUBJECTS)
    due = uow.now + dt.timedelta(days=random.randint(-3, within_days), hours=random.randint(0, 8))
    return plan(uow, record, kind, subject.to(language), due)


LETTER = _(
    "Offer\n\nDear client,\n\nthe price holds for two weeks and includes delivery.\nWe start within three days of your answer.\n",
    ru="Коммерческое предложение\n\nУважаемый клиент!\n\n"
    "Цена действует две недели и включает доставку.\nНачнём в течение трёх дней после вашего ответа.\n",
)
TABLE = _("What;Price\nMeasuring;0\nDelivery;3500\n", ru="Наименование;Цена\nЗамер;0\nДоставка;3500\n")
FILES = ((_("Offer.txt", ru="Предложение.txt"), LETTER, "text/plain"), (_("Prices.csv", ru="Прайс-лист.csv"), TABLE, "text/csv"))


def attach_files(crm: Crm, many: int, language: str = "ru") -> int:
    """Attach a letter or a price list to the records that were noted about last; return how many. Not in the transaction of the
    other demo data: content lies outside the database."""
    with crm.uow() as uow:
        about = dict.fromkeys((n.about_kind, n.about_id, n.owner_id, n.team_id) for n in uow.find(Note).order_by(Note.id.desc()).limit(many))
        for number, (kind, key, owner, team) in enumerate(about):
            name, text, media_type = FILES[number % len(FILES)]
            content = text.to(language).encode()
            stored = new_key(uow.now)
            store_of(crm).put(stored, io.BytesIO(content))
            uow.add(File(about_kind=kind, about_id=key, name=name.to(language), size=len(content), media_type=media_type,
                digest=hashlib.sha256(content).hexdigest(), key=stored, owner_id=owner, team_id=team))  # fmt: skip
    return len(about)
