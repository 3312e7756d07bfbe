"""A process that places a call and never hears the provider's answer: ``worker_to_kill.py DATABASE MOMENT LEDGER``."""

import datetime as dt
import sys
import threading

import crmkit.activities
import crmkit_sales
import crmkit_telephony
from crmkit import Crm, MovableClock
from crmkit_telephony.testing import paper


def main(database: str, moment: str, ledger: str) -> None:
    """Carry out what is due, until a call is being placed."""
    plugins = [crmkit.activities.plugin, crmkit_sales.plugin, crmkit_telephony.plugin, paper.plugin]
    crm = Crm(*plugins, database=database, clock=MovableClock(dt.datetime.fromisoformat(moment)))

    def dial(asked: crmkit_telephony.Originate) -> crmkit_telephony.Placed:
        with open(ledger, "a", encoding="utf-8") as file:
            file.write(f"{asked.number} {asked.reference}\n")
        sys.stdout.write("dialled\n")
        sys.stdout.flush()
        threading.Event().wait()
        raise AssertionError

    crmkit_telephony.provider_named(crm, "paper").originate = dial
    crm.deliver()


if __name__ == "__main__":
    main(*sys.argv[1:])
