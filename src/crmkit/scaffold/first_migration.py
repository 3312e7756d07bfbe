"""``python -m crmkit.scaffold.first_migration NAME FOLDER``: write the first migration of a plugin that was just
copied.

In a process of its own, so that importing the new plugin leaves nothing behind.
"""

from __future__ import annotations

import importlib
import sys


def main(name: str, folder: str) -> None:
    """Write it."""
    from crmkit import Crm
    from crmkit.core import migrate
    from crmkit.core.migrate.owner import pick

    sys.path.insert(0, folder)
    plugin = importlib.import_module(f"crmkit_{name}").plugin
    crm = Crm(plugin, database="sqlite:///never-opened.db")
    migrate.make(pick(name, migrate.owners_of(crm)), "first tables")


if __name__ == "__main__":
    main(*sys.argv[1:])
