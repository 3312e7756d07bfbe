"""People, teams, roles as data, and signing in. A host with users of its own leaves it out and passes ``actor=``."""

from crmkit import Plugin, _

from .demo import open_doors
from .entities import Delegation, Membership, StoredRole, Team, TeamKind, User, UserRole
from .people import actor_of
from .roles import give, matrix, seed
from .settings import AccountsSettings, Provider
from .specs import AccountsSpecs

MODULES = (
    "entities", "permissions", "rules", "guard", "people", "passwords", "sessions", "sign_in", "second_factor", "tokens", "links", "oidc",
    "roles", "upkeep", "verbs", "demo", "looks", "names", "pages", "pages_link", "pages_profile",
    *(f"administering.{m}" for m in ("people", "person", "teams", "matrix", "role")),
)  # fmt: skip

plugin = Plugin(
    "accounts",
    label=_("People and access", ru="Сотрудники и доступ"),
    modules=[f"{__name__}.{m}" for m in MODULES],
    settings=AccountsSettings,
    specs=AccountsSpecs,
)

__all__ = [
    "AccountsSettings", "Delegation", "Membership", "Provider", "StoredRole", "Team", "TeamKind", "User", "UserRole", "actor_of", "give", "matrix",
    "open_doors", "plugin", "seed",
]  # fmt: skip
