"""The dialer on the manager's screen: how the call of the open task stands, and the keys for it; earlier attempts below."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Conflict, NotFound, Text, Uow, _
from crmkit.ui import Result, Slot, Toast, View, Visit, page, panel
from crmkit_taskqueue import Task, TaskState
from crmkit_telephony import Call, Outcome, line_of

from . import commands, store
from .choosing import Refused
from .dialing import dials, full_until
from .machine import State
from .roles import DIAL
from .settings import DialerSettings
from .store import TOPIC, Row
from .tables import attempts

LABEL, TRIED = _("Dialer", ru="Автонабор"), _("Attempts to call", ru="Попытки дозвона")
SHOWN = 8
WAITS = _("The call begins by itself", ru="Звонок начнётся сам")
WAITS_KEY = _("Press Call when you are ready", ru="Нажмите «Позвонить», когда будете готовы")
AT = _("The call begins at {at}", ru="Звонок начнётся в {at}")
FULL = _(
    "The telephone provider's hourly limit is used up: dialling goes on at {at}",
    ru="Часовой лимит оператора связи исчерпан: набор продолжится в {at}",
)
STATES: dict[State, Text] = {
    State.CALLING: _("Pick up your telephone", ru="Снимите трубку"), State.RINGING: _("Rings at the client", ru="Идут гудки"),
    State.ASKING: _("Nobody answers", ru="Нет ответа"), State.CLOSING: _("Hanging up", ru="Завершаем звонок"),
    State.TALKING: _("Talking", ru="Разговор"),
}  # fmt: skip
ENDS: dict[Outcome, Text] = {
    Outcome.ANSWERED: _("The call is over: say how it ended", ru="Разговор окончен: отметьте результат"),
    Outcome.AGENT_NO_ANSWER: _("Your telephone was not picked up", ru="Вы не сняли трубку"),
    Outcome.CANCELLED: _("Hung up", ru="Звонок сброшен"),
}  # fmt: skip
CALL, HANG_UP, VOICEMAIL = _("Call", ru="Позвонить"), _("Hang up", ru="Завершить"), _("Voicemail", ru="Автоответчик")
LATE = _("The client picked up just as it was hung up", ru="Клиент снял трубку, когда звонок уже завершался")
SILENT = _("The telephone provider's messages come late or not at all: tell your administrator",
           ru="Сообщения оператора связи опаздывают или не приходят: сообщите администратору")  # fmt: skip
COLORS = {State.WAITING: "gray", State.CALLING: "amber", State.RINGING: "blue", State.ASKING: "blue", State.CLOSING: "gray", State.TALKING: "green"}


@attrs.frozen
class Key:
    """A button."""

    what: str
    label: Text
    icon: str
    letter: str = ""
    primary: bool = False


KEYS = {
    "dial": Key("dial", CALL, "phone", "L", primary=True), "hang_up": Key("hang_up", HANG_UP, "phone-off"),
    "voicemail": Key("voicemail", VOICEMAIL, "voicemail", "V"),
}  # fmt: skip
DONE: dict[str, t.Callable[[Uow], Row]] = {"dial": commands.dial_now, "hang_up": commands.end_call, "voicemail": commands.voicemail}


@panel(Task, label=LABEL, icon="phone-call", slot=Slot.TOP, order=1, live=[TOPIC], permission=DIAL)
def call_of_task(task: Task, uow: Uow) -> View | None:
    """How the call of one's own open task stands."""
    if task.state is not TaskState.OPEN or task.opened_by != uow.actor.id or not dials(uow, task.kind):
        return None
    row = next((r for r in store.last_of(uow, t.cast(int, uow.actor.id)) if r.task_id == task.id), None)
    if row is None:
        return None if line_of(uow, t.cast(int, uow.actor.id)) is not None else View("none.html", text=Refused.NO_LINE.words)
    return View("call.html", **standing(uow, row))


def standing(uow: Uow, row: Row) -> dict[str, t.Any]:
    """Return what is shown of an attempt."""
    a, names = row.a, ["hang_up"]
    text, since, color = STATES.get(a.state), a.answered_at or a.rang_at or row.dialled_at, COLORS.get(a.state, "gray")
    trouble = None
    if a.state is State.WAITING:
        names, since = ["dial"], None
        at = a.due_at is not None and (a.due_at - uow.now).total_seconds() > 30
        full = a.due_at is not None and full_until(uow, line_of(uow, row.user_id)) is not None
        words = FULL if full else WAITS_KEY if a.due_at is None else AT if at else WAITS
        text = words.format(at=f"{a.due_at.astimezone(uow.crm.zone):%H:%M}") if a.due_at is not None else words
    elif a.state is State.TALKING:
        names = ["voicemail", "hang_up"]
    elif a.state is State.CLOSING:
        names = []
    elif a.state is State.ENDED:
        names, since = ["dial"], None
        if row.refused is not None:
            text, color = Refused(row.refused).words, "amber"
        else:
            outcome = t.cast(Outcome, a.outcome)
            text = ENDS.get(outcome) or t.cast(Text, outcome.label)
        call = None if row.call_id is None else uow.peek(Call, row.call_id)
        trouble = call.trouble if call is not None else None
    limit = int(uow.crm[DialerSettings].ring_time.total_seconds()) if a.state is State.RINGING else None
    return {
        "row": row, "text": text, "since": since.isoformat() if since is not None else "", "limit": limit, "color": color,
        "keys": [KEYS[name] for name in names], "trouble": trouble, "silent": SILENT if row.silent else None,
    }  # fmt: skip


@page("/do/{what}", label=LABEL, permission=DIAL, methods=("POST",))
def act(visit: Visit, uow: Uow) -> Result:
    """Dial, hang up, voicemail."""
    doing = DONE.get(visit.path["what"])
    if doing is None:
        raise NotFound()
    try:
        doing(uow)
    except Conflict as error:
        return Toast(visit.say(error.message), bad=True, topics=(TOPIC.name,))
    return Toast("", topics=(TOPIC.name,))


@panel(Task, label=TRIED, icon="phone-outgoing", slot=Slot.ASIDE, order=60, live=[TOPIC])
def tried_for_task(task: Task, uow: Uow) -> View | None:
    """The attempts about a task and those before it, the last ones first."""
    chain = sa.select(attempts.c.chain).where(attempts.c.task_id.in_([task.id, task.previous_id or task.id])).limit(1).scalar_subquery()
    wanted = sa.select(attempts).where(attempts.c.chain == chain, attempts.c.state == State.ENDED.value).order_by(attempts.c.id.desc()).limit(SHOWN)
    found = uow.connection.execute(wanted).all()
    if not found:
        return None
    rows = [
        {
            "at": row.dialled_at or row.began_at, "number": row.number or "",
            "text": Refused(row.refused).words if row.refused else Outcome(row.outcome).label,
            "rang": int((min(row.answered_at or row.ended_at, row.ended_at) - row.rang_at).total_seconds()) if row.rang_at else None,
            "late": LATE if row.late else None,
        }
        for row in found
    ]  # fmt: skip
    return View("tried.html", rows=rows)
