"""The pages for coming in: nobody learns who exists, nobody is led elsewhere, no secret stays in an address."""

from __future__ import annotations

import re

import pyotp
import pytest
import sqlalchemy as sa

from crmkit import Actor
from crmkit.accounts.entities import Session, Token, User
from crmkit.accounts.links import new_link
from tests.accounts.conftest import CHEAP, PASSWORD

NEW = "шесть жёлтых кленовых листьев"


def enter(browser, name: str = "ann", password: str = PASSWORD, **more: str):
    given = {"login": f"{name}@example.com", "password": password, **more}
    return browser.post("/accounts/login", data=given, follow_redirects=False)


def me(browser) -> str | None:
    found = browser.get("/x/accounts/me")
    return found.json()["login"] if found.status_code == 200 else None


# ---- signing in ---------------------------------------------------------------------------------------------------------------
def test_somebody_signs_in_and_goes_where_they_wanted(company, browser):
    company.person("ann", company.seller_role)
    ann = browser(root="/crm")
    asked = ann.get("/shop/order?sort=-id", follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/crm/accounts/login?next=%2Fcrm%2Fshop%2Forder%3Fsort%3D-id"
    page = ann.get("/accounts/login?next=%2Fcrm%2Fshop%2Forder%3Fsort%3D-id").text
    assert 'name="next" value="/crm/shop/order?sort=-id"' in page
    answer = enter(ann, next="/crm/shop/order?sort=-id")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/crm/shop/order?sort=-id"
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("crmkit_session=")]
    for part in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/crm/;"):
        assert part in cookie
    assert me(ann) == "ann@example.com"
    assert ann.get("/accounts/login", follow_redirects=False).headers["location"] == "/crm/"


@pytest.mark.parametrize("case", ["unknown", "wrong", "inactive", "empty"])
def test_who_is_not_let_in_looks_the_same(company, browser, case):
    company.person("ann")
    company.person("gone").active = False
    given = {"unknown": ("nobody", PASSWORD), "wrong": ("ann", "wrong"), "inactive": ("gone", PASSWORD), "empty": ("ann", "")}[case]
    answer = enter(browser(), *given)
    assert answer.status_code == 401
    assert "Login or password is wrong" in answer.text
    assert PASSWORD not in answer.text
    assert f'value="{given[0]}@example.com"' in answer.text
    assert not [c for c in answer.headers.get_list("set-cookie") if c.startswith("crmkit_session=")]


def test_guessing_is_slowed_down_here_as_in_the_api(company, browser):
    company.person("ann")
    guesser = browser()
    codes = [enter(guesser, password="wrong").status_code for _n in range(7)]
    assert codes[:5] == [401] * 5
    assert codes[6] == 429
    shut = enter(guesser)
    assert shut.status_code == 429
    assert "Try again in" in shut.text


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/crm//evil.example", "/other", "/crmx/a", "javascript:alert(1)", "/crm/\n/x",
     "/crm/accounts/login?next=/crm/", "/crm/" + "x" * 3000],
)  # fmt: skip
def test_nobody_is_led_elsewhere(company, browser, wanted):
    company.person("ann")
    assert enter(browser(root="/crm"), next=wanted).headers["location"] == "/crm/"


def test_a_form_of_another_site_signs_nobody_in(company, browser):
    company.person("ann")
    other = browser()
    answer = other.post("/accounts/login", data={"login": "ann@example.com", "password": PASSWORD}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_signing_out_ends_the_session(company, browser):
    company.person("ann")
    ann = browser("ann")
    answer = ann.post("/accounts/sign-out", follow_redirects=False)
    assert answer.headers["location"] == "/accounts/login?out=1"
    assert "data-signed-out" in ann.get("/accounts/login?out=1").text
    assert "crmkit_session=; Path=/; Max-Age=0" in answer.headers["set-cookie"]
    assert me(ann) is None
    assert ann.get("/accounts/profile", follow_redirects=False).status_code == 303


def test_a_token_is_shown_once_with_a_button_to_copy_it(company, browser):
    company.person("ann")
    ann = browser("ann")
    page = ann.post("/accounts/profile", data={"do": "token", "name": "Books", "days": "30"}).text
    assert re.search(r'<pre id="me-token">crmu_[^<]+</pre><button[^>]*><svg.*?</svg>Copy</button>', page, re.DOTALL)
    assert "crmu_" not in ann.get("/accounts/profile").text
    assert "last used today, " in page


# ---- the second factor ----------------------------------------------------------------------------------------------------------
def with_app(company, uow, name: str = "ann") -> str:
    person = company.person(name)
    secret = pyotp.random_base32()
    uow.peek(User, person.id).totp_secret = secret
    uow.flush()
    return secret


def test_a_second_factor_is_asked_for_on_a_page_of_its_own(company, browser, uow, clock):
    secret = with_app(company, uow)
    ann = browser()
    first = enter(ann, next="/shop/order")
    assert first.headers["location"] == "/accounts/code?next=%2Fshop%2Forder"
    assert "crmkit_session" not in first.headers["set-cookie"]
    assert "Path=/accounts/code" in first.headers["set-cookie"]
    assert "HttpOnly" in first.headers["set-cookie"]
    page = ann.get("/accounts/code?next=%2Fshop%2Forder")
    assert 'autocomplete="one-time-code"' in page.text
    wrong = ann.post("/accounts/code", data={"code": "000000", "next": "/shop/order"})
    assert wrong.status_code == 401
    assert "wrong or was used" in wrong.text
    right = ann.post("/accounts/code", data={"code": pyotp.TOTP(secret).at(clock.now()), "next": "/shop/order"}, follow_redirects=False)
    assert right.headers["location"] == "/shop/order"
    assert me(ann) == "ann@example.com"


def test_a_code_without_its_password_signs_nobody_in(company, browser, uow, clock, crm):
    secret = with_app(company, uow)
    assert browser().post("/accounts/code", data={"code": pyotp.TOTP(secret).at(clock.now())}, follow_redirects=False).headers["location"] == (
        "/accounts/login?problem=late"
    )
    ann = browser()
    enter(ann)
    clock.forward(minutes=11)
    assert ann.get("/accounts/code", follow_redirects=False).headers["location"] == "/accounts/login?problem=late"
    assert "too long" in ann.get("/accounts/login?problem=late").text


def test_what_waits_for_a_code_sets_no_password(company, browser, uow):
    with_app(company, uow)
    ann = browser()
    waiting = re.search(r"crmkit_pending=([^;]+)", enter(ann).headers["set-cookie"])
    assert waiting is not None
    assert ann.post("/x/accounts/links/use", json={"token": waiting[1], "password": NEW}).status_code == 404
    ann.cookies.set("crmkit_link", waiting[1])
    assert ann.get("/accounts/password").status_code == 404


def test_codes_cannot_be_guessed_by_beginning_anew(company, browser, uow):
    with_app(company, uow)
    guesser, codes = browser(), []
    for _n in range(8):
        codes.append(enter(guesser).status_code)
        codes.append(guesser.post("/accounts/code", data={"code": "000000"}, follow_redirects=False).status_code)
    assert 429 in codes


# ---- links ------------------------------------------------------------------------------------------------------------------------
def test_a_link_is_exchanged_for_a_cookie_and_a_password_is_chosen(company, browser, uow, crm):
    person = company.person("new", password=False)
    made = new_link(uow, person, "invite")
    ann = browser(root="/crm")
    page = ann.get("/accounts/enter").text
    assert "data-link-form" in page
    answer = ann.post("/accounts/enter", data={"token": f"https://crm.example/crm/accounts/enter#{made}"}, follow_redirects=False)
    assert answer.headers["location"] == "/crm/accounts/password"
    assert "Path=/crm/accounts/password;" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    form = ann.get("/accounts/password").text
    assert "Welcome, New" in form
    assert "new@example.com" in form
    assert made not in form
    weak = ann.post("/accounts/password", data={"password": "short"})
    assert weak.status_code == 422
    assert "at least 10 characters" in weak.text
    done = ann.post("/accounts/password", data={"password": NEW}, follow_redirects=False)
    assert done.headers["location"] == "/crm/"
    assert me(ann) == "new@example.com"
    with crm.read() as reading:
        assert reading.connection.execute(sa.select(Session.__table__.c.method)).scalars().all() == ["link"]
    assert ann.get("/accounts/password").status_code == 404


def test_a_link_does_not_pass_by_the_second_factor(company, browser, uow):
    with_app(company, uow)
    made = new_link(uow, uow.find(User).one(), "reset")
    ann = browser()
    ann.post("/accounts/enter", data={"token": made})
    done = ann.post("/accounts/password", data={"password": NEW}, follow_redirects=False)
    assert done.headers["location"] == "/accounts/login"
    assert me(ann) is None
    assert enter(ann, password=NEW).headers["location"] == "/accounts/code"


def test_a_dead_link_says_so(company, browser, uow, clock):
    made = new_link(uow, company.person("new", password=False), "reset")
    clock.forward(hours=3)
    answer = browser().post("/accounts/enter", data={"token": made})
    assert answer.status_code == 404
    assert "no longer good" in answer.text
    assert browser().post("/accounts/enter", data={}).status_code == 404


def test_a_forgotten_password_is_answered_the_same_for_everybody(company, browser, deliver):
    company.person("ann")
    answers = [browser().post("/accounts/forgot", data={"login": f"{name}@example.com"}) for name in ("ann", "nobody")]
    assert [a.status_code for a in answers] == [200, 200]
    assert all("If there is such a person" in a.text for a in answers)
    deliver()
    slow = browser()
    assert [slow.post("/accounts/forgot", data={"login": "ann@example.com"}).status_code for _n in range(7)][-1] == 429


@pytest.mark.parametrize("crm_settings", [{"accounts": CHEAP}])
def test_where_nothing_can_be_sent_people_ask_their_administrator(company, browser, crm_settings):
    assert "Ask your administrator" in browser().get("/accounts/forgot").text
    assert "Ask your administrator" in browser().post("/accounts/forgot", data={"login": "ann@example.com"}).text


# ---- the profile ------------------------------------------------------------------------------------------------------------------
def test_a_person_changes_what_is_theirs(company, browser, uow):
    role = company.role("everybody", {"accounts.user.read": "all", "accounts.user.change": "own"})
    person = company.person("ann", role)
    uow.peek(User, person.id).owner_id = person.id
    uow.flush()
    ann = browser("ann")
    assert "ann@example.com" in ann.get("/accounts/profile").text
    given = {"do": "facts", "name": "Анна", "phone": "+7 916 555-01-42", "language": "ru"}
    answer = ann.post("/accounts/profile", data=given, follow_redirects=False)
    assert answer.headers["location"] == "/accounts/profile"
    assert "crmkit_language=ru" in answer.headers["set-cookie"]
    page = ann.get("/accounts/profile").text
    assert 'value="Анна"' in page
    assert "Обо мне" in page
    wrong = ann.post("/accounts/profile", data={"do": "facts", "name": " ", "phone": "one", "language": "xx"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text


def test_who_may_not_change_themselves_sees_no_form(company, browser):
    company.person("ann", company.lead_role)
    ann = browser("ann")
    assert 'name="name" type="text" value="Ann"' not in ann.get("/accounts/profile").text
    assert ann.post("/accounts/profile", data={"do": "facts", "name": "Boss"}).status_code == 403


def test_a_password_is_changed_with_the_one_before(company, browser):
    company.person("ann")
    ann, elsewhere = browser("ann"), browser("ann")
    wrong = ann.post("/accounts/profile", data={"do": "password", "password": "no", "new": NEW})
    assert wrong.status_code == 422
    assert "this is not your password" in wrong.text
    weak = ann.post("/accounts/profile", data={"do": "password", "password": PASSWORD, "new": "short"})
    assert weak.status_code == 422
    assert "at least 10" in weak.text
    assert NEW not in wrong.text
    assert ann.post("/accounts/profile", data={"do": "password", "password": PASSWORD, "new": NEW}, follow_redirects=False).status_code == 303
    assert me(ann) == "ann@example.com"
    assert me(elsewhere) is None
    assert enter(browser(), password=NEW).status_code == 303


def test_a_second_factor_is_set_up_and_turned_off(company, browser, clock):
    company.person("ann")
    ann = browser("ann")
    begun = ann.post("/accounts/profile", data={"do": "app", "password": PASSWORD})
    assert '<svg viewBox' in begun.text
    assert "style=" not in begun.text
    shown = re.search(r"<pre>([A-Z2-7 ]+)</pre>", begun.text)
    assert shown is not None
    assert begun.headers["cache-control"] == "private, no-store"
    secret = shown[1].replace(" ", "")
    wrong = ann.post("/accounts/profile", data={"do": "app-confirm", "code": "000000"})
    assert wrong.status_code == 422
    assert "<svg viewBox" in wrong.text
    done = ann.post("/accounts/profile", data={"do": "app-confirm", "code": pyotp.TOTP(secret).at(clock.now())})
    assert len(re.findall(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b", done.text)) == 10
    assert enter(browser()).headers["location"] == "/accounts/code"
    off = ann.post("/accounts/profile", data={"do": "app-off", "password": PASSWORD}, follow_redirects=False)
    assert off.status_code == 303
    assert enter(browser()).headers["location"] == "/"


def test_sessions_are_listed_and_ended(company, browser, crm):
    company.person("ann")
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
    ann, other = browser("ann"), browser()
    other.headers["user-agent"] = agent
    assert enter(other).status_code == 303
    page = ann.get("/accounts/profile").text
    assert "Chrome, Windows" in page
    key = re.search(r'name="do" value="end"><input type="hidden" name="id" value="(\d+)"', page)
    assert key is not None
    assert ann.post("/accounts/profile", data={"do": "end", "id": key[1]}, follow_redirects=False).status_code == 303
    assert me(other) is None
    enter(other)
    ann.post("/accounts/profile", data={"do": "end-others"})
    assert me(other) is None
    assert me(ann) == "ann@example.com"


def test_nobody_ends_somebody_elses_session(company, browser, crm):
    company.person("ann")
    company.person("eve")
    ann, eve = browser("ann"), browser("eve")
    with crm.read() as uow:
        keys = uow.connection.execute(sa.select(Session.__table__.c.id).order_by(Session.__table__.c.id)).scalars().all()
    assert eve.post("/accounts/profile", data={"do": "end", "id": keys[0]}).status_code == 404
    assert me(ann) == "ann@example.com"


def test_a_token_is_shown_once(company, browser, crm):
    company.person("ann", company.seller_role)
    ann = browser("ann")
    answer = ann.post("/accounts/profile", data={"do": "token", "name": "1C", "days": "30"})
    shown = re.search(r">(crmu_[\w-]+)<", answer.text)
    assert shown is not None
    assert shown[1] not in ann.get("/accounts/profile").text
    assert browser().get("/api/me", headers={"authorization": f"Bearer {shown[1]}"}).json()["signed_in"] is True
    for wrong in ({"name": ""}, {"days": "9999"}, {"days": "soon"}, {"roles": "boss"}):
        assert ann.post("/accounts/profile", data={"do": "token", "name": "x", "days": "3", **wrong}).status_code == 422
    with crm.read() as uow:
        (key,) = uow.connection.execute(sa.select(Token.__table__.c.id)).scalars()
    ann.post("/accounts/profile", data={"do": "revoke", "id": key})
    assert browser().get("/api/me", headers={"authorization": f"Bearer {shown[1]}"}).status_code == 401


def test_a_token_cannot_look_after_sign_in(company, browser):
    company.person("ann")
    token = re.search(r">(crmu_[\w-]+)<", browser("ann").post("/accounts/profile", data={"do": "token", "name": "x", "days": "3"}).text)
    assert token is not None
    program = browser()
    bearer = {"authorization": f"Bearer {token[1]}"}
    assert program.post("/accounts/profile", data={"do": "token", "name": "y", "days": "3"}, headers=bearer).status_code == 403
    assert 'name="do" value="password"' not in program.get("/accounts/profile", headers=bearer).text


def test_work_is_handed_over_and_taken_back(company, browser):
    company.person("ann", company.seller_role)
    bob = company.person("bob", company.seller_role)
    ann = browser("ann")
    given = {"do": "delegate", "to": str(bob.id), "starts_on": "2026-01-12", "ends_on": "2026-01-20", "with_roles": "true"}
    assert ann.post("/accounts/profile", data={**given, "ends_on": "2026-01-01"}).status_code == 422
    assert ann.post("/accounts/profile", data={**given, "to": ""}).status_code == 422
    assert ann.post("/accounts/profile", data=given, follow_redirects=False).status_code == 303
    assert "Bob stands in" in ann.get("/accounts/profile").text
    theirs = browser("bob").get("/accounts/profile").text
    assert "You stand in for Ann" in theirs
    assert 'value="no-delegation"' not in theirs
    key = re.search(r'value="no-delegation"><input type="hidden" name="id" value="(\d+)"', ann.get("/accounts/profile").text)
    assert key is not None
    assert browser("bob").post("/accounts/profile", data={"do": "no-delegation", "id": key[1]}).status_code in (403, 404)
    ann.post("/accounts/profile", data={"do": "no-delegation", "id": key[1]})
    assert "Bob stands in" not in ann.get("/accounts/profile").text


# ---- names ------------------------------------------------------------------------------------------------------------------------
def test_names_are_read_once_and_anew_after_a_change(company, crm, uow, crm_kit, queries):
    ann = company.person("ann")
    crm_kit.pause()  # commits

    def names(*ids: int) -> dict[int, str]:
        return crm.hook.crm_names(crm=crm, of="person", ids=ids)

    with queries.at_most(1):
        assert names(ann.id, 999) == {ann.id: "Ann"}
    with queries.at_most(0):
        assert names(ann.id) == {ann.id: "Ann"}
    with crm.uow() as changing:
        changing.get(User, ann.id).name = "Anna"
    assert names(ann.id) == {ann.id: "Anna"}
    assert crm.hook.crm_names(crm=crm, of="boat", ids=[1]) is None


def test_people_to_choose_from_are_those_one_may_see(company, crm, uow):
    ann, bob = company.person("ann", team=company.north), company.person("bob", team=company.south)
    company.person("gone").active = False
    uow.flush()

    def pick(actor: Actor, of: str, question: str = "") -> list[str]:
        with crm.uow(actor, connection=uow.connection) as inner:
            return [name for _key, name in crm.hook.crm_pick(crm=crm, uow=inner, of=of, question=question, ids=None)]

    seller = Actor(bob.id, "Bob", ("seller",), teams=(company.south.id,))
    assert pick(seller, "person") == ["Bob", "Ann"]
    assert pick(seller, "person", "an") == ["Ann"]
    assert pick(seller, "person", "gone") == []
    assert pick(Actor(ann.id, "Ann", ()), "person") == []
    assert pick(Actor(ann.id, "Ann", ("administrator",)), "team", "nor") == ["North"]


def test_a_provider_that_lets_nobody_in_is_told_about_on_the_sign_in_page(company, browser):
    text = browser().get("/accounts/login?problem=stranger", headers={"accept-language": "ru"}).text
    assert "ни с кем не связана" in text
    assert "<b>nonsense" not in browser().get("/accounts/login?problem=<b>nonsense").text
