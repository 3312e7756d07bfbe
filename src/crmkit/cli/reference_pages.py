"""The reference of pages: every address the interface answers, its own and those of the plugins that come with crmkit."""

from __future__ import annotations

import inspect
import re
import typing as t
from collections.abc import Iterator

import attrs

if t.TYPE_CHECKING:
    from crmkit import Crm
    from crmkit.ui.rooms import Address


@attrs.frozen
class Served:
    """One address: how it is asked for, where, what it gives, and the permission a plugin's page names."""

    method: str
    path: str
    what: str
    permission: str = ""


def served(crm: Crm) -> list[Served]:
    """Return every page of a CRM, by address; `<plugin>/<entity>` stands for each entity, `<id>` for each record."""
    from crmkit.ui.site import Site

    site = Site(crm)
    items: list[t.Any] = [*site.registry.pages, *site.registry.boards]
    of_plugins = {f"/{item.plugin}{item.mark.path}": item for item in items}
    found: list[Served] = []
    for room in site.rooms:
        places = (("", room.fixed), ("", room.below), ("/<plugin>/<entity>", room.of_kind), ("/<plugin>/<entity>/<id>", room.of_record))
        for prefix, addresses in places:
            for path, address in addresses.items():
                whole = f"{prefix}/{path}" if prefix and path else prefix + path
                item = of_plugins.get(whole)
                if item is not None:
                    permission = item.mark.permission
                    found += [Served(m, whole, _first(item.function) or str(item.mark.label), permission.name) for m in _methods(address)]
                else:
                    found += [Served(m, whole, _first(getattr(address, m.lower()))) for m in _methods(address)]
    return sorted(set(found), key=lambda s: (s.path, s.method))


def _methods(address: Address) -> Iterator[str]:
    yield from (name for name, handler in (("GET", address.get), ("POST", address.post)) if handler is not None)


def _first(function: t.Any) -> str:
    """Return what a handler's docstring says, without the address it may begin with."""
    text = " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
    text = re.sub(r"^(GET|POST)[^:]*: ", "", text)
    return re.sub(r"``([^`]*)``", r"`\1`", "" if re.match(r"(GET|POST) \S+$", text.rstrip(".")) else text).replace("|", "\\|")


def lines(crm: Crm) -> Iterator[str]:
    """Yield the page of the reference."""
    yield "# Pages\n"
    yield "Every address the interface answers, with the plugins that come with crmkit. What an address needs beyond signing in is the"
    yield "permission of the records it shows, or the one named here. The API's addresses are in [HTTP](http.md).\n"
    yield "| | address | what it is | permission |\n|---|---|---|---|"
    for one in served(crm):
        yield f"| {one.method} | `{one.path}` | {one.what} | {f'`{one.permission}`' if one.permission else ''} |"
