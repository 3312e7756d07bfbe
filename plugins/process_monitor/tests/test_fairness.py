"""Names are for those who may see them, and for oneself."""

from __future__ import annotations

import types
import typing as t

import pytest

from crmkit import Actor, Crm, Plugin, hookimpl
from crmkit_process_monitor import Log, Worker, plugin
from crmkit_process_monitor.fairness import code_of, names

DIRECTOR, LEAD = Actor(1, "Dora", roles=["director"]), Actor(2, "Lea", roles=["team_lead"], teams=[2])
OLGA = Actor(7, "Olga", roles=["manager"], teams=[3])


@hookimpl
def crm_names(crm: Crm, of: str, ids: t.Sequence[int]) -> dict[int, str] | None:
    return {key: {7: "Olga", 8: "Pavel"}[key] for key in ids if key in (7, 8)} if of == "person" else None


@hookimpl
def crm_teams(crm: Crm) -> dict[int, int | None]:
    return {1: None, 2: 1, 3: 2, 4: 1}


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    staff = types.ModuleType("staff")
    for hook in (crm_names, crm_teams):
        hook.__module__ = staff.__name__
        setattr(staff, hook.__name__, hook)
    return [plugin, Plugin("staff", modules=[staff])]


@pytest.fixture
def workers(crm: Crm) -> dict[str, int]:
    with crm.uow() as uow:
        log = uow.add(Log(title="Elsewhere"))
        uow.flush()
        made = {
            "olga": uow.add(Worker(name="", user_id=7, team_id=3)), "pavel": uow.add(Worker(name="", user_id=8, team_id=4)),
            "nobody": uow.add(Worker(name="", user_id=9, team_id=4)), "112": uow.add(Worker(name="112", log_id=log.id)),
        }  # fmt: skip
        uow.flush()
        return {name: one.id for name, one in made.items()}


def shown(crm: Crm, actor: Actor, workers: dict[str, int]) -> dict[str, str]:
    with crm.read(actor) as uow:
        found = names(uow, [*workers.values(), 0, 999])
    assert (found[0], found[999]) == ("", "")
    return {name: found[key] for name, key in workers.items()}


def pseudonyms(workers: dict[str, int]) -> dict[str, str]:
    return {name: f"Employee {code_of(key)}" for name, key in workers.items()}


def test_who_sees_names_is_a_permission(crm: Crm, workers: dict[str, int]):
    hidden = pseudonyms(workers)
    assert shown(crm, DIRECTOR, workers) == {"olga": "Olga", "pavel": "Pavel", "nobody": hidden["nobody"], "112": "112"}
    assert shown(crm, LEAD, workers) == hidden | {"olga": "Olga"}, "of her own teams"
    assert shown(crm, OLGA, workers) == hidden | {"olga": "Olga"}, "herself"
    assert shown(crm, Actor(5, "Nobody", roles=[]), workers) == hidden
    with crm.read(Actor(5, "Никто", roles=[], language="ru")) as uow:
        assert names(uow, [workers["pavel"]]) == {workers["pavel"]: f"Сотрудник {code_of(workers['pavel'])}"}


def test_pseudonyms_differ_and_stay():
    codes = [code_of(n) for n in range(2000)]
    assert len(set(codes)) == 2000
    assert codes[5] == code_of(5)
    assert all(len(code) == 5 and code.isupper() for code in codes if not code.isdigit())


class TestWithoutNames:
    @pytest.fixture
    def crm_settings(self) -> dict[str, t.Any]:
        return {"process_monitor": {"names": False}}

    def test_everybody_sees_pseudonyms_but_for_oneself(self, crm: Crm, workers: dict[str, int]):
        hidden = pseudonyms(workers)
        assert shown(crm, DIRECTOR, workers) == shown(crm, LEAD, workers) == hidden
        assert shown(crm, OLGA, workers) == hidden | {"olga": "Olga"}
        with crm.read() as uow:
            assert names(uow, workers.values()) == {key: hidden[name] for name, key in workers.items()}, "not even the system: it writes letters"
