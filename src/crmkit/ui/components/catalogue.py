"""Everything the catalogue holds, with signatures taken from the code itself: the live page and the reference are made of it."""

from __future__ import annotations

import inspect
import re
import typing as t
from functools import cache

from .. import charts
from ..templates import HERE
from .basics import BASICS
from .drawing import DRAWING
from .elements import ELEMENTS
from .entering import ENTERING
from .kinds import Component, Example, Section

MACRO = re.compile(r"{%-?\s*macro\s+([a-z_]+\(.*?\))\s*-?%}")
FILES = {"ui": "ui/macros.html", "fields": "ui/fields.html"}
IMPORTS = "{% import 'ui/macros.html' as ui with context %}{% import 'ui/fields.html' as fields with context %}"
SECTIONS: tuple[Section, ...] = (BASICS, ENTERING, DRAWING, ELEMENTS)


def components() -> t.Iterator[Component]:
    """Yield all components, section by section."""
    for section in SECTIONS:
        yield from section.components


@cache
def macros() -> dict[str, str]:
    """Return the macros of our templates with their signatures: ``{"ui.chip": "chip(text, color='gray', …)"}``."""
    found = {}
    for name, file in FILES.items():
        for signature in MACRO.findall((HERE / file).read_text("utf-8")):
            found[f"{name}.{signature.partition('(')[0]}"] = signature
    return found


def chart_functions() -> dict[str, t.Any]:
    """Return the public functions of `crmkit.ui.charts` by their names in the catalogue."""
    found = {name: getattr(charts, name) for name in charts.__all__}
    return {f"charts.{name}": thing for name, thing in found.items() if inspect.isfunction(thing)}


def signature(component: Component) -> str:
    """Return how a component is called, for those that are called."""
    if component.name in macros():
        return f"{component.name.partition('.')[0]}.{macros()[component.name]}"
    function = chart_functions().get(component.name)
    return f"{component.name}{_short(function)}" if function is not None else ""


def _short(function: t.Any) -> str:
    return re.sub(r"\b(?:dt|t|datetime)\.", "", str(inspect.signature(function)).replace("'", "")).partition(" -> ")[0]


def template(example: Example) -> str:
    """Return an example as a template that renders by itself."""
    return IMPORTS + example.source


__all__ = ["SECTIONS", "Component", "Example", "Section", "chart_functions", "components", "macros", "signature", "template"]
