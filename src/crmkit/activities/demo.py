"""Files for the demo data."""

from __future__ import annotations

import hashlib
import io

from crmkit import Crm, _

from .entities import File, Note
from .store import new_key, store_of

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
