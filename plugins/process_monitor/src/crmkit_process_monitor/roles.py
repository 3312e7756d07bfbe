"""Who may do what, and what the usual roles get."""

from __future__ import annotations

from crmkit import Crm, Permission, Role, _, hookimpl

MEASURED = Permission("process_monitor.measured", _("Is measured while serving clients", ru="Время обслуживания измеряется"))
SEE = Permission("process_monitor.see", _("See the monitor", ru="Видеть монитор"))
NAMES = Permission("process_monitor.names", _("See names in the monitor", ru="Видеть имена в мониторе"))
COACH = Permission("process_monitor.coach", _("Give courses and meetings", ru="Назначать курсы и встречи"))
MENTOR = Permission("process_monitor.mentor", _("Note meetings with those one mentors", ru="Отмечать встречи с теми, кого наставляет"))
NORMS = Permission("process_monitor.norms", _("Set norms and steps", ru="Задавать нормы и шаги"))
LOGS = Permission("process_monitor.logs", _("Import and export event logs", ru="Загружать и выгружать журналы событий"))
_P = "process_monitor"
_CATALOGUE = {f"{_P}.{name}.read": "all" for name in ("step", "norm", "course", "mentor")}
ROLES = (
    Role(
        "manager",
        {f"{_P}.measured": "own", f"{_P}.see": "own", f"{_P}.case.read": "own", f"{_P}.case.create": "own", f"{_P}.case.change": "own",
         f"{_P}.assignment.read": ["own", "mentored"], f"{_P}.assignment.move": "own", f"{_P}.mentor": "mentored", **_CATALOGUE},
        label=_("Sales manager", ru="Менеджер по продажам"),
    ),
    Role(
        "team_lead",
        {**dict.fromkeys((f"{_P}.see", f"{_P}.names", f"{_P}.coach", f"{_P}.case.read", *(f"{_P}.assignment.{r}" for r in (
            "create", "change", "move"))), "below"), f"{_P}.assignment.read": ["below", "mentored"], f"{_P}.mentor": ["below", "mentored"],
         **_CATALOGUE},
        label=_("Team lead", ru="Руководитель группы"),
    ),
    Role("director", {f"{_P}.*": "all"}, label=_("Sales director", ru="Директор по продажам")),
)  # fmt: skip


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer this plugin's part of the usual roles."""
    return ROLES
