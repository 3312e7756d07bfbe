"""Saved views: a filter, columns, an order and a layout by name, for oneself, one's team or everybody."""

from crmkit import Plugin, _

from .entities import SHARED, Layout, Sharing, View
from .rules import SHARE

_MODULES = ("entities", "rules", "rows", "offers", "looks")
plugin = Plugin("views", label=_("Saved views", ru="Сохранённые виды"), modules=[f"{__name__}.{m}" for m in _MODULES])

__all__ = ["SHARE", "SHARED", "Layout", "Sharing", "View", "plugin"]
