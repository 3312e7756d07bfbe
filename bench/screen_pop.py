"""From a webhook that one process takes in to the card of the call on a page that another process serves: milliseconds, p50 and p95.

`python -m bench.screen_pop --database postgresql --operators 50 --rate 20 --cards 100`. Two servers share a database; one hears the
provider and runs the jobs, the other serves the pages. Calls come in at a steady rate, for one operator after another, from people the
CRM knows, and each ends before that operator's next. Every operator has a stream open and does what a browser does when it is told:
asks which windows there are, and fetches the card. One of them is Chromium: the clock starts before the webhook is sent, and stops when
the card with the caller's number has been painted. The webhooks are Mango Office's, signed, and go over a socket.

Servers, database, Chromium and the other operators share this machine, so what is measured contains what they all cost.
The aim is a p95 below 100 ms. It needs Debian's Chromium and Playwright, as the browser tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from bench.screens import CHROMIUM, p
from crmkit import Actor, Crm, Role
from crmkit.core import migrate
from crmkit_telephony_mango.simulator import MangoSimulator

AIM_MS = 100.0
KEY, SALT = "bench-key", "bench-salt"
PLUGINS = ("activities", "sales", "telephony", "telephony_mango")
FIRST, NUMBER, CLIENTS, WARM = 100, 79990000000, 10_000, 5
TOPIC = "telephony.phone"
HOLDS = 0.6  # the share of an operator's turn that a call is up
WATCH = """() => {
  window.seen = {};
  const painted = new MessageChannel(), waiting = [];
  painted.port1.onmessage = () => { const now = Date.now(); for (const number of waiting.splice(0)) seen[number] ??= now; };
  new MutationObserver(() => {
    for (const card of document.querySelectorAll('.win [data-copy-text]')) {
      const number = card.dataset.copyText;
      if (seen[number] || waiting.includes(number)) continue;
      waiting.push(number);
      requestAnimationFrame(() => painted.port2.postMessage(0));
    }
  }).observe(document.body, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-copy-text']});
}"""


def compose(url: str, *, jobs: bool) -> Crm:
    """The CRM of every process here: operators who see what is theirs."""
    from crmkit.core.compose import installed
    from crmkit_telephony import ROLES

    grants = {**next(role for role in ROLES if role.name == "manager").grants, "sales.*": "all", "activities.*": "all"}
    files = str(places.folder())
    tables: dict[str, dict[str, Any]] = {
        "crmkit": {"jobs": jobs}, "activities": {"folder": files}, "ui": {"imports": files}, "telephony_mango": {"key": KEY, "salt": SALT},
    }  # fmt: skip
    return Crm(*installed(PLUGINS), database=url, roles=[Role("manager", grants)], settings=tables)


def furnish(crm: Crm, operators: int) -> str:
    """Write operators' telephones and the clients who call; return the path webhooks go to."""
    from crmkit_sales import Contact
    from crmkit_telephony import Line, hook_path

    with crm.uow() as uow:
        for number in range(operators):
            uow.add(Line(provider="mango", extension=str(FIRST + number), owner_id=FIRST + number))
        uow.add_many(Contact, [
            {"name": f"Client {n}", "phone": f"+{NUMBER + n}", "owner_id": FIRST + n % operators} for n in range(CLIENTS)])  # fmt: skip
        return hook_path(uow, "mango")


# ---- servers ------------------------------------------------------------------------------------------------------------------
def serve(url: str, port: int, jobs: bool) -> None:
    """Be one of the servers; a cookie says who asks."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    def actor(connection: Any) -> Actor | None:
        who = connection.cookies.get("operator")
        return None if who is None else Actor(int(who), f"Operator {who}", ("manager",))

    crm = compose(url, jobs=jobs)
    app = Starlette(routes=[Mount("/", crm.embedded(actor=actor))], lifespan=crm.lifespan())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1)


@contextlib.contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Part of this program in a process of its own."""
    made = subprocess.Popen([sys.executable, "-m", "bench.screen_pop", *words], stdout=subprocess.PIPE)
    try:
        yield made
    finally:
        made.terminate()
        made.wait(20)


@contextlib.contextmanager
def served(url: str, jobs: bool) -> Iterator[str]:
    """A server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with process("--serve", url, str(port), str(int(jobs))):
        for _try in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            time.sleep(0.1)
        yield address


# ---- the other operators ----------------------------------------------------------------------------------------------------
async def others(address: str, operators: int) -> None:
    """Be everybody but the one at Chromium, as their browsers would."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=address, timeout=None, limits=limits) as http:
        await asyncio.gather(*(operator(http, FIRST + number) for number in range(1, operators)))


async def operator(http: httpx.AsyncClient, who: int) -> None:
    """Keep a stream open, and fetch what it says is new."""
    cookie, opened = {"Cookie": f"operator={who}"}, set[str]()
    while True:
        with contextlib.suppress(httpx.HTTPError):
            async with http.stream("GET", "/api/live", params={"topics": f"{TOPIC},telephony.call"}, headers=cookie) as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data: ") and f'"{TOPIC}"' in line:
                        await look(http, who, cookie, opened)


async def look(http: httpx.AsyncClient, who: int, cookie: dict[str, str], opened: set[str]) -> None:
    """Ask which windows there are, and fetch those that are new."""
    answer = await http.get(f"/_/pop/{TOPIC}/{who}", headers={**cookie, "HX-Request": "true"})
    windows = answer.json()["windows"] if answer.status_code == 200 else []
    for window in windows:
        if window.get("opens", True) and window["url"] not in opened:
            opened.add(window["url"])
            await http.get(window["url"], headers={**cookie, "HX-Request": "true", "CRM-Window": "win-1"})


# ---- calls --------------------------------------------------------------------------------------------------------------------
class Switchboard:
    """Lets clients call at a steady rate, one operator after another, until it is told to stop."""

    def __init__(self, hook: str, operators: int, rate: float) -> None:
        self.operators, self.rate, self.stop = operators, rate, threading.Event()
        self.sent: queue.Queue[tuple[str, float]] = queue.Queue()
        self.late: list[float] = []
        self.refused = 0
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_connections=32))
        self._hook = hook
        self._pool = ThreadPoolExecutor(24)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Switchboard:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop.set()
        self._thread.join()
        self._pool.shutdown()
        self._http.close()

    def _run(self) -> None:
        began, lasts = time.monotonic(), self.operators / self.rate * HOLDS
        number = 0
        while not self.stop.wait(max(0.0, began + number / self.rate - time.monotonic())):
            self._pool.submit(self._call, number, began + number / self.rate, lasts)
            number += 1

    def _call(self, number: int, at: float, lasts: float) -> None:
        self.late.append((time.monotonic() - at) * 1000)
        mango = MangoSimulator(KEY, SALT)
        mango.calls.clear()
        client, who = str(NUMBER + number % CLIENTS), number % self.operators
        begun = time.time() * 1000
        mango.deliver_to(self._post)
        came = mango.incoming(client)
        came.entry_id = f"e{os.getpid()}-{number}"
        came.ring(str(FIRST + who))
        if who == 0:
            self.sent.put((f"+{client}", begun))
        self.stop.wait(max(0.0, at + lasts - time.monotonic()))
        came.hang_up()

    def _post(self, path: str, body: bytes) -> None:
        answer = self._http.post(self._hook + path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.refused += answer.status_code != 200


def measured(address: str, board: Switchboard, cards: int) -> tuple[list[float], int]:
    """Milliseconds from webhook to card, and how many cards never came."""
    from playwright.sync_api import TimeoutError as NotSeen
    from playwright.sync_api import sync_playwright

    found, missed = [], 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "operator", "value": str(FIRST), "url": address}])
        view = context.new_page()
        view.goto(f"{address}/sales/contact")
        view.wait_for_selector("html[data-stream=live]")
        view.evaluate(WATCH)
        with board:
            while len(found) + missed < cards + WARM:
                number, begun = board.sent.get(timeout=60)
                try:
                    view.wait_for_function("number => window.seen[number]", arg=number, timeout=10_000)
                    found.append(view.evaluate("number => window.seen[number]", number) - begun)
                except NotSeen:
                    missed += 1
        chromium.close()
    return found[WARM:], missed


def one_database(database: str, operators: int, rate: float, cards: int) -> dict[str, Any]:
    """Measure one database."""
    url = places.fresh(database).sqlalchemy
    crm = compose(url, jobs=False)
    migrate.create(crm.engine, migrate.owners_of(crm))
    path = furnish(crm, operators)
    with served(url, jobs=True) as hears, served(url, jobs=False) as shows, process("--others", shows, str(operators)):
        time.sleep(3)  # until the streams of the others are open
        board = Switchboard(hears + path, operators, rate)
        found, missed = measured(shows, board, cards)
    crm.engine.dispose()
    return {
        "database": database, "operators": operators, "rate": rate, "cards": len(found), "missed": missed, "refused": board.refused,
        "p50_ms": p(found, 0.5), "p95_ms": p(found, 0.95), "longest_ms": max(found), "sent_late_p95_ms": p(board.late, 0.95),
    }  # fmt: skip


def main() -> int:
    """Measure; 1 when the aim was missed."""
    match sys.argv[1:]:
        case ["--serve", url, port, jobs]:
            serve(url, int(port), jobs == "1")
            return 0
        case ["--others", address, operators]:
            asyncio.run(others(address, int(operators)))
            return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="postgresql")
    parser.add_argument("--operators", type=int, default=50, help="who have the CRM open: %(default)s")
    parser.add_argument("--rate", type=float, default=20, help="calls a second, of all: %(default)s")
    parser.add_argument("--cards", type=int, default=100, help="calls that are measured: %(default)s")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(1))  # so that the other processes end too
    runs = []
    for database in places.DATABASES if options.database == "both" else (options.database,):
        runs.append(run := one_database(database, options.operators, options.rate, options.cards))
        print(
            f"{database:<12} {run['operators']} operators, {run['rate']:g} calls/s   p50 {run['p50_ms']:6.1f} ms   p95 {run['p95_ms']:6.1f} ms   "
            f"longest {run['longest_ms']:6.1f} ms   {run['missed']} never came, {run['refused']} webhooks refused   (aim: p95 < {AIM_MS:.0f} ms)"
        )
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    (RESULTS / f"screen-pop-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps({"at": now.isoformat(), "runs": runs}, indent=1))
    return int(any(run["p95_ms"] > AIM_MS or run["missed"] for run in runs))


if __name__ == "__main__":
    sys.exit(main())
