"""Mango Office among the providers of telephony, and ``crmkit mango``."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable

from crmkit import Crm, _, hookimpl
from crmkit_telephony import Provider, hook_path, public_url

from .provider import MangoProvider
from .settings import MangoSettings

if t.TYPE_CHECKING:
    import click

HELP = _("Set Mango Office up.", ru="Настроить Mango Office.")
CHECK = _("Ask Mango Office whether it accepts the key.", ru="Спросить у Mango Office, принимает ли он ключ.")
ADDRESS = _(
    "Print the address to enter in Mango Office's account. It contains a secret.",
    ru="Напечатать адрес, который вводят в личном кабинете Mango Office. В нём есть секрет.",
)
NOWHERE = "https://…"
UNSAID = _(
    "Nobody has said where this CRM is reached: set [telephony] public_url", ru="Не задано, по какому адресу доступна CRM:"
    " укажите [telephony] public_url",
)  # fmt: skip


@hookimpl
def telephony_providers(crm: Crm) -> tuple[Provider, ...]:
    """Offer Mango Office once there is a key."""
    return (MangoProvider(crm),) if crm[MangoSettings].key else ()


@hookimpl
def crm_commands(group: click.Group, crm: Callable[[], Crm]) -> None:
    """Add the verbs."""
    from crmkit.cli import group as verbs
    from crmkit.cli import note, say, told

    mango = verbs("mango", HELP, "crmkit mango check\ncrmkit mango address")(_hold)

    @mango.command("check", help=CHECK, examples="crmkit mango check")
    def check() -> None:
        """Say what is well and what is not; 1 where something is not."""
        provider = MangoProvider(crm())
        findings = provider.check()
        provider.client.close()
        for finding in findings:
            say(f"{'✓' if finding.ok else '✗'} {told(finding.what)}")
        if not all(finding.ok for finding in findings):
            sys.exit(1)

    @mango.command("address", help=ADDRESS, examples="crmkit mango address")
    def address() -> None:
        """Print where webhooks go."""
        made = crm()
        base = public_url(made)
        if not base:
            note(UNSAID)
        with made.uow() as uow:
            say((base or NOWHERE) + hook_path(uow, MangoProvider.name).rstrip("/"))

    group.add_command(mango)


def _hold() -> None:
    """Hold the verbs."""
