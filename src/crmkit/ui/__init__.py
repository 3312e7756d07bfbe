"""The web interface: what plugins add to it is imported from here."""

from .dashboards import dashboard
from .formats import plural
from .icons import icon
from .marks import Link, Look, Menu, Slot, Workspace, board, button, card_badge, list_column, page, panel, screen_pop, settings_tab, widget
from .results import Badge, Card, Column, Redirect, Result, Toast, View, Window
from .visit import Form, Visit

__all__ = [
    "Badge", "Card", "Column", "Form", "Link", "Look", "Menu", "Redirect", "Result", "Slot", "Toast", "View", "Visit", "Window", "Workspace",
    "board", "button", "card_badge", "dashboard", "icon", "list_column", "page", "panel", "plural", "screen_pop", "settings_tab", "widget",
]  # fmt: skip
