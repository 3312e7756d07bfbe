"""Every page of a CRM at an address where there is something to see. What a plugin adds is among them by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from crmkit import Crm
from crmkit.cli.reference_pages import served as addresses
from crmkit.core import undo
from crmkit.duplicates.entities import Pair
from crmkit.ui.site import Site
from crmkit.webhooks import Delivery, Endpoint
from tests.browser import world

KIND, RECORD = "/<plugin>/<entity>", "/<plugin>/<entity>/<id>"
BOARD, MERGE = f"{KIND}/board", f"{RECORD}/merge"
LIST, FORM, WORDS = "a part of a list: test_lists", "a part of a record's page: test_records", "answers a script: tests/ui/shell"

# What answers GET and is no page by itself, or none that can be opened just so: what it is, and where it is looked at.
ELSEWHERE = {
    **{f"{KIND}/{part}": LIST for part in ("rows", "filter", "columns", "more", "views", "bulk")},
    **{f"{KIND}/{part}/apply": "leads back to a list: test_lists" for part in ("filter", "columns")},
    **{f"{KIND}/board/{part}": "a part of a board: test_boards" for part in ("changes", "more")},
    **{f"{RECORD}/{part}": FORM for part in ("timeline", "field", "related", "parts")},
    **{f"/activities/compose/{what}/{{kind}}/{{id}}": FORM for what in ("note", "activity")},
    **{f"/_/{part}": WORDS for part in ("palette", "badges", "brand.css", "pick/{of}", "pop/{topic}", "pop/{topic}/{id:int}")},
    f"{KIND}/export": "a file: tests/ui/lists",
    f"{KIND}/pick": "the options of a field: test_records",
    f"{RECORD}/cell": "a cell of a list: test_lists",
    "/_/panel/{plugin}/{key}/{kind}/{id:int}": FORM,
    "/_/widget/{plugin}/{key}": "a tile of the first page: test_dashboards",
    "/_/strip/{plugin}/{key}": "a line above every page: tests/ui/contributions, test_telephony",
    "/import/{id}": "an import at each of its steps: test_import",
    **{f"/import/{{id}}/{part}": "a part of an import, or a file: test_import" for part in ("progress", "mapping.toml", "errors/{name}")},
    "/settings": "leads to the first tab: tests/ui/admin",
    "/accounts/enter": "what it shows is over in a moment: test_shell",
    "/accounts/code": "for who has given a password: test_shell",
    "/accounts/password": "for who has come by a link: test_shell",
}


OUTSIDE = ("/accounts/login", "/accounts/forgot")

# Of these, and where no {name} needs filling in, there is more to see than the bare address shows.
FILLED: dict[str, Callable[[Places], list[str]]] = {
    "/_/command/{name}": lambda p: [f"/_/command/{c.name}" for c in p.crm.commands.values() if c.kind is None],
    "/accounts/people/{id}": lambda p: [f"/accounts/people/{p.keys['accounts.user']}"],
    "/accounts/roles/{id}": lambda p: [f"/accounts/roles/{p.keys['accounts.role']}"],
    "/accounts/teams": lambda p: ["/accounts/teams", f"/accounts/teams?team={p.keys['accounts.team']}", "/accounts/teams?add=1"],
    "/admin/why": lambda p: ["/admin/why", f"/admin/why?person={p.keys['accounts.user']}&kind=sales.deal&id={p.keys['sales.deal']}"],
    "/dashboards/{name}": lambda p: [f"/dashboards/{name}" for name in sorted({w.mark.dashboard for w in p.site.registry.widgets})],
    "/duplicates/review": lambda p: ["/duplicates/review", f"/duplicates/review?kind={p.pair}"],
    "/operations": lambda p: ["/operations", "/operations?whose=all&show=changes"],
    "/operations/{number:int}": lambda p: [f"/operations/{p.done}"],
    "/search": lambda p: ["/search?q=анна"],
    "/settings/{tab}": lambda p: ["/settings/general", *(f"/settings/{tab.plugin}.{tab.key}" for tab in p.site.registry.tabs)],
    "/undo": lambda p: [f"/undo?operation={p.done}"],
    "/webhooks/endpoints/{id}": lambda p: [f"/webhooks/endpoints/{p.keys['webhooks.endpoint']}"],
    "/webhooks/endpoints/{id}/edit": lambda p: [f"/webhooks/endpoints/{p.keys['webhooks.endpoint']}/edit"],
}

ALWAYS = "sales.deal"
TURNS = [f"{KIND}{verb}" for verb in ("", "/<id>", "/new", "/<id>/edit", "/<id>/history", "/<id>/merge", "/calendar", "/import")]


@attrs.frozen
class Place:
    """An address as the reference of pages has it, and where to look at it: of which entity, if of any."""

    address: str
    path: str
    kind: str = ""


class Places:
    """The pages of a CRM, with records where there were none, and something done and undone."""

    def __init__(self, served: world.Served) -> None:
        self.crm: Crm = served.crm
        self.site: Site = Site(self.crm)
        with served.uow() as uow:
            found = {key: [record.id for record in uow.find(kind.cls).limit(2)] for key, kind in self.crm.kinds.items()}
        self.keys: dict[str, int] = {key: ids[0] for key, ids in found.items() if ids}
        for key in (key for key, ids in found.items() if not ids and key != "webhooks.delivery"):
            self.keys[key] = served.kit.make(self.crm.kinds[key].cls, **self._needed(key)).id
        with served.uow() as uow:
            self.crm.commands["webhooks.endpoint.test"].run(uow, uow.get(Endpoint, self.keys["webhooks.endpoint"]), {})
            self.keys["webhooks.delivery"] = uow.find(Delivery).one().id
        self.others = {key: ids[1] for key, ids in found.items() if len(ids) > 1}
        with served.uow() as uow:
            self.pair: str = uow.get(Pair, self.keys["duplicates.pair"]).kind
            uow.archive(uow.get(self.crm.kinds["sales.deal"].cls, self.keys["sales.deal"]))
        with served.uow() as uow:
            last = undo.last(uow)
            assert last is not None
            self.done: int = undo.undo(uow, tx=last.tx).operation

    def _needed(self, kind: str) -> dict[str, Any]:
        """Return what a record that the demo has none of must hold."""
        fields, user, deal = self.crm.kinds[kind].fields, self.keys["accounts.user"], self.keys["sales.deal"]
        known: dict[str, Any] = {
            "user_id": user, "from_user_id": user, "to_user_id": user + 1, "team_id": self.keys["accounts.team"], "kind": "sales.deal",
            "about_kind": "sales.deal", "about_id": deal, "a_id": deal, "b_id": deal + 1, "url": "https://crm.example/hook", "key": "nowhere",
            "events": ["sales.deal.created"],
        }  # fmt: skip
        return {name: value for name, value in known.items() if name in fields}

    def addresses(self) -> list[str]:
        """Return what answers GET, as the reference of pages has it."""
        return [one.path for one in addresses(self.crm) if one.method == "GET"]

    def all(self) -> list[Place]:
        """Return every page; those of entities for each of them."""
        return [place for address in self.addresses() if address not in ELSEWHERE for place in self._of(address)]

    def everyday(self) -> list[Place]:
        """Return every page once, and all of deals; the other entities take turns."""
        kinds = list(self.crm.kinds)
        taking_turns = [place for place in self.all() if place.address in TURNS and place.kind != ALWAYS]
        others = [p for p in taking_turns if kinds.index(p.kind) % len(TURNS) != TURNS.index(p.address)]
        return [place for place in self.all() if place not in others]

    def _of(self, address: str) -> Iterator[Place]:
        if not address.startswith(KIND):
            for path in FILLED.get(address, lambda _places: [address])(self):
                assert "{" not in path, f"{address}: say in tests/browser/places.py what to look at there, or in ELSEWHERE why not"
                yield Place(address, path)
            return
        verb = address.partition("/do/")[2]
        for key, kind in self.crm.kinds.items():
            if (verb and verb not in {c.verb for c in self.crm.commands.values() if c.kind is kind}) or (address == BOARD and not kind.pipelines):
                continue
            path = address.replace(KIND, "/" + key.replace(".", "/", 1)).replace("<id>", str(self.keys[key]))
            other = f"?with={self.others[key]}" if address == MERGE and key in self.others else ""
            yield Place(address, path + other, key)
