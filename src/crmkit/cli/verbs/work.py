"""``crmkit work``."""

from __future__ import annotations

import signal
import threading
import types

from ..load import ready_crm
from ..speak import _, note
from ..verb import option, verb

HELP = _(
    "Run jobs and timers in a process of their own.\n\n"
    "On PostgreSQL start as many as you like, on as many machines as you like. SIGTERM and Ctrl-C let running jobs "
    "finish "
    "for so many seconds; what is not done by then another process begins again.",
    ru="Выполнять задания и таймеры отдельным процессом.\n\n"
    "На PostgreSQL запускайте сколько угодно процессов на скольких угодно машинах. По SIGTERM и Ctrl-C начатые задания "
    "доделываются указанное число секунд; недоделанное начнёт заново другой процесс.",
)
EXAMPLES = """
crmkit work
crmkit work --threads 8 --queue default --queue slow
"""


@verb("work", HELP, EXAMPLES)
@option(
    "--threads",
    type=int,
    help=_(
        "How many jobs at once (default: workers of [crmkit]).",
        ru="Сколько заданий сразу (обычно workers из [crmkit]).",
    ),
)
@option(
    "--queue",
    "queues",
    multiple=True,
    default=("default",),
    help=_("Which queues; may be repeated.", ru="Какие очереди; можно повторять."),
)
@option(
    "--grace",
    default=30.0,
    show_default=True,
    help=_("Seconds running jobs get to finish.", ru="Сколько секунд дать начатым заданиям."),
)
def work(threads: int | None, queues: tuple[str, ...], grace: float) -> None:
    """Work until stopped."""
    from crmkit.core import garbage
    from crmkit.core.work import runner, set_crons
    from crmkit.ui.transferring.work import register

    crm = ready_crm()
    register(crm)  # imports that were begun on the screen
    set_crons(crm)
    stopping = threading.Event()

    def stop(_number: int, _frame: types.FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    options = {"queues": queues} | ({"concurrency": threads} if threads else {})
    running = runner(crm, **options)
    garbage.settle()
    running.start()
    note(_("Working on jobs. Ctrl-C stops.", ru="Задания выполняются. Остановить: Ctrl-C."))
    try:
        stopping.wait()
        note(_("Stopping: running jobs may finish …", ru="Остановка: начатые задания доделываются …"))
    finally:
        running.stop(grace)
        for number, handler in before.items():
            signal.signal(number, handler)
