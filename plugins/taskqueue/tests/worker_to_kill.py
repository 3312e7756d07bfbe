"""Managers at work in a process of their own, until it is killed: ``worker_to_kill.py DATABASE MOMENT FIRST LAST``."""

import datetime as dt
import itertools
import sys
import threading

import crmkit.activities
import crmkit_sales
import crmkit_taskqueue
from crmkit import Actor, Crm, MovableClock, Refusal
from crmkit_taskqueue import Turn, complete, next_turn, start

ENDS = {
    "task": ("done", {}), "call": ("no_answer", {}), "new_lead": ("interested", {}), "call_back": ("reached", {}),
    "old_client": ("refused", {"reason": "dear"}),
}  # fmt: skip


def work(crm: Crm, number: int) -> None:
    """Complete one task after the other, and say so; at most forty, should nobody kill the process."""
    me = Actor(number, f"M{number}", roles=["manager"], teams=(number % 2 + 1,))
    for _round in itertools.repeat(None, 40):
        try:
            with crm.uow(me) as uow:
                start(uow)
                found = next_turn(uow)
            if isinstance(found, Turn):
                with crm.uow(me) as uow:
                    complete(uow, found.id, *ENDS[found.kind])
                sys.stdout.write("done\n")
                sys.stdout.flush()
        except Refusal:
            continue


def main(database: str, moment: str, first: str, last: str) -> None:
    """Work with one thread for each manager."""
    plugins = [crmkit.activities.plugin, crmkit_sales.plugin, crmkit_taskqueue.plugin]
    crm = Crm(*plugins, database=database, roles=crmkit_taskqueue.ROLES, clock=MovableClock(dt.datetime.fromisoformat(moment)))
    for number in range(int(first), int(last) + 1):
        threading.Thread(target=work, args=(crm, number)).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
