"""Fields and column types: what a value must be like, the same wherever it comes from."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from typing import Any

import hypothesis.strategies as some
import pytest
import sqlalchemy as sa
from hypothesis import given

from crmkit import Email, Exact, Invalid, Money, Phone, Text, UtcDateTime
from crmkit.core import wire
from crmkit.core.field import Field, acceptor

from .probe import Card, Company, Kind, Person, Visit

FIELDS = Person.__fields__
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def accept(name: str, value: Any) -> Any:
    return FIELDS[name].accept(value)


@pytest.mark.parametrize(
    "name, given, kept",
    [
        ("name", " Ann ", "Ann"),
        ("note", "", ""),
        ("age", None, None),
        ("age", 2**63 - 1, 2**63 - 1),
        ("height", 2, 2.0),
        ("balance", 5, decimal.Decimal(5)),
        ("balance", decimal.Decimal("5.10"), decimal.Decimal("5.10")),
        ("balance", decimal.Decimal("5.1000"), decimal.Decimal("5.1")),
        ("balance", decimal.Decimal("999999999999.99"), decimal.Decimal("999999999999.99")),
        ("balance", decimal.Decimal("-0.00"), decimal.Decimal(0)),
        ("rate", decimal.Decimal("0.000001"), decimal.Decimal("0.000001")),
        ("kind", Kind.RETAIL, Kind.RETAIL),
        ("active", False, False),
        ("born", dt.date(2026, 2, 28), dt.date(2026, 2, 28)),
        ("seen_at", NOON, NOON),
        ("token", uuid.UUID(int=7), uuid.UUID(int=7)),
        ("photo", b"\0", b"\0"),
        ("extra", {"a": None}, {"a": None}),
        ("phone", "8 (800) 100/20-30", "88001002030"),
        ("phone", "+7\u00a0342\u2011200", "+7342200"),
        ("email", " A@B.example ", "a@b.example"),
    ],
)
def test_accepted(name: str, given: Any, kept: Any):
    found = accept(name, given)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    "name, given, words",
    [
        ("name", None, "required"),
        ("name", 5, "text"),
        ("name", "x" * 51, "at most 50 characters, got 51"),
        ("name", "a\0b", "NUL"),
        ("note", b"bytes", "text"),
        ("age", "5", "a whole number"),
        ("age", True, "a whole number"),
        ("age", 5.0, "a whole number"),
        ("age", 2**63, "too large"),
        ("age", -(2**63) - 1, "too large"),
        ("height", "2", "a number"),
        ("height", float("nan"), "finite"),
        ("height", float("inf"), "finite"),
        ("balance", 5.1, "a decimal number"),
        ("balance", "5.1", "a decimal number"),
        ("balance", True, "a decimal number"),
        ("balance", decimal.Decimal("0.001"), "at most 2 digits"),
        ("balance", decimal.Decimal("1000000000000"), "too large"),
        ("balance", decimal.Decimal("1e30"), "too large"),
        ("balance", 10**12, "too large"),
        ("balance", decimal.Decimal("NaN"), "finite"),
        ("balance", decimal.Decimal("Infinity"), "finite"),
        ("rate", decimal.Decimal("0.0000001"), "at most 6 digits"),
        ("kind", "retail", "Kind"),
        ("active", 1, "true or false"),
        ("active", "yes", "true or false"),
        ("born", NOON, "a date"),
        ("born", "2026-03-10", "a date"),
        ("seen_at", dt.datetime(2026, 3, 10), "time zone"),  # noqa: DTZ001 - that it has none is the test
        ("seen_at", dt.date(2026, 3, 10), "a moment"),
        ("token", str(uuid.UUID(int=7)), "UUID"),
        ("extra", [1], "an object"),
        ("tags", ("a",), "a list"),
        ("phone", "call me", "not a telephone number"),
        ("phone", "12", "not a telephone number"),
        ("phone", "1" * 16, "not a telephone number"),
        ("email", "ann@home", "not an e-mail address"),
        ("email", "ann at home.example", "not an e-mail address"),
        ("email", "a" * 250 + "@b.example", "at most 254"),
    ],
)
def test_refused(name: str, given: Any, words: str):
    with pytest.raises(Invalid) as caught:
        accept(name, given)
    [problem] = caught.value.problems
    assert problem.path == name
    assert words in problem.message
    assert isinstance(problem.message, Text)
    assert problem.message.to("ru") != problem.message, "everything a person reads has two languages"


GIVEN: tuple[Any, ...] = (
    None, "", " Ann ", "x" * 51, "x" * 50 + " ", "a\0b", b"\0", 5, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, True, False, 5.0, float("nan"),
    decimal.Decimal("5.1"), decimal.Decimal("0.001"), Kind.RETAIL, "retail", dt.date(2026, 2, 28), NOON, dt.datetime(2026, 3, 10),  # noqa: DTZ001
    uuid.UUID(int=7), {"a": None}, {"a": "\0"}, [1], ("a",), "8 (800) 100/20-30", "1" * 16, "call me", " A@B.example ", "a" * 250 + "@b.example",
)  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_what_comes_by_the_thousand_is_accepted_alike(name: str):
    field = FIELDS[name]
    for value in GIVEN:
        alone, together = outcome(field.accept, value), outcome(acceptor(field), value)
        assert together == alone
        assert type(together) is type(alone)


def outcome(clean: Any, value: Any) -> Any:
    try:
        return clean(value)
    except Invalid as refusal:
        return refusal.problems


def test_required_is_what_a_new_record_cannot_do_without():
    assert [f.name for f in FIELDS.values() if f.required] == ["name"]
    assert [f.name for f in Visit.__fields__.values() if f.required] == ["topic"]
    assert [f.name for f in Card.__fields__.values() if f.required] == []


def test_what_is_known_of_a_field():
    assert FIELDS["kind"].choices == (Kind.RETAIL, Kind.WHOLESALE)
    assert FIELDS["age"].choices == ()
    assert FIELDS["name"].max_length == 50
    assert FIELDS["note"].max_length is None
    assert FIELDS["phone"].max_length == 20
    assert FIELDS["company_id"].to is Company
    assert FIELDS["password"].secret
    assert not FIELDS["name"].nullable
    assert Company.__fields__["parent_id"].to is Company


@given(
    digits=some.text("0123456789", min_size=3, max_size=15),
    plus=some.booleans(),
    noise=some.sampled_from(["", " ", "-", " (", ") ", "."]),
)
def test_a_cleaned_telephone_number_stays_as_it_is(digits: str, plus: bool, noise: str):
    number = ("+" if plus else "") + digits
    dressed = ("+" if plus else "") + noise.join(digits)
    assert Phone.clean(dressed) == number == Phone.clean(number)


@given(address=some.emails())
def test_a_cleaned_address_stays_as_it_is(address: str):
    clean = Email.clean(f" {address} ")
    assert Email.clean(clean) == clean == address.lower()


# In UTC, because Python calls a moment of a repeated hour unequal to itself in another zone.
FIRST, LAST = dt.datetime(1, 1, 3), dt.datetime(9999, 12, 30)  # noqa: DTZ001 - hypothesis adds the zones
MOMENTS = some.datetimes(FIRST, LAST, timezones=some.timezones()).map(lambda m: m.astimezone(dt.UTC))


# ---- on the way in and out -------------------------------------------------------------------------------------------
VALUES = {
    "name": some.text(),
    "age": some.integers(),
    "height": some.floats(allow_nan=False, allow_infinity=False),
    "balance": some.decimals(places=2, allow_nan=False, allow_infinity=False),
    "kind": some.sampled_from(Kind),
    "active": some.booleans(),
    "born": some.dates(),
    "seen_at": MOMENTS,
    "token": some.uuids(),
    "photo": some.binary(),
}


@given(data=some.data())
@pytest.mark.parametrize("name", VALUES)
def test_json_brings_every_value_back(name: str, data: some.DataObject):
    value = data.draw(some.none() | VALUES[name])
    text = json.dumps(wire.dump(value))
    assert wire.load(FIELDS[name], json.loads(text)) == value


@pytest.mark.parametrize(
    "value, shown",
    [
        (decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal("0.10"), "0.10"),
        (NOON, "2026-03-10T12:00:00Z"),
        (NOON.astimezone(dt.timezone(dt.timedelta(hours=3))), "2026-03-10T12:00:00Z"),
        (dt.date(2026, 3, 10), "2026-03-10"),
        (Kind.RETAIL, "retail"),
        (b"\0\xff", "AP8="),
        (Text("Deal", ru="Сделка"), "Deal"),
        (None, None),
        (True, True),
    ],
)
def test_dumped(value: Any, shown: Any):
    assert wire.dump(value) == shown
    assert type(wire.dump(value)) is type(shown)


@pytest.mark.parametrize(
    "name, value",
    [
        ("name", 5),
        ("age", "5"),
        ("age", 5.0),
        ("age", True),
        ("height", "5"),
        ("height", True),
        ("active", 1),
        ("active", "true"),
        ("balance", 5.5),
        ("balance", "5,5"),
        ("balance", "1_000"),
        ("balance", True),
        ("balance", "9" * 61),
        ("kind", "Retail"),
        ("kind", 0),
        ("born", "10.03.2026"),
        ("born", "20260310"),
        ("born", 20260310),
        ("seen_at", "2026-03-10T12:00:00"),
        ("seen_at", "2026-03-10"),
        ("seen_at", 1773144000),
        ("seen_at", "0001-01-01T00:00:00+14:00"),
        ("token", "7"),
        ("photo", "not base64!"),
        ("extra", "{}"),
        ("tags", {"a": 1}),
    ],
)
def test_json_of_another_type_is_refused(name: str, value: Any):
    with pytest.raises(ValueError) as caught:
        wire.load(FIELDS[name], value)
    message = caught.value.args[0]
    assert isinstance(message, Text)
    assert message.to("ru") != message


# ---- column types ----------------------------------------------------------------------------------------------------
def test_types_describe_themselves():
    assert repr(Money()) == "Money(14, 2)"
    assert repr(Exact(20, 6)) == "Exact(20, 6)"


def test_moments_without_a_zone_never_reach_the_database():
    statement = sa.select(Person.id).where(Person.seen_at == dt.datetime(2026, 3, 10))  # noqa: DTZ001 - that is the test
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(sa.exc.StatementError, match="has no time zone"):
        connection.execute(statement)
    engine.dispose()


@given(moments=some.lists(MOMENTS, min_size=2))
def test_moments_as_sqlite_keeps_them_are_in_order(moments: list[dt.datetime]):
    from sqlalchemy.dialects import sqlite

    kind, dialect = UtcDateTime(), sqlite.dialect()
    kept = [kind.process_bind_param(m, dialect) for m in sorted(moments)]
    assert kept == sorted(kept)
    assert [kind.process_result_value(k, dialect) for k in kept] == sorted(moments)


def test_fields_are_frozen():
    with pytest.raises(AttributeError):
        FIELDS["name"].label = Text("x")  # type: ignore[misc]  # that it cannot be assigned is the test
    assert isinstance(FIELDS["name"], Field)
