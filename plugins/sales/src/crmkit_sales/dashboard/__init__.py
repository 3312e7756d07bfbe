"""The sales dashboard: the reports of a period as charts, every figure with the list behind it."""

from __future__ import annotations

from crmkit import Uow, _
from crmkit.ui import Menu, View, Visit, dashboard, page

from ..reports.frame import READ
from .asked import switches

LABEL = _("Sales dashboard", ru="Панель продаж")


@page("/dashboard", label=LABEL, permission=READ, menu=Menu(icon="chart-column-big", section="reports", order=10))
def sales_dashboard(visit: Visit, uow: Uow) -> View:
    """The reports as charts; each tile is fetched on its own, so that a long one keeps nobody waiting."""
    return dashboard(visit, uow, "sales", label=LABEL, icon="chart-column-big", top=switches(visit, uow))
