"""Pages: how heavy they are, how soon they can be used, how a drag feels, and whether a million deals slow them down.

`python -m bench.screens --database sqlite --deals 100000` measures the list and the board on the server beside the same rows asked of
the kernel alone (the ratio is what the page costs), then the browser on boards of 46 and 500 cards, at full speed and at a quarter.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import crmkit
from bench import place as places
from bench.data import Data
from bench.measure import RESULTS, utc_now
from bench.peers.crmkit_peer import CrmkitPeer, compose
from bench.peers.crmkit_plugin import Deal
from crmkit.core.board import board
from crmkit.core.lists import ListRequest, page

BOSS = crmkit.Actor(1, "Anna Orlova", ("all",))
LIST, BOARD = "/benchcrm/deal", "/benchcrm/deal/board"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# What a person feels: from a pointer's movement until the picture that shows it has been made.
WATCH = """() => {
  window.late = []; window.longest = 0;
  let since = 0;
  const told = new MessageChannel();
  told.port1.onmessage = () => { late.push(performance.now() - since); since = 0; };
  addEventListener('pointermove', (e) => {
    if (since) return;
    since = e.timeStamp;
    requestAnimationFrame(() => told.port2.postMessage(0));
  }, true);
  new PerformanceObserver((list) => { for (const e of list.getEntries()) longest = Math.max(longest, e.duration); }).observe({type: 'longtask'});
}"""


def app_of(crm: crmkit.Crm) -> Starlette:
    """The CRM in a host that says who is there."""
    return Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: BOSS))], lifespan=crm.lifespan())


def p(values: list[float], share: float) -> float:
    """The value below which `share` of them are."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def timed(run: Callable[[], Any], calls: int) -> list[float]:
    """Milliseconds of each of some calls, after a few that warm up."""
    for _ in range(5):
        run()
    found = []
    for _ in range(calls):
        start = time.perf_counter()
        run()
        found.append((time.perf_counter() - start) * 1000)
    return found


def kernel_alone(crm: crmkit.Crm, what: str) -> Callable[[], Any]:
    """The same rows without a page around them."""
    kind = crm.kind(Deal)

    def run() -> None:
        with crm.read(BOSS) as uow:
            if what == LIST:
                page(uow, kind, ListRequest(fields=["title", "stage", "amount", "company.name", "owner_id"], limit=50))
            else:
                board(uow, kind, cards=20, fields=["title", "amount", "company_id", "owner_id"])

    return run


def server(database: str, deals: int, calls: int) -> dict[str, Any]:
    """Time, size and statements of the list and the board over so many deals."""
    place, data = places.fresh(database), Data(deals=deals)
    CrmkitPeer.build(place, data)
    crm = compose(place)
    statements: list[str] = []
    sa.event.listen(crm.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: statements.append(statement))
    found: dict[str, Any] = {}
    with TestClient(app_of(crm)) as client:
        for name in (LIST, BOARD):
            answer = client.get(name)
            assert answer.status_code == 200, answer.text[:300]
            statements.clear()
            client.get(name)
            asked = len([s for s in statements if s.lstrip().upper().startswith(("SELECT", "WITH"))])
            alone, whole = timed(kernel_alone(crm, name), calls), timed(lambda name=name: client.get(name), calls)  # type: ignore[misc]
            found[name] = {
                "p50_ms": statistics.median(whole), "p95_ms": p(whole, 0.95), "kernel_p50_ms": statistics.median(alone), "statements": asked,
                "html": len(answer.content), "gz": len(gzip.compress(answer.content)),
            }  # fmt: skip
    crm.engine.dispose()
    return found


@contextmanager
def served(crm: crmkit.Crm) -> Iterator[str]:
    """A real server on this machine."""
    config = uvicorn.Config(app_of(crm), port=0, log_level="warning", timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()


def _weights(chromium: Any, base: str) -> dict[str, int]:
    """Return the compressed size of each file a first visit fetches besides the page."""
    context = chromium.new_context()
    view = context.new_page()
    found: dict[str, int] = {}
    view.on("response", lambda r: found.__setitem__(r.url, len(gzip.compress(r.body()))) if "/static/" in r.url else None)
    view.goto(base + BOARD, wait_until="load")
    view.wait_for_function("performance.getEntriesByName('crm:ready').length > 0")
    context.close()
    return found


def browser(cards: int, slow: int) -> dict[str, Any]:
    """What a browser makes of a board of so many cards, its processor slowed down by a factor."""
    from playwright.sync_api import sync_playwright

    place = places.fresh("sqlite")
    CrmkitPeer.build(place, Data(deals=cards, contacts=100, companies=40, owners=20))
    crm = compose(place)
    with served(crm) as base, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        weights = _weights(chromium, base)  # the server has made its pages once, as one that runs; the browser below begins anew
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        view = context.new_page()
        devtools = context.new_cdp_session(view)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        view.goto(base + BOARD, wait_until="load")
        view.wait_for_function("performance.getEntriesByName('crm:ready').length > 0")
        marks = view.evaluate(
            "() => ({fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,"
            " ready: performance.getEntriesByName('crm:ready')[0].startTime, nodes: document.querySelectorAll('*').length})"
        )
        _all_cards(view, cards)
        marks["cards"] = view.locator(".card").count()
        marks["nodes_all"] = view.evaluate("document.querySelectorAll('*').length")
        marks |= _drag(view)
        marks |= {"requests": len(weights), "static_gz": sum(weights.values()), "slow": slow}
        chromium.close()
    crm.engine.dispose()
    return marks


def _all_cards(view: Any, cards: int) -> None:
    """Scroll each column until it has all its cards."""
    for _ in range(60):
        if view.locator(".card").count() >= cards * 0.8:  # folded columns keep theirs
            return
        view.evaluate("document.querySelectorAll('[data-list]').forEach((l) => l.scrollTo(0, l.scrollHeight))")
        view.wait_for_timeout(150)
    view.evaluate("document.querySelectorAll('[data-list]').forEach((l) => l.scrollTo(0, 0))")


def _drag(view: Any, steps: int = 268) -> dict[str, float]:
    """Drag the first card over three columns and back with many small movements; nothing is dropped."""
    view.evaluate("document.querySelectorAll('[data-list]').forEach((l) => l.scrollTo(0, 0))")
    view.evaluate(WATCH)
    box = view.locator(".card").first.bounding_box()
    x, y = box["x"] + 40, box["y"] + 20
    view.mouse.move(x, y)
    view.mouse.down()
    for step in range(steps):
        view.mouse.move(x + 700 * abs(((step / steps * 2) % 2) - 1) * -1 + 700, y + (step % 90) * 5)
    late, longest = view.evaluate("[late, longest]")
    view.keyboard.press("Escape")
    view.mouse.up()
    return {"drag_p50_ms": p(late, 0.5), "drag_p95_ms": p(late, 0.95), "longest_stall_ms": longest, "frames": len(late)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--deals", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    kept: dict[str, Any] = {}
    print(f"{'page':<30}{'database':>11}{'deals':>10}{'p50 ms':>9}{'p95 ms':>9}{'kernel':>9}{'ratio':>7}{'SQL':>5}{'HTML':>9}{'gz':>8}")
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        for deals in options.deals:
            found = kept[f"{database}-{deals}"] = server(database, deals, options.calls)
            for name, one in found.items():
                ratio = one["p50_ms"] / one["kernel_p50_ms"]
                print(
                    f"{name:<30}{database:>11}{deals:>10}{one['p50_ms']:>9.1f}{one['p95_ms']:>9.1f}{one['kernel_p50_ms']:>9.1f}{ratio:>7.1f}"
                    f"{one['statements']:>5}{one['html']:>9}{one['gz']:>8}",
                    flush=True,
                )
    if not options.no_browser:
        for cards in (46, 500):
            for slow in (1, 4):
                one = kept[f"browser-{cards}-{slow}"] = browser(cards, slow)
                print(json.dumps({"board of": cards} | {k: round(v, 1) if isinstance(v, float) else v for k, v in one.items()}), flush=True)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"screens-{utc_now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(kept, indent=1))
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
