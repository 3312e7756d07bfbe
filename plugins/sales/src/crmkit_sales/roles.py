"""Ready roles for a sales department with dealers; hosts and accounts take them as they are or as a start."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmkit import Crm, Role, _, hookimpl

KNOWN_TO_ALL = {
    **dict.fromkeys(("sales.source.read", "sales.lost_reason.read", "activities.*.read", "sales.reports.read"), "all"), "activities.*": "own",
}  # fmt: skip
WORK = ("inquiry", "lead", "deal")
CLIENTS = ("company", "contact")


def _work(read: str, write: str, kinds: tuple[str, ...] = (*WORK, *CLIENTS)) -> Mapping[str, str]:
    found = {f"sales.{kind}.read": read for kind in kinds}
    return found | {f"sales.{k}.{a}": write for k in kinds for a in ("create", "change", "move", "archive") if a != "move" or k in WORK}


def _verbs(scope: str, *names: str) -> dict[str, str]:
    return {f"sales.{name}": scope for name in names}


MANAGER = Role(
    "manager",
    {
        **KNOWN_TO_ALL, **_work("team", "own"), **_verbs("own", "convert", "answer", "register_call"),
        "sales.dealer.read": "team", "sales.point_of_sale.read": "team", "sales.registration.read": "team",
    },
    label=_("Sales manager", ru="Менеджер по продажам"),
)  # fmt: skip
TEAM_LEAD = Role(
    "team_lead",
    {
        **KNOWN_TO_ALL, **_work("below", "below"), **_verbs("below", "convert", "answer", "register_call", "assign"),
        "sales.dealer.read": "below", "sales.point_of_sale.read": "below", "sales.registration.read": "below",
        **dict.fromkeys(("sales.assignee.read", "sales.assignment_rule.read"), "all"),
    },
    label=_("Team lead", ru="Руководитель группы"),
)  # fmt: skip
DEALER_MANAGER = Role(
    "dealer_manager",
    {
        **KNOWN_TO_ALL, **_work("below", "below"), **_verbs("below", "convert", "answer", "register_call"),
        "sales.dealer.read": "below", "sales.point_of_sale.*": "below", "sales.registration.read": "below", "sales.registration.create": "below",
        "sales.registration.change": "below",
    },
    read_only=("sales.registration.refused_why",),
    label=_("Dealer's manager", ru="Менеджер дилера"),
)  # fmt: skip
OPERATOR = Role(
    "operator",
    {
        **KNOWN_TO_ALL, **_work("all", "all", ("inquiry",)), "sales.lead.read": "own", "sales.lead.create": "all", "sales.contact.read": "all",
        "sales.contact.create": "all", "sales.company.read": "all", "sales.dealer.read": "all", "sales.point_of_sale.read": "all",
        "sales.take_inquiry": "all", **_verbs("all", "convert", "answer"),
    },
    label=_("Call-centre operator", ru="Оператор колл-центра"),
)  # fmt: skip
DIRECTOR = Role(
    "director", {"sales.*": "all", "activities.*": "all", "crmkit.import": "all", "crmkit.export": "all"},
    label=_("Sales director", ru="Директор по продажам"),
)  # fmt: skip
DEALER_HEAD = attrs.evolve(DEALER_MANAGER, name="dealer_head", label=_("Head of a dealer", ru="Руководитель дилера"))
CASHIER = Role(
    "cashier", dict.fromkeys(("sales.deal.read", "sales.contact.read", "sales.company.read"), "team"), label=_("Cashier", ru="Кассир"))  # fmt: skip
MARKETER = Role(
    "marketer", {"sales.*.read": "all", "sales.source.*": "all", "sales.reports.read": "all"}, label=_("Marketer", ru="Маркетолог"))  # fmt: skip
SITE = Role("site_form", {"sales.take_inquiry": "all"}, label=_("Site form", ru="Форма сайта"))
ROLES = (MANAGER, TEAM_LEAD, DEALER_MANAGER, DEALER_HEAD, OPERATOR, DIRECTOR, CASHIER, MARKETER, SITE)


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer sales' part of the usual roles."""
    return ROLES

