"""The addresses of the manager's screen: the page itself, what is done on it, and what is fetched beside the task."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence

import attrs

from crmkit import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Uow
from crmkit.ui import Link, Menu, RecordParts, Redirect, Result, Slot, View, Visit, Workspace, page

from .. import ending, handing, sessions
from ..days import WORDS
from ..deciding import Choice
from ..desk import desk_of, me
from ..handing import Turn
from ..roles import WORK
from ..settings import TaskqueueSettings
from . import words
from .client import CONTACT, LEAD, business_of, client_of
from .dock import EXIT, EXIT_KEY, dock_of, read_typed
from .standing import Standing, ahead, bar, mark_of, stands

LOST = "screen"
"""The name under which a refusal goes that is about the whole screen, not about a field."""
NEAR = 4
MOST_TYPED, MOST_NAMES = 20_000, 60
HOME = "/taskqueue/"


@attrs.frozen
class Notice:
    """What is said above the screen, and the words that are kept for whoever typed them."""

    text: str
    kept: str = ""


WORKPLACE = Workspace(
    name="taskqueue", label=words.workplace, roles=("manager",), home=HOME, icon="headset", order=20,
    menu=(Link(label=words.screen, path=HOME, icon="headset"), Link(label=words.deals, path="/sales/deal", icon="handshake"),
        Link(label=words.leads, path="/sales/lead", icon="target"), Link(label=words.contacts, path="/sales/contact", icon="users")),
)  # fmt: skip


# ---- the page ---------------------------------------------------------------------------------------------------------
@page("/", label=words.screen, permission=WORK, menu=Menu(icon="headset", section="work", order=1))
def screen(visit: Visit, uow: Uow) -> View:
    """Where the manager stands: before work, at a task, on a break."""
    return _screen(visit, uow, stands(uow))


def _screen(visit: Visit, uow: Uow, standing: Standing, notice: Notice | None = None, typed: Mapping[str, t.Any] | None = None,
            problems: Sequence[Problem] = ()) -> View:  # fmt: skip
    context: dict[str, t.Any] = {
        "s": words, "at": standing, "bar": bar(uow, standing), "me": me(uow), "notice": notice, "near": NEAR,
        "lease": int(uow.crm[TaskqueueSettings].lease.total_seconds()),
    }
    if standing.state == "start":
        context |= {"d": WORDS, **ahead(uow)}
    if standing.task is not None and standing.turn is not None and standing.desk is not None:
        task, client = standing.task, client_of(uow, standing.task)
        main = client.contact or client.lead
        card = RecordParts(visit, uow).properties(main, CONTACT if client.contact is not None else LEAD) if main is not None else ""
        given = typed if typed is not None else standing.desk.draft or {}
        context |= {
            "task": task, "client": client, "card": card, "business": business_of(visit, uow, task, client),
            "kind_label": standing.kind.text if standing.kind is not None else task.kind, "late": task.due_at is not None and task.due_at < uow.now,
            "dock": dock_of(visit, uow, standing, given, problems), "gone": ending.KIND_GONE.format(kind=task.kind), "exit_name": EXIT,
            "exit_key": EXIT_KEY, "d": WORDS, "said": visit.say(words.told_task, title=task.title),
        }  # fmt: skip
    return View("screen.html", **context)


@page("/around/{part}/{turn}", label=words.screen, permission=WORK)
def around(visit: Visit, uow: Uow) -> View:
    """What stands around the open task: panels of plugins, the client's timeline. Fetched after the task itself is in sight."""
    standing = stands(uow)
    part = visit.path["part"]
    if standing.task is None or standing.turn is None or str(standing.turn.id) != visit.path["turn"] or part not in ("main", "side"):
        return View("around.html", part="")
    client = client_of(uow, standing.task)
    records = [r for r in (client.contact, client.lead, client.deal) if r is not None] + [standing.task]
    slots = (Slot.HEADER, Slot.TOP, Slot.TIMELINE) if part == "main" else (Slot.ASIDE,)
    return View("around.html", part=part, parts=RecordParts(visit, uow, *records, slots=slots, once=("taskqueue",)), Slot=Slot)


# ---- what is done on it -------------------------------------------------------------------------------------------------
@page("/do/{what}", label=words.screen, permission=WORK, methods=("POST",))
def act(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Start, complete, leave, pause, go on, stop; the next screen is the answer."""
    what = visit.path["what"]
    doing = ACTS.get(what)
    if doing is None:
        raise NotFound()
    if refusal is not None:
        return _refused(visit, uow, what, refusal)
    try:
        return doing(visit, uow)
    except (Conflict, Forbidden) as error:
        raise Invalid(problems=[Problem(LOST, "conflict", error.message)]) from error


def _refused(visit: Visit, uow: Uow, what: str, refusal: Refusal) -> View:
    """Show the screen as it is, with what is wrong: at its field, or above everything with the words that were typed."""
    standing = stands(uow)
    lost = [visit.say(p.message) for p in refusal.problems if p.path == LOST]
    if lost or what != "done" or standing.turn is None or str(standing.turn.id) != visit.form.get("turn"):
        text = " ".join(lost or [visit.say(p.message) for p in refusal.problems])
        return _screen(visit, uow, standing, Notice(text[:1].upper() + text[1:], visit.form.get("note", "").strip()))
    found = _screen(visit, uow, standing, typed=dict(visit.form), problems=refusal.problems)
    if not visit.htmx:
        return found
    return View("dock.html", status=422, headers=[("HX-Retarget", "#tq-dock"), ("HX-Reswap", "outerHTML")], **found.context)


def _onward(visit: Visit, uow: Uow, found: Turn | Choice | None, notice: Notice | None = None) -> Result:
    """Show what comes next; a browser without scripts is led to the screen's own address."""
    uow.settle()
    standing = stands(uow, found)
    if not visit.htmx and standing.state not in ("soon", "nothing") and notice is None:
        return Redirect(HOME)
    return _screen(visit, uow, standing, notice)


def _start(visit: Visit, uow: Uow) -> Result:
    sessions.start(uow)
    return _next(visit, uow)


def _next(visit: Visit, uow: Uow) -> Result:
    said = visit.form.get("said", "")
    notice = Notice(said[:500], visit.form.get("kept", "")[:MOST_TYPED]) if said else None
    desk = desk_of(uow, me(uow))
    if desk is None or desk.session_id is None or desk.pause_id is not None:
        return _onward(visit, uow, None, notice)  # ended or paused in another tab
    return _onward(visit, uow, handing.next_turn(uow), notice)


def _done(visit: Visit, uow: Uow) -> Result:
    turn, outcome = _turn(visit), visit.form.get("outcome", "")
    if not outcome:
        raise Invalid(problems=[Problem("outcome", "required", words.choose_first)])
    if outcome == EXIT:
        return _onward(visit, uow, ending.leave(uow, turn, visit.form.get(f"{EXIT}.reason", ""), visit.form.get("note", "")))
    return _onward(visit, uow, ending.complete(uow, turn, outcome, read_typed(visit.form, outcome)))


def _break(visit: Visit, uow: Uow) -> Result:
    desk = sessions.pause(uow, visit.form.get("reason", ""))
    return _bar(visit, uow) if desk.turn_id is not None and visit.htmx else _onward(visit, uow, None)


def _resume(visit: Visit, uow: Uow) -> Result:
    desk = sessions.resume(uow)
    if desk.turn_id is None:
        return _next(visit, uow)
    return _bar(visit, uow) if visit.htmx else _onward(visit, uow, None)


def _bar(visit: Visit, uow: Uow) -> View:
    """The bar alone: whoever is at a task goes on typing."""
    standing = stands(uow)
    headers = [("HX-Retarget", "#tq-bar"), ("HX-Reswap", "outerHTML")]
    return View("bar.html", headers=headers, s=words, at=standing, bar=bar(uow, standing), alone=True)


def _stop(visit: Visit, uow: Uow) -> Result:
    sessions.stop(uow)
    return _onward(visit, uow, None, Notice(visit.say(words.ended)) if visit.htmx else None)


def _still(visit: Visit, uow: Uow) -> Result:
    """Renew the lease and keep the draft; say whether the screen is still the right one."""
    turn = _turn(visit)
    if turn:
        names = [n for n in visit.form if n not in ("turn", "mark", "silent")][:MOST_NAMES]
        draft = None if "silent" in visit.form else {n: visit.form[n][:MOST_TYPED] for n in names}
        handing.renew(uow, turn, draft)
    return "ok" if mark_of(desk_of(uow, me(uow))) == visit.form.get("mark") else "gone"


def _look(visit: Visit, uow: Uow) -> Result:
    """The screen as it is now, after this one was overtaken: what was typed into it is kept."""
    desk = desk_of(uow, me(uow))
    turn = _turn(visit)
    kept = visit.form.get("note", "").strip()
    gone = turn and (desk is None or desk.turn_id != turn) and (kept or not _went_on_by_itself(uow, turn))
    notice = Notice(visit.say(words.gone), kept) if gone else None
    if desk is None or desk.session_id is None or desk.pause_id is not None:
        return _onward(visit, uow, None, notice)
    return _onward(visit, uow, handing.next_turn(uow), notice)


def _went_on_by_itself(uow: Uow, key: int) -> bool:
    """True where nobody was reached, or it was put off: a dialer closes such tasks, one after the other, and need not say so each time."""
    turn = handing.turn_of(uow, key)
    if turn is None or turn.user_id != me(uow):
        return False
    kind = uow.crm[TaskqueueSettings].all_kinds.get(turn.kind)
    outcome = kind.outcomes.get(turn.outcome or "") if kind is not None else None
    return turn.ended == "returned" or (turn.ended == "done" and outcome is not None and not outcome.reached)


def _turn(visit: Visit) -> int:
    given = visit.form.get("turn", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


ACTS: Mapping[str, Callable[[Visit, Uow], Result]] = {
    "start": _start, "next": _next, "done": _done, "break": _break, "resume": _resume, "stop": _stop, "still": _still, "look": _look,
}  # fmt: skip
