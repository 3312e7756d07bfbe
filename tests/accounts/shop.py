"""Something to have rights to."""

from __future__ import annotations

from sqlalchemy import String

from crmkit import Mapped, Owned, Permission, Plugin, _, column, hookimpl

REFUND = Permission("shop.refund", _("Refund", ru="Возврат"))
SENT: list[tuple[int, str, str]] = []


class Order(Owned, table="shop_order", label=_("Order", ru="Заказ"), plural=_("Orders", ru="Заказы")):
    """What somebody bought."""

    title: Mapped[str] = column(String(200), label=_("Title", ru="Название"))
    cost: Mapped[int] = column(default=0, label=_("Cost", ru="Себестоимость"))


@hookimpl
def accounts_send_link(crm, user, url, purpose):
    SENT.append((user.id, url, purpose))
    return True


shop = Plugin("shop", modules=[__name__], requires=["accounts"], label=_("Shop", ru="Магазин"))
