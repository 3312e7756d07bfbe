"""What people see on the screen: the review list, a panel beside a record, and a word while a new one is typed."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import Entity, Invalid, Kind, Problem, Uow, _
from crmkit.ui import Menu, Result, Slot, View, Visit, form_note, page, panel

from .compare import Comparison, PhoneNumber
from .entities import Pair, PairState
from .live import CHECK, like
from .normal import read_phone, say_phone
from .registry import Declared, declared
from .review import DECIDE, READ, decide, listed, told_pairs

PLURAL = _("Possible duplicates", ru="Возможные дубликаты")
SHOWN, ASIDE, BESIDE, LETTERS = 20, 5, 3, 3
DECISIONS = {"different": PairState.DIFFERENT, "open": PairState.OPEN}
UNKNOWN = _("say what was decided", ru="укажите решение")


class Words:
    """What stands on these pages."""

    title = PLURAL
    empty = _("No duplicates to look at", ru="Дубликатов на разбор нет")
    empty_more = _("New ones appear here by themselves when records change.", ru="Новые появятся здесь сами, когда записи изменятся.")
    none_declared = _("Nothing is compared", ru="Ничего не сравнивается")
    kinds = _("Kind of records", ru="Вид записей")
    merge, different, later = _("Merge…", ru="Объединить…"), _("Different", ru="Разные"), _("Later", ru="Позже")
    decided = _("Marked as different", ru="Отмечены как разные")
    back = _("Take back", ru="Вернуть")
    why = _("Why", ru="Почему")
    score = _("{score} % alike", ru="сходство {score} %")
    via = _("both are like a third record", ru="обе похожи на третью запись")
    more = _("Show more", ru="Показать ещё")
    keys = _("J and K go through, M merges, D keeps apart", ru="J и K — по списку, M — объединить, D — разные")
    perhaps = _("Perhaps already here", ru="Возможно, уже есть")
    open = _("Open", ru="Открыть")
    field = _("Field", ru="Поле")
    nameless = _("No. {id}", ru="№ {id}")


def path_of(kind: Kind, key: int) -> str:
    """Return the address of a record."""
    return f"/{kind.key.replace('.', '/', 1)}/{key}"


def name_of(here: Declared, values: Mapping[str, t.Any], key: int) -> t.Any:
    """Return what a record is called: the first thing that is compared and filled in."""
    return next((values[n] for n in here.what.fields if not n.startswith("<") and values.get(n)), Words.nameless.format(id=key))


# ---- the review list ----------------------------------------------------------------------------------------------------
def matched(visit: Visit, kind: Kind) -> bool:
    """True for entities whose records are compared."""
    return kind.key in declared(visit.crm)


@page("/review", label=PLURAL, permission=READ, methods=("GET", "POST"), menu=Menu(icon="copy", section="work", order=80, lists=matched))
def review(visit: Visit, uow: Uow) -> Result:
    """GET the pairs of a kind, the likeliest first; POST what was decided about one."""
    if visit.method == "POST":
        return _decided(visit, uow)
    kinds = [d for d in declared(uow.crm).values() if uow.may(d.kind.permission("read"))]
    asked = visit.query.get("kind", "")
    here = next((d for d in kinds if d.kind.key == asked), None) or _first(uow, kinds)
    if here is None:
        return View("review.html", d=Words, kinds=(), here=None, pairs=(), next=None)
    rows, following = listed(uow, here, SHOWN, visit.query.get("after"))
    pairs = [_shown(uow, here, pair) for pair in told_pairs(uow, here, rows)]
    return View(
        "review.html", d=Words, kinds=[(k.kind.key, k.kind.plural, k is here) for k in kinds], here=here.kind, pairs=pairs, next=following,
        may_decide=uow.may(DECIDE),
    )  # fmt: skip


def _first(uow: Uow, kinds: list[Declared]) -> Declared | None:
    """Return the first kind that has pairs to look at, else the first."""
    waiting = set()
    for row in uow.find(Pair).where(Pair.state == PairState.OPEN).limit(500).columns(Pair.kind):
        waiting.add(row[0])
    return next((d for d in kinds if d.kind.key in waiting), kinds[0] if kinds else None)


def _shown(uow: Uow, here: Declared, pair: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a pair as the page shows it: both records, field by field."""
    one, two = (_told(here, record["values"]) for record in pair["records"])
    fields = []
    for name in dict.fromkeys([*one, *two]):
        left, right = one.get(name, ""), two.get(name, "")
        fields.append({"label": _label(here, name), "left": left, "right": right, "same": bool(left) and left == right})
    sides = [{"id": r["id"], "name": name_of(here, r["values"], r["id"]), "path": path_of(here.kind, r["id"])} for r in pair["records"]]
    first, second = sides
    may = uow.may(here.kind.permission("archive")) and uow.may(here.kind.permission("change"))
    return {
        "id": pair["id"], "percent": round(pair["score"] * 100), "reasons": [r["text"] for r in pair["reasons"] if r["weight"] > 0][:4],
        "against": [r["text"] for r in pair["reasons"] if r["weight"] < 0][:2], "sides": sides, "fields": fields, "via": pair["via"],
        "merge": f"{first['path']}/merge?with={second['id']}" if may else "",
    }  # fmt: skip


def _label(here: Declared, name: str) -> t.Any:
    if name.startswith("<"):
        return here.labels.get(name.partition(">")[2].partition("?")[0], name)
    return here.labels.get(name, name)


def _told(here: Declared, values: Mapping[str, t.Any]) -> dict[str, str]:
    """Return what is compared as people read it: what a comparison finds in parts stands with its field, whose values those are too."""
    found: dict[str, str] = {}
    for comparison in here.what.compare:
        kept: dict[str, dict[str, None]] = {}
        for name in comparison.names:
            value = values.get(name)
            several = value if isinstance(value, list | tuple) else () if value is None else (value,)
            at = comparison.fields[0] if name.startswith("<") and comparison.fields else name
            kept.setdefault(at, {}).update((_said(comparison, str(v)), None) for v in several)
        found |= {name: ", ".join(said) for name, said in kept.items() if said}
    return found


def _said(comparison: Comparison[t.Any], value: str) -> str:
    """Return one value as people read it."""
    return say_phone(read_phone(value, comparison.region or "RU") or value) if isinstance(comparison, PhoneNumber) else value


def _decided(visit: Visit, uow: Uow) -> Result:
    state, given = DECISIONS.get(visit.form.get("decision", "")), visit.form.get("pair", "")
    if state is None or not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Invalid(problems=[Problem("decision", "invalid", UNKNOWN)])
    pair = uow.get(Pair, int(given))
    uow.require(DECIDE, pair)
    decide(pair, uow, state)
    here = declared(uow.crm)[pair.kind]
    if state is PairState.DIFFERENT:
        return View("decided.html", d=Words, pair=pair.id)
    uow.flush()
    found = told_pairs(uow, here, [(pair.id, pair.a_id, pair.b_id, pair.score, pair.via_id)])
    return View("pair.html", d=Words, p=_shown(uow, here, found[0]), may_decide=True) if found else ""


# ---- beside a record ----------------------------------------------------------------------------------------------------
@panel(None, label=PLURAL, icon="copy", slot=Slot.ASIDE, order=15, permission=READ, live=(Pair,))
def beside_record(record: Entity, uow: Uow) -> Result:
    """Show what may be the same as this record."""
    here = declared(uow.crm).get(uow.crm.kind(type(record)).key)
    if here is None or record.archived_at is not None:
        return None
    rows, _more = listed(uow, here, ASIDE, None, about=record.id)
    found = []
    for pair in told_pairs(uow, here, rows):
        shown = _shown(uow, here, pair)
        other = next(s for s in shown["sides"] if s["id"] != record.id)
        merge = f"{path_of(here.kind, record.id)}/merge?with={other['id']}" if shown["merge"] else ""
        found.append(shown | {"other": other, "merge": merge})
    return View("beside_record.html", d=Words, pairs=found) if found else None


# ---- while typing -------------------------------------------------------------------------------------------------------
@form_note(None, permission=CHECK)
def while_typing(of: type[Entity], values: Mapping[str, t.Any], uow: Uow) -> Result:
    """Say which records there are already that may be the one that is being typed."""
    here = declared(uow.crm).get(uow.crm.kind(of).key)
    if here is None or not uow.may(here.kind.permission("read")):
        return None
    typed = {n: v for n, v in values.items() if n in here.fields}
    if not any(isinstance(v, str) and len(v.strip()) >= LETTERS for v in typed.values()):
        return None
    found = []
    for one in like(uow, here, typed, limit=BESIDE):
        name = name_of(here, one["values"], one["id"])
        more = [said for said in _told(here, one["values"]).values() if said != name][:3]
        said = [r["text"] for r in one["reasons"] if r["weight"] > 0][:3]
        found.append({"name": name, "more": more, "reasons": said, "percent": round(one["score"] * 100), "path": path_of(here.kind, one["id"])})
    return View("while_typing.html", d=Words, found=found) if found else None


__all__ = ["Words", "beside_record", "review", "while_typing"]
