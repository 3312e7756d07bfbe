"""A worker process for test_crash.py: runs jobs until its standard input ends. `worker.py DATABASE OPTIONS`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import sqlalchemy as sa

from crmkit.core.clock import SystemClock
from crmkit.core.database import open_engine
from crmkit.core.jobs import ClaimedJob, Handler, Jobs, Runner

options = {"hang": True, "lease": 30.0, "poll": 5.0, "stop": 5.0} | json.loads(sys.argv[2])
note = sa.table("note", sa.column("text"))
first = threading.Lock()


def write(context: Any, job: ClaimedJob) -> None:
    if first.acquire(blocking=False):
        context.connection.execute(sa.insert(note).values(text=f"by {os.getpid()}"))
    context.connection.execute(sa.insert(note).values(text=job.args["text"]))


def hang(context: Any, job: ClaimedJob) -> None:
    if options["hang"]:
        print("hangs", flush=True)
        threading.Event().wait(60)


def write_and_hang(context: Any, job: ClaimedJob) -> None:
    write(context, job)
    hang(context, job)


def kill(context: Any, job: ClaimedJob) -> None:
    if options["hang"]:
        os.kill(os.getpid(), signal.SIGKILL)


jobs = Jobs(open_engine(sys.argv[1]), SystemClock())
jobs.register("write", Handler(write))
jobs.register("write and hang", Handler(write_and_hang))
jobs.register("hang outside", Handler(hang, transaction=False))
jobs.register("kill", Handler(kill))
print("ready", flush=True)  # before the first job, which may kill us
runner = Runner(jobs, lease=options["lease"], poll=options["poll"]).start()
sys.stdin.read()
runner.stop(options["stop"])
