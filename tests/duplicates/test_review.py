"""The review list, decisions, and the search through everything."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
import sqlalchemy as sa

from crmkit import Actor
from crmkit.duplicates import Pair, PairState, Scan
from crmkit.duplicates.scan import begin
from crmkit.duplicates.tables import keys
from crmkit.duplicates.verbs import relearn, search
from crmkit.testing import check_plugin
from tests.duplicates.people import Born, Person

LEAD, CLERK = Actor(1, "Olga", roles=["lead"]), Actor(7, "Boris", roles=["clerk"])
RARE = {"street": "ул. Мира, 5", "city": "Пермь", "code": "614000"}


@pytest.fixture
def crm_settings():
    return {"duplicates": {"chunk": 7}}


@pytest.fixture
def twins(make):
    """Two pairs; of the second, one record is Boris's and one is not."""
    names = ("Иванов Иван", "Ivan Ivanov", "Зябликов Ермолай", "Zyablikov Ermolay")
    return [make(Person, name=n, phone=f"8 916 123 45 {i // 2:02}", owner_id=7 if i < 3 else 8, **RARE) for i, n in enumerate(names)]


def pairs(client: t.Any, **more: t.Any) -> t.Any:
    answer = client.get("/x/duplicates/pairs", params={"kind": "people.person", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(page: t.Any) -> list[tuple[int, ...]]:
    return [tuple(r["id"] for r in p["records"]) for p in page["pairs"]]


def test_pairs_are_seen_by_those_who_see_both(crm, client, twins):
    search(crm, "people.person")
    a, b, c, d = (p.id for p in twins)
    client.act_as(LEAD)
    page = pairs(client)
    assert set(ids(page)) == {(a, b), (c, d)}
    assert page["next"] is None
    assert page["pairs"][0]["merge"] == f"/api/people/person/{page['pairs'][0]['records'][0]['id']}/merge"
    client.act_as(CLERK)
    assert ids(pairs(client)) == [(a, b)]
    listed = client.get("/api/duplicates/pair?count=10").json()
    assert str(listed).count("'a_id'") == 1
    client.act_as(Actor(9, "Nobody", roles=["stranger"]))
    assert ids(pairs(client)) == []


def test_reasons_are_in_the_reader_s_language_and_leave_hidden_fields_out(crm, client, twins):
    search(crm, "people.person")
    client.act_as(Actor(1, "Olga", roles=["lead"], language="ru"))
    assert "одинаковый адрес" in [r["text"] for r in pairs(client)["pairs"][0]["reasons"]]
    assert any("phone" in r["fields"] for r in pairs(client)["pairs"][0]["reasons"])
    client.act_as(Actor(1, "Olga", roles=["outsider"]))
    for pair in pairs(client)["pairs"]:
        assert all("phone" not in r["fields"] for r in pair["reasons"])
        assert all("phone" not in r["values"] for r in pair["records"])
    assert "reasons" not in client.get("/api/duplicates/pair").text


def test_pages(crm, client, make):
    for number in range(5):
        for name in ("Иванов Иван", "Ivan Ivanov"):
            make(Person, name=f"{name}{'аеиоу'[number] * 4}", phone=f"8 916 123 4{number} 67", **RARE)
    search(crm, "people.person")
    client.act_as(LEAD)
    everything, found, after = ids(pairs(client, limit=50)), [], None
    while True:
        page = pairs(client, limit=2, **({"after": after} if after else {}))
        found += ids(page)
        after = page["next"]
        if after is None:
            break
    assert found == everything
    assert len(found) >= 5


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "people.nobody"}, {"limit": "0"}, {"limit": "x"}, {"limit": "²"}, {"after": "x"}, {"after": "nan:1"}, {"after": "0.5:-1"}],
)
def test_bad_questions(client, wrong):
    assert client.get("/x/duplicates/pairs", params={"kind": "people.person", **wrong}).status_code == 422


def test_different_is_never_proposed_again(crm, client, twins, uow, clock, deliver):
    search(crm, "people.person")
    client.act_as(LEAD)
    pair = next(p for p in pairs(client)["pairs"] if p["records"][0]["id"] == twins[0].id)
    assert client.post(f"/api/duplicates/pair/{pair['id']}/do/different", json={}).status_code == 200
    clock.forward(days=1)
    search(crm, "people.person")
    twins[0].email = twins[1].email = "ivan@example.org"
    uow.commit()
    deliver(until=dt.timedelta(minutes=1))
    assert pair["id"] not in [p["id"] for p in pairs(client)["pairs"]]
    with crm.read() as reading:
        kept = reading.get(Pair, pair["id"])
        assert (kept.state, kept.decided_by, kept.decided_at is not None) == (PairState.DIFFERENT, 1, True)
    assert client.post(f"/api/duplicates/pair/{pair['id']}/do/reopen", json={}).status_code == 200
    assert pair["id"] in [p["id"] for p in pairs(client)["pairs"]]


def test_only_those_who_see_both_may_decide(crm, client, twins):
    search(crm, "people.person")
    with crm.read() as reading:
        other = reading.find(Pair).where(Pair.a_id == twins[2].id).one().id
    client.act_as(CLERK)
    assert client.post(f"/api/duplicates/pair/{other}/do/different", json={}).status_code == 404


def test_a_merged_pair_is_not_decided_otherwise(crm, client, twins):
    from crmkit.core.merge import merge

    search(crm, "people.person")
    with crm.uow() as uow:
        merge(uow, crm.kind(Person), twins[0].id, twins[1].id)
    with crm.read() as reading:
        merged = reading.find(Pair).where(Pair.state == PairState.MERGED).one()
    client.act_as(LEAD)
    assert client.post(f"/api/duplicates/pair/{merged.id}/do/different", json={}).status_code == 422


# ---- searching -------------------------------------------------------------------------------------------------------
def crowd(uow: t.Any, count: int = 60) -> None:
    rows = [{"name": f"{'Бвгдж'[n % 5]}{'аеиоу'[n // 5 % 5]}{'лмнрс'[n // 25]}ов Иван", "phone": f"8 916 123 {n // 2:02} 67"} for n in range(count)]
    uow.add_many(Person, rows)
    uow.commit()


def state(crm: t.Any) -> list[t.Any]:
    with crm.read() as uow:
        return sorted((p.a_id, p.b_id, p.score, p.state, p.via_id) for p in uow.find(Pair))


def test_an_interrupted_search_goes_on_and_finds_the_same(crm, uow, make, monkeypatch):
    for number in range(30):
        for name in ("Иванов Иван", "Ivan Ivanov"):
            make(Person, name=f"{name}{'аеиоу'[number % 5] * 3}{'бвгджз'[number // 5] * 2}", phone=f"8 916 123 {number:02} 67", **RARE)
    whole = search(crm, "people.person")
    uninterrupted = state(crm)
    assert len(uninterrupted) >= 30
    assert (whole.records, whole.finished_at is not None) == (60, True)
    with crm.uow() as clean:
        clean.connection.execute(Pair.__table__.delete())
        clean.connection.execute(keys.delete())
    from crmkit.duplicates import scan, verbs

    real, left = scan.advance, iter([True] * 11)

    def failing(uow, begun):
        done = real(uow, begun)
        if next(left, None) is None:
            raise KeyboardInterrupt  # in the middle of a piece: its transaction is undone
        return done

    monkeypatch.setattr(verbs, "advance", failing)
    with pytest.raises(KeyboardInterrupt):
        search(crm, "people.person")
    with crm.read() as reading:
        stopped = reading.find(Scan).where(Scan.finished_at.is_(None)).one()
        assert (stopped.indexed, stopped.reached_id > 0) == (True, True)
    monkeypatch.setattr(verbs, "advance", real)
    finished = search(crm, "people.person")
    assert finished.id == stopped.id
    assert state(crm) == uninterrupted


def test_in_the_background_by_jobs(crm, client, twins, deliver, uow):
    client.act_as(LEAD)
    started = client.post("/api/duplicates/do/scan", json={"kind": "people.person"})
    assert started.status_code == 200, started.text
    deliver()
    done = uow.find(Scan).one()
    assert done.finished_at is not None
    assert done.found >= 2
    assert len(state(crm)) >= 2


def test_one_search_of_a_kind_at_a_time(crm, uow, twins):
    first = begin(uow, "people.person")
    uow.commit()
    assert begin(uow, "people.person").id == first.id


def test_what_is_no_longer_alike_is_dropped(crm, uow, twins, clock):
    search(crm, "people.person")
    with crm.uow() as quiet:  # as another program would write
        other = {"name": "Кто-то Другой", "phone": None, "street": None}
        quiet.connection.execute(Person.__table__.update().where(Person.__table__.c.id == twins[0].id).values(**other))
    clock.forward(days=1)
    search(crm, "people.person")
    assert [(a, b) for a, b, *_rest in state(crm)] == [(twins[2].id, twins[3].id)]


def test_a_third_record_joins_two(crm, make):
    """The second and the third have little in common, but both are like the first."""
    one = make(Person, name="Зябликов Ермолай", phone="8 916 123 45 67", email="a@example.org", **RARE)
    two = make(Person, name="Зябликов Ермолай", phone="8 916 123 45 67")
    three = make(Person, name="Зябликов", email="a@example.org", **RARE)
    search(crm, "people.person")
    found = {(a, b): via for a, b, _score, _state, via in state(crm)}
    assert found == {(one.id, two.id): None, (one.id, three.id): None, (two.id, three.id): one.id}


def test_a_third_record_does_not_join_two_relatives(crm, make):
    """A nameless record at the address is like both, which are plainly two."""
    make(Person, Born(on=dt.date(1970, 1, 31)), name="Зябликов Ермолай", phone="8 342 200 10 10", **RARE)
    make(Person, Born(on=dt.date(1999, 7, 5)), name="Зябликов Пантелей", phone="8 342 200 10 10", **RARE)
    make(Person, name="Зябликов", phone="8 342 200 10 10", **RARE)
    search(crm, "people.person")
    assert (1, 2) not in [(a, b) for a, b, *_rest in state(crm)]


def test_learned_weights_hold_until_forgotten(crm, uow):
    crowd(uow)
    before = search(crm, "people.person")
    assert relearn(crm, "people.person") > 0
    from crmkit.duplicates.registry import declared

    here = declared(crm)["people.person"]
    with crm.read() as reading:
        assert here.weights(reading) != here.what.weights()
    relearn(crm, "people.person", forget=True)
    with crm.read() as reading:
        assert here.weights(reading) == here.what.weights()
    assert before.finished_at is not None


def test_the_command_line(tmp_path, monkeypatch, capsys):
    settings = tmp_path / "crmkit.toml"
    settings.write_text('[crmkit]\nplugins = ["duplicates"]\ndatabase = "sqlite:///crm.db"\n')
    monkeypatch.chdir(tmp_path)
    from crmkit.cli.app import run

    assert run(["migrate"]) == 0
    assert run(["duplicates", "scan", "sales.nobody"]) != 0
    assert "duplicates of 'sales.nobody' are not looked for" in capsys.readouterr().err


@pytest.mark.slow
def test_the_plugin_is_well_made():
    check_plugin("duplicates", databases=("sqlite", "postgresql"))


def test_keys_repeat_nobodys_data(crm, twins):
    with crm.read() as uow:
        columns = {c.name: c.type for c in keys.columns}
        assert isinstance(columns["key"], sa.BigInteger)
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(keys)).scalar_one() > 20
