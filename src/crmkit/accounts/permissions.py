"""What this plugin's own routes and commands ask for."""

from crmkit import Permission, _

ADMINISTER = Permission("accounts.administer", _("Administer people, roles and sessions", ru="Управлять сотрудниками, ролями и сеансами"))
INVITE = Permission(
    "accounts.invite", _("Invite people and let them set a new password", ru="Приглашать сотрудников и давать ссылку на новый пароль"))  # fmt: skip
MATRIX = Permission("accounts.matrix", _("See which role may do what", ru="Видеть матрицу прав"))
