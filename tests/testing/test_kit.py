"""The fixtures plugin authors use do what they promise, on both databases."""

from datetime import timedelta
from decimal import Decimal

import pytest

from crmkit import ANONYMOUS, Actor, Created, Invalid, Moved, Role, Uow
from crmkit.activities import Activity
from crmkit.testing.databases import NO_POSTGRESQL, Databases, has_postgresql
from crmkit.testing.used import connect
from crmkit_sales import SALES, Company, Contact, Deal, plugin


@pytest.fixture
def crm_plugins():
    return [plugin]


def test_make_fills_required_fields_and_saves(crm, make):
    ann, ben = make(Contact, name="Ann"), make(Contact)
    assert (ann.name, ben.name) == ("Ann", "Name 2")
    with crm.read() as reading:
        assert [c.name for c in reading.find(Contact)] == ["Ann", "Name 2"]


def test_time_passes_when_told_to(crm, uow, make, deliver, clock):
    deal = make(Deal, into=SALES["offer"])
    assert deal.amount is not None
    before = uow.find(Activity).count()
    clock.forward(days=4)
    deliver()
    assert uow.find(Activity).count() == before
    clock.forward(days=1)
    assert deliver() >= 1
    assert uow.find(Activity).count() == before + 1


def test_records_in_hand_show_the_present(crm, uow, make):
    company = make(Company, name="Old")
    with crm.uow() as other:
        other.get(Company, company.id).name = "New"
    assert uow.find(Company).one() is company
    assert company.name == "New"
    company.city = "Perm"
    uow.commit()
    with crm.read() as reading:
        assert reading.get(Company, company.id).city == "Perm"


def test_a_refused_move_undoes_what_was_not_committed(uow, make):
    deal = make(Deal, title="Bed")
    deal.title = "Chair"
    with pytest.raises(Invalid):
        uow.move(deal, SALES["won"])
    assert uow.get(Deal, deal.id).title == "Bed"
    uow.move(deal, SALES["offer"], {"amount": Decimal(5)})
    uow.commit()
    assert deal.stage == "offer"


def test_events_and_messages_are_seen(uow, make, emitted, published):
    deal = make(Deal)
    emitted.clear()
    uow.move(deal, SALES["qualified"])
    assert [e.stage for e in emitted.of(Moved[Deal])] == ["qualified"]
    assert not emitted.of(Created[Deal])
    assert ("sales.deal", deal.id) in [(m.topic, m.id) for m in published]


def test_queries_are_counted(uow, make, queries):
    make(Deal)
    queries.clear()
    with queries.at_most(2):
        assert uow.find(Deal).count() == 1
    with pytest.raises(AssertionError, match="at most 0 were expected"), queries.at_most(0):
        uow.find(Deal).count()


def test_two_open_units_of_work_do_not_wait_for_each_other(crm, uow, make):
    make(Deal)
    uow.find(Deal).one().title = "mine"
    with crm.uow() as other:
        assert other.find(Deal).one().title == "mine"
        other.find(Deal).one().title = "theirs"
    assert uow.find(Deal).one().title == "theirs"


def test_deliver_until_goes_from_one_moment_to_the_next(make, deliver, clock):
    make(Deal, into=SALES["offer"])
    start = clock.now()
    ran = deliver(until=timedelta(days=30))
    assert ran > 60, "the nudge, and the daily lines of both plugins thirty times"
    assert clock.now() == start + timedelta(days=30)


def test_the_fixture_is_a_unit_of_work(uow):
    assert isinstance(uow, Uow)


@pytest.fixture
def crm_roles():
    return [Role("manager", {"sales.deal.*": "own"})]


def test_the_client_sees_what_the_test_did(uow, make, client):
    deal = make(Deal, title="Bed")
    deal.title = "Chair"
    answer = client.get(f"/api/sales/deal/{deal.id}")
    assert answer.json()["title"] == "Chair"
    changed = client.patch(
        f"/api/sales/deal/{deal.id}", json={"title": "Table"}, headers={"If-Match": answer.headers["etag"]}
    )
    assert changed.status_code == 200
    assert deal.title == "Table"


def test_the_client_acts_as_somebody(make, client):
    make(Deal, owner_id=7)
    make(Deal, owner_id=8)
    assert len(client.get("/api/sales/deal").json()["rows"]) == 2
    client.act_as(Actor(7, roles=["manager"]))
    assert len(client.get("/api/sales/deal").json()["rows"]) == 1
    assert client.act_as(ANONYMOUS).get("/api/sales/deal").status_code == 401


def test_an_error_of_a_handler_says_where_it_happened(crm, make, deliver, clock, monkeypatch):
    make(Deal, into=SALES["offer"])
    monkeypatch.setattr("crmkit_sales.automations.step", lambda *args: 1 / 0)
    clock.forward(days=5)
    with pytest.raises(ZeroDivisionError) as caught:
        deliver()
    assert "while:sales:nudge" in "".join(caught.value.__notes__)
    monkeypatch.undo()
    clock.forward(hours=1)
    assert deliver() >= 1, "it was kept, and tried again"


def test_what_a_plugin_requires_is_composed_too(crm):
    assert [p.name for p in crm.plugins] == ["activities", "sales"]


def test_a_database_that_could_not_be_prepared_says_so_every_time(tmp_path):
    def prepare(url):
        raise LookupError("no such plugin")

    databases = Databases(tmp_path)
    for _again in range(2):
        with pytest.raises(LookupError, match="no such plugin"):
            databases.copy("sqlite", "key", prepare)


@pytest.fixture
def lent(tmp_path):
    """A database of PostgreSQL with a table that has a row and a counter, as tests get it."""
    if not has_postgresql():
        pytest.skip(NO_POSTGRESQL)
    databases = Databases(tmp_path)

    def prepare(url):
        with connect(url) as connection:
            connection.execute("CREATE TABLE town (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE)")
            connection.execute("CREATE TABLE house (id serial PRIMARY KEY, town_id int NOT NULL REFERENCES town)")
            connection.execute("INSERT INTO town (name) VALUES ('Tver')")

    yield lambda: databases.copy("postgresql", "towns", prepare), databases.drop
    databases.close()


def test_a_used_database_of_postgresql_comes_back_as_it_was(lent):
    lend, give_back = lent
    url = lend()
    with connect(url) as connection:
        connection.execute("UPDATE town SET name = 'Omsk'")
        connection.execute("INSERT INTO town (name) VALUES ('Perm')")
        connection.execute("INSERT INTO house (town_id) VALUES (1), (2)")
    give_back(url)
    assert lend() == url, "it is not made again"
    with connect(url) as connection:
        assert connection.execute("SELECT id, name FROM town").fetchall() == [(1, "Tver")]
        assert connection.execute("SELECT count(*) FROM house").fetchone() == (0,)
        connection.execute("INSERT INTO town (name) VALUES ('Perm')")
        connection.execute("INSERT INTO house (town_id) VALUES (2)")
        assert connection.execute("SELECT house.id, name FROM house JOIN town ON town.id = town_id").fetchall() == [(1, "Perm")]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE house ADD COLUMN number int", "CREATE INDEX ON house (town_id)", "DROP TABLE house", "ALTER TABLE town RENAME TO city",
        "ALTER TABLE house ALTER COLUMN town_id DROP NOT NULL", "CREATE TABLE street (id int)", "ALTER TABLE town DISABLE TRIGGER ALL",
        "INSERT INTO town (name) SELECT repeat(md5(i::text), 10) FROM generate_series(1, 20000) AS i",
    ],
)  # fmt: skip
def test_a_database_that_is_no_longer_the_same_is_made_anew(lent, change):
    lend, give_back = lent
    with connect(url := lend()) as connection:
        connection.execute(change)
    give_back(url)
    other = lend()
    assert other != url
    with connect(other) as connection:
        assert connection.execute("SELECT id, name FROM town").fetchall() == [(1, "Tver")]


def test_two_databases_are_lent_at_once(lent):
    lend, give_back = lent
    one, other = lend(), lend()
    assert one != other
    with connect(one):
        give_back(one)  # whoever is still connected is cut off
    assert lend() == one
