"""Subscriptions: Telfin tells us of the telephones in use, and of queues and voice menus. What is not ours is left alone.

Ours are those whose address is our webhook's, whatever its secret. They are deleted one by one: deleting all events of an extension
would take those of other systems with them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import typing as t
from collections.abc import Iterator, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Crm, _
from crmkit_telephony import Finding, NotThere, ProviderError

from .catalogue import ENTRANCES, Catalogue, Known, named
from .client import Client
from .hearing import ENTRANCE, PHONE
from .limits import add_missing
from .reading import text_of
from .tables import accounts

METHOD = "POST"
OF_PHONES = ("dial-in", "dial-out", "answer", "hangup")
OF_ENTRANCES = ("dial-in", "hangup")
DONE = _("{name}: subscribed", ru="{name}: подписка есть")
ADDED = _("{name}: subscribed to {added} events", ru="{name}: подписались на события ({added})")
REMOVED = _("{name}: no longer in use, our subscriptions removed", ru="{name}: больше не используется, наши подписки сняты")
UNKNOWN_LINE = _(
    "{name}: Telfin has no such extension; correct it at the colleague's telephone",
    ru="{name}: такого номера в Телфине нет, исправьте его у телефона сотрудника",
)
NOT_A_PHONE = _("{name} is no telephone but a {type}", ru="{name}: это не телефон, а {type}")
REFUSED = _("{name}: {why}", ru="{name}: {why}")
ALL_PHONES = _("All phones", ru="Все телефоны")


@attrs.frozen
class Wanted:
    """What is to be subscribed to at one place: an extension, or all phones."""

    path: str
    types: tuple[str, ...]
    url: str

    def digest(self, app_id: str) -> str:
        """What it is told by whether it was done already; the secret in the address cannot be read from it."""
        return hashlib.sha256("\n".join((app_id, self.path, self.url, *self.types)).encode()).hexdigest()


class Subscriptions:
    """The subscriptions of one application."""

    def __init__(self, crm: Crm, client: Client, catalogue: Catalogue) -> None:
        self.crm, self.client, self.catalogue, self.settings = crm, client, catalogue, client.settings

    def align(self, lines: Sequence[tuple[str, str | None]], address: str) -> list[Finding]:
        """Subscribe to what is in use and take back what is not; what was seen within a day is believed to be there.

        `address` is that of our webhook, secret included. `ProviderError` when the hourly limit stops it: what was done is
        remembered, the next time goes on from there.
        """
        known = {e.id: e for e in self.catalogue.all()}
        phones, findings = self._phones(lines, list(known.values()))
        wanted: dict[str, Wanted] = {}
        if self.settings.subscribe == "extensions":
            wanted |= {id: self._of(id, OF_PHONES, f"{address}/{PHONE}") for id in phones}
        if self.settings.entrances:
            entrances = [e.id for e in known.values() if e.type in ENTRANCES]
            wanted |= {id: self._of(id, OF_ENTRANCES, f"{address}/{ENTRANCE}") for id in entrances}
        prefix = address.rpartition("/")[0] + "/"
        findings += self._all_phones(address, prefix)
        for id, want in wanted.items():
            findings += self._extension(known[id], want, prefix)
        for extension in known.values():
            if extension.aligned is not None and extension.id not in wanted:
                findings += self._give_up(extension, prefix)
        return findings

    def present(self, extension: Known, address: str) -> set[str]:
        """Return the kinds of events of an extension that are ours, as Telfin tells."""
        ours = {f"{address}/{PHONE}", f"{address}/{ENTRANCE}"}
        return {text_of(row, "event_type") for row in self._rows(f"/extension/{extension.id}/event/") if text_of(row, "url") in ours}

    def _of(self, id: str, types: tuple[str, ...], url: str) -> Wanted:
        return Wanted(f"/extension/{id}/event/", types, url)

    def _phones(self, lines: Sequence[tuple[str, str | None]], known: Sequence[Known]) -> tuple[list[str], list[Finding]]:
        by_id = {e.id: e for e in known}
        phones: dict[str, None] = {}
        findings = []
        for name, device in lines:
            found = by_id.get(device or "") or named(known, name)
            if found is None:
                findings.append(Finding(ok=False, what=UNKNOWN_LINE.format(name=name)))
            elif found.type != "phone":
                findings.append(Finding(ok=False, what=NOT_A_PHONE.format(name=name, type=found.type)))
            else:
                phones[found.id] = None
        return list(phones), findings

    # ---- one place -----------------------------------------------------------------------------------------------------
    def _extension(self, extension: Known, want: Wanted, prefix: str) -> Iterator[Finding]:
        digest = want.digest(self.settings.app_id)
        if extension.aligned == digest and self._lately(extension.aligned_at):
            return
        try:
            added = self._put_right(want, prefix)
        except ProviderError as error:
            if error.again:
                raise
            yield Finding(ok=False, what=REFUSED.format(name=extension.name, why=error.message))
            return
        self.catalogue.aligned(extension.id, digest)
        yield Finding(ok=True, what=(ADDED if added else DONE).format(name=extension.name, added=added))

    def _give_up(self, extension: Known, prefix: str) -> Iterator[Finding]:
        self._clear(f"/extension/{extension.id}/event/", prefix)
        self.catalogue.aligned(extension.id, None)
        yield Finding(ok=True, what=REMOVED.format(name=extension.name))

    def _all_phones(self, address: str, prefix: str) -> Iterator[Finding]:
        """Subscribe to all phones at once, or take that back."""
        want = Wanted(f"/client/{self.settings.client_id}/phone_events/", OF_PHONES, f"{address}/{PHONE}")
        with self.crm.read() as uow:
            row = uow.connection.execute(sa.select(accounts).where(accounts.c.app_id == self.settings.app_id)).first()
        done, at = (row.phones_aligned, row.phones_aligned_at) if row is not None else (None, None)
        if self.settings.subscribe != "all_phones":
            if done is not None:
                self._clear(want.path, prefix)
                self._all_done(None)
            return
        digest = want.digest(self.settings.app_id)
        if done == digest and self._lately(at):
            return
        added = self._put_right(want, prefix)
        self._all_done(digest)
        yield Finding(ok=True, what=(ADDED if added else DONE).format(name=ALL_PHONES, added=added))

    def _all_done(self, digest: str | None) -> None:
        with self.crm.uow() as uow:
            add_missing(uow, accounts, app_id=self.settings.app_id)
            mine = sa.update(accounts).where(accounts.c.app_id == self.settings.app_id)
            uow.connection.execute(mine.values(phones_aligned=digest, phones_aligned_at=uow.now))

    def _lately(self, at: dt.datetime | None) -> bool:
        return at is not None and self.crm.clock.now() - at < self.settings.looked_at_every

    # ---- requests ------------------------------------------------------------------------------------------------------
    def _put_right(self, want: Wanted, prefix: str) -> int:
        """Add what is missing, then delete what of ours is out of date; returns how much was added."""
        there: set[str] = set()
        old = []
        for row in self._rows(want.path):
            url, kind = text_of(row, "url"), text_of(row, "event_type")
            if url == want.url and kind in want.types and kind not in there and text_of(row, "method").upper() == METHOD:
                there.add(kind)
            elif url.startswith(prefix):
                old.append(row)
        missing = [kind for kind in want.types if kind not in there]
        for kind in missing:
            try:
                self._add(want, kind)
            except ProviderError as error:
                if error.again or not old:
                    raise
                self._delete(want.path, old)  # the number of events is limited: what is out of date made room for nothing
                old = []
                self._add(want, kind)
        self._delete(want.path, old)
        return len(missing)

    def _add(self, want: Wanted, kind: str) -> None:
        self.client.post(want.path, {"url": want.url, "event_type": kind, "method": METHOD}, urgent=False, repeatable=True)

    def _clear(self, path: str, prefix: str) -> None:
        try:
            self._delete(path, [row for row in self._rows(path) if text_of(row, "url").startswith(prefix)])
        except NotThere:
            return  # the extension itself is gone

    def _delete(self, path: str, rows: Sequence[dict[str, t.Any]]) -> None:
        for row in rows:
            id = text_of(row, "id")
            if not id.isdigit():  # without its number the address would be that of all events
                continue
            try:
                self.client.delete(f"{path}{id}", urgent=False)
            except NotThere:
                continue

    def _rows(self, path: str) -> list[dict[str, t.Any]]:
        found = self.client.get(path)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


__all__ = ["Subscriptions", "Wanted"]
