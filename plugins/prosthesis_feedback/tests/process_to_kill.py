"""Do one thing to one person in a process of its own, and be killed in the middle: ``process_to_kill.py DATABASE MOMENT WHAT ID AFTER``.

`AFTER` says how many cards are written before; 0: everything is written, and the commit does not come.
"""

import datetime as dt
import os
import signal
import sys

import crmkit.activities
import crmkit_prosthesis_feedback
import crmkit_sales
import crmkit_taskqueue
from crmkit import Crm, MovableClock
from crmkit_prosthesis_feedback import Feedback, Incident, Service, body_of, cards, close_incident, collect, open_incident
from crmkit_sales import SALES, Deal

PLUGINS = [crmkit.activities.plugin, crmkit_sales.plugin, crmkit_taskqueue.plugin, crmkit_prosthesis_feedback.plugin]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(database: str, moment: str, what: str, key: str, after: str) -> None:
    written, left = cards._write, [int(after)]

    def write(*args):
        written(*args)
        args[0].flush()
        left[0] -= 1
        if not left[0]:
            die()

    cards._write = write
    settings = {"crmkit": {"timezone": "Europe/Moscow"}, "taskqueue": {"client_hours": ["mon-sun 09:00-21:00"]}}
    crm = Crm(*PLUGINS, database=database, settings=settings, clock=MovableClock(dt.datetime.fromisoformat(moment)))
    with crm.uow() as uow:
        if what == "open":
            uow.move(uow.get(Deal, int(key)), SALES["won"])
        elif what == "collect":
            card = uow.get(Feedback, int(key))
            asked = body_of(uow, card.protocol_version_id).periods[card.period].questions
            given = {"wears": "no", "why_not": "other", "skin": "fine", "broken": "no"}
            collect(uow, card, {name: value for name, value in given.items() if name in asked}, finish=True)
        elif what == "stop":
            open_incident(uow, uow.get(Service, int(key)), reason="repair", description="broken")
        else:
            close_incident(uow, uow.get(Incident, int(key)), resolution="mended")
        uow.settle()
        die()


if __name__ == "__main__":
    main(*sys.argv[1:])
