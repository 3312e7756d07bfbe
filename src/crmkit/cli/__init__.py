"""The command line: ``crmkit demo``, ``crmkit serve``, ``crmkit check`` and the rest. Each verb is imported when
asked for."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and exit with a code that means something."""
    from .app import run

    sys.exit(run(sys.argv[1:]))
