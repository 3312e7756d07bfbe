"""How an entity is shown: what its plugin's `Look` says, and for the rest what its fields tell."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from ..core.errors import Misuse

if t.TYPE_CHECKING:
    from ..core.access import Actor
    from ..core.compose import Crm
    from ..core.field import Field
    from ..core.kind import Kind, Path
    from ..core.uow import Uow
    from .declared import Look
    from .visit import Visit

TITLES = ("title", "name", "subject", "label", "login", "text")
MACHINERY = frozenset({"id", "version", "pipeline", "stage", "stage_since", "created_at", "updated_at", "archived_at", "owner_id", "team_id"})
SHOWN_LAST = ("owner_id", "created_at")
ICONS = {
    "contact": "users", "company": "building-2", "deal": "handshake", "lead": "target", "inquiry": "inbox", "dealer": "store",
    "product": "package", "order": "shopping-cart", "invoice": "receipt", "payment": "credit-card", "call": "phone", "task": "circle-check-big",
}  # fmt: skip


def path_of(kind: Kind, key: int | None = None) -> str:
    """Return the address of a kind's list, or of one record: ``/sales/deal/5``."""
    return "/" + kind.key.replace(".", "/", 1) + (f"/{key}" if key is not None else "")


class Shown:
    """How one entity is shown in one CRM."""

    def __init__(self, kind: Kind, look: Look | None, kinds: Mapping[str, Kind]) -> None:
        self.kind, self.look, self.kinds = kind, look, kinds
        self.icon = (look.icon if look else "") or ICONS.get(kind.key.rpartition(".")[2], "table-2")
        hangs = kind.whole is not None or bool(kind.abouts)
        self.section = look.section if look is not None else "" if hangs else "records"
        self.order = look.order if look is not None else 60
        self.hidden = frozenset(look.hidden if look else ())
        self.title = self._title(look)
        self.subtitle = look.subtitle if look else ""
        self.day = self._day(look)

    def _title(self, look: Look | None) -> str:
        if look is not None and look.title:
            return look.title
        fields = self.kind.fields
        found = next((n for n in TITLES if n in fields and fields[n].type is str), None)
        return found or next((n for n, f in fields.items() if f.type is str and not f.secret and n not in MACHINERY), "id")

    def _day(self, look: Look | None) -> str:
        if look is not None and look.day:
            return look.day
        days = [n for n, f in self.kind.fields.items() if f.type in (dt.date, dt.datetime) and not f.generated and n not in self.hidden]
        return days[0] if days else ""

    @property
    def filter(self) -> Mapping[str, t.Any]:
        """What lists leave in before anybody chooses; nothing for all."""
        return self.look.filter if self.look is not None else {}

    @property
    def columns(self) -> tuple[str, ...]:
        """What lists show before anybody chooses: the title first."""
        if self.look is not None and self.look.columns:
            return tuple(dict.fromkeys((self.title, *self.look.columns)))
        own = [n for n in self._plain() if n != self.title][:5]
        staged = ("stage",) if self.kind.staged else ()
        return tuple(dict.fromkeys((self.title, *staged, *own, *(n for n in SHOWN_LAST if n in self.kind.fields))))

    @property
    def card(self) -> tuple[str, ...]:
        """What cards show below the title."""
        if self.look is not None and self.look.card:
            return self.look.card
        sums = [f.name for f in self.kind.totals]
        links = [link.field.name for link in self.kind.links.values() if link.field.name not in MACHINERY][:1]
        return tuple(dict.fromkeys((*links, *sums, *([self.day] if self.day else []), *(n for n in ("owner_id",) if n in self.kind.fields))))

    @property
    def form(self) -> tuple[str, ...]:
        """What a form for a new record asks first."""
        if self.look is not None and self.look.form:
            return self.look.form
        needed = [n for n in self._plain() if self.kind.fields[n].required]
        return tuple(dict.fromkeys((self.title, *needed, *self._plain())))

    @property
    def sort(self) -> str:
        """The order of lists before anybody chooses."""
        return self.look.sort if self.look is not None and self.look.sort else "-id"

    @property
    def board_sort(self) -> str:
        """What the cards of a board's column go by; empty: since when they are there."""
        return self.look.board_sort if self.look is not None else ""

    def _plain(self) -> Iterator[str]:
        """Yield the fields people fill in, in the order of the entity."""
        for name, field in self.kind.fields.items():
            long = field.type in (dict, list, bytes) or (field.type is str and isinstance(field.column.type, sa.Text))
            if name not in MACHINERY and name not in self.hidden and not field.secret and not field.generated and not long:
                yield name

    def choices(self, name: str, crm: Crm) -> Mapping[str, str] | None:
        """Return the labels of what a text field may hold, where its plugin's `Look` says so."""
        asked = self.look.choices.get(name) if self.look is not None else None
        return dict(asked(crm)) if asked is not None else None

    def said(self, name: str, uow: Uow, value: str) -> str:
        """Return the words of a text field as they are read, where its plugin's `Look` says so."""
        asked = self.look.said.get(name) if self.look is not None else None
        return asked(uow, value) if asked is not None else value

    def captions(self, visit: Visit) -> Mapping[tuple[str, str], str]:
        """Return what stands beside the heads of a board's columns, by pipeline and stage."""
        asked = self.look.captions if self.look is not None else None
        return asked(visit) if asked is not None else {}

    def path(self, dotted: str) -> Path:
        """Resolve a field of this kind by its dotted name."""
        try:
            return self.kind.path(dotted, self.kinds)
        except LookupError as error:
            raise Misuse(str(error.args[0])) from None

    def fields(self, crm: Crm, actor: Actor) -> Iterator[tuple[str, Field]]:
        """Yield what a record's page shows to somebody: own fields and those of extensions (dotted), without what is hidden from them."""
        hidden = crm.access.hidden(actor, self.kind)
        for name, field in self.kind.fields.items():
            if name not in hidden and name not in self.hidden and not field.secret and name not in ("id", "version"):
                yield name, field
        for extension in self.kind.extensions.values():
            for name, field in extension.fields.items():
                dotted = f"{extension.name}.{name}"
                if name != "id" and dotted not in hidden and dotted not in self.hidden and extension.name not in hidden and not field.secret:
                    yield dotted, field
