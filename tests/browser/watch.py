"""What a page must not do, whatever the test is about: ask elsewhere, break its own security policy, fail in a script."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Request, WebError

from tests.browser.chromium import Outside

# What may be an address without being a place.
NO_PLACE = ("data:", "blob:", "about:")


class Watch:
    """Looks over the shoulder of all pages of one test."""

    def __init__(self, home: str, outside: Outside, folder: Path) -> None:
        self.homes = [home]
        self.outside = outside
        self.folder = folder
        outside.wanted.clear()
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.heard: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a context."""
        self.contexts.append(context)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def expect(self, pattern: str) -> None:
        """Say that an error in the console belongs to this test (`"status of 409"`): it must come, and does not count."""
        self._expected.append(re.compile(pattern))

    def check(self) -> None:
        """Fail when something was amiss."""
        self._catch_up()
        problems = [problem for problem in self.problems if not any(pattern.search(problem) for pattern in self._expected)]
        problems += [f"the browser wanted to leave this machine: {wanted}" for wanted in self.outside.wanted]
        silent = [pattern.pattern for pattern in self._expected if not any(map(pattern.search, self.problems))]
        problems += [f"expected in the console, but it did not come: {pattern}" for pattern in silent]
        assert not problems, "\n".join(problems)

    def explain(self, error: BaseException) -> None:
        """Add to a failure what the pages looked like and said."""
        try:
            self._catch_up()
            pages = [page for context in self.contexts for page in context.pages]
            for number, page in enumerate(pages, 1):
                picture = self.folder / f"page{number}.png"
                page.screenshot(path=picture, timeout=5000)
                error.add_note(f"page {number} was at {page.url}: {picture}")
        except Error as gone:
            error.add_note(f"no picture: {gone.message.splitlines()[0]}")
        for said in [*self.heard, *self.problems]:
            error.add_note(said)

    def _catch_up(self) -> None:
        for context in self.contexts:
            context.cookies()  # events come in order: those of before are here when this has been answered

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*NO_PLACE, *(f"{home}/" for home in self.homes))):
            self.problems.append(f"a page asked another address: {request.method} {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        said = f"console, {message.type}: {message.text} ({message.location.get('url', '')})"
        (self.problems if message.type in ("error", "assert") else self.heard).append(said)

    def _error(self, error: WebError) -> None:
        self.problems.append(f"script error: {error.error.stack or error.error.message}")
