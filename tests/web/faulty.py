"""A plugin with a bug."""

from __future__ import annotations

import sys

from crmkit import Permission, Plugin, Uow, _, command, hookimpl

BREAK = Permission("faulty.break", _("Break", ru="Ломать"))
ERRORS: list[tuple[str, str]] = []


@command(_("Break", ru="Сломать"), permission=BREAK)
def broken(uow: Uow) -> None:
    """Show what a bug looks like."""
    raise RuntimeError("the secret is hunter2")


@hookimpl
def crm_error(error: BaseException, where: str) -> None:
    ERRORS.append((type(error).__name__, where))


plugin = Plugin("faulty", modules=[sys.modules[__name__]])
