"""``python -m crmkit.cli`` is ``crmkit``."""

from . import main

main()
