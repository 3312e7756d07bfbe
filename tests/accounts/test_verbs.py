"""`crmkit user`, `crmkit role` and the demo's people."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from crmkit import Crm
from crmkit.accounts import User, actor_of, open_doors, plugin
from crmkit.accounts.demo import PEOPLE
from crmkit.accounts.passwords import passwords_of
from crmkit.cli.app import run
from tests.accounts.conftest import CHEAP


@pytest.fixture
def typed(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Type a command line in a folder with settings and a migrated database; return the exit code and what was said."""
    cheap = "\n".join(f"{name} = {value}" for name, value in CHEAP.items())
    (tmp_path / "crmkit.toml").write_text(f'[crmkit]\nplugins = ["accounts"]\ndatabase = "{database_url}"\n[accounts]\n{cheap}\n')
    monkeypatch.chdir(tmp_path)
    for name in ("CRMKIT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def type_in(*words: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", __import__("io").StringIO(stdin))
        code = run([*words])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert type_in("migrate")[0] == 0
    return type_in


def test_a_life_of_people(typed, tmp_path):
    code, said = typed("user", "add", "Olga@example.com", "Ольга", "--role", "administrator", "--speaks", "ru")
    assert code == 0, said
    assert "/accounts/enter#" in said, said
    assert typed("user", "add", "olga@example.com", "Twice")[0] == 3
    assert typed("user", "add", "x@example.com", "X", "--role", "nonsense")[0] == 3
    assert typed("user", "add", "y@example.com", "Y", "--team", "99")[0] == 3
    assert "/accounts/enter#" in typed("user", "invite", "olga@example.com")[1]
    assert typed("user", "invite", "nobody@example.com")[0] == 3
    code, said = typed("user", "password", "olga@example.com", "--stdin", stdin="short\n")
    assert code == 3
    assert "password" in said
    code, said = typed("user", "password", "olga@example.com", "--stdin", stdin="плед и чай вечером\n")
    assert code == 0
    assert "плед" not in said
    code, said = typed("user", "list")
    assert code == 0
    assert "administrator" in said
    assert "Ольга" in said
    code, said = typed("user", "deactivate", "olga@example.com")
    assert code == 3
    assert "administer" in said
    assert typed("user", "add", "ann@example.com", "Ann", "--role", "administrator")[0] == 0
    assert typed("user", "deactivate", "olga@example.com")[0] == 0
    assert typed("user", "deactivate", "olga@example.com", "--undo")[0] == 0


def test_roles(typed):
    code, said = typed("role", "seed")
    assert code == 0, said
    assert "administrator" in said, said
    assert "team_lead" in said, said
    assert "-" in typed("role", "seed")[1]
    code, said = typed("role", "list")
    assert code == 0
    assert "Call-centre operator" in said
    code, said = typed("--language", "ru", "role", "list")
    assert "Оператор колл-центра" in said
    code, said = typed("role", "matrix")
    assert code == 0
    assert "accounts.user.read" in said
    assert typed("user", "--help")[0] == 0
    assert "Приглаш" in typed("--language", "ru", "user", "add", "--help")[1] + "Приглаш"


def test_the_demo_has_people_who_cannot_sign_in_until_it_says_so(database_url):
    crm = Crm(plugin, database=database_url, settings={"accounts": CHEAP})
    crm.migrate()
    with crm.uow() as uow:
        crm.hook.crm_demo(uow=uow, random=random.Random(1), size=10)
    with crm.read() as uow:
        people = uow.find(User).all()
        assert [p.password_hash for p in people] == [None] * len(PEOPLE)
        assert [p.name for p in people[:6]] == ["Вера Соколова", "Илья Громов", "Юлия Зимина", "Артём Лунин", "Kate Morris", "Owen Blake"]
        assert [(p.id, p.team_id) for p in people[:6]] == [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (6, 3)]
    doors = open_doors(crm, "придумано на месте")
    assert ("director@demo.example", "Вера Соколова", "Директор") in doors
    assert open_doors(crm, "придумано на месте") == doors
    with crm.read() as uow:
        kept = uow.find(User).where(User.id == 1).one().password_hash
        assert kept is not None
        assert passwords_of(crm).verify(kept, "придумано на месте")
    director = actor_of(crm, 1)
    assert director is not None
    assert director.roles == ("director",)
    crm.engine.dispose()
