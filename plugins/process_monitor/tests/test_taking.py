"""What browsers tell: each thing once, within a case, and nothing that cannot be."""

from __future__ import annotations

import datetime as dt
import random

import pytest
import sqlalchemy as sa

from crmkit import Actor, Role
from crmkit_process_monitor import ROLES, Case, EndedHow, Step, cases, steps
from crmkit_process_monitor.exchange.exporting import export_own
from crmkit_process_monitor.fairness import code_of
from crmkit_process_monitor.retention import check, clear_some, repair
from crmkit_process_monitor.tables import days, pages, refused, spans, talks, work
from crmkit_sales import Contact

OLGA = Actor(7, "Olga", ("manager",), teams=(3,))
TAB = "tab-of-olga"
SECOND = 1000


@pytest.fixture
def at(client):
    client.act_as(OLGA)

    def tell(now, *some, tab=TAB, **more):
        """Tell spans: number, beginning, page and parts, in seconds by the tab's own clock."""
        told = [
            {"seq": seq, "at": begun * SECOND, "page": page, "parts": [n * (SECOND if i % 2 else 1) for i, n in enumerate(parts)]}
            for seq, begun, page, parts in some
        ]
        return client.post("/x/process_monitor/spans", json={"tab": tab, "now": now * SECOND, "spans": told, **more})

    return tell


@pytest.fixture
def serving(crm, clock):
    """A case that was begun a minute ago."""
    with crm.uow(OLGA) as uow:
        case = cases.begin(uow)
    clock.forward(minutes=1)
    return case.id


def rows(uow, table, *columns):
    uow.refresh()
    return [tuple(row) for row in uow.connection.execute(sa.select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns))]


def test_a_case_is_added_up_from_its_spans(crm, uow, at, serving, clock):
    first = (1, 1000, "/sales/deal/5", [0, 20])
    answer = at(1060, first, (2, 1020, "/sales/contact/{id}", [0, 10, 1, 5]), (3, 1035, "/sales/deal/6", [2, 15, 0, 5]))
    assert answer.json() == {"kept": 3, "refused": {}}
    assert at(1061, first).json() == {"kept": 0, "refused": {}}  # the answer to the first was lost
    assert rows(uow, work, "case_id") == []  # a case that goes on is no unit of judgement yet
    with crm.uow(OLGA) as hers:
        cases.end(hers, outcome="sold")
    steps_ = {s.id: s.name for s in uow.find(Step)}
    got = {steps_[row[0]]: row[1:] for row in rows(uow, work, "step_id", "took", "active", "idle", "hidden", "visits", "kind", "team_id")}
    assert got == {"sales.deal": (25_000, 25_000, 0, 15_000, 2, "new", 3), "sales.contact": (15_000, 10_000, 5_000, 0, 1, "new", 3)}
    assert sum(row[0] for row in rows(uow, days, "took")) == 40_000
    case = uow.get(Case, serving)
    assert (case.active, case.idle, case.hidden) == (35, 5, 15)
    assert list(check(uow)) == []
    exported = b"".join(export_own(uow, "csv")).decode().splitlines()
    assert sum(int(line.split(",")[-3] or 0) for line in exported[1:]) == 35_000
    assert len(exported) == 1 + 2 * 3  # three stays, each with a start and an end
    # What a closed tab brings later is counted as well, at its place.
    clock.forward(minutes=5)
    assert at(400, (1, 96, "/sales/lead/7", [0, 3]), tab="closed-tab").json() == {"kept": 1, "refused": {}}
    assert sum(row[0] for row in rows(uow, days, "took")) == 40_000 + 3_000
    assert list(check(uow)) == []


def test_it_is_cut_to_cases(crm, uow, at, clock):
    clock.forward(minutes=1)
    with crm.uow(OLGA) as hers:
        first = cases.begin(hers).id
    clock.forward(seconds=20)
    with crm.uow(OLGA) as hers:
        second = cases.begin(hers).id
    clock.forward(seconds=30)
    assert at(80, (1, 0, "/sales/deal/5", [0, 80])).json()["kept"] == 1
    assert at(81, (2, 10, "/sales/deal/5", [0, 5]), tab="before-any-case").json()["kept"] == 0
    with crm.uow(OLGA) as hers:
        cases.end(hers)
    assert rows(uow, spans, "case_id", "active") == [(first, 20_000), (second, 30_000)]
    assert sorted(rows(uow, work, "case_id", "took")) == [(first, 20_000), (second, 30_000)]
    uow.get(Case, second).kind = "repeat"
    uow.commit()
    assert {row[0] for row in rows(uow, days, "kind")} == {"new", "repeat"}
    assert list(check(uow)) == []
    uow.archive(uow.get(Case, first))
    uow.commit()
    assert rows(uow, work, "case_id") == [(second,)]
    assert list(check(uow)) == []


def test_two_tabs_at_once_count_once(crm, uow, at, serving):
    at(60, (1, 0, "/sales/deal/5", [0, 10, 1, 50]))
    at(60, (1, 20, "/sales/contact/5", [0, 20, 2, 20]), tab="the-other-tab")
    with crm.uow(OLGA) as hers:
        cases.end(hers)
    assert rows(uow, spans, "active", "idle", "hidden") == [(10_000, 30_000, 0), (20_000, 0, 0)]
    assert rows(uow, spans, "told") == [([0, 10_000, 1, 50_000],), ([0, 20_000, 2, 20_000],)]  # as it was told, all the same
    assert sum(row[0] for row in rows(uow, work, "took")) == 60_000
    assert list(check(uow)) == []


def test_messages_under_way_do_not_push_spans_into_each_other(crm, uow, at, serving, clock):
    at(60, (1, 58, "/sales/deal/5", [0, 2]))
    clock.forward(seconds=6)  # the first one was under way for two seconds, the second for none
    at(68, (2, 60, "/sales/deal/5", [0, 8]))
    with crm.uow(OLGA) as hers:
        cases.end(hers)
    assert rows(uow, spans, "active") == [(2_000,), (8_000,)]
    began = [row[0] for row in rows(uow, spans, "began_at")]
    assert began[1] - began[0] == dt.timedelta(seconds=2)
    assert at(69, (3, 40, "/sales/deal/5", [0, 28])).json()["refused"] == {"3": "more_time_than_passed"}


def test_what_cannot_be_is_refused_with_its_reason(uow, at, client, serving):
    assert at(60, (1, 50, "/sales/deal/5", [0, 20])).json()["refused"] == {"1": "future"}
    assert at(9000, (2, 0, "/sales/deal/5", [0, 8000])).json()["refused"] == {"2": "too_long"}
    assert at(900_000, (3, 1, "/sales/deal/5", [0, 9])).json()["refused"] == {"3": "too_late"}
    for page, parts in (("sales", [0, 5]), ("/sales", [3, 5]), ("/sales", [0]), ("/sales", [])):
        assert at(60, (4, 10, page, parts)).json()["refused"] == {"4": "malformed"}
    assert at(60, (5, 10, "/sales", [0, -5])).json()["refused"] == {"5": "malformed"}
    assert {row[0] for row in rows(uow, refused, "why")} == {"future", "too_long", "too_late", "malformed"}
    assert rows(uow, spans, "id") == []
    assert at(60, (6, 10, "/sales", [0, 5]), who="8").status_code == 409  # a page somebody else left open
    for body in ({}, [], {"tab": "x", "now": 5, "spans": []}, {"tab": TAB, "now": -1, "spans": []}, {"tab": TAB, "now": 5, "spans": {}}):
        assert client.post("/x/process_monitor/spans", json=body).status_code == 422
    client.act_as(Actor(9, "Nina", ("team_lead",)))
    assert client.post("/x/process_monitor/spans", json={}).status_code == 403


def test_random_days_add_up(crm, uow, at, clock, deliver):
    """Two tabs, random pages and pauses, messages lost and told again: never more than the time that passed, and nothing lost."""
    dice, true = random.Random(5), 0
    for _number in range(6):
        with crm.uow(OLGA) as hers:
            cases.begin(hers)
        kept = []
        for seq in range(1, 6):
            took = dice.randint(1, 20)
            clock.forward(seconds=took)
            true += took
            kept.append((seq, 100 * seq, f"/sales/{dice.choice(('deal', 'lead', 'contact'))}/{seq}", [dice.randint(0, 1), took]))
            tab = f"tab-number-{_number}"
            if dice.random() < 0.7:
                at(100 * seq + took, *kept[-1:], tab=tab)
            at(100 * seq + took, *kept[-1:], tab=tab)
            if dice.random() < 0.5:
                at(900, (seq, 900 - took, "/sales/deal/1", [2, took]), tab=f"behind-number-{_number}")
        with crm.uow(OLGA) as hers:
            cases.end(hers)
    assert sum(row[0] for row in rows(uow, days, "took")) == true * SECOND
    assert list(check(uow)) == []
    # Somebody spoils the sums: the check says so and puts it right.
    uow.connection.execute(work.update().values(took=work.c.took + 1))
    uow.commit()
    wrong = list(check(uow))
    assert {one.what for one in wrong} == {"work", "day"}
    repair(uow, wrong)
    uow.commit()
    assert list(check(uow)) == []
    # A year later the raw spans are cleared away; work and sums stay.
    clock.forward(days=366)
    assert clear_some(uow, 1000) is False
    assert rows(uow, spans, "id") == []
    assert sum(row[0] for row in rows(uow, days, "took")) == true * SECOND


def test_nobody_is_idle_in_a_call(crm, uow, at, serving, clock):
    uow.connection.execute(talks.insert().values(call_id=1, user_id=7, began_at=clock.now() - dt.timedelta(seconds=40), ended_at=None))
    uow.commit()
    at(60, (1, 0, "/sales/deal/5", [0, 10, 1, 30, 2, 20]))
    with crm.uow(OLGA) as hers:
        cases.end(hers)
    assert rows(uow, spans, "active", "idle", "hidden", "called") == [(30_000, 10_000, 20_000, 20_000)]


def test_silence_ends_a_case_at_its_last_word(uow, at, serving, clock, deliver):
    at(60, (1, 0, "/sales/deal/5", [0, 50]))
    deliver(until=dt.timedelta(minutes=31))
    case = uow.get(Case, serving)
    assert (case.ended_how, case.ended_at - case.began_at) == (EndedHow.TIME, dt.timedelta(seconds=50))
    assert rows(uow, work, "took") == [(50_000,)]


def test_a_case_of_two_hours_ends_by_itself(crm, uow, at, serving, clock, deliver):
    for minute in range(8):
        deliver(until=dt.timedelta(minutes=15))
        at(60 + 900 * (minute + 1), (minute + 1, 900 * minute, "/sales/deal/5", [0, 900]))
    deliver(until=dt.timedelta(minutes=15))
    case = uow.get(Case, serving)
    assert (case.ended_how, case.ended_at - case.began_at) == (EndedHow.TIME, dt.timedelta(hours=2))


class TestSteps:
    @pytest.fixture
    def crm_settings(self):
        of = {"offer": {"label": {"en": "Offer", "ru": "Предложение"}, "pages": ["/sales/deal/*", "/sales/deal/*/edit"]},
              "client": {"label": "Client", "pages": ["/sales/**"]}, "list": {"label": "Lists", "pages": ["/sales/deal"]}}  # fmt: skip
        return {"process_monitor": {"steps": of}}

    def test_the_longest_pattern_holds(self, crm, uow, at, serving):
        for seq, page in enumerate(("/sales/deal/5", "/sales/deal", "/sales/lead/8/edit", "/telephony/card/1", "/sales/deal/5/edit"), 1):
            at(60, (seq, seq * 10, page, [0, 9]))
        mapped = dict(rows(uow, pages, "path", "step_id"))
        named = {s.id: s.name for s in uow.find(Step)}
        assert {path: named.get(step) for path, step in mapped.items()} == {
            "/sales/deal/{id}": "offer", "/sales/deal": "list", "/sales/lead/{id}/edit": "client", "/telephony/card/{id}": None,
            "/sales/deal/{id}/edit": "offer",
        }  # fmt: skip
        assert [(p.path, p.stays, p.seconds) for p in steps.unmapped(uow)] == [("/telephony/card/{id}", 1, 9)]

    def test_steps_follow_the_settings(self, uow, make):
        gone = make(Step, name="old", title="Old")
        assert list(steps.align(uow)) == ["offer", "client", "list"]
        assert steps.align(uow) == steps.align(uow)
        uow.commit()
        assert not uow.get(Step, gone.id).in_use
        assert [s.title for s in uow.find(Step).where(Step.in_use).order_by(Step.position)] == ["Offer", "Client", "Lists"]


def test_steps_without_settings_are_kinds_of_records(uow):
    assert list(steps.align(uow)) == ["sales.contact", "sales.company", "sales.inquiry", "sales.lead", "sales.deal"]
    mapping = steps.Steps(uow.crm)
    assert [mapping.of(p) for p in ("/sales/deal/{id}", "/sales/dealer", "/process_monitor/case/{id}", "/search")] == [
        "sales.deal", "sales.dealer", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("crm_roles", [[*ROLES, Role("seller", {"sales.contact.read": "own"})]])
def test_the_line_above_every_page(uow, client, make):
    ann = make(Contact, name="Ann", owner_id=7)
    client.act_as(Actor(7, "Olga", ("manager", "seller")))
    line = "/_/strip/process_monitor/serving"
    assert 'data-pm=""' in client.get(line).text
    client.post(f"/sales/contact/{ann.id}/do/serve_contact", headers={"HX-Request": "true"})
    assert cases.open_case(uow, 7).contact_id == ann.id
    client.post("/process_monitor/serve/kind", data={"kind": "repeat"}, headers={"HX-Request": "true"})
    uow.refresh()
    assert cases.open_case(uow, 7).kind == "repeat"
    assert client.post("/process_monitor/serve/kind", data={"kind": "x"}, headers={"HX-Request": "true"}).status_code == 422
    client.post("/process_monitor/serve/next", headers={"HX-Request": "true"})
    uow.refresh()
    assert (cases.open_case(uow, 7).contact_id, 'data-pm=""' in client.get(line).text) == (None, False)
    client.post("/process_monitor/serve/end", headers={"HX-Request": "true"})
    assert client.post("/process_monitor/serve/end", headers={"HX-Request": "true"}).status_code == 409
    assert [c.ended_how for c in uow.find(Case).order_by(Case.id)] == [EndedHow.NEXT, EndedHow.BY_HAND]


@pytest.mark.parametrize("crm_settings", [{"process_monitor": {"names": False}}])
def test_a_list_of_cases_names_nobody_to_those_who_may_not_know(crm, client):
    with crm.uow(OLGA) as hers:
        worker = cases.begin(hers).worker_id
    answer = client.act_as(Actor(1, "Rita", ("director",))).get("/process_monitor/case")
    assert answer.status_code == 200
    assert code_of(worker) in answer.text
