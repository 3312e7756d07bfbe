"""Guessing which column is which field, and how its values are written."""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Iterable, Mapping

from ...core.kind import Kind
from ...core.text import Text, translate
from ...transfer.reader import writable_fields
from ..cells import look_of
from .sight import Sight

if t.TYPE_CHECKING:
    from ...core.field import Field
    from ...core.uow import Uow

CLOSE = 0.86
NOT_OFFERED = frozenset({"created_at", "archived_at"})
# What people call columns, by the names plugins give such fields; labels in both languages are known besides.
CALLED = {
    "name": "name fullname customername фио имя полноеимя наименование название клиент контакт контрагент firm customer",
    "title": "title subject тема название заголовок", "last_name": "lastname surname фамилия", "first_name": "firstname givenname имя",
    "patronymic": "middlename отчество", "phone": "phone tel telephone mobile cell телефон тел номертелефона мобильный моб сотовый",
    "email": "email mail почта электроннаяпочта эладрес емейл имейл",
    "company_id": "company companyname organization employer компания организация фирма юрлицо",
    "contact_id": "contact contactname person контакт контактноелицо", "city": "city town город населённыйпункт", "country": "country страна",
    "address": "address адрес", "delivery_address": "address shipto адрес", "postal_code": "zip postcode postalcode индекс",
    "tax_number": "inn vat taxid инн", "site": "website site web url сайт", "amount": "amount sum total value budget сумма бюджет стоимость",
    "stage": "stage status стадия статус этап", "owner_id": "owner manager responsible менеджер ответственный владелец",
    "position": "position job jobtitle должность contacttitle",
    "text": "comment note notes описание комментарий примечание",
    "born_on": "birthday birthdate деньрождения",
    "source": "source источник",
}  # fmt: skip
IDENTITIES = ("id", "no", "number", "code", "externalid", "key", "номер", "код", "идентификатор", "внешнийкод", "ид", "№", "#")
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}")


def plain(text: str) -> str:
    """Return a name in one spelling: letters and digits only, in small letters."""
    return re.sub(r"[\W_]+", "", text.casefold().replace("ё", "е"))


def offered(uow: Uow, kind: Kind) -> dict[str, Field]:
    """Return the fields somebody may import into: those they see and may write in a new record."""
    access = uow.crm.access
    shut = access.hidden(uow.actor, kind) | access.read_only(uow.actor, kind, "create")
    found = {n: f for n, f in writable_fields(kind).items() if n not in shut and n.partition(".")[0] not in shut and not f.secret}
    return {n: f for n, f in found.items() if (n not in NOT_OFFERED or uow.actor.system) and look_of(f) not in ("none", "json")}


def guesses(uow: Uow, kind: Kind, sight: Sight, language: str) -> dict[str, dict[str, str]]:
    """Return what becomes of each column, as far as its name tells: the surest first, each field once."""
    fields = offered(uow, kind)
    called = {name: _names(kind, name, field) for name, field in fields.items()}
    sure: list[tuple[float, int, str, str]] = []
    for place, column in enumerate(sight.names):
        word = plain(column)
        sure += [(score, -place, column, name) for name, words in called.items() if word and (score := _alike(word, words)) >= CLOSE]
    found: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    for _score, _place, column, name in sorted(sure, key=lambda s: (-s[0], -s[1])):
        if column not in found and name not in taken and sight.samples.get(column):
            found[column] = {"field": name, **options(uow, kind, fields[name], sight.samples[column], language)}
            taken.add(name)
    return found


def _names(kind: Kind, name: str, field: Field) -> tuple[set[str], set[str]]:
    """Return what a field is called: surely, and by people now and then."""
    labels = {str(field.label), translate(field.label, "ru")}
    link = next((k.name for k in kind.links.values() if k.field is field), name)
    surely = {plain(w) for w in (name, link, name.removesuffix("_id"), *labels)}
    own = {plain(f"{kind.key.rpartition('.')[2]}{name}")}  # the ContactName of a contact
    return surely | own, set(CALLED.get(name, "").split())


def _alike(word: str, words: tuple[set[str], set[str]]) -> float:
    surely, perhaps = words
    if word in surely:
        return 1.0
    if word in perhaps:
        return 0.95
    best = max((difflib.SequenceMatcher(None, word, other).ratio() for other in surely if abs(len(other) - len(word)) <= 4), default=0.0)
    return best * 0.94


def identity(sight: Sight, columns: Mapping[str, Mapping[str, str]]) -> str:
    """Return the column that tells rows apart, if one is called so and does."""
    for column in sight.names:
        word = plain(column) or column.strip()
        named = word in IDENTITIES or (word.endswith(("id", "код")) and column not in columns)
        if named and sight.distinct.get(column):
            return column
    return ""


def options(uow: Uow, kind: Kind, field: Field, samples: Iterable[str], language: str) -> dict[str, str]:
    """Return how a column's values are to be read, by how they look."""
    how, some = look_of(field), list(samples)
    if how in ("number", "money"):
        return {"convert": _decimal(some)}
    if how in ("day", "moment"):
        return {"convert": _date(some, language)}
    if how in ("record", "person", "team"):
        ways = [value for value, _label in finds(uow, kind, field)]
        return {"find": ways[0] if ways else "", "missing": "error"}
    return {}


def _decimal(samples: list[str]) -> str:
    for text in samples:
        comma, point = text.rfind(","), text.rfind(".")
        if comma > point:
            return "decimal ." if point < 0 and re.fullmatch(r"\d{1,3}(,\d{3})+", text.strip()) else "decimal ,"
        if comma >= 0 or (point >= 0 and re.search(r"[\s\u00a0]", text.strip())):
            return "decimal ."
    return "decimal ," if any(re.search(r"\d[\s\u00a0\u202f]\d", text) for text in samples) else ""


def _date(samples: list[str], language: str) -> str:
    found = [(int(m[1]), int(m[2]), text) for text in samples if (m := SLASHED.match(text))]
    if not found:
        return ""
    sign = "-" if "-" in found[0][2][:6] else "/"
    american = any(second > 12 for _first, second, _text in found) or (language != "ru" and not any(first > 12 for first, _s, _t in found))
    return f"date %m{sign}%d{sign}%Y" if american else f"date %d{sign}%m{sign}%Y"


def finds(uow: Uow, kind: Kind, field: Field) -> list[tuple[str, Text | str]]:
    """Return by which fields the record a column names can be found: ``[("sales.company.name", "Name")]``, the usual first."""
    from ...core.once import unique_names
    from ..shown import TITLES

    people = {"owner_id": "accounts.user", "team_id": "accounts.team"}
    target = next((k for k in uow.crm.kinds.values() if field.to is not None and k.cls is field.to), uow.crm.kinds.get(people.get(field.name, "")))
    if target is None or not uow.may(target.permission("read")):
        return []
    hidden = uow.crm.access.hidden(uow.actor, target)
    texts = [n for n, f in target.fields.items() if f.type is str and n not in hidden and not f.secret]
    named = [n for n in TITLES if n in texts][:1]
    telling = [n for n in texts if n in unique_names(target.table) or n in ("email", "phone", "login", "tax_number", "code")]
    ways = [(f"{target.key}.{n}", target.fields[n].label) for n in dict.fromkeys([*named, *telling])]
    return [*ways, (f"{target.key}.id", target.fields["id"].label)]
