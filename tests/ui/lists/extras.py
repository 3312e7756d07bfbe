"""A plugin that adds to the lists of deals: two columns, one of which fails, and a command for chosen rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit import Invalid, Permission, Plugin, Problem, Uow, _, command
from crmkit.ui import Badge, button, list_column
from crmkit_sales import Deal

ROUND = Permission("extras.round", _("Round amounts", ru="Округлять суммы"))
SECRET = Permission("extras.see", _("See marks", ru="Видеть отметки"))
asked: list[list[int]] = []


@list_column(Deal, label=_("Mark", ru="Отметка"))
def mark(ids: Sequence[int], uow: Uow) -> Mapping[int, object]:
    """A badge for some deals."""
    asked.append(list(ids))
    return {ids[0]: Badge(text="the <first>", color="green")}


@list_column(Deal, label="Broken")
def broken(ids: Sequence[int], uow: Uow) -> Mapping[int, object]:
    """It never works."""
    raise RuntimeError("no such thing")


@list_column(Deal, label="Kept", permission=SECRET)
def kept(ids: Sequence[int], uow: Uow) -> Mapping[int, object]:
    """For some only."""
    return dict.fromkeys(ids, "secret mark")


@button(bulk=True, icon="circle")
@command(_("Round", ru="Округлить"), permission=ROUND, of=Deal)
def round_off(deal: Deal, uow: Uow) -> None:
    """Round a deal's amount to thousands."""
    if deal.amount is None:
        raise Invalid(problems=[Problem("amount", "required", "there is nothing to round")])
    deal.amount = round(deal.amount, -3)


plugin = Plugin("extras", modules=[__name__], requires=("sales",))
