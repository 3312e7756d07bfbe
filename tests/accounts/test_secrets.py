"""A password is nowhere: not in the database, the journal, jobs, logs or any answer; its hash is in one column and leaves it for nobody."""

from __future__ import annotations

import logging
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm
from crmkit.accounts import User, plugin
from crmkit.accounts.entities import KEPT
from crmkit.testing import check_plugin
from tests.accounts.conftest import PASSWORD

NEW = "никто этого не прочтёт 7431"


def dump(crm: Crm) -> dict[str, str]:
    """Every value of every table, as text."""
    found: dict[str, str] = {}
    names = sa.inspect(crm.engine)
    with crm.engine.connect() as connection:
        for table in names.get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(table)
            rows = connection.execute(sa.text(f"SELECT * FROM {quoted}"))
            columns = list(rows.keys())
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    found[f"{table}.{column}"] = found.get(f"{table}.{column}", "") + "\n" + str(value)
    return found


@pytest.fixture
def lived(company, browser, clock, caplog, crm, deliver):
    """Everything that handles a secret, done once; returns the secrets and all that was answered."""
    caplog.set_level(logging.DEBUG)
    company.person("ann", company.seller_role)
    company.person("boss", company.admin_role)
    ann, boss = browser("ann"), browser("boss")
    answers: list[Any] = []
    secrets = {"password": PASSWORD, "new": NEW, "cookie": ann.cookies["crmkit_session"]}
    key = {"idempotency-key": "again"}
    ann.post("/x/accounts/password", json={"password": PASSWORD, "new": NEW}, headers=key)
    answers.append(ann.sign_in("ann", "a wrong guess at it"))
    made = ann.post("/x/accounts/tokens", json={"name": "t"}, headers={"idempotency-key": "token"})
    secrets["token"] = made.json()["token"]
    begun = ann.post("/x/accounts/second-factor/begin", json={"password": NEW}).json()
    codes = ann.post("/x/accounts/second-factor/confirm", json={"code": pyotp.TOTP(begun["secret"]).at(clock.now())}).json()["recovery_codes"]
    secrets |= {f"recovery{n}": code.replace("-", "") for n, code in enumerate(codes)}
    number = ann.get("/api/me").json()["id"]
    link = boss.post(f"/x/accounts/users/{number}/link", json={}, headers={"idempotency-key": "link"})
    secrets["link"] = link.json()["token"]
    boss.post("/x/accounts/forgot", json={"login": "ann@example.com"})
    browser().post("/x/accounts/links/use", json={"token": secrets["link"], "password": NEW + "!"})
    deliver()
    for path in (
        f"/api/accounts/user/{number}", "/api/accounts/user", f"/api/accounts/user/{number}/timeline", "/api/accounts/user/export", "/api/journal",
        "/api/accounts/session", "/api/accounts/token", "/api/accounts/link", "/api/accounts/attempt", "/api/meta", "/x/accounts/me",
        "/x/accounts/tokens", "/x/accounts/sessions", f"/x/accounts/sessions?user={number}", "/api/jobs", "/api/openapi.json",
        f"/api/accounts/user/{number}/explain",
    ):  # fmt: skip
        answer = boss.get(path)
        assert answer.status_code == 200, (path, answer.text)
        answers.append(answer)
    return secrets, answers


def test_no_secret_is_in_the_database_or_the_log(lived, crm, caplog):
    secrets, _answers = lived
    kept = dump(crm)
    for name, secret in secrets.items():
        places = [place for place, text in kept.items() if secret in text]
        assert not places, f"{name} is in {places}"
        assert secret not in caplog.text, f"{name} is in the log"
    hashes = [place for place, text in kept.items() if "$argon2" in text]
    assert hashes == ["accounts_user.password_hash"]


def test_no_answer_has_a_secret_or_its_hash(lived, crm):
    secrets, answers = lived
    hidden = [f for kind in crm.kinds.values() if kind.plugin == "accounts" for f in kind.fields.values() if f.secret]
    assert {f.name for f in hidden} >= {"password_hash", "totp_secret", "recovery", "digest"}
    kept = dump(crm)
    stored = [v for f in hidden for v in kept.get(f"{f.column.table.name}.{f.name}", "").split("\n") if len(v) > 20]
    assert stored
    for answer in answers:
        for value in [*secrets.values(), *stored]:
            assert value not in answer.text, answer.url
        assert "argon2" not in answer.text or "openapi" in str(answer.url)


@pytest.mark.parametrize("field", ["password_hash", "totp_secret", "recovery", "totp_step"])
def test_nobody_asks_for_it_by_name(field, company, browser):
    company.person("boss", company.admin_role)
    boss = browser("boss")
    for query in (f"fields=id,{field}", f"sort={field}", f'filter={{"{field}":{{"ne":null}}}}'):
        answer = boss.get(f"/api/accounts/user?{query}")
        assert answer.status_code in (400, 422), query
        assert "$argon2" not in answer.text
    assert boss.patch(f"/api/accounts/user/{boss.get('/api/me').json()['id']}", json={field: "x"}, headers={"if-match": "*"}).status_code == 422


def test_the_system_itself_shows_it_to_nobody(company, client):
    ann = company.person("ann")
    for path in (f"/api/accounts/user/{ann.id}", "/api/accounts/user", "/api/accounts/user/export"):
        assert "argon2" not in client.get(path).text


def test_a_record_of_ours_shows_no_secret_when_printed(company):
    assert "argon2" not in repr(company.person("ann"))


def test_what_signing_in_leaves_is_written_by_nobody_else(company, crm):
    from crmkit import Invalid
    from crmkit.core.operations import create

    company.person("boss", company.admin_role)
    for cls in KEPT:
        with pytest.raises(Invalid), crm.uow(Actor(1, "Boss", ["administrator"])) as uow:
            create(uow, crm.kind(cls), {})


def test_the_plugin_is_well_made():
    check_plugin(plugin, databases=("sqlite", "postgresql"))


def test_people_have_their_own_rows(company, crm):
    ann = company.person("ann", company.role("self", {"accounts.user.*": "own"}))
    with crm.read(Actor(ann.id, "Ann", ["self"])) as uow:
        assert uow.find(User).ids() == [ann.id]
