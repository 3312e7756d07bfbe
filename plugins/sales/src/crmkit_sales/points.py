"""A contact's points and its own telephone and e-mail, kept in step both ways; the lines of a deal and its amount."""

from __future__ import annotations

import typing as t
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from crmkit import Kind, Uow, Written, hookimpl

from .entities import Contact, ContactPoint, DealLine, Way
from .lines import add_up

MANY = 500
# Points that are being added because their contacts show them: nothing is left to do when they are told.
_in_step: weakref.WeakKeyDictionary[Uow, set[tuple[int, Way, str]]] = weakref.WeakKeyDictionary()
KEPT: tuple[tuple[Way, str], ...] = ((Way.PHONE, "phone"), (Way.EMAIL, "email"))
Points = dict[tuple[int, Way], list[t.Any]]


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Keep what is shown twice the same, by sets: importing a hundred thousand contacts asks a few hundred questions."""
    if kind.cls is Contact:
        _contacts(rows, uow)
    elif kind.cls is ContactPoint:
        _points(rows, uow)
    elif kind.cls is DealLine:
        add_up(uow, {values["deal_id"] for r in rows if (values := r.values or r.before)})


def _live(contacts: Iterable[int], uow: Uow) -> Points:
    """Return the points of these contacts: id, value, primary, oldest first."""
    c, found, keys = ContactPoint.__table__.c, defaultdict(list), sorted(contacts)
    for those in _those(c.contact_id, keys):
        statement = sa.select(c.contact_id, c.way, c.id, c.value, c.primary).where(those, c.archived_at.is_(None)).order_by(c.id)
        for row in uow.connection.execute(statement):
            found[row.contact_id, row.way].append(row)
    return found


def _those(column: t.Any, keys: Sequence[int]) -> Iterator[sa.ColumnElement[bool]]:
    """Yield conditions that together find the records with these keys, in order; where keys follow each other, as new ones do, some more."""
    if keys and keys[-1] - keys[0] < 4 * len(keys):
        yield column.between(keys[0], keys[-1])
    else:
        yield from (column.in_(keys[i : i + MANY]) for i in range(0, len(keys), MANY))


def _contacts(rows: Sequence[Written], uow: Uow) -> None:
    """What is written into the contact becomes its primary point; what is emptied there goes."""
    changed = [r for r in rows if r.values is not None and (r.changed is None or r.changed & {"phone", "email"})]
    filled = [r for r in changed if r.changed is not None or (r.values and (r.values["phone"] or r.values["email"]))]
    points, fresh = _live([r.id for r in filled], uow), list[dict[str, t.Any]]()
    for row in filled:
        for way, field in KEPT:
            if row.changed is None or field in row.changed:
                value = t.cast("dict[str, t.Any]", row.values)[field]
                _one(row.id, way, value, points.get((row.id, way), []), fresh, uow)
    if fresh:
        _in_step[uow] = {(f["contact_id"], f["way"], f["value"]) for f in fresh}
        try:
            uow.add_many(ContactPoint, fresh)
        finally:
            del _in_step[uow]


def _one(contact: int, way: Way, value: str | None, there: list[t.Any], fresh: list[dict[str, t.Any]], uow: Uow) -> None:
    primary = next((p for p in there if p.primary), None)
    if primary is not None and primary.value == value:
        return
    same = next((p for p in there if p.value == value), None)
    if value is None:
        if primary is not None:
            uow.archive(uow.get(ContactPoint, primary.id))
    elif same is not None:
        uow.get(ContactPoint, same.id).primary = True
        if primary is not None:
            uow.get(ContactPoint, primary.id).primary = False
    elif primary is not None:
        uow.get(ContactPoint, primary.id).value = value
    else:
        fresh.append({"contact_id": contact, "way": way, "value": value, "primary": True})


def _points(rows: Sequence[Written], uow: Uow) -> None:
    """One point is primary for each way, and the contact shows it: the one just made primary, else the one shown, else the oldest."""
    touched, meant = dict[tuple[int, Way], None](), dict[tuple[int, Way], int]()
    in_step = _in_step.get(uow, set())  # only of this very moment
    for row in rows:
        values = row.values or row.before
        if values is None:
            continue
        own = (values["contact_id"], values["way"], values["value"])
        if own in in_step and row.values is not None and row.changed is None and values["primary"]:
            in_step.discard(own)
            continue
        contact, other = values["contact_id"], row.changed is not None and "way" in row.changed  # what it was before is not told
        touched |= dict.fromkeys((contact, way) for way, _field in KEPT if other or way is values["way"])
        if row.values is not None and values["primary"] and values["archived_at"] is None and (row.changed is None or "primary" in row.changed):
            meant[contact, values["way"]] = row.id
    shown = _held({key[0] for key in touched}, uow)  # whoever adds to the same contact waits here, and sees what came
    points = _live({key[0] for key in touched}, uow)
    for contact, way in touched:
        field = next(f for w, f in KEPT if w is way)
        _show(contact, field, points.get((contact, way), []), meant.get((contact, way)), shown, uow)


def _held(contacts: Iterable[int], uow: Uow) -> dict[int, t.Any]:
    """Lock these contacts, in order, and return what each of them shows: what is read afterwards is the last word."""
    c, keys, found = Contact.__table__.c, sorted(contacts), dict[int, t.Any]()
    for start in range(0, len(keys), MANY):
        chosen = sa.select(c.id, c.phone, c.email).where(c.id.in_(keys[start : start + MANY])).order_by(c.id)
        found |= {row.id: row for row in uow.connection.execute(chosen.with_for_update(key_share=True))}
    return found


def _show(contact: int, field: str, there: list[t.Any], meant: int | None, shown: dict[int, t.Any], uow: Uow) -> None:
    primaries = [p for p in there if p.primary]
    kept = [p for p in primaries if contact in shown and p.value == getattr(shown[contact], field)]
    chosen = next((p for p in there if p.id == meant), None) or (kept or primaries or there or [None])[0]
    for point in primaries:
        if point is not chosen:
            uow.get(ContactPoint, point.id).primary = False
    if chosen is not None and not chosen.primary:
        uow.get(ContactPoint, chosen.id).primary = True
    value = chosen.value if chosen is not None else None
    if contact in shown and getattr(shown[contact], field) != value:
        setattr(uow.get(Contact, contact, lock=True), field, value)  # as it is now that we have waited


def add_points(uow: Uow, contact: Contact, phones: Iterable[str] = (), emails: Iterable[str] = ()) -> None:
    """Give a contact further numbers and addresses, those left out that it has already."""
    uow.flush()
    there = _live([contact.id], uow)
    for way, values in ((Way.PHONE, phones), (Way.EMAIL, emails)):
        known = {p.value for p in there.get((contact.id, way), [])}
        for value in dict.fromkeys(values):
            if value not in known:
                uow.add(ContactPoint(contact_id=contact.id, way=way, value=value))
