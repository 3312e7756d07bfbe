"""Who sells: dealers, which form a tree, and their points of sale."""

from __future__ import annotations

import typing as t
import zoneinfo

from sqlalchemy import String

from crmkit import Entity, Mapped, Owned, _, column, relation

from .. import normal
from .people import Before, Located, Values, normalised, prepare_firm

if t.TYPE_CHECKING:
    from crmkit import Uow

NO_ZONE = _("{value!r} is no time zone: write one such as Europe/Moscow", ru="{value!r} не часовой пояс: напишите, например, Europe/Moscow")


def known_zone(value: str) -> str:
    """Return the name of a time zone (IANA); `ValueError` where there is none."""
    try:
        return zoneinfo.ZoneInfo(value.strip()).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(NO_ZONE.format(value=value[:40])) from None


class Dealer(Owned, Located, table="sales_dealer", label=_("Dealer", ru="Дилер"), plural=_("Dealers", ru="Дилеры")):
    """A firm that sells for us. Its rows belong to its team; whoever leads it sees those of the dealers below as well."""

    name: Mapped[str] = column(String(200), clean=normal.words, search=True, label=_("Name", ru="Название"))
    parent_id: Mapped[int | None] = column(to="self", default=None, index=True, label=_("Under", ru="Подчинён дилеру"))
    parent: Mapped[Dealer | None] = relation()
    tax_number: Mapped[str | None] = column(String(20), default=None, index=True, label=_("Tax number", ru="ИНН"))
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(normal.AnyEmail, default=None, label=_("E-mail", ru="Эл. почта"))
    timezone: Mapped[str | None] = column(String(60), default=None, clean=known_zone, label=_("Time zone", ru="Часовой пояс"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep numbers in one form, and the tree a tree."""
        prepare_firm(cls, values, before, uow)


class PointOfSale(
    Owned, Located, table="sales_point_of_sale", label=_("Point of sale", ru="Точка продаж"), plural=_("Points of sale", ru="Точки продаж")
):
    """A shop or an office where clients are served."""

    name: Mapped[str] = column(String(200), clean=normal.words, search=True, label=_("Name", ru="Название"))
    dealer_id: Mapped[int | None] = column(to=Dealer, default=None, index=True, label=_("Dealer", ru="Дилер"))
    dealer: Mapped[Dealer | None] = relation()
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, label=_("Phone", ru="Телефон"))
    timezone: Mapped[str | None] = column(String(60), default=None, clean=known_zone, label=_("Time zone", ru="Часовой пояс"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the number in one form; the team is the dealer's."""
        region = normal.region(uow, values.get("country"))
        normalised(values, before, ("phone",), lambda v: normal.normal_phone(v, region))
        follow_dealer(values, before, uow)


class AtDealer(Entity):
    """Mixin for records of a dealer: the team follows the dealer, so that row rules hold."""

    dealer_id: Mapped[int | None] = column(to=Dealer, default=None, index=True, label=_("Dealer", ru="Дилер"))
    dealer: Mapped[Dealer | None] = relation()
    point_of_sale_id: Mapped[int | None] = column(to=PointOfSale, default=None, index=True, label=_("Point of sale", ru="Точка продаж"))
    point_of_sale: Mapped[PointOfSale | None] = relation()


def follow_dealer(values: Values, before: Before, uow: Uow) -> None:
    """Give a record the dealer of its point of sale, and the team of its dealer."""
    place = values.get("point_of_sale_id")
    if place is not None and (before is None or before.get("point_of_sale_id") != place):
        point = uow.peek(PointOfSale, place)
        if point is not None and point.dealer_id is not None:
            values["dealer_id"] = point.dealer_id
    key = values.get("dealer_id")
    if key is not None:
        dealer = uow.peek(Dealer, key)
        if dealer is not None and dealer.team_id is not None:
            values["team_id"] = dealer.team_id


__all__ = ["AtDealer", "Dealer", "PointOfSale", "follow_dealer", "known_zone"]
