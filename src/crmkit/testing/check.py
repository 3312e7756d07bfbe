"""`check_plugin`: everything that is wrong with a plugin, at once, in sentences."""

from __future__ import annotations

import traceback
import typing as t
from collections.abc import Callable, Sequence

from crmkit.core.errors import CompositionError, CrmError
from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm

LOADING = _("importing it", ru="импорт")
COMPOSING = _("composing it with what it requires", ru="сборка с тем, что ему нужно")
READING = _("reading its source", ru="чтение исходного текста")
MIGRATING = _("migrating up and down", ru="миграции вверх и вниз")
CALLING = _("calling its routes and commands", ru="вызов маршрутов и команд")
FAILED_IMPORT = _("it cannot be imported: {why}", ru="не импортируется: {why}")
BROKEN_CHECK = _("{what} failed: {why}", ru="{what}: не получилось: {why}")


class Findings(AssertionError):
    """What `check_plugin` found: `problems`, a sentence each."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(f"{name}: {len(self.problems)} to mend\n" + "\n".join(f"  - {p}" for p in self.problems))


def check_plugin(reference: str | Plugin, *, databases: Sequence[str] = ("sqlite",)) -> None:
    """Raise `Findings` with everything that is wrong with a plugin; return when it is well made.

    `reference` is ``"crmkit_feedback:plugin"``, an installed plugin's name, or the plugin itself. It is composed
    alone with
    what it requires, its migrations run up, down and up again (on each of `databases`, ``"sqlite"`` and
    ``"postgresql"``), and every route and command is called with made-up input.
    """
    found = problems_of(reference, databases=databases)
    if found:
        raise Findings(reference.name if isinstance(reference, Plugin) else reference, found)


def problems_of(
    reference: str | Plugin, tell: Callable[[str], None] | None = None, *, databases: Sequence[str] = ("sqlite",)
) -> list[Text | str]:
    """Return what is wrong with a plugin, a sentence each; `tell` hears what is being looked at."""
    from .kit import load_plugin, with_required

    say = tell or (lambda what: None)
    say(LOADING)
    try:
        plugin = load_plugin(reference)
        plugins = with_required([plugin])
        plugin.loaded()
    except CompositionError as error:
        return list(error.problems)
    except Exception as error:
        return [FAILED_IMPORT.format(why=_why(error))]
    from crmkit.core.compose import Crm

    say(COMPOSING)
    try:
        crm = Crm(*plugins, database="sqlite:///never-opened.db")
    except CompositionError as error:
        return [*error.problems, *_source(plugin, plugins)]
    except CrmError as error:
        return [str(error)]
    found: list[Text | str] = []
    steps: tuple[tuple[Text, Callable[[], list[Text]]], ...] = (
        (READING, lambda: [*_source(plugin, plugins), *_words(plugin, crm), *_pages(crm)]),
        (MIGRATING, lambda: _history(plugin, crm, databases)),
        (CALLING, lambda: _calls(plugin, plugins, databases)),
    )
    for what, step in steps:
        say(what)
        try:
            found += step()
        except Exception as error:
            found.append(BROKEN_CHECK.format(what=what, why=_why(error)))
    return list(dict.fromkeys(found))


def _why(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)
    place = f" ({where[-1].filename}:{where[-1].lineno})" if where else ""
    notes = "; ".join(getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {error}{place}{'; ' + notes if notes else ''}"


def _source(plugin: Plugin, plugins: Sequence[Plugin]) -> list[Text]:
    from .checks import entry, imports, templates

    return [*imports.problems(plugin, plugins), *entry.problems(plugin), *templates.problems(plugin)]


def _words(plugin: Plugin, crm: Crm) -> list[Text]:
    from .checks import words

    return words.problems(plugin, crm)


def _pages(crm: Crm) -> list[t.Any]:
    """Return what is wrong with what a plugin adds to the screen: the site is built, as when it is served."""
    from crmkit.ui.site import Site

    try:
        Site(crm)
    except CompositionError as error:
        return list(error.problems)
    return []


def _history(plugin: Plugin, crm: Crm, databases: Sequence[str]) -> list[Text]:
    from .checks import history

    return history.problems(plugin, crm, databases)


def _calls(plugin: Plugin, plugins: Sequence[Plugin], databases: Sequence[str]) -> list[Text]:
    from .checks import calls

    return [p for database in databases for p in calls.problems(plugin, plugins, database)]
