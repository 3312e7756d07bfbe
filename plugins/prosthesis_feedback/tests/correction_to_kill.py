"""Run what is due, and be killed in the middle of the monthly run: ``correction_to_kill.py DATABASE MOMENT STATEMENTS``.

It dies before the statement of that number within the run; 0: everything is written, and the commit does not come.
"""

import datetime as dt
import os
import signal
import sys

import sqlalchemy as sa

import crmkit.activities
import crmkit_prosthesis_feedback
import crmkit_sales
import crmkit_taskqueue
from crmkit import Crm, MovableClock
from crmkit_prosthesis_feedback import correcting

PLUGINS = [crmkit.activities.plugin, crmkit_sales.plugin, crmkit_taskqueue.plugin, crmkit_prosthesis_feedback.plugin]


def main(database: str, moment: str, statements: str) -> None:
    left = [int(statements), False]
    real = correcting.correct

    def die(*_args: object) -> None:
        if left[1]:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    def correct(uow):
        left[1] = True
        found = real(uow)
        uow.settle()
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[1] = False
        return found

    correcting.correct = correct
    settings = {"crmkit": {"timezone": "Europe/Moscow"}, "taskqueue": {"client_hours": ["mon-sun 09:00-21:00"]}}
    crm = Crm(*PLUGINS, database=database, settings=settings, clock=MovableClock(dt.datetime.fromisoformat(moment)))
    sa.event.listen(crm.engine, "before_cursor_execute", die)
    crm.deliver()


if __name__ == "__main__":
    main(*sys.argv[1:])
