"""The extensions of the PBX: their names and numbers, read seldom and kept, as every request counts."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Crm
from crmkit_telephony import ProviderError

from . import words
from .client import Client
from .limits import add_missing
from .reading import bare, is_extension, text_of
from .tables import accounts, extensions

PAGE = 100
MOST_PAGES = 100
ANEW = dt.timedelta(minutes=10)
"""So soon the list is read again because a name is not in it."""
ENTRANCES = ("queue", "ivr")


@attrs.frozen(kw_only=True)
class Known:
    """An extension as it was read last."""

    id: str
    name: str
    label: str
    type: str
    status: str
    aligned: str | None = None
    aligned_at: dt.datetime | None = None


class Catalogue:
    """The extensions of one application's client."""

    def __init__(self, crm: Crm, client: Client) -> None:
        self.crm, self.client, self.settings = crm, client, client.settings

    def all(self, *, read: bool = False) -> Sequence[Known]:
        """Return all extensions; asked for anew when the list is old, or at once with `read`."""
        if read or self._listed_before(self.settings.looked_at_every):
            self._read()
        return self._known()

    def device_of(self, name: str) -> str:
        """Return the number of an extension's device; `ProviderError` where there is no such extension."""
        for old in (False, True):
            if old and not self._listed_before(ANEW):
                break
            found = named(self.all(read=old), name)
            if found is not None:
                return found.id
        raise ProviderError(words.NO_EXTENSION.format(name=name))

    def aligned(self, id: str, digest: str | None) -> None:
        """Write down what of an extension is subscribed to."""
        with self.crm.uow() as uow:
            mine = sa.update(extensions).where(extensions.c.id == int(id), extensions.c.app_id == self.settings.app_id)
            uow.connection.execute(mine.values(aligned=digest, aligned_at=uow.now))

    def _listed_before(self, age: dt.timedelta) -> bool:
        with self.crm.read() as uow:
            at = uow.connection.execute(sa.select(accounts.c.listed_at).where(accounts.c.app_id == self.settings.app_id)).scalar()
            return at is None or bool(uow.now - at >= age)

    def _known(self) -> list[Known]:
        with self.crm.read() as uow:
            found = uow.connection.execute(sa.select(extensions).where(extensions.c.app_id == self.settings.app_id).order_by(extensions.c.name))
            return [
                Known(id=str(r.id), name=r.name, label=r.label, type=r.type, status=r.status, aligned=r.aligned, aligned_at=r.aligned_at)
                for r in found
            ]  # fmt: skip

    def _read(self) -> None:
        rows = {row["id"]: row for row in self._pages()}
        with self.crm.uow() as uow:
            mine = extensions.c.app_id == self.settings.app_id
            known = set(uow.connection.execute(sa.select(extensions.c.id).where(mine)).scalars())
            for id, row in sorted(rows.items()):
                if id in known:
                    uow.connection.execute(sa.update(extensions).where(extensions.c.id == id).values(row))
                else:
                    add_missing(uow, extensions, **row)
            for id in known - set(rows):
                uow.connection.execute(sa.delete(extensions).where(extensions.c.id == id))
            add_missing(uow, accounts, app_id=self.settings.app_id)
            uow.connection.execute(sa.update(accounts).where(accounts.c.app_id == self.settings.app_id).values(listed_at=uow.now))

    def _pages(self) -> Iterator[dict[str, t.Any]]:
        for page in range(1, MOST_PAGES + 1):
            found = self.client.get(f"/client/{self.settings.client_id}/extension/", page=page, per_page=PAGE)
            rows = found if isinstance(found, list) else []
            for row in rows:
                id = text_of(row, "id") if isinstance(row, dict) else ""
                if id.isdigit() and len(id) < 18:
                    yield {
                        "id": int(id), "app_id": self.settings.app_id, "name": bare(text_of(row, "name"))[:60], "label": text_of(row, "label")[:200],
                        "type": text_of(row, "type")[:20], "status": text_of(row, "status")[:20],
                    }  # fmt: skip
            if len(rows) < PAGE:
                return


def named(found: Sequence[Known], name: str) -> Known | None:
    """Return the extension of a name in any of its forms: ``101``, ``1111*101``, ``1111*101@domain``."""
    name = bare(name)
    exact = next((e for e in found if e.name == name), None)
    if exact is not None or not is_extension(name):
        return exact
    short = [e for e in found if e.name.rpartition("*")[2] == name.rpartition("*")[2]]
    return short[0] if len(short) == 1 and "*" not in name else None
