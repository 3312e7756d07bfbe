"""Who may do what, and what the usual roles get."""

from __future__ import annotations

from crmkit import Crm, Permission, Role, _, hookimpl

WORK = Permission("taskqueue.work", _("Work at the manager's screen", ru="Работать на экране менеджера"))
SUPERVISE = Permission(
    "taskqueue.supervise",
    _("See who works at what; hand out, take back and pause", ru="Видеть, кто чем занят; назначать, возвращать, приостанавливать"),
)
REPORTS = Permission("taskqueue.reports.read", _("See reports on work", ru="Видеть отчёты о работе"))
FILL = Permission("taskqueue.fill", _("Put clients into the stack of old clients", ru="Добавлять клиентов в стек старых"))
TASKS = ("task", "recurring")
RECORDS = ("taskqueue.task.*", "taskqueue.recurring.*", "taskqueue.old_client.*")
VERBS = ("taskqueue.work", "taskqueue.supervise", "taskqueue.fill")


def _tasks(scope: str) -> dict[str, str]:
    return {f"taskqueue.{kind}.{action}": scope for kind in TASKS for action in ("read", "create", "change", "archive")}


# Managers make tasks and end them at their screen. Whoever could put one off, change its kind or archive it would choose their work.
_BY_HAND = {"taskqueue.task.change", "taskqueue.task.archive"}
ROLES = (
    Role(
        "manager",
        {
            "taskqueue.work": "own", "taskqueue.fill": "own", **{name: scope for name, scope in _tasks("own").items() if name not in _BY_HAND},
            "taskqueue.task.read": "team", "taskqueue.old_client.read": "team",
        },
        label=_("Sales manager", ru="Менеджер по продажам"),
    ),
    Role(
        "team_lead",
        {
            "taskqueue.work": "own", **_tasks("below"), "taskqueue.old_client.*": "below", "taskqueue.fill": "below",
            **dict.fromkeys(("taskqueue.supervise", "taskqueue.reports.read", "taskqueue.session.read"), "below"),
        },
        label=_("Team lead", ru="Руководитель группы"),
    ),
    # Work sessions are begun, not written down: nobody creates one in a list.
    Role(
        "director", dict.fromkeys((*RECORDS, *VERBS, "taskqueue.session.read", "taskqueue.reports.read"), "all"),
        label=_("Sales director", ru="Директор по продажам"),
    ),
)  # fmt: skip


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer the work queue's part of the usual roles."""
    return ROLES
