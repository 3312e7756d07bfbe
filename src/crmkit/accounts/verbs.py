"""``crmkit user`` and ``crmkit role``."""

from __future__ import annotations

import getpass
import sys
import typing as t
from collections.abc import Callable

import sqlalchemy as sa

from crmkit import Actor, Crm, Invalid, NotFound, Problem, Uow, _, hookimpl

from .entities import StoredRole, Team, User, UserRole
from .links import INVITATION, RESET, new_link, url_of
from .passwords import problem_with
from .roles import give, matrix, seed
from .sessions import end
from .settings import AccountsSettings
from .sign_in import normal, store_password

if t.TYPE_CHECKING:
    import click

    from crmkit.cli import VerbGroup

USER_HELP = _("Add people, let them in and lock them out.", ru="Добавлять сотрудников, открывать и закрывать им вход.")
ROLE_HELP = _("See roles and who may do what.", ru="Роли и матрица прав.")
YES, NO = _("yes", ru="да"), _("no", ru="нет")


@hookimpl
def crm_commands(group: click.Group, crm: Callable[[], Crm]) -> None:
    """Add the verbs."""
    group.add_command(_user(crm))
    group.add_command(_role(crm))


def _at_work() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "?"
    return Actor(None, f"crmkit ({name})", system=True)


def _person(uow: Uow, login: str) -> User:
    found = uow.find(User).where(User.login == normal(login)).first()
    if found is None:
        raise NotFound(_("There is nobody with the login {login}", ru="Нет сотрудника с логином {login}").format(login=login))
    return found


def _link(uow: Uow, user: User) -> str:
    return url_of(uow.crm, new_link(uow, user, RESET if user.password_hash is not None else INVITATION))


def _user(crm: Callable[[], Crm]) -> click.Group:
    from crmkit.cli import group

    user = group("user", USER_HELP, "crmkit user add olga@example.com \"Ольга Петрова\" --role administrator\ncrmkit user list")(_hold)
    _add_verbs(user, crm)
    _access_verbs(user, crm)
    return user


def _hold() -> None:
    """Hold the verbs."""


def _add_verbs(user: VerbGroup, crm: Callable[[], Crm]) -> None:
    import click

    from crmkit.cli import option, say, table

    @user.command("add", help=_("Add a person and print their invitation.", ru="Добавить сотрудника и напечатать приглашение."),
        examples="crmkit user add olga@example.com \"Ольга Петрова\" --role manager --team 2")  # fmt: skip
    @click.argument("login")
    @click.argument("name")
    @option("--role", "roles", multiple=True, help=_("A role; may be repeated.", ru="Роль; можно повторять."))
    @option("--team", type=int, help=_("The number of the main team.", ru="Номер основной команды."))
    @option("--speaks", "language", help=_("Their language: en or ru.", ru="Язык: en или ru."))
    def add(login: str, name: str, roles: tuple[str, ...], team: int | None, language: str | None) -> None:
        """Add somebody."""
        with crm().uow(_at_work()) as uow:
            if team is not None and uow.find(Team).where(Team.id == team).first() is None:
                raise Invalid(problems=[Problem("team", "reference", _("no such team", ru="нет такой команды"))])
            if roles:
                seed(uow)
            made = uow.add(User(login=login, name=name, language=language, team_id=team))
            uow.flush()
            give(uow, made.id, roles)
            url = _link(uow, made)
        say(_("Pass this on to {login}; it is good once:", ru="Передайте это {login}; ссылка одноразовая:"), login=made.login)
        say(url)

    @user.command("list", help=_("List people with roles and teams.", ru="Показать сотрудников, их роли и команды."), examples="crmkit user list")
    def list_() -> None:
        """List them."""
        c, u, r = UserRole.__table__.c, User.__table__.c, StoredRole.__table__.c
        with crm().read() as uow:
            held: dict[int, list[str]] = {}
            roles = sa.select(c.user_id, r.name).join(StoredRole.__table__, r.id == c.role_id).where(c.archived_at.is_(None)).order_by(r.name)
            for key, name in uow.connection.execute(roles):
                held.setdefault(key, []).append(name)
            shown = sa.select(u.id, u.login, u.name, u.team_id, u.active).where(u.archived_at.is_(None)).order_by(u.id)
            people = uow.connection.execute(shown).all()
        rows = [(p.id, p.login, p.name, p.team_id or "-", ", ".join(held.get(p.id, [])) or "-", YES if p.active else NO) for p in people]
        who = (_("no.", ru="№"), _("login", ru="логин"), _("name", ru="имя"))
        table(rows, (*who, _("team", ru="команда"), _("roles", ru="роли"), _("may sign in", ru="вход")))


def _access_verbs(user: VerbGroup, crm: Callable[[], Crm]) -> None:
    import click

    from crmkit.cli import option, say, told

    @user.command("invite", help=_("Print a new link by which a person sets a password.", ru="Напечатать новую ссылку, по которой задают пароль."),
        examples="crmkit user invite olga@example.com")  # fmt: skip
    @click.argument("login")
    def invite(login: str) -> None:
        """Make a link."""
        with crm().uow(_at_work()) as uow:
            url = _link(uow, _person(uow, login))
        say(url)

    @user.command("password", help=_("Set somebody's password; all their sessions end.", ru="Задать пароль; все сеансы завершатся."),
        examples="crmkit user password olga@example.com")  # fmt: skip
    @click.argument("login")
    @option("--stdin", "piped", is_flag=True, help=_("Read it from standard input.", ru="Прочитать из стандартного ввода."))
    def password(login: str, piped: bool) -> None:
        """Ask for it, so that it stands in no shell's history."""
        asking = told(_("New password", ru="Новый пароль"))
        if piped:
            given = sys.stdin.readline().rstrip("\r\n")
        else:
            given = click.prompt(asking, hide_input=True, confirmation_prompt=True)
        composed = crm()
        with composed.uow(_at_work()) as uow:
            somebody = _person(uow, login)
            wrong = problem_with(given, somebody, composed[AccountsSettings])
            if wrong is not None:
                raise Invalid(problems=[Problem("password", "weak", wrong)])
            store_password(uow, somebody, given)
            end(uow, somebody.id)
        say(_("The password of {login} is set.", ru="Пароль для {login} задан."), login=somebody.login)

    @user.command("deactivate", help=_("Let somebody in no more; their sessions and tokens end at once.",
        ru="Закрыть вход; сеансы и токены сразу перестанут действовать."), examples="crmkit user deactivate olga@example.com")  # fmt: skip
    @click.argument("login")
    @option("--undo", is_flag=True, help=_("Let them in again.", ru="Снова открыть вход."))
    def deactivate(login: str, undo: bool) -> None:
        """Lock somebody out."""
        with crm().uow(_at_work()) as uow:
            somebody = _person(uow, login)
            somebody.active = undo
        words = _("{login} may sign in.", ru="{login}: вход открыт.") if undo else _("{login} may no longer sign in.", ru="{login}: вход закрыт.")
        say(words, login=somebody.login)


def _role(crm: Callable[[], Crm]) -> click.Group:
    from crmkit.cli import group, language, say, table, told

    role = group("role", ROLE_HELP, "crmkit role seed\ncrmkit role matrix")(_hold)

    @role.command("seed", help=_("Add the roles to start from that are not there yet.", ru="Добавить начальные роли, которых ещё нет."),
        examples="crmkit role seed")  # fmt: skip
    def seed_() -> None:
        """Add them."""
        with crm().uow(_at_work()) as uow:
            made = seed(uow)
        say(_("Added: {names}", ru="Добавлены: {names}"), names=", ".join(made) or "-")

    @role.command("list", help=_("List the roles.", ru="Показать роли."), examples="crmkit role list")
    def list_() -> None:
        """List them."""
        roles = crm().access.roles.values()
        table([(r.name, told(r.label or r.name), len(r.grants)) for r in sorted(roles, key=lambda r: r.name)],
            (_("role", ru="роль"), _("name", ru="название"), _("grants", ru="прав")))  # fmt: skip

    @role.command("matrix", help=_("Print which role may do what, and how far.", ru="Напечатать, какая роль что может и в каких пределах."),
        examples="crmkit role matrix")  # fmt: skip
    def matrix_() -> None:
        """Print the matrix."""
        found = matrix(crm(), language())
        names = [r["name"] for r in found["roles"]]
        rows = [(p["name"], *[_cell(p["scopes"].get(n)) for n in names]) for g in found["groups"] for p in g["permissions"] if p["scopes"]]
        table(rows, (_("permission", ru="право"), *names))

    return role


def _cell(scopes: list[t.Any] | None) -> str:
    return "-" if not scopes else "+".join(dict.fromkeys(s if isinstance(s, str) else "…" for s in scopes))
