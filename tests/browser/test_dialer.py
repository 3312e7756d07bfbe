"""A manager who does not dial: ten clients in a row do not answer, without a click; the eleventh does, and stays."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

import crmkit_taskqueue
import crmkit_telephony
import crmkit_telephony_dialer
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit_sales import Contact
from crmkit_taskqueue import Task, TaskState
from crmkit_telephony import Line, provider_named, take
from crmkit_telephony.testing import PaperProvider, paper
from tests.browser import world
from tests.browser.marks import PHONE

ROLES = [*crmkit_taskqueue.ROLES, *crmkit_telephony.ROLES, *crmkit_telephony_dialer.ROLES]
SILENT = 10


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_telephony_dialer.plugin, paper.plugin]


@pytest.fixture
def me(served) -> int:
    """The demo's manager, with a telephone and somebody to call eleven times."""
    with served.uow() as uow:
        role = uow.find(StoredRole).where(StoredRole.name == "manager").one()
        for offer in ROLES:
            role.grants = {**role.grants, **(offer.grants if offer.name == "manager" else {})}
        mine = uow.find(User).where(User.login == world.login("manager")).one().id
        uow.add(Line(provider="paper", extension="101", owner_id=mine))
        for number in range(SILENT + 1):
            client = uow.add(Contact(name=f"Клиент {number + 1}", phone=f"+74951234{number:03d}", owner_id=mine))
            uow.flush()
            due = uow.now - dt.timedelta(minutes=60 - number)
            uow.add(Task(kind="call", title=f"Позвонить {number + 1}", contact_id=client.id, owner_id=mine, due_at=due))
        return mine


def test_ten_in_a_row_and_one_who_answers(page: Page, sign_in, served, me, axe, look):
    pbx, clock, kit = provider_named(served.crm, "paper"), served.kit.clock, served.kit
    assert isinstance(pbx, PaperProvider)
    status, title = page.locator(".dial"), page.locator(".tq-t")

    def hear() -> None:
        """What is due is done, and what the telephones tell is told, until all is quiet."""
        kit.deliver()
        while events := pbx.heard():
            with served.uow() as uow:
                take(uow, "paper", events)
            kit.deliver()

    def rings() -> None:
        pbx.pick_up(list(pbx.calls.values())[-1])
        hear()

    sign_in("manager")
    page.goto("/taskqueue/")
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    page.get_by_role("button", name="Начать работу").first.click()
    hear()
    for number in range(SILENT):
        expect(title).to_have_text(f"Позвонить {number + 1}")
        looks = number in (0, SILENT - 1)  # each step of the first and the last; of those between, that the next one opens
        if looks:
            expect(status).to_contain_text("Снимите трубку")
        rings()
        if looks:
            expect(status).to_contain_text("Идут гудки")
        if number == 0:
            axe(page)
            look(page, "rings")
        clock.forward(seconds=20)
        hear()
    expect(title).to_have_text(f"Позвонить {SILENT + 1}")
    expect(page.locator(".tq-notice")).to_have_count(0)
    rings()
    expect(status).to_contain_text("Идут гудки")
    clock.forward(seconds=7)
    pbx.answer(list(pbx.calls.values())[-1])
    hear()
    expect(status).to_contain_text("Разговор")
    look(page, "talks")
    clock.forward(seconds=120)
    hear()
    expect(title).to_have_text(f"Позвонить {SILENT + 1}")
    pbx.end(list(pbx.calls.values())[-1])
    hear()
    expect(status).to_contain_text("отметьте результат")
    expect(title).to_have_text(f"Позвонить {SILENT + 1}")
    assert len(set(pbx.dialled)) == len(pbx.dialled) == SILENT + 1
    with served.uow() as uow:
        assert uow.find(Task).where(Task.outcome == "no_answer", Task.state == TaskState.DONE).count() == SILENT
    page.set_viewport_size(PHONE["viewport"])
    look(page, "phone")
    page.locator("body").press("l")  # once more, by one key
    hear()
    expect(status).to_contain_text("Снимите трубку")
    rings()
    pbx.answer(list(pbx.calls.values())[-1])
    hear()
    expect(status).to_contain_text("Разговор")
    page.locator("body").press("v")  # a machine
    expect(status).to_contain_text("Завершаем звонок")
    hear()
    expect(title).to_have_count(0)
