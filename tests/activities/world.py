"""A firm with clients and orders, and people who may see some of them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from sqlalchemy import String

from crmkit import WON, Actor, Crm, Entity, Mapped, Owned, Pipeline, Plugin, Role, Stage, Staged, _, column, hookimpl
from crmkit.activities import ActivityKind


class Client(Owned, table="firm_client", label=_("Client", ru="Клиент")):
    name: Mapped[str] = column(String(50), label=_("Name", ru="Имя"))


class Order(Owned, Staged, table="firm_order", label=_("Order", ru="Заказ")):
    title: Mapped[str] = column(String(50), label=_("Title", ru="Название"))


class Country(Entity, table="firm_country", label=_("Country", ru="Страна")):
    name: Mapped[str] = column(String(50), label=_("Name", ru="Название"))


ORDERS = Pipeline("orders", of=Order, label=_("Orders", ru="Заказы"), stages=[Stage("new"), Stage("done", outcome=WON)], moves={"new": ["done"]})


@hookimpl
def activities_kinds(crm: Crm) -> Any:
    return [ActivityKind("fitting", _("Fitting", ru="Примерка"))]


firm = Plugin("firm", requires=["activities"], modules=[__name__])
EVERYTHING = {"activities.*": "all"}
ROLES = [
    Role("boss", {"*": "all"}),
    Role("seller", {"firm.*": "own", **EVERYTHING, "crmkit.export": "all"}),
    Role("team", {"firm.*": "team", **EVERYTHING}),
    Role("tidy", {"firm.*": "all", "activities.*": "own"}),
    Role("picky", {"firm.*": "all", "activities.*.read": "all", "activities.file.create": {"name": {"starts": "ok"}}}),
    Role("blind", {"firm.*": "all"}),
    Role("reader", {"firm.*": "all", "activities.*.read": "all"}, hidden=["activities.note.text"]),
]
BOSS, ANN, BOB = Actor(1, "Boss", ["boss"]), Actor(2, "Ann", ["seller"], [20]), Actor(3, "Bob", ["seller"], [30])


def png() -> bytes:
    """A picture of one pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def packed(*names: str) -> bytes:
    """A ZIP archive with files of these names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
