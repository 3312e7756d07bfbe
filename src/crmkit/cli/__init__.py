"""The command line: ``crmkit demo``, ``crmkit serve``, ``crmkit check`` and the rest. Each verb is imported when
asked for."""

from __future__ import annotations

import sys
import typing as t

if t.TYPE_CHECKING:
    from .speak import language, note, say, table, told
    from .verb import VerbGroup, group, option

FOR_PLUGINS = {
    "VerbGroup": "verb", "group": "verb", "option": "verb", "language": "speak", "note": "speak", "say": "speak", "table": "speak", "told": "speak",
}  # fmt: skip


def __getattr__(name: str) -> t.Any:
    """What plugins write verbs with (hook `crm_commands`), imported when asked for."""
    import importlib

    if name not in FOR_PLUGINS:
        raise AttributeError(f"crmkit.cli has no {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{FOR_PLUGINS[name]}"), name)


def main() -> None:
    """Run the command line of this process and exit with a code that means something."""
    from .app import run

    sys.exit(run(sys.argv[1:]))


__all__ = ["VerbGroup", "group", "language", "main", "note", "option", "say", "table", "told"]
