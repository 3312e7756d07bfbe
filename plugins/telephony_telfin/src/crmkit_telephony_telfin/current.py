"""Calls that are going on: what there is, and what can be done with them."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import attrs
import sqlalchemy as sa

from crmkit import Crm
from crmkit_telephony import Active, Call, CallState, Leg, NotThere, ProviderError, parties

from . import words
from .catalogue import Catalogue
from .client import Client
from .reading import bare, call_key, call_of_control, is_extension, last_ten, moment, text_of


class Current:
    """The calls of one application's client. Only telephones are in that list, no queues and no voice menus."""

    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self.client, self.catalogue = client, catalogue

    def all(self) -> Sequence[Active]:
        """Return all calls there are now."""
        return _actives(self.client.get(f"/client/{self.client.settings.client_id}/current_calls/"))

    def of(self, device: str, *, urgent: bool = True) -> Sequence[Active]:
        """Return the calls of one telephone."""
        return _actives(self.client.get(f"/extension/{quote(device, safe='')}/current_calls/", urgent=urgent))

    # ---- what can be done --------------------------------------------------------------------------------------------
    def hang_up(self, leg: Leg) -> None:
        """End a call."""
        self._control(leg, lambda path: self.client.delete(path))

    def act(self, leg: Leg, action: str, to: str = "", *, repeatable: bool) -> None:
        """Do something with a call. Telfin wants ``send_dst`` with every action, whether it means anything or not."""
        body = {"action": action, "send_dst": to}
        self._control(leg, lambda path: self.client.put(path, body, repeatable=repeatable))

    def _control(self, leg: Leg, do: t.Callable[[str], object]) -> None:
        device = self.device_of(leg)
        control = leg.control or self._find(leg, device)
        try:
            do(_path(device, control))
        except NotThere:
            if leg.control is None:
                raise NotThere(words.CALL_OVER) from None
            do_again = self._find(leg, device)  # a call that was moved on has another handle at the same telephone
            if do_again == control:
                raise NotThere(words.CALL_OVER) from None
            do(_path(device, do_again))

    def device_of(self, leg: Leg) -> str:
        """Return the number of the telephone a call is at."""
        if leg.device:
            return leg.device
        before, dash, _rest = leg.leg_key.partition("-")  # a SubCallID begins with it
        if dash and before.isdigit():
            return before
        if not leg.extension:
            raise ProviderError(words.NO_CONTROL.format(name="?"))
        return self.catalogue.device_of(leg.extension)

    def _find(self, leg: Leg, device: str) -> str:
        """Return what addresses a call at a telephone: the answer to a placed call does not, its webhooks and this list do."""
        for active in self.of(device):
            if call_key(leg.call_key) == active.call_key and active.control:
                return active.control
        raise NotThere(words.CALL_OVER)


def _path(device: str, control: str) -> str:
    return f"/extension/{quote(device, safe='')}/current_calls/{quote(control, safe='')}"


def _actives(found: t.Any) -> list[Active]:
    rows = found.get("call_list") if isinstance(found, dict) else None
    return [active for row in rows if isinstance(row, dict) and (active := _active(row)) is not None] if isinstance(rows, list) else []


def _active(row: Mapping[str, t.Any]) -> Active | None:
    control = text_of(row, "call_api_id")
    key = call_key(row.get("callback_id")) or call_of_control(control) or call_key(control)
    if not key:
        return None
    incoming = text_of(row, "call_flow").lower() == "in"
    side = row.get("called_extension" if incoming else "caller_extension")
    ours = side if isinstance(side, dict) else {}
    number = bare(text_of(row, "caller_id_number" if incoming else "called_number"))
    return Active(
        call_key=key, leg_key=None, control=control or None, extension=bare(text_of(ours, "name")) or None,
        device=text_of(row, "extension_id") or text_of(ours, "id") or None, number=None if is_extension(number) else number or None,
        incoming=incoming, began_at=moment(row.get("init_time_gmt")), answered_at=moment(row.get("answer_time_gmt")),
    )  # fmt: skip


_C = Call.__table__.c
_ALIVE = sa.select(_C.id, _C.key, _C.number).where(
    _C.provider == "telfin", sa.or_(*(_C.state == state for state in CallState if state is not CallState.ENDED)), _C.key.is_not(None),
    _C.archived_at.is_(None))  # fmt: skip


def named_by_handle(crm: Crm, found: Sequence[Active]) -> Sequence[Active]:
    """Return calls with the keys their webhooks have.

    The list has no CallID. A handle has it in it at the telephone that rang first; at the others the webhooks have told the handle.
    """
    with crm.read() as uow:
        alive = uow.run(_ALIVE)
        known = {key.partition(":")[2] for _id, key, _number in alive}
        if all(active.call_key in known for active in found):
            return found
        by_number: dict[str, list[tuple[int, str]]] = {}
        for id, key, number in alive:
            by_number.setdefault(last_ten(number or ""), []).append((id, key.partition(":")[2]))
        handles = {
            party.control: key
            for number in {last_ten(a.number or "") for a in found if a.call_key not in known}
            for id, key in by_number.get(number, ()) if (call := uow.peek(Call, id)) is not None
            for party in parties(uow, call) if party.control
        }  # fmt: skip
    return [active if active.call_key in known else attrs.evolve(active, call_key=handles.get(active.control, active.call_key)) for active in found]


__all__ = ["Current", "named_by_handle"]

