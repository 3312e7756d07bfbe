"""The live stream: everybody hears what they may see, nothing is lost, across processes too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, MovableClock
from crmkit.core.tokens import create_token, revoke_token
from crmkit.web.live import client as live_client
from crmkit.web.live import stream as live_stream
from crmkit.web.live.marks import Mark
from crmkit_sales import Company, Contact
from tests.suite import forked
from tests.web.served import Stream, serve
from tests.web.world import PLUGINS, ROLES

COMPANY = "sales.company"


class Place:
    """A served CRM with tokens."""

    def __init__(self, crm: Crm, base: str) -> None:
        self.crm, self.base = crm, base
        self.boss = create_token(crm, "boss", ["boss"], actor_id=1)
        self.ann = create_token(crm, "ann", ["seller"], actor_id=2)

    def company(self, name: str = "c", owner: int | None = None) -> int:
        with self.crm.uow() as uow:
            made = uow.add(Company(name=name, owner_id=owner))
            uow.flush()
            return made.id

    def rename(self, key: int, **values: object) -> None:
        with self.crm.uow() as uow:
            company = uow.get(Company, key)
            for name, value in values.items():
                setattr(company, name, value)


@pytest.fixture
def place(crm: Crm) -> Iterator[Place]:
    with serve(crm.app) as base:
        yield Place(crm, base)


def changed(key: int, topic: str = COMPANY) -> tuple[str, tuple[str, int]]:
    return "changed", (topic, key)


def test_a_change_reaches_who_may_see_it(place: Place):
    with Stream(place.base, place.boss, COMPANY) as boss, Stream(place.base, place.ann, COMPANY) as ann:
        assert boss.next()[0] == ann.next()[0] == "ready"
        assert boss.response.headers["x-accel-buffering"] == "no"
        theirs, hers = place.company(), place.company(owner=2)
        assert {boss.next(), boss.next()} == {changed(theirs), changed(hers)}
        assert ann.next() == changed(hers)
        place.rename(hers, owner_id=1)
        assert ann.next() == ("gone", (COMPANY, hers))
        place.rename(hers, name="x")
        place.rename(theirs, name="y")
        mine = place.company(owner=2)
        assert ann.next() == changed(mine)  # neither of the others was mentioned again


def test_topics_of_plugins(place: Place):
    with place.crm.uow() as uow:
        contact = uow.add(Contact(name="Ann", owner_id=2))
        uow.flush()
        key = contact.id
    with Stream(place.base, place.boss) as boss, Stream(place.base, place.ann, "loyalty.points") as ann:
        boss.next(), ann.next()
        with place.crm.uow() as uow:
            uow.publish("loyalty.points", key)
        with place.crm.uow() as uow:
            uow.publish("loyalty.news")
        assert ann.next() == changed(key, "loyalty.points")
        assert {boss.next(), boss.next()} == {changed(key, "loyalty.points"), ("changed", ("loyalty.news", None))}
    for topics, status in (("loyalty.news", 403), ("sales.nope", 422), ("sales.deal,sales.deal", 422)):
        with Stream(place.base, place.ann, topics) as refused:
            assert refused.response.status_code == status
    with Stream(place.base, "nothing") as nobody:
        assert nobody.response.status_code == 401
    with Stream(place.base, place.boss, since="nonsense") as wrong:
        assert wrong.response.status_code == 422


def test_a_personal_topic_reaches_one_person(place: Place):
    with Stream(place.base, place.ann, "loyalty.bell") as ann, Stream(place.base, place.boss, "loyalty.bell") as boss:
        ann.next(), boss.next()
        last = boss.last
        for user, hears in ((2, ann), (1, boss), (2, ann)):  # one after the other: what is told at once is told once
            with place.crm.uow() as uow:
                uow.publish("loyalty.bell", user)
            assert hears.next() == changed(user, "loyalty.bell")
    with Stream(place.base, place.boss, "loyalty.bell", last=last) as boss:
        assert boss.until(("ready", None))[:-1] == [changed(1, "loyalty.bell")]


def test_nothing_is_lost_while_away(place: Place):
    with Stream(place.base, place.ann, COMPANY) as ann:
        ann.next()
        first = place.company(owner=2)
        ann.until(changed(first))
        last = ann.last
    missed, hidden = place.company(owner=2), place.company(owner=1)
    with Stream(place.base, place.ann, COMPANY, last=last) as ann:
        told = ann.until(("ready", None))
        assert changed(missed) in told
        assert changed(hidden) not in told
        place.rename(missed, owner_id=1)
        assert ann.next() == ("gone", (COMPANY, missed))


def test_nothing_is_lost_between_a_list_and_the_stream(place: Place):
    import httpx2 as httpx

    headers = {"Authorization": f"Bearer {place.boss}"}
    for _ in range(3):
        answer = httpx.get(f"{place.base}/api/sales/company?fields=id&limit=500", headers=headers)
        known = {row["id"] for row in answer.json()["rows"]}
        stop = threading.Event()
        made: list[int] = []

        def work(stop: threading.Event = stop, made: list[int] = made) -> None:
            while not stop.is_set():
                made.append(place.company())

        writer = threading.Thread(target=work)
        writer.start()
        with Stream(place.base, place.boss, COMPANY, since=answer.headers["live-mark"]) as boss:
            heard: set[int] = set()
            while len(heard) < 5:
                name, what = boss.next()
                if name == "changed":
                    heard.add(what[1])
            stop.set()
            writer.join()
            final = place.company("final")
            heard |= {what[1] for name, what in boss.until(changed(final)) if name == "changed"}
        assert set(made) <= heard | known


def test_an_old_or_foreign_mark_means_fetch_again(place: Place, crm: Crm):
    assert isinstance(crm.clock, MovableClock)
    with Stream(place.base, place.boss, COMPANY) as boss:
        boss.next()
        last = boss.last
    crm.clock.forward(hours=2)
    for mark in (last, str(Mark(10**15, int(crm.clock.now().timestamp()))), "nonsense"):
        with Stream(place.base, place.boss, COMPANY, last=mark) as boss:
            assert [boss.next()[0], boss.next()[0]] == ["resync", "ready"]


def test_a_transaction_that_commits_late_is_not_lost(place: Place, database: str):
    """On PostgreSQL a transaction may begin before a mark and commit after it."""
    if database == "sqlite":
        pytest.skip("SQLite writes one transaction at a time")
    began, go, done = threading.Event(), threading.Event(), threading.Event()
    keys: list[int] = []

    def late() -> None:
        with place.crm.uow() as uow:
            company = uow.add(Company(name="late"))
            uow.settle()
            keys.append(company.id)
            began.set()
            go.wait(10)
        done.set()

    thread = threading.Thread(target=late)
    thread.start()
    assert began.wait(10)
    for _ in range(3):
        place.company("in between")
    with Stream(place.base, place.boss, COMPANY) as boss:
        boss.next()
        last = boss.last
    go.set()
    assert done.wait(10)
    thread.join()
    with Stream(place.base, place.boss, COMPANY, last=last) as boss:
        assert changed(keys[0]) in boss.until(("ready", None))


OTHER = """
import sys
from crmkit import Crm
from crmkit_sales import Company
from tests.web.world import PLUGINS
crm = Crm(*PLUGINS, database=sys.argv[1])
for _ in range(20):
    with crm.uow() as uow:
        uow.add(Company(name="from elsewhere"))
with crm.uow() as uow:
    uow.publish("loyalty.news")
"""


def test_changes_of_another_process_are_heard(place: Place, crm_url: str):
    with Stream(place.base, place.boss, f"{COMPANY},loyalty.news") as boss:
        boss.next()
        forked.run(["-c", OTHER, crm_url], cwd=Path(__file__).parents[2]).check_returncode()
        with place.crm.read() as uow:
            wanted = {changed(k) for k in uow.find(Company).ids()} | {("changed", ("loyalty.news", None))}
        while wanted:
            wanted.discard(boss.next())


def test_two_served_processes_hear_each_other(crm_url: str, database: str, crm: Crm):
    """The same database behind two applications: a change through one reaches a client of the other."""
    other = Crm(*PLUGINS, database=crm_url, roles=ROLES, settings={"crmkit": {"jobs": False}})
    with serve(crm.app) as one, serve(other.app) as two:
        token = create_token(crm, "boss", ["boss"], actor_id=1)
        with Stream(one, token, COMPANY) as here, Stream(two, token, COMPANY) as there:
            here.next(), there.next()
            with crm.uow() as uow:
                made = uow.add(Company(name="c"))
                uow.flush()
                key = made.id
            assert here.next() == there.next() == changed(key)
            with other.uow() as uow:
                uow.get(Company, key).name = "d"
            assert here.next() == there.next() == changed(key)
    other.engine.dispose()


def test_a_hosts_transaction_is_told_once_it_commits(place: Place, crm: Crm):
    with Stream(place.base, place.boss, COMPANY) as boss:
        boss.next()
        with crm.engine.connect() as connection, connection.begin() as host:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with crm.uow(connection=connection) as uow:
                uow.add(Company(name="undone"))
            host.rollback()
        with crm.engine.connect() as connection, connection.begin():
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with crm.uow(connection=connection) as uow:
                kept = uow.add(Company(name="kept"))
            assert boss.events.empty()
        assert boss.next() == changed(kept.id)
        assert boss.events.empty()


def test_a_lost_listener_catches_up(place: Place, database: str):
    if database == "sqlite":
        pytest.skip("SQLite has no connection to lose")
    with Stream(place.base, place.boss, COMPANY) as boss:
        boss.next()
        place.rename(key := place.company(), name="x")
        boss.until(changed(key))
        with place.crm.engine.connect() as connection:
            others = sa.text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
            assert connection.execute(others).scalar_one() >= 1
        place.crm.engine.dispose()
        missed = place.company()
        assert changed(missed) in boss.until(changed(missed))


def test_a_revoked_token_ends_its_stream(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_stream, "BEAT_SECONDS", 0.05)
    with Stream(place.base, place.ann, COMPANY) as ann:
        ann.next()
        revoke_token(place.crm, 2)
        assert ann.next() == ("closed", None)


def test_a_stream_ends_and_begins_again(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_stream, "LIFE_SECONDS", 0.2)
    with Stream(place.base, place.boss, COMPANY) as boss:
        assert boss.until(("ready", None))
        assert boss.next() == ("closed", None)
        assert boss.last


@pytest.mark.parametrize("messages", [10, 5000])
def test_a_slow_client_is_told_to_fetch_again(messages: int):
    import asyncio

    from crmkit import Message

    async def run() -> bytes:
        client = live_client.Client(Actor(1), {COMPANY: None})
        mark = Mark(1, 1)
        for number in range(messages):
            client.tell([Message(COMPANY, number)], (), mark)
        return client.take()

    told = asyncio.run(run())
    assert told.count(b"event: changed") == (10 if messages == 10 else messages % live_client.MOST_WAITING or told.count(b"event: changed"))
    assert (b"event: resync" in told) == (messages > live_client.MOST_WAITING)
