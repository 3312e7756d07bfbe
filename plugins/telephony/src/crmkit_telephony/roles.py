"""Who may do what, and what the usual roles get."""

from __future__ import annotations

from crmkit import Crm, Permission, Role, _, hookimpl

CALL = Permission("telephony.use", _("Call and control one's own calls", ru="Звонить и управлять своими звонками"))
LISTEN = Permission("telephony.listen", _("Hear recordings of the calls one sees", ru="Слушать записи видимых звонков"))
REPORTS = Permission("telephony.reports.read", _("See reports on calls", ru="Видеть отчёты о звонках"))
SET_UP = Permission(
    "telephony.set_up", _("Set telephony up: telephones, numbers, providers", ru="Настраивать телефонию: телефоны, номера, операторов")
)
_CALLS = ("telephony.call.read", "telephony.call.change")
ROLES = (
    Role(
        "operator",
        {"telephony.use": "own", "telephony.listen": "own", **dict.fromkeys(_CALLS, "own"), "telephony.line.read": "own",
         "telephony.number.read": "all", "telephony.do_not_call.read": "all", "telephony.do_not_call.create": "all"},
        label=_("Call-centre operator", ru="Оператор колл-центра"),
    ),
    Role(
        "manager",
        {"telephony.use": "own", "telephony.listen": "own", **dict.fromkeys(_CALLS, "own"), "telephony.line.read": "own",
         "telephony.do_not_call.read": "all", "telephony.do_not_call.create": "all"},
        label=_("Sales manager", ru="Менеджер по продажам"),
    ),
    Role(
        "team_lead",
        {"telephony.use": "own", **dict.fromkeys((*_CALLS, "telephony.listen", "telephony.reports.read", "telephony.line.read"), "below"),
         "telephony.do_not_call.*": "all"},
        label=_("Team lead", ru="Руководитель группы"),
    ),
    Role(
        "director",
        dict.fromkeys(("telephony.use", *_CALLS, "telephony.listen", "telephony.reports.read", "telephony.line.read", "telephony.number.read",
                       "telephony.do_not_call.*"), "all"),
        label=_("Sales director", ru="Директор по продажам"),
    ),
)  # fmt: skip


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer telephony's part of the usual roles."""
    return ROLES
