"""People, the tree of teams, what they may do, and who stands in for whom."""

from __future__ import annotations

import datetime as dt
import enum
import re

from sqlalchemy import JSON, String

from crmkit import Choice, Email, Entity, Mapped, Owned, Phone, Text, UtcDateTime, _, column, relation

LANGUAGES = ("en", "ru")
ROLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
LANGUAGE = _("one of: en, ru", ru="одно из: en, ru")
NAME_OF_ROLE = _("small Latin letters, digits and _, beginning with a letter", ru="строчные латинские буквы, цифры и _, сначала буква")


class TeamKind(enum.Enum):
    """What a team is in the organisation."""

    COMPANY = "company"
    REGION = "region"
    DEALER = "dealer"
    POINT_OF_SALE = "point_of_sale"
    DEPARTMENT = "department"

    @property
    def label(self) -> Text:
        """The kind in words."""
        return TEAM_KINDS[self]


TEAM_KINDS: dict[TeamKind, Text] = {
    TeamKind.COMPANY: _("Company", ru="Компания"), TeamKind.REGION: _("Region", ru="Регион"), TeamKind.DEALER: _("Dealer", ru="Дилер"),
    TeamKind.POINT_OF_SALE: _("Point of sale", ru="Точка продаж"), TeamKind.DEPARTMENT: _("Department", ru="Отдел"),
}  # fmt: skip


def _known_language(value: str) -> None:
    if value not in LANGUAGES:
        raise ValueError(LANGUAGE)


def _role_name(value: str) -> None:
    if not ROLE_NAME.fullmatch(value):
        raise ValueError(NAME_OF_ROLE)


class Team(Entity, table="accounts_team", label=_("Team", ru="Команда"), plural=_("Teams", ru="Команды")):
    """A node of the organisation: a region, a dealer, a point of sale. Row rules look at teams and those below."""

    name: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Name", ru="Название"))
    kind: Mapped[TeamKind] = column(Choice(TeamKind), default=TeamKind.DEPARTMENT, label=_("Kind", ru="Вид"))
    parent_id: Mapped[int | None] = column(to="self", default=None, index=True, label=_("Above it", ru="Входит в"))
    city: Mapped[str | None] = column(String(100), default=None, clean=str.strip, search=True, label=_("City", ru="Город"))


class User(Owned, table="accounts_user", label=_("Person", ru="Сотрудник"), plural=_("People", ru="Сотрудники")):
    """Somebody who signs in, and what is known of them as an employee.

    The row belongs to the person (`owner_id`) and to the main team (`team_id`), so that "own" means oneself and "team"
    one's colleagues. Passwords and second factors are written by this plugin's routes alone and read by nobody.
    """

    login: Mapped[str] = column(Email, unique=True, personal=True, search=True, label=_("Login (e-mail)", ru="Логин (e-mail)"))
    name: Mapped[str] = column(String(200), clean=str.strip, personal=True, search=True, label=_("Name", ru="Имя"))
    language: Mapped[str | None] = column(String(8), default=None, check=_known_language, label=_("Language", ru="Язык"))
    active: Mapped[bool] = column(default=True, label=_("May sign in", ru="Может входить"))
    position: Mapped[str | None] = column(String(200), default=None, clean=str.strip, label=_("Position", ru="Должность"))
    phone: Mapped[str | None] = column(Phone, default=None, personal=True, search=True, label=_("Phone", ru="Телефон"))
    manager_id: Mapped[int | None] = column(to="self", default=None, index=True, label=_("Manager", ru="Руководитель"))
    password_hash: Mapped[str | None] = column(String(300), default=None, secret=True, label=_("Password", ru="Пароль"))
    totp_secret: Mapped[str | None] = column(String(64), default=None, secret=True, label=_("Second factor", ru="Второй фактор"))
    totp_pending: Mapped[str | None] = column(
        String(64), default=None, secret=True, label=_("Second factor to be confirmed", ru="Неподтверждённый второй фактор"))  # fmt: skip
    totp_step: Mapped[int] = column(default=0, secret=True, label=_("Last code used", ru="Последний код"))
    recovery: Mapped[list[str]] = column(JSON, factory=list, secret=True, label=_("Recovery codes", ru="Резервные коды"))


class StoredRole(Entity, table="accounts_role", label=_("Role", ru="Роль"), plural=_("Roles", ru="Роли")):
    """A role as data: which permissions in which scopes, and which fields are hidden or may not be written.

    `grants` maps a permission or pattern (``"sales.deal.*"``) to a scope or a list of scopes.
    """

    name: Mapped[str] = column(String(60), unique=True, check=_role_name, label=_("Name", ru="Имя"))
    label: Mapped[str] = column(String(120), default="", label=_("In English", ru="По-английски"))
    label_ru: Mapped[str] = column(String(120), default="", label=_("In Russian", ru="По-русски"))
    grants: Mapped[dict[str, object]] = column(JSON, factory=dict, label=_("Grants", ru="Права"))
    hidden: Mapped[list[str]] = column(JSON, factory=list, label=_("Hidden fields", ru="Скрытые поля"))
    read_only: Mapped[list[str]] = column(JSON, factory=list, label=_("Fields not to be written", ru="Поля только для чтения"))


class UserRole(
    Entity, table="accounts_user_role", label=_("Role of a person", ru="Роль сотрудника"), plural=_("Roles of people", ru="Роли сотрудников")
):
    """One person holds one role. Archive it to take the role away."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    user: Mapped[User] = relation()
    role_id: Mapped[int] = column(to=StoredRole, index=True, label=_("Role", ru="Роль"))
    role: Mapped[StoredRole] = relation()


class Membership(
    Owned, table="accounts_membership", label=_("Membership", ru="Участие в команде"), plural=_("Memberships", ru="Участие в командах")
):
    """A person belongs to a further team (`team_id`), perhaps as its lead. Archive it to end the membership."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    user: Mapped[User] = relation()
    lead: Mapped[bool] = column(default=False, label=_("Leads the team", ru="Руководит командой"))


class Delegation(Owned, table="accounts_delegation", label=_("Delegation", ru="Замещение"), plural=_("Delegations", ru="Замещения")):
    """While somebody is away another person sees and does their work; with `with_roles` under their roles too."""

    from_user_id: Mapped[int] = column(to=User, index=True, label=_("Who is away", ru="Кого замещают"))
    to_user_id: Mapped[int] = column(to=User, index=True, label=_("Who stands in", ru="Кто замещает"))
    starts_on: Mapped[dt.date] = column(label=_("First day", ru="Первый день"))
    ends_on: Mapped[dt.date] = column(label=_("Last day", ru="Последний день"))
    with_roles: Mapped[bool] = column(default=False, label=_("With the roles too", ru="Вместе с ролями"))


# ---- what signing in leaves behind: written by this plugin alone ----------------------------------------------------------


class Session(Entity, table="accounts_session", label=_("Session", ru="Сеанс"), plural=_("Sessions", ru="Сеансы")):
    """One browser that is signed in. The cookie's value is kept as a digest."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    digest: Mapped[str] = column(String(64), unique=True, secret=True, label=_("Digest", ru="Хеш"))
    method: Mapped[str] = column(String(40), label=_("Signed in by", ru="Способ входа"))
    seen_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Last used", ru="Последняя активность"))
    expires_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Until", ru="До"))
    ended_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Ended", ru="Завершён"))
    address: Mapped[str | None] = column(String(60), default=None, personal=True, label=_("Address", ru="Адрес"))
    agent: Mapped[str | None] = column(String(300), default=None, personal=True, label=_("Browser", ru="Браузер"))


class Token(Entity, table="accounts_token", label=_("Personal token", ru="Личный токен"), plural=_("Personal tokens", ru="Личные токены")):
    """A program that works as a person, with all their roles or some of them. Kept as a digest, shown once."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    digest: Mapped[str] = column(String(64), unique=True, secret=True, label=_("Digest", ru="Хеш"))
    name: Mapped[str] = column(String(200), clean=str.strip, label=_("Name", ru="Название"))
    roles: Mapped[list[str] | None] = column(JSON(none_as_null=True), default=None, label=_("Only these roles", ru="Только эти роли"))
    expires_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Until", ru="До"))
    seen_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Last used", ru="Последнее использование"))
    revoked_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Revoked", ru="Отозван"))


class Link(Entity, table="accounts_link", label=_("Link", ru="Ссылка"), plural=_("Links", ru="Ссылки")):
    """An invitation, or a way to set a new password: good once, and not for long. Kept as a digest."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    digest: Mapped[str] = column(String(64), unique=True, secret=True, label=_("Digest", ru="Хеш"))
    purpose: Mapped[str] = column(String(20), label=_("Purpose", ru="Назначение"))
    expires_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Until", ru="До"))
    used_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Used", ru="Использована"))


class Attempt(Entity, table="accounts_attempt", label=_("Sign-in attempts", ru="Попытки входа"), plural=_("Sign-in attempts", ru="Попытки входа")):
    """How often a sign-in failed, for one account or one address; the key is a digest of either."""

    key: Mapped[str] = column(String(64), unique=True, secret=True, label=_("Key", ru="Ключ"))
    failures: Mapped[int] = column(label=_("Failures", ru="Неудач"))
    last_at: Mapped[dt.datetime] = column(UtcDateTime, index=True, label=_("Last", ru="Последняя"))
    blocked_until: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Blocked until", ru="Запрет до"))


class Identity(
    Entity, table="accounts_identity", label=_("Outside identity", ru="Внешняя учётная запись"),
    plural=_("Outside identities", ru="Внешние учётные записи"),
):  # fmt: skip
    """A person as an OpenID Connect provider knows them; the key is a digest of provider and subject."""

    user_id: Mapped[int] = column(to=User, index=True, label=_("Person", ru="Сотрудник"))
    provider: Mapped[str] = column(String(60), label=_("Provider", ru="Провайдер"))
    digest: Mapped[str] = column(String(64), unique=True, secret=True, label=_("Subject", ru="Идентификатор"))


class Handshake(
    Entity, table="accounts_handshake", label=_("Sign-in under way", ru="Начатый вход"), plural=_("Sign-ins under way", ru="Начатые входы")
):
    """A sign-in that was sent to an OpenID Connect provider and has not come back yet."""

    digest: Mapped[str] = column(String(64), unique=True, secret=True, label=_("State", ru="Состояние"))
    browser: Mapped[str] = column(String(64), secret=True, label=_("Browser", ru="Браузер"))
    provider: Mapped[str] = column(String(60), label=_("Provider", ru="Провайдер"))
    nonce: Mapped[str] = column(String(100), secret=True, label=_("Nonce", ru="Одноразовое число"))
    verifier: Mapped[str] = column(String(200), secret=True, label=_("Verifier", ru="Проверочный код"))
    back: Mapped[str] = column(String(500), default="/", label=_("Where to go on", ru="Куда вернуться"))
    expires_at: Mapped[dt.datetime] = column(UtcDateTime, index=True, label=_("Until", ru="До"))


KEPT = (Session, Token, Link, Attempt, Identity, Handshake)
