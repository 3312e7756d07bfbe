"""``crmkit telfin``: is it set up well, which extensions are there, subscribe now."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence

from crmkit import Crm, _, hookimpl
from crmkit_telephony import Finding, Line, ProviderError

from . import words
from .provider import TelfinProvider
from .settings import TelfinSettings

if t.TYPE_CHECKING:
    import click

    from crmkit.cli import VerbGroup

T = t.TypeVar("T")
HELP = _("See whether Telfin is set up well.", ru="Проверить настройку Телфина.")
CHECK = _("Say in words what is well and what is not.", ru="Рассказать, что настроено верно, а что нет.")
LIST = _("List the extensions of the PBX, as they are written at a colleague's telephone.", ru="Показать внутренние номера АТС так, как их пишут у"
    " телефона сотрудника.")  # fmt: skip
ALIGN = _("Have Telfin tell of the telephones in use, now.", ru="Подписаться на звонки используемых телефонов сейчас.")
WELL = _("All is well.", ru="Всё в порядке.")
NOTHING = _("Nothing to change.", ru="Менять нечего.")
GOOD, BAD = _("well", ru="верно"), _("WRONG", ru="НЕВЕРНО")


@hookimpl
def crm_commands(group: click.Group, crm: Callable[[], Crm]) -> None:
    """Add the verbs."""
    from crmkit.cli import group as verbs

    telfin = verbs("telfin", HELP, "crmkit telfin check\ncrmkit telfin extensions")(_hold)
    _add(telfin, crm)
    group.add_command(telfin)


def _hold() -> None:
    """Hold the verbs."""


def _add(telfin: VerbGroup, crm: Callable[[], Crm]) -> None:
    from crmkit.cli import say, table

    @telfin.command("check", help=CHECK, examples="crmkit telfin check")
    def check() -> None:
        """Look at everything."""
        composed = crm()
        if not composed[TelfinSettings].app_id:
            _tell([Finding(ok=False, what=words.NOT_SET_UP)])
        found = _tell(provider_of(composed).check())
        if found:
            say(WELL)

    @telfin.command("extensions", help=LIST, examples="crmkit telfin extensions")
    def extensions() -> None:
        """List them."""
        known = _asked(lambda: provider_of(crm()).catalogue.all(read=True))
        head = (_("extension", ru="номер"), _("device", ru="аппарат"), _("name", ru="название"), _("type", ru="тип"), _("state", ru="состояние"))
        table([(e.name, e.id, e.label, e.type, e.status) for e in known], head)

    @telfin.command("align", help=ALIGN, examples="crmkit telfin align")
    def align() -> None:
        """Subscribe."""
        composed = crm()
        with composed.read() as uow:
            lines = [(x.extension, x.device) for x in uow.find(Line).where(Line.provider == "telfin", Line.in_use.is_(True)).order_by(Line.id)]
        findings = _asked(lambda: provider_of(composed).align(lines))
        if not findings:
            say(NOTHING)
        _tell(findings)


def provider_of(crm: Crm) -> TelfinProvider:
    """Return the provider of a composed CRM, or one for the occasion."""
    from crmkit_telephony import provider_named

    found = provider_named(crm, TelfinProvider.name)
    return found if isinstance(found, TelfinProvider) else TelfinProvider(crm)


def _asked(ask: Callable[[], Sequence[T]]) -> Sequence[T]:
    try:
        return ask()
    except ProviderError as error:
        _tell([Finding(ok=False, what=error.message)])
        raise


def _tell(findings: Sequence[Finding]) -> bool:
    """Print findings; leave with a code that means something where one of them is bad."""
    import click

    from crmkit.cli import say, told

    for finding in findings:
        say(f"{told(GOOD if finding.ok else BAD)}: {told(finding.what)}")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)
    return True


__all__ = ["crm_commands", "provider_of"]
