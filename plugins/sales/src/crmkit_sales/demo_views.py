"""What people of the demo look at every day, where saved views are kept."""

from __future__ import annotations

import typing as t

from crmkit import Uow

OPEN = {"stage": {"not_in": ["won", "lost"]}}
# Owner, kind, name, filter, columns, order, layout, shared. The people are those of the demo of accounts; 1 to 6 sell.
VIEWS: tuple[tuple[int, str, str, dict[str, t.Any], list[str], list[str], str, str], ...] = (
    (1, "sales.deal", "Крупные сделки", OPEN | {"amount": {"gte": "500000"}}, ["title", "stage", "amount", "owner_id", "closes_on"], ["-amount"],
        "list", "everybody"),
    (1, "sales.deal", "Закрываются в этом месяце", OPEN | {"closes_on": {"within": "this_month"}}, ["title", "amount", "closes_on"], ["closes_on"],
        "calendar", "nobody"),
    (2, "sales.deal", "Залежались", {"rotten": True}, ["title", "stage", "owner_id"], ["stage_since"], "list", "team"),
    (3, "sales.deal", "Мои сделки", OPEN | {"owner_id": {"in": {"relative": "mine"}}}, [], [], "board", "nobody"),
    (4, "sales.lead", "Мои лиды", {"owner_id": {"in": {"relative": "mine"}}}, [], [], "board", "nobody"),
    (5, "sales.deal", "Big deals", OPEN | {"amount": {"gte": "500000"}}, ["title", "stage", "amount", "owner_id"], ["-amount"], "list", "team"),
    (6, "sales.deal", "My board", OPEN | {"owner_id": {"in": {"relative": "mine"}}}, [], [], "board", "nobody"),
    (7, "sales.contact", "Без эл. почты", {"email": {"empty": True}}, ["name", "phone", "city"], ["name"], "list", "nobody"),
    (8, "sales.inquiry", "Ждут ответа", {"stage": "new"}, ["name", "phone", "channel", "received_at", "respond_by"], ["respond_by"],
        "list", "nobody"),
    (9, "sales.lead", "Лиды моего дилера", {"team_id": {"in": {"relative": "my_teams"}}}, ["title", "stage", "owner_id"], ["-created_at"], "list",
        "nobody"),
    (10, "sales.deal", "Наши сделки", OPEN, ["title", "stage", "amount"], ["-stage_since"], "board", "nobody"),
    (11, "sales.deal", "Ждут оплаты", {"stage": "won"}, ["title", "amount", "closed_at"], ["-stage_since"], "list", "nobody"),
    (12, "sales.lead", "New leads", {"stage": "new"}, ["title", "phone", "city"], ["-created_at"], "list", "nobody"),
)  # fmt: skip


def save_views(uow: Uow) -> None:
    """Add a view or two for everybody, when there is a plugin that keeps them."""
    if "views.view" not in uow.crm.kinds:
        return
    from crmkit.views import Layout, Sharing, View

    teams = {1: 1, 2: 2, 3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1, 9: 4, 10: 5, 11: 4, 12: 7}
    for owner, kind, name, tree, columns, sort, layout, shared in VIEWS:
        uow.add(View(owner_id=owner, team_id=teams[owner], kind=kind, name=name, filter=tree, columns=columns, sort=sort,
            layout=Layout(layout), shared=Sharing(shared), is_default=layout == "board"))  # fmt: skip
