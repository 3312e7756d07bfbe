"""The web interface: what plugins add to it is imported from here."""

from .controls import Control, controls, typed
from .dashboards import dashboard
from .declared import Link, Look, PhoneButton, Workspace
from .formats import near_day, plural
from .icons import icon
from .marks import (
    Menu,
    Slot,
    board,
    button,
    card_badge,
    form_note,
    list_column,
    page,
    panel,
    screen_pop,
    settings_tab,
    strip,
    widget,
)
from .records.elsewhere import RecordParts
from .results import Badge, Card, Column, Redirect, Result, Toast, View, Window
from .visit import Form, Visit

__all__ = [
    "Badge", "Card", "Column", "Control", "Form", "Link", "Look", "Menu", "PhoneButton", "RecordParts", "Redirect", "Result", "Slot", "Toast", "View",
    "Visit", "Window", "Workspace", "board", "button", "card_badge", "controls", "dashboard", "form_note", "icon", "list_column", "near_day", "page",
    "panel", "plural", "screen_pop", "settings_tab", "strip", "typed", "widget",
]  # fmt: skip
