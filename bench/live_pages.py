"""From a commit in one process to a change on a page in a browser that another process serves: milliseconds, p50 and p95.

`python -m bench.live_pages --database postgresql --rounds 200`. Two servers and this process share a database; this process
commits a record and the page, served by the second server while the first one idles, fetches the part that is about it. The page
says how long after the commit's return the new text stood in the document. The aim is a p95 below 100 ms. It needs Debian's
Chromium and Playwright, as the browser tests do.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from sqlalchemy import String

from bench import place as places
from crmkit import PUBLIC, Actor, Crm, Mapped, Owned, Plugin, Role, column
from crmkit.core import migrate
from crmkit.ui import Result, View, Visit, page

AIM_MS = 100.0
TEMPLATE = "ui/live_bench.html"


class Note(Owned, table="benchlive_note"):
    """What changes."""

    text: Mapped[str] = column(String(50))


@page("/shown/{id}", label="Note", permission=PUBLIC)
def note(visit: Visit, uow: Any) -> Result:
    """One record, kept up to date."""
    return View(TEMPLATE, note=uow.get(Note, int(visit.path["id"])))


plugin = Plugin("benchlive", modules=[__name__])
MARKUP = (
    "{% extends 'ui/base.html' %}{% block title %}Note{% endblock %}{% block main %}{% if visit.fragment %}{{ self.part() }}{% else %}"
    '{% block part %}<p id=note data-live="benchlive.note:{{ note.id }}" data-src="{{ url(\'/benchlive/shown/\' ~ note.id) }}">{{ note.text }}</p>'
    "{% endblock %}{% endif %}{% endblock %}"
)


def crm_of(url: str, templates: str = "") -> Crm:
    """The CRM of every process here."""
    return Crm(
        plugin, database=url, roles=[Role("all", {"benchlive.*": "all"})], settings={"ui": {"templates": templates}, "crmkit": {"jobs": False}}
    )


def serve(url: str, port: int, templates: str) -> None:
    """Be one of the servers."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    crm = crm_of(url, templates)
    app = Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: Actor(1, "All", ("all",))))], lifespan=crm.lifespan())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


@contextlib.contextmanager
def served(url: str, templates: str) -> Iterator[str]:
    """A server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = subprocess.Popen([sys.executable, "-m", "bench.live_pages", "--serve", url, str(port), templates])
    address = f"http://127.0.0.1:{port}"
    try:
        for _try in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            time.sleep(0.1)
        yield address
    finally:
        made.terminate()
        made.wait(20)


WATCH = """() => {
    window.seen = new Map();
    const note = () => {
        const text = document.querySelector('#note').textContent;
        if (!window.seen.has(text)) window.seen.set(text, Date.now());
    };
    new MutationObserver(note).observe(document.querySelector('#main'), {childList: true, characterData: true, subtree: true});
}"""


def measured(crm: Crm, address: str, rounds: int) -> list[float]:
    """Milliseconds of each round."""
    from playwright.sync_api import sync_playwright

    with crm.uow() as uow:
        record = uow.add(Note(text="0", owner_id=1))
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        shown = browser.new_page()
        shown.goto(f"{address}/benchlive/shown/{record.id}")
        shown.wait_for_selector("html[data-stream=live]")
        shown.evaluate(WATCH)
        for number in range(1, rounds + 1):
            time.sleep(random.uniform(0.7, 1.0))  # apart enough for each to be told on its own
            with crm.uow() as uow:
                uow.get(Note, record.id).text = str(number)
            committed = time.time() * 1000
            shown.wait_for_function("text => window.seen.has(text)", arg=str(number))
            found.append(shown.evaluate("text => window.seen.get(text)", str(number)) - committed)
        browser.close()
    return found


def one_database(database: str, rounds: int) -> float:
    """Measure one database and print its line; return the p95."""
    url = places.fresh(database).sqlalchemy
    templates = places.folder() / "templates"
    (templates / "ui").mkdir(parents=True, exist_ok=True)
    (templates / TEMPLATE).write_text(MARKUP)
    crm = crm_of(url)
    migrate.create(crm.engine, migrate.owners_of(crm))
    with served(url, str(templates)), served(url, str(templates)) as address:
        found = sorted(measured(crm, address, rounds))
    late = found[int(len(found) * 0.95)]
    print(f"{database:<12} p50 {statistics.median(found):6.1f} ms   p95 {late:6.1f} ms   longest {found[-1]:6.1f} ms   (aim: p95 < {AIM_MS:.0f} ms)")
    crm.engine.dispose()
    return late


def main() -> int:
    """Measure; 1 when the aim was missed."""
    if "--serve" in sys.argv:
        _program, _serve, url, port, templates = sys.argv
        serve(url, int(port), templates)
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=200, help="commits: %(default)s")
    options = parser.parse_args()
    chosen = places.DATABASES if options.database == "both" else (options.database,)
    return int(any(one_database(name, options.rounds) > AIM_MS for name in chosen))


if __name__ == "__main__":
    sys.exit(main())
