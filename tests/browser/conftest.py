"""A served CRM with the demo's people in it, and a browser that looks at it.

    def test_somebody_moves_a_deal(page, sign_in, served, axe):
        sign_in("manager")
        page.goto("/sales/deal")
        ...
        axe(page)

Whatever else a test is about, it fails when a page asks another address than its server's, when a script fails, when
anything is an error in the console (the browser reports what the security policy stops there), or when the browser
itself wants to leave this machine. `watch.expect("status of 409")` says that one of them is what the test is about.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from crmkit import Plugin
from crmkit.testing.databases import NO_POSTGRESQL, has_postgresql
from crmkit.testing.kit import Kit
from tests.browser import accessible, world
from tests.browser.chromium import WAIT, Driver, Outside, launched
from tests.browser.marks import DESKTOP
from tests.browser.watch import Watch
from tests.web.served import serve

SHOTS = "CRMKIT_TEST_SHOTS"
LOCALES = {"ru": "ru-RU", "en": "en-GB"}

NewContext = Callable[..., BrowserContext]
SignIn = Callable[..., None]


# ---- the CRM ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def crm_database(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test is marked `@on_both_databases` (or `--crm-database postgresql` is given): a browser seldom sees a difference."""
    only = request.config.getoption("--crm-database")
    name: str = getattr(request, "param", "postgresql" if only == "postgresql" else "sqlite")
    if name == "postgresql" and not has_postgresql():
        pytest.skip(NO_POSTGRESQL)
    return name


@pytest.fixture(scope="session")
def crm_databases() -> Iterator[world.Furnished]:
    """Databases with the demo in them."""
    made = world.Furnished()
    yield made
    made.close(ending=True)


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    """Every plugin of this checkout."""
    return list(world.plugins())


@pytest.fixture
def crm_settings(tmp_path: Path, crm_plugins: list[Plugin]) -> dict[str, Any]:
    """The settings of the CRM; `{"crmkit": {"jobs": True}}` besides lets the server run jobs by itself."""
    return world.settings(tmp_path, crm_plugins)


@pytest.fixture
def served(crm_kit: Kit) -> Iterator[world.Served]:
    """The CRM on a real server: `served.url`, `served.crm`, ``with served.uow() as uow``. Jobs wait for `deliver()`."""
    crm_kit.pause()
    with serve(crm_kit.crm.app) as url:
        yield world.Served(url, crm_kit)


# ---- the browser ------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def _launched() -> Iterator[tuple[Driver, Browser, Outside]]:
    with launched() as found:
        yield found


@pytest.fixture
def browser(_launched: tuple[Driver, Browser, Outside]) -> Iterator[Browser]:
    """Chromium, one for all tests of a process."""
    driver, browser, _outside = _launched
    with driver.at_work():
        yield browser


@pytest.fixture
def watch(served: world.Served, _launched: tuple[Driver, Browser, Outside], tmp_path: Path) -> Watch:
    """What no page may do: ``watch.expect("status of 409")`` makes an exception."""
    return Watch(served.url, _launched[2], tmp_path)


@pytest.fixture
def language() -> str:
    """The language the browser asks for, `ru` or `en`; `@in_both_languages` runs a test in each."""
    return "ru"


@pytest.fixture
def screen() -> dict[str, Any]:
    """The screen of `page`: `DESKTOP`, or with `@on_both_screens` a phone's too."""
    return DESKTOP


@pytest.fixture
def new_context(browser: Browser, served: world.Served, watch: Watch, language: str, screen: dict[str, Any]) -> Iterator[NewContext]:
    """``new_context(language="en")``: somebody else's browser, with cookies of its own; options are those of Playwright."""
    made: list[BrowserContext] = []

    def new(*, language: str = language, **options: Any) -> BrowserContext:
        usual = {"base_url": served.url, "locale": LOCALES[language], "timezone_id": world.ZONE, "reduced_motion": "reduce", **screen}
        made.append(browser.new_context(**{**usual, **options}))
        made[-1].set_default_timeout(WAIT)
        watch.over(made[-1])
        return made[-1]

    yield new
    for context in made:
        context.close()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    """The browser of whoever the test is about."""
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page: ``page.goto("/")`` is the CRM."""
    return context.new_page()


@pytest.fixture
def sign_in(context: BrowserContext) -> SignIn:
    """``sign_in("manager")``: the demo's manager uses the browser (`context`, or the one given) from now on."""

    def sign(name: str, context: BrowserContext = context) -> None:
        answer = context.request.post("/x/accounts/login", data={"login": world.login(name), "password": world.PASSWORD})
        assert answer.ok, answer.text()

    return sign


@pytest.fixture
def colleague(new_context: NewContext, sign_in: SignIn) -> Callable[..., Page]:
    """``colleague("owen", language="en")``: an empty page in a browser where somebody else has signed in."""

    def open_(name: str, **options: Any) -> Page:
        context = new_context(**options)
        sign_in(name, context)
        return context.new_page()

    return open_


# ---- looking ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def axe() -> Callable[..., None]:
    """``axe(page)``: no violation of WCAG 2.2 AA or best practice, light and dark; ``axe(page, "#dialog")`` looks at a part."""

    def check(page: Page, within: str | None = None) -> None:
        found = accessible.violations(page, within)
        assert not found, "\n".join([f"axe-core at {page.url}:", *found])

    return check


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``look(page)``: nothing is wider than the screen; with `CRMKIT_TEST_SHOTS=FOLDER` also pictures, light and dark, for people."""

    def take(page: Page, name: str = "") -> None:
        assert not (wide := accessible.wider_than_the_screen(page)), wide[0]
        if not (folder := os.environ.get(SHOTS)):
            return
        test = "".join(letter if letter.isalnum() else "-" for letter in request.node.name).strip("-")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=Path(folder, "-".join(filter(None, [test, name, theme])) + ".png"))
        page.emulate_media(color_scheme="light")

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Let the watch have the last word, and tell with a failure what the pages looked like."""
    watch = getattr(item, "funcargs", {}).get("watch")
    if watch is None:
        return (yield)
    try:
        yield
        watch.check()
    except Exception as error:
        watch.explain(error)
        raise
