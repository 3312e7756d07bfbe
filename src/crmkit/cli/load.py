"""From what was typed to a composed CRM."""

from __future__ import annotations

import typing as t
from pathlib import Path

import attrs
import click

from crmkit.core.errors import CompositionError

from .speak import _, note

if t.TYPE_CHECKING:
    from crmkit import Crm, Plugin

DEFAULT = "crmkit.toml"


@attrs.define
class Given:
    """What holds for every verb: the settings file, if one was named or lies here."""

    settings: str | None = None

    @property
    def path(self) -> Path:
        """The settings file to use."""
        return Path(self.settings or DEFAULT)

    @property
    def is_there(self) -> bool:
        """True when there are settings: somebody named a file, or the usual one lies in this folder."""
        return self.settings is not None or self.path.exists()


def given() -> Given:
    """Return what was typed before the verb."""
    found = click.get_current_context().find_object(Given)
    return found if found is not None else Given()


def kept(crm: Crm) -> Crm:
    """Return a CRM whose connections are closed when the verb ends."""
    click.get_current_context().call_on_close(crm.engine.dispose)
    return crm


def settled_crm(**more: t.Any) -> Crm:
    """Return the CRM of the settings file."""
    from crmkit import Crm

    return kept(Crm.from_file(given().path, **more))


LEFT_OUT = _(
    "(plugin {name} is left out: {library} is missing; type: pip install 'crmkit[{name}]')",
    ru="(плагин {name} пропущен: нет библиотеки {library}; наберите: pip install 'crmkit[{name}]')",
)


def installed_plugins() -> list[Plugin]:
    """Return every plugin installed in this environment. Those that come with crmkit and want a library of their own are left
    out, and named, where it is missing."""
    from importlib.metadata import entry_points

    from crmkit.core.compose import installed

    names = set[str]()
    for entry in entry_points(group="crmkit.plugins"):
        names.add(entry.name)
        if entry.value.startswith("crmkit."):
            try:
                entry.load()
            except ModuleNotFoundError as missing:
                names.discard(entry.name)
                note(LEFT_OUT, name=entry.name, library=missing.name)
    return installed(sorted(names))


def any_crm(**more: t.Any) -> Crm:
    """Return the CRM of the settings file or, where there is none, of all installed plugins: to look at, not to work
    with."""
    from crmkit import Crm

    if given().is_there:
        return settled_crm(**more)
    return kept(Crm(*installed_plugins(), **({"database": "sqlite:///crm.db"} | more)))


def ready_crm(**more: t.Any) -> Crm:
    """Return the CRM of the settings file, its database being at the schema it needs."""
    from crmkit.core import migrate

    crm = settled_crm(**more)
    migrate.is_current(crm.engine, migrate.owners_of(crm))
    return crm


def at_work() -> t.Any:
    """Return the actor of this terminal: the system, under the name of whoever sits there, for the journal."""
    import getpass

    from crmkit import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "?"
    return Actor(None, f"crmkit ({name})", system=True)


__all__ = ["CompositionError", "Given", "any_crm", "at_work", "given", "installed_plugins", "ready_crm", "settled_crm"]
