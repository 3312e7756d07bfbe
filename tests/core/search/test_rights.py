"""Who finds what: rows and fields, against a model in plain Python."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crmkit import Actor, Crm, Invalid
from crmkit.core.lists import ListRequest, page
from tests.core.search.world import ANYBODY, TEAMS, Contract, Member, Number, Person, found

NAMES = ["Анна", "Олег", "Иван", "Юлия", "Пётр"]
SURNAMES = ["Белова", "Белый", "Беляев", "Иванов", "Щербаков"]
TITLES = ["договор поставки", "договор аренды", "окна", "двери Белова"]
QUESTIONS = ["бел", "анна", "олег бел", "дог", "ива 916", "916", "двери", "a", "юлия 495", "иванов", "сом"]
ACTORS = [
    Actor(5, "own", ("own",), (2,)), Actor(5, "below", ("below",), (1,)), Actor(6, "below", ("below",), (3,)), Actor(7, "all", ("all",), ()),
    Actor(8, "contracts", ("contracts",), ()), Actor(9, "nobody", ("nobody",), ()), Actor(5, "two", ("own", "contracts"), (3,)),
    Actor(10, "for others", ("own",), (), acts_for=(5, 6)),
]  # fmt: skip


Known = dict[str, Any]


def below(teams: tuple[int, ...]) -> set[int]:
    return set(teams) | {team for team, parent in TEAMS.items() if parent in teams}


def sees(actor: Actor, record: Known) -> bool:
    """The model of the roles in `world`."""
    owners = {actor.id, *actor.acts_for}
    mine, team = record["owner_id"] in owners, record["team_id"] in actor.teams
    if record["kind"] == "people.contract":
        rules = {"all": True, "own": mine or team, "below": str(record["words"][0]).startswith("д"), "contracts": True}
    else:
        rules = {"all": True, "own": mine, "below": mine or record["team_id"] in below(actor.teams), "contracts": False}
    return any(rules.get(role, False) for role in actor.roles)


def answers(record: Known, question: str) -> bool:
    words = [w for text in record["words"] for w in str(text).lower().replace("ё", "е").split()]
    return all(
        any(w.startswith(asked) or (asked.isdigit() and asked in w) for w in words) if len(asked) > 1 else asked in words
        for asked in question.replace("ё", "е").split()
    )


def fill(crm: Crm, seed: int) -> list[Known]:
    choose = random.Random(seed)
    made: list[Known] = []
    with crm.uow() as uow:
        for _n in range(60):
            belongs: Known = {"owner_id": choose.choice([5, 6, 7, None]), "team_id": choose.choice([1, 2, 3, None])}
            if choose.random() < 0.3:
                record: Any
                title = choose.choice(TITLES)
                record = uow.add(Contract(title=title, **belongs))
                kind, words = "people.contract", [title]
            else:
                name, phone = f"{choose.choice(SURNAMES)} {choose.choice(NAMES)}", f"+7{choose.choice(['916', '495'])}{choose.randrange(10**7):07}"
                record = uow.add(Person(name=name, **belongs))
                uow.flush()
                uow.add(Number(person_id=record.id, value=phone))
                kind, words = "people.person", [name, phone]
            uow.flush()
            gone = choose.random() < 0.1
            if gone:
                uow.archive(record)
            made.append({"kind": kind, "id": record.id, "words": words, "archived": gone, **belongs})
    return made


@pytest.mark.parametrize("seed", range(3))
def test_everybody_finds_exactly_what_they_may_see(crm: Crm, seed: int):
    records = fill(crm, seed)
    for actor in ACTORS:
        with crm.read(actor) as uow:
            for question in QUESTIONS:
                wanted = {(r["kind"], r["id"]) for r in records if sees(actor, r) and answers(r, question) and not r["archived"]}
                hits = uow.search(question, limit=200)
                assert {(h.kind, h.id) for h in hits} == wanted, (actor.name, question)
                assert len(hits) == len(wanted), "nothing is found twice"
                for kind in ("people.person", "people.contract"):
                    if uow.may(f"{kind}.read"):
                        listed = page(uow, crm.kind(kind), ListRequest(search=question, limit=200, fields=("id",), count=100))
                        assert {(kind, row["id"]) for row in listed.rows} == {w for w in wanted if w[0] == kind}
                        assert listed.total == len(listed.rows)


def test_what_is_in_a_hidden_field_is_not_found(crm: Crm):
    with crm.uow() as uow:
        anna = uow.add(Person(name="Анна", phone="+79161234567", pin="4321"))
        anna.attach(Member(card="A777", nick="Белка"))
        uow.flush()
        uow.add(Number(person_id=anna.id, value="+74952223344"))
    blind = Actor(3, "Blind", ("blind",))
    for question in ("916123", "a777", "anna 916", "495222"):
        assert found(crm, question) == ["Анна"]
        assert found(crm, question, blind) == []
        with crm.read(blind) as uow:
            assert page(uow, crm.kind(Person), ListRequest(search=question)).rows == []
    assert found(crm, "белка", blind) == found(crm, "белка") == ["Анна"]
    with crm.read(blind) as uow:
        (hit,) = uow.search("анна")
        assert [m.field for m in hit.matched] == ["name"]
    assert found(crm, "4321", ANYBODY) == []  # a secret is nobody's to find


def test_lists_are_searched_filtered_sorted_and_paged(crm: Crm):
    with crm.uow() as uow:
        for n in range(10):
            uow.add(Person(name=f"Анна {n}", city="Пермь" if n % 2 else "Омск"))
    with crm.read(ANYBODY) as uow:
        kind = crm.kind(Person)
        first = page(uow, kind, ListRequest(search="анна", filter={"city": "Пермь"}, sort=("name",), limit=2, count=100))
        assert ([r["name"] for r in first.rows], first.total) == (["Анна 1", "Анна 3"], 5)
        second = page(uow, kind, ListRequest(search="анна", filter={"city": "Пермь"}, sort=("name",), limit=2, after=first.next))
        assert [r["name"] for r in second.rows] == ["Анна 5", "Анна 7"]
        assert len(page(uow, kind, ListRequest(search="  ")).rows) == 10
        assert page(uow, kind, ListRequest(search="…", count=5)).total == 0
        with pytest.raises(Invalid) as refused:
            page(uow, kind, ListRequest(search="а" * 300))
        assert [p.path for p in refused.value.problems] == ["q"]
