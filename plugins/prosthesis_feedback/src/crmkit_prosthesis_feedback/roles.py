"""Who may do what, and what the usual roles get."""

from __future__ import annotations

from crmkit import Crm, Permission, Role, _, hookimpl

GLANCE = Permission(
    "prosthesis_feedback.glance", _("See that a service exists and how it stands", ru="Видеть, что сервис есть и в каком он состоянии")
)
COLLECT = Permission("prosthesis_feedback.collect", _("Take down answers", ru="Записывать ответы"))
MEDICAL = Permission("prosthesis_feedback.medical", _("See medical answers", ru="Видеть медицинские ответы"))
INCIDENTS = Permission("prosthesis_feedback.incidents", _("Open and close incidents", ru="Открывать и закрывать инциденты"))
DEVICES = Permission("prosthesis_feedback.devices", _("Issue, replace and take back devices", ru="Выдавать, заменять и принимать изделия"))
PLAN = Permission("prosthesis_feedback.plan", _("Agree on days, end a service, cross over", ru="Договариваться о днях, завершать сервис, переводить"))
PROTOCOLS = Permission("prosthesis_feedback.protocols", _("Edit and publish protocols", ru="Править и публиковать протоколы"))
REPORTS = Permission("prosthesis_feedback.reports.read", _("See reports on feedback", ru="Видеть отчёты по обратной связи"))
ERASE = Permission(
    "prosthesis_feedback.erase", _("Hand out or erase a person's medical answers", ru="Выдавать и стирать медицинские ответы человека")
)
_RECORDS = ("service", "card", "incident")
# Cards are made and moved by their dates, answers are taken down in a check-list: nobody does that in a list or on a board.
_HEAD = (
    *(f"prosthesis_feedback.{name}.{right}" for name in ("service", "card") for right in ("read", "change")), "prosthesis_feedback.service.create",
    "prosthesis_feedback.service.archive", "prosthesis_feedback.answer.read", "prosthesis_feedback.incident.*", "prosthesis_feedback.protocol.*",
    *(p.name for p in (GLANCE, COLLECT, MEDICAL, INCIDENTS, DEVICES, PLAN, PROTOCOLS, REPORTS, ERASE)),
)  # fmt: skip
ROLES = (
    Role("manager", {"prosthesis_feedback.glance": "all"}, label=_("Sales manager", ru="Менеджер по продажам")),
    Role("team_lead", {"prosthesis_feedback.glance": "all"}, label=_("Team lead", ru="Руководитель группы")),
    Role(
        "director", {"prosthesis_feedback.glance": "all", "prosthesis_feedback.reports.read": "all"},
        label=_("Sales director", ru="Директор по продажам"),
    ),
    Role(
        "service_caller",
        {
            **{f"prosthesis_feedback.{name}.{right}": "team" for name in _RECORDS for right in ("read", "change")},
            "prosthesis_feedback.incident.create": "team", "prosthesis_feedback.incident.move": "team",
            "prosthesis_feedback.glance": "all", "prosthesis_feedback.collect": "team",
            "prosthesis_feedback.incidents": "team", "prosthesis_feedback.devices": "team", "prosthesis_feedback.plan": "team",
            "prosthesis_feedback.medical": "team", "prosthesis_feedback.answer.read": "all", "prosthesis_feedback.protocol.read": "all",
            "sales.contact.read": "all", "sales.contact.change": "all", "sales.deal.read": "all",
            "taskqueue.work": "own", "taskqueue.task.read": "team", "taskqueue.task.create": "own",
        },
        label=_("Customer service", ru="Служба заботы"),
    ),
    Role(
        "service_head",
        {
            **dict.fromkeys(_HEAD, "all"), "sales.contact.read": "all", "sales.contact.change": "all", "sales.deal.read": "all",
            "taskqueue.work": "own", "taskqueue.task.read": "below", "taskqueue.task.create": "below", "taskqueue.supervise": "below",
            "taskqueue.reports.read": "below",
        },
        label=_("Head of customer service", ru="Руководитель службы заботы"),
    ),
)  # fmt: skip


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer this plugin's part of the usual roles."""
    return ROLES
