"""Those who run the CRM at work in a real browser: people, roles, teams, webhooks, jobs; by keyboard, on a phone, for screen readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crmkit.accounts import StoredRole, User
from crmkit.webhooks import Endpoint
from tests.browser.marks import PHONE, in_both_languages
from tests.webhooks.world import Listener, listening

WORDS = {
    "ru": {"invite": "Пригласить", "name": "Имя", "login": "Логин", "copy": "Копировать", "review": "Посмотреть, что изменится", "save": "Сохранить"},
    "en": {"invite": "Invite", "name": "Name", "login": "Login", "copy": "Copy", "review": "Look at what changes", "save": "Save"},
}


@pytest.fixture
def crm_settings(crm_settings: dict[str, Any]) -> dict[str, Any]:
    return {**crm_settings, "webhooks": {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "ports": []}}


@pytest.fixture
def admin(page: Page, sign_in: Any, language: str) -> Page:
    """The administrator, who reads what the browser asks for."""
    sign_in("admin")
    page.context.add_cookies([{"name": "crmkit_language", "value": language, "url": page.context.request.get("/healthz").url}])
    return page


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as made:
        yield made


@in_both_languages
def test_somebody_is_invited_by_keyboard_and_comes_in(admin: Page, language: str, new_context: Any, served: Any, watch: Any):
    watch.expect("status of 422")
    words = WORDS[language]
    admin.goto("/accounts/people")
    admin.get_by_role("link", name=words["invite"], exact=True).focus()
    admin.keyboard.press("Enter")
    admin.locator("#i-name").fill("Пётр")
    admin.keyboard.press("Tab")
    admin.keyboard.type("admin@demo.example")
    admin.keyboard.press("Enter")
    wrong = admin.locator("#i-login")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    wrong.fill("petr@demo.example")
    admin.locator("[name=roles][value=manager]").check()
    admin.get_by_role("button", name=words["invite"]).click()
    link = admin.locator("#once").input_value()
    assert link.startswith(served.url)
    petr = new_context().new_page()
    petr.goto(link.replace(served.url, ""))
    expect(petr.locator("input[type=password]").first).to_be_visible()
    with served.uow() as uow:
        assert uow.find(User).where(User.login == "petr@demo.example").one().name == "Пётр"



def test_a_role_is_changed_after_a_look_at_what_that_means(admin: Page, served: Any, axe: Any, colleague: Any):
    admin.goto("/accounts/roles")
    admin.locator("thead").get_by_role("link", name="Менеджер 3").click()
    admin.locator("summary").filter(has_text="Сделки").first.click()
    admin.locator('[name="g:sales.deal.read"]').select_option("own")
    admin.get_by_role("button", name="Посмотреть, что изменится").click()
    expect(admin.get_by_text("Права изменятся у сотрудников: 3")).to_be_visible()
    axe(admin)
    admin.get_by_role("button", name="Вернуться к правке").click()
    expect(admin.locator('[name="g:sales.deal.read"]')).to_have_value("own")
    admin.get_by_role("button", name="Посмотреть, что изменится").click()
    admin.get_by_role("button", name="Сохранить").click()
    expect(admin.get_by_text("Роль сохранена")).to_be_visible()
    with served.uow() as uow:
        assert uow.find(StoredRole).where(StoredRole.name == "manager").one().grants["sales.deal.read"] == "own"


def test_what_is_wrong_with_a_role_is_told_at_its_place(admin: Page, watch: Any):
    watch.expect("status of 422")
    admin.goto("/accounts/roles/new")
    admin.get_by_label("Имя для программ").fill("Bad name")
    admin.get_by_role("button", name="Посмотреть, что изменится").click()
    expect(admin.get_by_label("Имя для программ")).to_have_attribute("aria-invalid", "true")


class TestOnAPhone:
    @pytest.fixture
    def screen(self) -> dict[str, Any]:
        return PHONE

    def test_the_matrix_shows_one_role_at_a_time(self, admin: Page, look: Any):
        admin.goto("/accounts/roles?role=manager")
        row = admin.locator("tr").filter(has=admin.locator('[title="sales.deal.change"]'))
        assert row.locator("td:visible").all_inner_texts() == ["свои"]
        admin.locator(".mx-roles").get_by_role("link", name="Директор").click()
        expect(admin.locator("thead th:visible b")).to_have_text("Директор")
        look(admin)

    def test_teams_are_a_list_then_one_of_them(self, admin: Page, look: Any):
        admin.goto("/accounts/teams")
        admin.get_by_role("link", name=re.compile("Прикамье.*Дилер")).first.click()
        expect(admin.locator(".tms-r h2")).to_contain_text("Прикамье")
        expect(admin.locator(".tms-l")).to_be_hidden()
        look(admin)


def test_access_is_closed_after_a_question(admin: Page, served: Any, colleague: Any):
    julia = colleague("manager")
    julia.goto("/sales/deal")
    admin.goto("/accounts/people/3")
    admin.get_by_role("button", name="Закрыть доступ").click()
    ask = admin.get_by_role("dialog", name="Закрыть доступ")
    expect(ask).to_be_visible()
    admin.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    expect(admin.get_by_role("button", name="Закрыть доступ")).to_be_focused()
    admin.keyboard.press("Enter")
    ask.get_by_role("button", name="Закрыть доступ").click()
    expect(admin.get_by_text("Доступ закрыт")).to_be_visible()
    assert julia.request.get("/api/me").json().get("id") is None
    julia.close()


def test_a_webhook_is_added_tested_and_its_delivery_sent_again(admin: Page, served: Any, listener: Listener, axe: Any, watch: Any):
    admin.goto("/webhooks/endpoints")
    admin.get_by_role("link", name="Добавить вебхук").click()
    admin.get_by_label("Адрес").fill(listener.url())
    admin.get_by_label("Сделки: создание", exact=True).check()
    admin.get_by_role("button", name="Добавить").click()
    secret = admin.locator("#wh-secret").input_value()
    with served.uow() as uow:
        assert uow.find(Endpoint).one().secret == secret
    axe(admin)
    admin.get_by_role("link", name="К вебхуку").click()
    admin.get_by_role("button", name="Проверить").click()
    expect(admin.get_by_text("Пробный вызов отправлен")).to_be_visible()
    served.kit.deliver()
    admin.reload()
    admin.locator(".dl summary").click()
    expect(admin.locator(".dl-c")).to_have_text("204")
    axe(admin)
    admin.get_by_role("button", name="Отправить ещё раз").click()
    expect(admin.get_by_text("Отправляется ещё раз")).to_be_visible()
    served.kit.deliver()
    assert len(listener.heard) == 2
