"""What this plugin's own routes and commands ask for."""

from crmkit import Permission, Uow, _

ADMINISTER = Permission("accounts.administer", _("Administer people, roles and sessions", ru="Управлять сотрудниками, ролями и сеансами"))
INVITE = Permission(
    "accounts.invite", _("Invite people and let them set a new password", ru="Приглашать сотрудников и давать ссылку на новый пароль"))  # fmt: skip
MATRIX = Permission("accounts.matrix", _("See which role may do what", ru="Видеть матрицу прав"))


def may_administer(uow: Uow) -> bool:
    """True for an administrator: ``accounts.*`` granted for one's own data, as people write it, makes nobody one."""
    return uow.may(ADMINISTER) and (uow.actor.system or uow.elevated or "all" in uow.crm.access.scopes(uow.actor, ADMINISTER.name))


def require_administrator(uow: Uow) -> None:
    """Raise `Forbidden` unless the actor is an administrator."""
    if not may_administer(uow):
        uow.forbid(ADMINISTER.name)
