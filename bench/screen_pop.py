"""From a webhook that one process takes in to the card of the call on a page that another process serves: milliseconds, p50 and p95.

`python -m bench.screen_pop --database postgresql --operators 50 --rate 20 --cards 100`. Two servers share a database; one hears the
provider and runs the jobs, the other serves the pages. Calls come in at a steady rate, for one operator after another, from people the
CRM knows; nobody picks up, and each ends before that operator's next. `--browsers` of the operators sit at Chromium: the clock starts
before the webhook is sent, and stops when the card with the caller's number has been painted. The others are sockets that hold the
stream of everything they may hear of, and ask for what Chromium was seen to ask for, without painting it. The webhooks are Mango
Office's, signed, and go over a socket.

Servers, database, Chromium and the other operators share this machine, so what is measured contains what they all cost: it is told how
many cores each used, and how many of their threads waited for one that somebody else had. The aim is a p95 below 100 ms on a machine
that has nothing else to do. It needs Debian's Chromium and Playwright, as the browser tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

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

    from crmkit.core import garbage

    def actor(connection: Any) -> Actor | None:
        who = connection.cookies.get("operator")
        return None if who is None else Actor(int(who), f"Operator {who}", ("manager",))

    crm = compose(url, jobs=jobs)
    garbage.settle()  # as `crmkit serve` does
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
def served(url: str, jobs: bool) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with process("--serve", url, str(port), str(int(jobs))) as made:
        for _try in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            time.sleep(0.1)
        yield address, made


# ---- the other operators ----------------------------------------------------------------------------------------------------
class Browser:
    """What Chromium asks for at an operator's, over sockets: written down from its own requests, without painting anything."""

    def __init__(self, address: str, who: int) -> None:
        self.host, _colon, port = address.removeprefix("http://").partition(":")
        self.port, self.who = int(port), who
        self._head = f"Host: {self.host}\r\nCookie: operator={who}\r\nAccept-Encoding: gzip\r\nHX-Request: true\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._cards: dict[str, str] = {}  # addresses of the open cards, by the id of their call

    async def sit(self) -> None:
        """Hold a stream, and fetch what it says is new."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(f"GET /api/live HTTP/1.1\r\n{self._head}\r\n".encode())
        event, told = asyncio.Event(), dict[str, None]()
        hands = asyncio.create_task(self._fetch(event, told))
        try:
            while line := await reader.readline():
                if line.startswith(b"data: {") and (what := json.loads(line[6:])):
                    told[f"{what['topic']}:{what['id']}"] = None
                    event.set()
        finally:
            hands.cancel()
            writer.close()

    async def _fetch(self, event: asyncio.Event, told: dict[str, None]) -> None:
        """Do what a page does when it is told something, one burst after the other."""
        while await event.wait():
            event.clear()
            now = set(told)
            told.clear()
            jobs = []
            if f"{TOPIC}:{self.who}" in now:
                jobs += [self._windows(), self.get("/_/strip/telephony/bar")]
            for key, card in self._cards.items():
                jobs += [self.get(f"{card}/part/{part}") for part in ("head", "who") if f"telephony.call:{key}" in now]
            await asyncio.gather(*jobs)

    async def _windows(self) -> None:
        answer = await self.get(f"/_/pop/{TOPIC}/{self.who}")
        windows = [window["url"] for window in json.loads(answer)["windows"]] if answer else []
        for gone in [key for key, url in self._cards.items() if url not in windows]:
            del self._cards[gone]
        for url in windows:
            key = url.rpartition("/")[2]
            if key not in self._cards:
                self._cards[key] = url
                await self.get(url, "CRM-Window: win-1\r\n")

    async def get(self, path: str, more: str = "") -> bytes:
        """Ask, on a connection that is free, and read the answer to its end."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self.host, self.port)
        writer.write(f"GET {path} HTTP/1.1\r\n{self._head}{more}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
        body = await reader.readexactly(int(length)) if length else b""
        self._idle.append((reader, writer))
        if head[9:12] not in (b"200", b"204"):
            raise SystemExit(f"{path}: {head[:40]!r}")
        return body


async def others(address: str, operators: int, browsers: int) -> None:
    """Be everybody but those at Chromium."""
    await asyncio.gather(*(Browser(address, FIRST + number).sit() for number in range(browsers, operators)))


# ---- calls --------------------------------------------------------------------------------------------------------------------
class Switchboard:
    """Lets clients call at a steady rate, one operator after another, until it is told to stop."""

    def __init__(self, hook: str, operators: int, rate: float, browsers: int) -> None:
        self.operators, self.rate, self.browsers = operators, rate, browsers
        self.stop, self.quiet = threading.Event(), threading.Event()
        self.sent: list[tuple[int, str, float]] = []
        self.late: list[float] = []
        self.took: list[float] = []
        self.refused = 0
        host, _slash, self._path = hook.removeprefix("http://").partition("/")
        self._host, self._local = host, threading.local()
        self._pool = ThreadPoolExecutor(24)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Switchboard:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.quiet.set()
        self.stop.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        began, due, number = time.monotonic(), list[tuple[float, int, Any]](), 0
        while not self.stop.is_set():
            at = began + number / self.rate
            if due and due[0][0] < at:
                at, _number, call = heapq.heappop(due)
                self.stop.wait(max(0.0, at - time.monotonic()))
                self._pool.submit(call.hang_up)
            elif self.quiet.wait(max(0.0, at - time.monotonic())):
                self.stop.wait(0.05)
            else:
                call = self._next(number)
                heapq.heappush(due, (at + self.operators / self.rate * HOLDS, number, call))
                self._pool.submit(self._rings, call, number, at)
                number += 1

    def _next(self, number: int) -> Any:
        mango = MangoSimulator(KEY, SALT)
        mango.calls.clear()
        mango.deliver_to(self._post)
        call = mango.incoming(str(NUMBER + number % CLIENTS))
        call.entry_id = f"e{os.getpid()}-{number}"
        return call

    def _rings(self, call: Any, number: int, at: float) -> None:
        who, begun = number % self.operators, time.time() * 1000
        self.late.append((time.monotonic() - at) * 1000)
        if who < self.browsers:
            self.sent.append((who, f"+{call.number}", begun))
        call.ring(str(FIRST + who))
        self.took.append(time.time() * 1000 - begun)

    def _post(self, path: str, body: bytes) -> None:
        http = getattr(self._local, "http", None)
        if http is None:
            http = self._local.http = HTTPConnection(self._host, timeout=30)
        http.request("POST", f"/{self._path}{path}", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = http.getresponse()
        answer.read()
        self.refused += answer.status != 200


# ---- measuring ----------------------------------------------------------------------------------------------------------------
def spent(processes: Mapping[str, Iterable[int]]) -> dict[str, tuple[float, float]]:
    """Seconds of processor, and seconds of waiting for one that somebody else had, by who used and waited."""
    found = {}
    for name, numbers in processes.items():
        used = waited = 0
        for number in numbers:
            for thread in Path(f"/proc/{number}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    ran, stood, _times = thread.read_text().split()
                    used, waited = used + int(ran), waited + int(stood)
        found[name] = (used / 1e9, waited / 1e9)
    return found


def chromiums() -> list[int]:
    """The processes of the Chromium that was started here."""
    parents, found = dict[int, int](), list[int]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    for number in parents:
        above = number
        while above not in (0, os.getpid()):
            above = parents.get(above, 0)
        with contextlib.suppress(OSError):
            if above and b"chromium" in Path(f"/proc/{number}/cmdline").read_bytes():
                found.append(number)
    return found


def measured(address: str, board: Switchboard, browsers: int, seconds: float, use: Use) -> tuple[list[float], int]:
    """Milliseconds from webhook to card at those who sit at Chromium, and how many cards never came."""
    from playwright.sync_api import sync_playwright

    found, missed = [], 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        views = []
        for n in range(browsers):
            context = chromium.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": "operator", "value": str(FIRST + n), "url": address}])
            views.append(view := context.new_page())
            view.goto(f"{address}/sales/contact")
            view.wait_for_selector("html[data-stream=live]")
            view.evaluate(WATCH)
        with board:
            time.sleep(WARM * board.operators / board.rate)
            use.begin(chromiums())
            time.sleep(seconds)
            use.end()
            board.quiet.set()  # nobody is called any more; what rings is painted
            time.sleep(2)
        seen = [view.evaluate("seen") for view in views]
        chromium.close()
    for who, number, begun in board.sent:
        if use.began <= begun / 1000 <= use.ended - 1:
            at = seen[who].get(number)
            found += [] if at is None else [at - begun]
            missed += at is None
    return found, missed


class Use:
    """How much processor everything takes while it is measured."""

    def __init__(self, place: places.Place, **processes: subprocess.Popen[bytes]) -> None:
        self.place, self._processes = place, {name: [made.pid] for name, made in processes.items()}
        self.began = self.ended = 0.0
        self._before = dict[str, tuple[float, float]]()
        self.cores, self.waited = dict[str, float](), dict[str, float]()

    def begin(self, chromium: list[int]) -> None:
        """Note what was used up to now."""
        self._processes |= {"chromium": chromium, "calls": [os.getpid()]}
        self.began, self._before = time.time(), self._spent()

    def _spent(self) -> dict[str, tuple[float, float]]:
        return spent(self._processes | {"postgresql": places.backends(self.place)})

    def end(self) -> None:
        """Say how many cores each has used since."""
        self.ended, after = time.time(), self._spent()
        seconds = self.ended - self.began
        self.cores, self.waited = (
            {name: round((both[n] - self._before[name][n]) / seconds, 2) for name, both in after.items()} for n in (0, 1)
        )  # fmt: skip


def one_database(database: str, operators: int, rate: float, cards: int, browsers: int) -> dict[str, Any]:
    """Measure one database."""
    place = places.fresh(database)
    url = place.sqlalchemy
    crm = compose(url, jobs=False)
    migrate.create(crm.engine, migrate.owners_of(crm))
    path = furnish(crm, operators)
    crm.engine.dispose()
    with (
        served(url, jobs=True) as (hears, intake), served(url, jobs=False) as (shows, pages),
        process("--others", shows, str(operators), str(browsers)) as rest,
    ):  # fmt: skip
        time.sleep(3)  # until the streams of the others are open
        board, use = Switchboard(hears + path, operators, rate, browsers), Use(place, intake=intake, pages=pages, others=rest)
        found, missed = measured(shows, board, browsers, cards * operators / rate / browsers + 1, use)
        if rest.poll() is not None:
            raise SystemExit("the other operators have gone")
    return {
        "database": database, "operators": operators, "browsers": browsers, "rate": rate, "cards": len(found), "missed": missed,
        "refused": board.refused, "p50_ms": p(found, 0.5), "p95_ms": p(found, 0.95), "longest_ms": max(found),
        "webhook_ms": {"p50": p(board.took, 0.5), "p95": p(board.took, 0.95)}, "sent_late_p95_ms": p(board.late, 0.95), "cores": use.cores,
        "waited": use.waited,
    }  # fmt: skip


def main() -> int:
    """Measure; 1 when the aim was missed."""
    match sys.argv[1:]:
        case ["--serve", url, port, jobs]:
            serve(url, int(port), jobs == "1")
            return 0
        case ["--others", address, operators, browsers]:
            asyncio.run(others(address, int(operators), int(browsers)))
            return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="postgresql")
    parser.add_argument("--operators", type=int, default=50, help="who have the CRM open: %(default)s")
    parser.add_argument("--rate", type=float, default=20, help="calls a second, of all: %(default)s")
    parser.add_argument("--browsers", type=int, default=2, help="of them at Chromium: %(default)s")
    parser.add_argument("--cards", type=int, default=100, help="calls that are measured: %(default)s")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(1))  # so that the other processes end too
    runs = []
    for database in places.DATABASES if options.database == "both" else (options.database,):
        runs.append(run := one_database(database, options.operators, options.rate, options.cards, options.browsers))
        asked = run["cards"] + run["missed"]
        print(
            f"{database:<12} {run['operators']} operators, {run['rate']:g} calls/s   p50 {run['p50_ms']:6.1f} ms   p95 {run['p95_ms']:6.1f} ms   "
            f"longest {run['longest_ms']:6.1f} ms   (aim: p95 < {AIM_MS:.0f} ms)\n"
            f"{run['missed']} of {asked} never came, {run['refused']} webhooks refused; "
            f"a webhook answered after p50 {run['webhook_ms']['p50']:.1f} ms  p95 {run['webhook_ms']['p95']:.1f}\n"
            f"cores used: {run['cores']}\nwaited for one (threads, on average): {run['waited']}"
        )
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    (RESULTS / f"screen-pop-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps({"at": now.isoformat(), "runs": runs}, indent=1))
    return int(any(run["p95_ms"] > AIM_MS or run["missed"] for run in runs))


if __name__ == "__main__":
    sys.exit(main())
