"""Merging two records, with the rows of three plugins, and taking it back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import String

from crmkit import (
    About,
    Actor,
    Conflict,
    Crm,
    Entity,
    Extension,
    Forbidden,
    Invalid,
    Mapped,
    MovableClock,
    Owned,
    Pipeline,
    Plugin,
    Role,
    Stage,
    Staged,
    Uow,
    _,
    column,
    hookimpl,
)
from crmkit.core import merge, operations, undo
from crmkit.core.jobs import job
from crmkit.core.tables import external

from .shop import module_of
from .test_undo import clashes, dump


class Firm(Owned, table="people_firm", label=_("Firm", ru="Фирма")):
    name: Mapped[str] = column(String(80))
    parent_id: Mapped[int | None] = column(to="self", default=None)


class Person(Owned, Staged, table="people_person", label=_("Person", ru="Человек")):
    name: Mapped[str] = column(String(80))
    code: Mapped[str | None] = column(String(20), default=None, unique=True)
    email: Mapped[str | None] = column(default=None)
    firm_id: Mapped[int | None] = column(to=Firm, default=None)
    password: Mapped[str | None] = column(default=None, secret=True)


class Number(Entity, table="people_number", label=_("Number", ru="Телефон")):
    person_id: Mapped[int] = column(to=Person, part=True)
    digits: Mapped[str]
    label: Mapped[str | None] = column(default=None)
    primary: Mapped[bool] = column(default=False)


class Badge(Entity, table="people_badge"):
    """Everybody has one at most."""

    person_id: Mapped[int] = column(to=Person, unique=True)
    colour: Mapped[str]


STEPS = Pipeline("people", of=Person, stages=[Stage("new"), Stage("known")])


class Patient(Extension[Person], table="clinic_patient"):
    born: Mapped[str | None] = column(default=None)
    card: Mapped[str] = column(String(20), unique=True)
    pin: Mapped[str | None] = column(default=None, secret=True)
    doctor_id: Mapped[int | None] = column(to=Person, default=None)


class Visit(Staged, table="clinic_visit"):
    person_id: Mapped[int] = column(to=Person)
    what: Mapped[str]


VISITS = Pipeline("visits", of=Visit, stages=[Stage("asked"), Stage("done")])


class Note(About, table="notes_note"):
    text: Mapped[str]


class Saved(Entity, table="notes_saved"):
    """Keeps a key where the kernel cannot see it."""

    keys: Mapped[list[int]] = column(factory=list)


@hookimpl
def crm_merge(kind: Any, winner: Any, loser: Any, uow: Uow) -> None:
    for saved in uow.find(Saved):
        saved.keys = [winner.id if key == loser.id and kind.key == "people.person" else key for key in saved.keys]


def plugins() -> list[Plugin]:
    return [
        Plugin("people", modules=[module_of([Firm, Person, Number, Badge, STEPS])]),
        Plugin("clinic", requires=["people"], modules=[module_of([Patient, Visit, VISITS])]),
        Plugin("notes", modules=[module_of([Note, Saved, crm_merge])]),
    ]


ROLES = [Role("all", {"people.*": "all"}), Role("reader", {"people.*.read": "all", "people.person.change": "all"})]


@pytest.fixture
def crm(database_url: str) -> Any:
    made = Crm(*plugins(), database=database_url, clock=MovableClock(), roles=ROLES)
    for table in made.tables:
        table.create(made.engine, checkfirst=True)
    yield made
    made.engine.dispose()


def pair(crm: Crm, winner: dict[str, Any] | None = None, loser: dict[str, Any] | None = None) -> tuple[int, int]:
    with crm.uow() as uow:
        a = uow.add(Person(**({"name": "Anna"} | (winner or {}))))
        b = uow.add(Person(**({"name": "Ann"} | (loser or {}))))
    return a.id, b.id


def join(crm: Crm, winner: int, loser: int, actor: Actor | None = None, cls: type = Person, **choose: str) -> merge.Merged:
    with crm.uow(actor) if actor else crm.uow() as uow:
        return merge.merge(uow, crm.kind(cls), winner, loser, choose)


def split(crm: Crm, number: int | None) -> undo.Done:
    with crm.uow() as uow:
        return undo.undo(uow, operation=number)


def test_every_plugins_rows_follow_and_go_back(crm: Crm):
    with crm.uow() as uow:
        firm = uow.add(Firm(name="F"))
        doctor = uow.add(Person(name="Doc"))
        uow.flush()
        anna = uow.add(Person(name="Anna", email=""))
        ann = uow.add(Person(name="Ann", code="7", email="a@b.c", firm_id=firm.id, password="x"))
        ann.attach(Patient(card="K1", born="1980", pin="1234", doctor_id=doctor.id))
        doctor.attach(Patient(card="K0"))
        uow.flush()
        uow.get(Person, doctor.id)[Patient].doctor_id = ann.id  # a link from a side row
        for person, digits in ((anna, "111"), (ann, "111"), (ann, "222")):
            uow.add(Number(person_id=person.id, digits=digits))
        visit = uow.add(Visit(person_id=ann.id, what="teeth"))
        uow.add(Note(text="hello", **uow.about(ann)))
        uow.add(Saved(keys=[ann.id, 5]))
        uow.connection.execute(external.insert().values(source="old", kind="people.person", external_id="77", record_id=ann.id, digest="d"))
    before = dump(crm)
    with crm.read() as uow:
        foreseen = merge.plan(uow, crm.kind(Person), anna.id, ann.id)
    done = join(crm, anna.id, ann.id)
    assert (foreseen.repointed, foreseen.kept) == (done.repointed, done.kept)
    assert done.repointed == {"people.number": 1, "people.person": 1, "clinic.visit": 1, "notes.note": 1}
    assert list(done.kept) == ["people.number"]
    with crm.read() as uow:
        anna, ann = uow.get(Person, anna.id), uow.get(Person, ann.id)
        assert (anna.name, anna.code, anna.email, anna.firm_id, anna.password) == ("Anna", "7", "a@b.c", firm.id, None)
        assert (anna[Patient].card, anna[Patient].pin, ann.get(Patient)) == ("K1", "1234", None)
        assert ann.archived_at is not None
        assert uow.get(Person, doctor.id)[Patient].doctor_id == anna.id
        assert sorted(n.digits for n in uow.find(Number).where(Number.person_id == anna.id)) == ["111", "222"]
        assert uow.get(Visit, visit.id).person_id == anna.id
        assert uow.find(Note).one().about_id == anna.id
        assert uow.find(Saved).one().keys == [anna.id, 5]
        assert uow.connection.execute(sa.select(external.c.record_id)).scalar_one() == anna.id
        shown = operations.show(uow, crm.kind(Person), ann)
        assert shown["merged_into"] == anna.id
        assert "merged_into" not in operations.show(uow, crm.kind(Person), anna)
    joined = dump(crm)
    back = split(crm, done.operation)
    assert dump(crm) == before
    again = split(crm, back.operation)
    assert dump(crm) == joined
    split(crm, again.operation)
    assert dump(crm) == before


def test_what_came_after_the_merge_stays_with_the_winner(crm: Crm):
    winner, loser = pair(crm, {}, {"email": "a@b.c"})
    done = join(crm, winner, loser)
    with crm.uow() as uow:
        new = uow.add(Visit(person_id=winner, what="later"))
        uow.get(Person, winner).code = "W"
    split(crm, done.operation)
    with crm.read() as uow:
        assert uow.get(Visit, new.id).person_id == winner
        assert (uow.get(Person, winner).code, uow.get(Person, winner).email) == ("W", None)
        assert uow.get(Person, loser).archived_at is None


def test_what_was_changed_since_is_named(crm: Crm):
    winner, loser = pair(crm, {}, {"email": "a@b.c"})
    done = join(crm, winner, loser)
    with crm.uow(Actor(5, "Eve", system=True)) as uow:
        uow.get(Person, winner).email = "new@b.c"
    with pytest.raises(Conflict, match="Eve"):
        split(crm, done.operation)
    assert clashes(crm, operation=done.operation) == [("people.person", winner, "email", "newer")]


def test_a_choice_is_taken_and_a_wrong_one_is_named(crm: Crm):
    winner, loser = pair(crm, {"code": "A", "email": "w@x.y"}, {"code": "B", "email": "l@x.y"})
    with pytest.raises(Invalid) as refused:
        join(crm, winner, loser, nmae="loser", email="both")
    assert {(p.path, p.code) for p in refused.value.problems} == {("choose.nmae", "unknown"), ("choose.email", "invalid")}
    before = dump(crm)
    done = join(crm, winner, loser, code="loser", name="loser")
    with crm.read() as uow:
        record = uow.get(Person, winner)
        assert (record.name, record.code, record.email) == ("Ann", "B", "w@x.y")
    split(crm, done.operation)
    assert dump(crm) == before


def test_side_rows_of_both_are_merged_field_by_field(crm: Crm):
    winner, loser = pair(crm)
    with crm.uow() as uow:
        uow.get(Person, winner).attach(Patient(card="W"))
        uow.get(Person, loser).attach(Patient(card="L", born="1980"))
    before = dump(crm)
    with pytest.raises(Invalid) as refused:
        join(crm, winner, loser, None, Person, **{"patient.card": "loser"})
    assert [p.path for p in refused.value.problems] == ["choose.patient.card"]
    done = join(crm, winner, loser)
    with crm.read() as uow:
        assert (uow.get(Person, winner)[Patient].card, uow.get(Person, winner)[Patient].born) == ("W", "1980")
    split(crm, done.operation)
    assert dump(crm) == before


def test_what_may_be_there_once_stays_with_the_loser(crm: Crm):
    winner, loser = pair(crm)
    with crm.uow() as uow:
        uow.add(Badge(person_id=winner, colour="red"))
        theirs = uow.add(Badge(person_id=loser, colour="blue"))
    done = join(crm, winner, loser)
    assert done.kept == {"people.badge": (theirs.id,)}
    assert done.repointed == {}


@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize("far", [False, True])
def test_a_tree_stays_a_tree(crm: Crm, upside_down: bool, far: bool):
    with crm.uow() as uow:
        top = uow.add(Firm(name="top"))
        uow.flush()
        upper = uow.add(Firm(name="upper", parent_id=top.id))
        uow.flush()
        between = uow.add(Firm(name="between", parent_id=upper.id))
        uow.flush()
        lower = uow.add(Firm(name="lower", parent_id=between.id if far else upper.id))
    before = dump(crm)
    winner, loser = (upper, lower) if upside_down else (lower, upper)
    done = join(crm, winner.id, loser.id, cls=Firm)
    with crm.read() as uow:
        assert uow.get(Firm, winner.id).parent_id == top.id
        assert uow.get(Firm, between.id).parent_id == winner.id
    split(crm, done.operation)
    assert dump(crm) == before


def test_timers_about_the_loser_are_frozen_and_thawed(crm: Crm):
    winner, loser = pair(crm)
    with crm.uow() as uow:
        crm.jobs.schedule(uow.connection, "event:people:x", {}, at=uow.now + dt.timedelta(days=2), subject=f"people.person:{loser}")
    states = sa.select(job.c.state, job.c.run_at)
    with crm.read() as uow:
        before = uow.connection.execute(states).all()
    done = join(crm, winner, loser)
    with crm.read() as uow:
        assert uow.connection.execute(states).one().state == "held"
    crm.clock.forward(hours=5)  # type: ignore[attr-defined]
    split(crm, done.operation)
    with crm.read() as uow:
        assert uow.connection.execute(states).all() == before


def test_rights(crm: Crm):
    winner, loser = pair(crm)
    with pytest.raises(Forbidden):
        join(crm, winner, loser, Actor(2, "Reader", roles=("reader",)))
    with pytest.raises(Forbidden), crm.read(Actor(2, "Reader", roles=("reader",))) as uow:
        merge.plan(uow, crm.kind(Person), winner, loser)
    done = join(crm, winner, loser, Actor(1, "All", roles=("all",)))
    with pytest.raises(Conflict):
        join(crm, winner, loser)
    with pytest.raises(Invalid):
        join(crm, winner, winner)
    with crm.uow(Actor(1, "All", roles=("all",))) as uow:
        undo.undo(uow, operation=done.operation)


def test_a_merged_record_comes_back_only_with_the_merge_undone(crm: Crm):
    winner, loser = pair(crm)
    done = join(crm, winner, loser)
    with pytest.raises(Conflict, match=f"merged into record {winner}"), crm.uow() as uow:
        uow.restore(uow.get(Person, loser))
    split(crm, done.operation)
    with crm.uow() as uow:
        uow.restore(uow.archive(uow.get(Person, loser)))


def test_chains_tell_where_they_end(crm: Crm):
    a, b = pair(crm)
    c, _d = pair(crm)
    first = join(crm, b, a)
    join(crm, c, b)
    with crm.read() as uow:
        assert merge.merged_into(uow, crm.kind(Person), a) == c
    assert ("people.person", b, "", "referred") not in clashes(crm, operation=first.operation)

