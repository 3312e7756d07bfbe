"""``crmkit token``."""

from __future__ import annotations

import datetime as dt

import click

from ..load import at_work, ready_crm
from ..speak import _, note, say, table
from ..verb import group, option

HELP = _(
    "Create, list and revoke API tokens.\n\nA token is shown once; the database keeps only its digest.",
    ru="Создавать, показывать и отзывать токены API.\n\nТокен показывается один раз; в базе хранится только его хеш.",
)
EXAMPLES = """
crmkit token create "site form" --role inquiries
crmkit token create "Olga" --actor 7 --role manager --team 2 --days 90
crmkit token list
crmkit token revoke 3
"""


@group("token", HELP, EXAMPLES)
def token() -> None:
    """Hold the verbs."""


@token.command(
    "create",
    help=_("Make a token and print it.", ru="Создать токен и напечатать его."),
    examples='crmkit token create "site form" --role inquiries',
)
@click.argument("name")
@option(
    "--role",
    "roles",
    multiple=True,
    help=_("What its holder may do; may be repeated.", ru="Что можно владельцу; можно повторять."),
)
@option(
    "--team",
    "teams",
    type=int,
    multiple=True,
    help=_("The holder's teams; may be repeated.", ru="Команды владельца; можно повторять."),
)
@option(
    "--actor",
    "actor_id",
    type=int,
    help=_("The holder's number, as owner of records.", ru="Номер владельца, как ответственного за записи."),
)
@option(
    "--days",
    type=click.IntRange(1),
    help=_("Valid for so long (default: until revoked).", ru="Срок действия в днях (обычно до отзыва)."),
)
@option("--speaks", "speaks", help=_("The language of its answers: en or ru.", ru="Язык ответов: en или ru."))
def create(
    name: str,
    roles: tuple[str, ...],
    teams: tuple[int, ...],
    actor_id: int | None,
    days: int | None,
    speaks: str | None,
) -> None:
    """Make it."""
    from crmkit.core.tokens import create_token

    crm = ready_crm()
    expires = dt.timedelta(days=days) if days else None
    made = create_token(crm, name, roles, teams, actor_id, language=speaks, expires=expires, actor=at_work())
    if not roles:
        note(_("Without --role it may do nothing but what is public.", ru="Без --role доступно только общедоступное."))
    say(made)


@token.command(
    "list",
    help=_("List all tokens, revoked ones too.", ru="Показать все токены, и отозванные."),
    examples="crmkit token list",
)
def list_() -> None:
    """List them."""
    from crmkit.core.tokens import list_tokens

    crm = ready_crm()
    now = crm.clock.now()
    good, revoked, expired = _("valid", ru="действует"), _("revoked", ru="отозван"), _("expired", ru="истёк")
    rows = [
        (
            i.id,
            i.name,
            ", ".join(i.roles),
            f"{i.created_at:%Y-%m-%d}",
            f"{i.expires_at:%Y-%m-%d}" if i.expires_at else "-",
            revoked if i.revoked_at else expired if i.expires_at and i.expires_at <= now else good,
        )
        for i in list_tokens(crm)
    ]
    head = [
        _("no.", ru="№"),
        _("name", ru="имя"),
        _("roles", ru="роли"),
        _("created", ru="создан"),
        _("until", ru="до"),
        _("state", ru="состояние"),
    ]
    table(rows, head)


@token.command(
    "revoke",
    help=_("End a token, by its number in the list.", ru="Отозвать токен по его номеру в списке."),
    examples="crmkit token revoke 3",
)
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End it."""
    from crmkit.core.tokens import revoke_token

    crm = ready_crm()
    revoke_token(crm, number, actor=at_work())
    say(_("Token {number} is revoked.", ru="Токен {number} отозван."), number=number)
