"""The lines of a deal and their sum.

A line's amount is quantity x price, less the discount in percent, less the discount as an amount, rounded half up to the
second place: once, at the end of the line. The amount of a deal with lines is the sum of those rounded amounts.
"""

from __future__ import annotations

import contextlib
import decimal
import typing as t
from collections.abc import Iterable, Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, NotFound, Problem, _

if t.TYPE_CHECKING:
    from crmkit import Uow

CENT = decimal.Decimal("0.01")
EXACT = decimal.Context(prec=60)
PERCENT = _("from 0 to 100", ru="от 0 до 100")
NOT_NEGATIVE = _("not below zero", ru="не меньше нуля")
TOO_MUCH = _("more than the line is worth", ru="больше стоимости строки")
TOO_BIG = _("the line is worth too much", ru="слишком большая сумма строки")
SUM = _("the amount is the sum of the lines, {sum}: change the lines", ru="сумма сделки складывается из строк, {sum}: измените строки")
MOST = decimal.Decimal(10) ** 12


def line_amount(quantity: decimal.Decimal, price: decimal.Decimal, discount: decimal.Decimal, discount_amount: decimal.Decimal) -> decimal.Decimal:
    """Return what a line comes to."""
    with decimal.localcontext(EXACT):
        whole = quantity * price * (100 - discount) / 100 - discount_amount
        return whole.quantize(CENT, decimal.ROUND_HALF_UP)


def price_line(values: MutableMapping[str, t.Any]) -> None:
    """Fill in the amount of a line, or refuse one that cannot be."""
    problems = [Problem(name, "invalid", NOT_NEGATIVE) for name in ("price", "discount_amount") if values[name] < 0]
    if not 0 <= values["discount"] <= 100:
        problems.append(Problem("discount", "invalid", PERCENT))
    if not problems:
        amount = line_amount(values["quantity"], values["price"], values["discount"], values["discount_amount"])
        if amount < 0 <= values["quantity"]:  # a negative quantity is a return
            problems.append(Problem("discount_amount", "invalid", TOO_MUCH))
        elif abs(amount) >= MOST:
            problems.append(Problem("price", "invalid", TOO_BIG))
        else:
            values["amount"] = amount
    if problems:
        raise Invalid(problems=problems)


def sums(uow: Uow, deals: Iterable[int]) -> dict[int, decimal.Decimal]:
    """Return the sum of the lines of each of these deals that has lines."""
    from .entities import DealLine

    c, wanted = DealLine.__table__.c, list(deals)
    found: dict[int, decimal.Decimal] = {}
    for start in range(0, len(wanted), 500):
        chosen = c.deal_id.in_(wanted[start : start + 500]) & c.archived_at.is_(None)
        rows = uow.connection.execute(sa.select(c.deal_id, sa.type_coerce(sa.func.sum(c.amount), c.amount.type)).where(chosen).group_by(c.deal_id))
        found |= {row[0]: row[1] for row in rows}
    return found


def amount_is_kept(values: Mapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Refuse an amount that is not the sum of the deal's lines."""
    if before is None or before.get("amount") == values.get("amount"):
        return
    found = sums(uow, [values["id"]]).get(values["id"])
    if found is not None and found != values.get("amount"):
        raise Invalid(problems=[Problem("amount", "kept", SUM.format(sum=found))])


def add_up(uow: Uow, deals: Iterable[int]) -> None:
    """Bring the amounts of deals in line with their lines. A deal whose last line went away keeps its amount."""
    from .entities import Deal

    wanted = sorted(set(deals))
    held = []
    for key in wanted:
        with contextlib.suppress(NotFound):  # gone with its lines
            held.append(uow.get(Deal, key, lock=True))  # whoever changes lines at the same time waits here, and sums both
    found = sums(uow, wanted)
    for deal in held:
        if deal.id in found and deal.amount != found[deal.id]:
            deal.amount = found[deal.id]

