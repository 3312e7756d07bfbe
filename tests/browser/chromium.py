"""Debian's Chromium, driven by Playwright: one for each test process, and it can reach this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

ENVIRONMENT = "CRMKIT_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(sys.prefix, "share", "crmkit-tests", "axe.min.js")

NO_CHROMIUM = f"no Chromium: apt-get install chromium chromium-l10n, or set {ENVIRONMENT}=/path/to/chromium"
NO_AXE = "no axe-core: python workspace/frontend.py tests, which `make install` does"

# Chromium itself asks these now and then, whatever its options say. No page of ours ever would.
GOOGLE = r"(accounts|(android\.)?clients\d*|mtalk|update|optimizationguide-pa|safebrowsing|content-autofill)\.google(apis)?\.com"
HABITS = re.compile(rf"(CONNECT |[A-Z]+ http://){GOOGLE}[:/].*|CONNECT redirector\.gvt1\.com:443")

WAIT = 15_000.0  # milliseconds until something that should appear is given up: a machine may be busy
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
)


def find_chromium() -> str:
    """The browser's program; without one the test says that it did not run."""
    named = os.environ.get(ENVIRONMENT)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if named and not found:
        raise pytest.UsageError(f"{ENVIRONMENT}={named}: there is no such program")
    if not found:
        pytest.skip(NO_CHROMIUM)
    return found


def _no_waiting(page: Page, timeout: object) -> None:
    pytest.fail("a test sleeps: wait for what should be seen (`expect(…).to_be_visible()`), not for the time to pass")


Page.wait_for_timeout = _no_waiting  # type: ignore[assignment, method-assign]


class Outside(socketserver.ThreadingTCPServer):
    """Stands where the rest of the world would be: the browser's proxy for everything but this machine.

    It refuses everything and notes what was wanted, from whatever part of the browser: pages, workers, style sheets,
    fonts, the browser itself.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusing)
        self.wanted: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class _Refusing(socketserver.StreamRequestHandler):
    server: Outside
    timeout = 10

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            line = self.rfile.readline(4000).decode("latin-1").rpartition(" HTTP/")[0]
            if line:
                if not HABITS.fullmatch(line):
                    self.server.wanted.append(line)
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class Driver:
    """Playwright's synchronous interface, beside tests that want an event loop of their own.

    Between two calls Playwright leaves its loop marked as the running one of this thread; `asyncio.run` in another
    test of the process would be refused. So the mark is there only while a browser test runs.
    """

    def __init__(self) -> None:
        self.playwright: Playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        expect.set_options(timeout=WAIT)
        self.rest()

    def rest(self) -> None:
        """Let other tests have the thread."""
        asyncio._set_running_loop(None)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Let Playwright have the thread."""
        asyncio._set_running_loop(self._loop)
        try:
            yield
        finally:
            self.rest()


@contextlib.contextmanager
def launched() -> Iterator[tuple[Driver, Browser, Outside]]:
    """A browser without a window, until the end."""
    program = find_chromium()
    driver = Driver()
    with Outside() as outside:
        thread = threading.Thread(target=outside.serve_forever, args=[0.05])
        thread.start()
        try:
            with driver.at_work():
                browser = driver.playwright.chromium.launch(executable_path=program, args=[*QUIET, f"--proxy-server={outside.address}"])
            yield driver, browser, outside
            with driver.at_work():
                browser.close()
        finally:
            with driver.at_work():
                driver.playwright.stop()
            outside.shutdown()
            thread.join()
