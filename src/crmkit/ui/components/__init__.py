"""The page that shows every component with its states, in a CRM that is there to look around in."""

from __future__ import annotations

import typing as t

import attrs
from markupsafe import Markup

from ...core.text import _
from ..results import View
from ..rooms import Address, Room
from .catalogue import SECTIONS, Component, Example, signature, template
from .samples import values

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..results import Result
    from ..site import Site
    from ..visit import Visit

WORDS = {
    "title": _("Components", ru="Компоненты"), "states": _("States", ru="Состояния"), "access": _("For everybody", ru="Доступность"),
    "source": _("Template", ru="Шаблон"), "light": _("Light", ru="Светлая"), "dark": _("Dark", ru="Тёмная"),
    "attributes": _("Attributes", ru="Атрибуты"), "on_this_page": _("On this page", ru="На этой странице"),
    "lead": _("Everything pages are made of, with the template beside it. Plugins use the same.",
        ru="Всё, из чего состоят страницы, и шаблон рядом. Плагины пользуются тем же."),
}  # fmt: skip


@attrs.frozen
class Shown:
    """A component as it stands on the page."""

    component: Component
    signature: str
    examples: list[tuple[Example, Markup | None]]


def room(site: Site) -> Room:
    """Return the addresses of this room: none, unless the CRM is one to look around in."""
    return Room(fixed={"/_/components": Address(get=show)}) if site.settings.demo else Room()


def show(visit: Visit, uow: Uow) -> Result:
    """GET /_/components: every component with its states, in a CRM that is there to look around in."""
    given = visit.site.context(visit, "") | values(visit)
    sections = [(section, [_shown(visit, component, given) for component in section.components]) for section in SECTIONS]
    return View("ui/components.html", c=WORDS, sections=sections)


def _shown(visit: Visit, component: Component, given: dict[str, t.Any]) -> Shown:
    examples = [(e, render(visit, e, given) if e.live else None) for e in component.examples]
    return Shown(component, signature(component), examples)


def render(visit: Visit, example: Example, given: dict[str, t.Any]) -> Markup:
    """Return an example as HTML."""
    return Markup(visit.site.environment.from_string(template(example)).render(given))
