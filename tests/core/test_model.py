"""Records: what they accept, how they are kept, what they know of each other."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t
import uuid
from typing import Any

import attrs
import hypothesis.strategies as some
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from crmkit import Crm, Entity, Extension, Invalid, Mapped, Misuse, Owned, Text, column, relation
from crmkit.core.model import Record, snake

from .probe import Card, Company, Kind, Person, Seal, Visit


# ---- the class -------------------------------------------------------------------------------------------------------
def test_the_class_has_columns_and_the_record_values():
    person = Person(name="Ann", age=5)
    assert isinstance(Person.age, sa.Column)
    assert Person.age is Person.__table__.c.age
    assert person.age == 5
    assert str(Person.age > 5) == "probe_person.age > :age_1"


def test_base_columns_come_first_and_mixins_before_own_ones():
    assert list(Company.__fields__)[:6] == ["id", "created_at", "updated_at", "version", "archived_at", "name"]
    assert list(Person.__fields__)[5:8] == ["owner_id", "team_id", "name"]
    assert list(Visit.__fields__)[5:9] == ["pipeline", "stage", "stage_since", "topic"]
    assert list(Card.__fields__) == ["id", "points", "since"]


def test_attrs_see_plain_types():
    person: Any = Person  # a checker does not know that it is an attrs class
    types = {a.name: a.type for a in attrs.fields(person)}
    assert types["name"] is str
    assert types["age"] == int | None
    assert types["kind"] == Kind | None


def test_labels():
    assert Person.__label__ == "Person"
    assert Person.__label__.to("ru") == "Человек"
    assert Person.__plural__.to("ru") == "Люди"
    assert Company.__label__ == Company.__plural__ == "Company"
    assert Person.__fields__["company_id"].label == "Company"
    assert Person.__fields__["seen_at"].label == "Seen at"
    assert isinstance(Person.__fields__["seen_at"].label, Text)


@pytest.mark.parametrize(
    "name, words", [("PointOfSale", "point_of_sale"), ("Deal", "deal"), ("XMLFeed", "xml_feed"), ("A1Card", "a1_card")]
)
def test_snake(name: str, words: str):
    assert snake(name) == words


def test_tables_do_not_meet():
    """Two classes may describe one table: differently composed CRMs live in one process."""

    class Other(Entity, table="probe_company"):
        title: Mapped[str]

    assert Other.__table__.metadata is not Company.__table__.metadata
    assert "title" not in Company.__table__.c


def test_a_class_without_a_table_is_a_mixin():
    class Named(Entity):
        name: Mapped[str] = column(clean=str.strip)

    class Shop(Owned, Named, table="probe_shop"):
        city: Mapped[str | None] = column(default=None)

    shop = Shop(name=" Corner ")
    assert (shop.name, shop.owner_id, shop.city) == ("Corner", None, None)
    assert not hasattr(Named, "__table__")


def test_an_extension_shares_the_key_and_goes_with_its_record():
    [key] = Card.__table__.c.id.foreign_keys
    assert key.column is Person.__table__.c.id
    assert key.ondelete == "CASCADE"
    assert Card.extends is Person


@pytest.mark.parametrize(
    "body, words",
    [
        ("x: Mapped[complex] = column()", "no column type is known for"),
        ("x: Mapped[int | str] = column()", "one type, or one type and None"),
        ("x: Mapped[Nowhere | None] = column(default=None)", "entities read their annotations when the class is made"),
        ("x: Mapped[Company | None] = relation()", "needs a field 'x_id'"),
    ],
)
def test_a_class_that_cannot_be_is_refused_with_the_way_out(body: str, words: str):
    names = {
        "__name__": __name__,
        "Entity": Entity,
        "Mapped": Mapped,
        "column": column,
        "relation": relation,
        "Company": Company,
    }
    with pytest.raises((TypeError, NameError), match=words):
        exec(f"class Wrong(Entity, table='probe_wrong'):\n    {body}", names)


def test_a_misspelt_class_argument_is_refused():
    with pytest.raises(TypeError, match="tabel"):
        exec("class Wrong(Entity, tabel='probe_wrong'): pass", {"Entity": Entity})


# ---- one record ------------------------------------------------------------------------------------------------------
def test_values_are_cleaned_on_construction_and_on_assignment():
    person = Person(name="  Ann ", phone="+7 (342) 200-00-00", email=" Ann@Example.COM")
    assert (person.name, person.phone, person.email) == ("Ann", "+73422000000", "ann@example.com")
    person.name = " Bella"
    assert person.name == "Bella"


@pytest.mark.parametrize(
    "values, path", [({"name": None}, "name"), ({"name": 5}, "name"), ({"name": "x", "age": "5"}, "age")]
)
def test_wrong_values_are_refused_on_construction(values: dict[str, Any], path: str):
    with pytest.raises(Invalid) as caught:
        Person(**values)
    assert [p.path for p in caught.value.problems] == [path]


def test_checks_speak_both_languages():
    visit = Visit(topic="crown")
    with pytest.raises(Invalid) as caught:
        visit.age = 17
    [problem] = caught.value.problems
    assert isinstance(problem.message, Text)
    assert (problem.message, problem.message.to("ru")) == ("too young", "слишком молод")
    assert visit.age is None, "a refused value is not kept"


@pytest.mark.parametrize("field", ["id", "created_at", "version", "archived_at"])
def test_what_crmkit_keeps_cannot_be_given(field: str):
    with pytest.raises(TypeError, match=field):
        t.cast(Any, Person)(name="Ann", **{field: 1})


def test_what_crmkit_keeps_cannot_be_assigned(crm: Crm):
    with crm.uow() as uow:
        visit = uow.add(Visit(topic="crown"))
        uow.flush()
        with pytest.raises(Misuse, match=r"Visit\.stage is changed by uow\.move"):
            visit.stage = "done"
        with pytest.raises(Misuse, match=r"Visit\.version is kept by crmkit"):
            visit.version = 7


def test_unknown_names_are_refused_with_the_nearest():
    person = Person(name="Ann")
    with pytest.raises(AttributeError, match=r"Person has no field 'nmae'\. Did you mean 'name'\?"):
        person.nmae = "x"  # type: ignore[attr-defined]  # that it is refused is what is tested
    with pytest.raises(TypeError, match="nmae"):
        Person(nmae="Ann")  # type: ignore[call-arg]  # the same


def test_repr_names_the_record(crm: Crm):
    assert repr(Person(name="Ann")) == "<Person new>"
    with crm.uow() as uow:
        person = uow.add(Person(name="Ann"))
        uow.flush()
        assert repr(person) == f"<Person {person.id}>"


def test_records_are_compared_by_identity():
    assert Person(name="Ann") != Person(name="Ann")
    assert len({Person(name="Ann"), Person(name="Ann")}) == 2


def test_every_record_has_a_list_of_its_own():
    first, second = Person(name="Ann"), Person(name="Bob")
    first.tags.append("vip")
    assert second.tags == []


# ---- kept ------------------------------------------------------------------------------------------------------------
# In UTC, because Python calls a moment of a repeated hour unequal to itself in another zone.
FIRST, LAST = dt.datetime(1900, 1, 2), dt.datetime(2200, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = some.datetimes(FIRST, LAST, timezones=some.just(dt.UTC))
LETTERS = some.characters(exclude_characters="\0", exclude_categories=["Cs"])
JSON = some.none() | some.booleans() | some.integers(0, 9) | some.text("abя")
EVERYTHING = some.fixed_dictionaries(
    {
        "name": some.text(LETTERS, min_size=1, max_size=50).map(str.strip),
        "note": some.none() | some.text(LETTERS),
        "age": some.none() | some.integers(-(2**63), 2**63 - 1),
        "height": some.none() | some.floats(allow_nan=False, allow_infinity=False),
        "balance": some.none() | some.decimals("-999999999999.99", "999999999999.99", places=2),
        "rate": some.none() | some.decimals("-9999999999.999999", "9999999999.999999", places=6),
        "kind": some.none() | some.sampled_from(Kind),
        "active": some.none() | some.booleans(),
        "born": some.none() | some.dates(),
        "seen_at": some.none() | MOMENTS,
        "token": some.none() | some.uuids(),
        "photo": some.none() | some.binary(),
        "extra": some.none() | some.dictionaries(some.text("abя"), JSON),
        "tags": some.lists(some.text("abя")),
    }
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=EVERYTHING, changed=EVERYTHING)
def test_what_is_written_is_read_back_exactly(crm: Crm, values: dict[str, Any], changed: dict[str, Any]):
    """Also after a change, and on both databases alike: cents, microseconds, empty text, null and JSON."""
    with crm.uow() as uow:
        key = added(uow, Person(**values))
    with crm.uow() as uow:
        person = uow.get(Person, key)
        assert {n: getattr(person, n) for n in values} == values
        assert (person.version, person.archived_at) == (1, None)
        for name, value in changed.items():
            setattr(person, name, value)
    with crm.read() as uow:
        person = uow.get(Person, key)
        assert {n: getattr(person, n) for n in changed} == changed
        assert person.version == (1 if changed == values else 2)
        row = uow.find(Person).where(Person.id == key).columns(Person.balance, Person.seen_at)[0]
        assert tuple(row) == (changed["balance"], changed["seen_at"])


def added(uow: Any, record: Record) -> int:
    uow.add(record)
    uow.flush()
    return record.id


def test_what_both_databases_hold_apart(crm: Crm):
    """Values that one database or the other would round, cut or refuse come back as they were."""
    exact = Person(
        name="Ann",
        balance=decimal.Decimal("0.10"),
        rate=decimal.Decimal("0.000001"),
        token=uuid.UUID(int=1),
        photo=b"\0\xff",
        extra={},
        seen_at=dt.datetime(2026, 3, 8, 2, 30, 0, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))),
    )
    with crm.uow() as uow:
        key = added(uow, exact)
    with crm.read() as uow:
        person = uow.get(Person, key)
        assert str(person.balance) == "0.10"
        assert person.rate == decimal.Decimal("0.000001")
        assert person.extra == {}
        assert person.seen_at == dt.datetime(2026, 3, 7, 21, 30, 0, 1, tzinfo=dt.UTC)
        assert person.seen_at.tzinfo is dt.UTC
        assert (person.photo, person.token) == (b"\0\xff", uuid.UUID(int=1))


def test_a_list_changed_in_place_is_saved(crm: Crm):
    with crm.uow() as uow:
        key = added(uow, Person(name="Ann", extra={"a": [1]}))
    with crm.uow() as uow:
        person = uow.get(Person, key)
        person.tags.append("vip")
        assert person.extra is not None
        person.extra["a"].append(2)
    with crm.read() as uow:
        person = uow.get(Person, key)
        assert (person.tags, person.extra, person.version) == (["vip"], {"a": [1, 2]}, 2)


# ---- links -----------------------------------------------------------------------------------------------------------
def test_a_link_may_point_to_a_record_that_is_still_new(crm: Crm):
    with crm.uow() as uow:
        company = Company(name="Acme", rank=1)
        person = uow.add(Person(name="Ann"))
        person.company = company
        assert person.company is company
        uow.add(company)
        uow.flush()
        assert person.company_id == company.id
        person.company = None
        assert person.company_id is None


def test_links_are_followed_for_all_at_once(crm: Crm):
    with crm.uow() as uow:
        companies = [uow.add(Company(name=f"c{n}")) for n in range(5)]
        uow.flush()
        for company in companies:
            uow.add(Person(name="Ann", company_id=company.id)).attach(Card(points=company.id))
    with crm.read() as uow:
        people = uow.find(Person).all()
        asked: list[str] = []
        sa.event.listen(crm.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
        assert [p.company.name for p in people if p.company] == [f"c{n}" for n in range(5)]
        assert [p[Card].points for p in people] == [c.id for c in companies]
        assert len(asked) <= 2, asked


def test_a_link_by_another_name(crm: Crm):
    with crm.uow() as uow:
        ann = uow.add(Person(name="Ann"))
        visit = uow.add(Visit(topic="crown"))
        visit.guest = ann
        uow.flush()
        assert visit.person_id == ann.id
        assert visit.guest is ann


def test_following_outside_a_unit_of_work_says_what_to_do():
    person = Person(name="Ann", company_id=1)
    with pytest.raises(Misuse, match=r"needs its unit of work"):
        person.company


# ---- extensions ------------------------------------------------------------------------------------------------------
def test_an_extension_is_saved_with_its_record_and_read_by_its_type(crm: Crm):
    with crm.uow() as uow:
        person = uow.add(Person(name="Ann"))
        card = person.attach(Card(points=5))
        assert person[Card] is card
        assert card.subject is person
        uow.flush()
        key = person.id
    with crm.uow() as uow:
        person = uow.get(Person, key)
        assert person[Card].points == 5
        assert person[Card].subject is person
        person[Card].points = 6
    with crm.read() as uow:
        assert uow.get(Person, key)[Card].points == 6


def test_a_record_without_an_extension(crm: Crm):
    with crm.uow() as uow:
        person = uow.add(Person(name="Ann"))
        uow.flush()
        assert person.get(Card) is None
        with pytest.raises(KeyError, match=r"\.attach\(Card\(\.\.\.\)\)"):
            person[Card]


def test_an_extension_of_another_entity_is_refused():
    with pytest.raises(Misuse, match="Seal extends Company, not Person"):
        Person(name="Ann").attach(Seal(colour="red"))  # type: ignore[arg-type]  # what a checker refuses, too


def test_an_extension_of_an_absent_plugin_is_named(crm: Crm):
    class Stray(Extension[Person], table="stray_card"):
        points: Mapped[int | None] = column(default=None)

    with crm.uow() as uow:
        person = uow.add(Person(name="Ann"))
        uow.flush()
        with pytest.raises(Misuse, match="Stray belongs to a plugin that is not in this CRM"):
            person.get(Stray)
