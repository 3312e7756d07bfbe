"""``crmkit serve``."""

from __future__ import annotations

import click

from ..load import ready_crm
from ..speak import _, note
from ..verb import option, verb
from .serving import address, listen, run_server

HELP = _(
    "Serve the API, and run jobs beside it.\n\n"
    "The database must have been migrated. Where `crmkit work` processes run the jobs, set jobs = false under "
    "[crmkit].",
    ru="Запустить API и выполнение заданий рядом с ним.\n\n"
    "База должна быть приведена к схеме (crmkit migrate). Если задания выполняют отдельные процессы `crmkit work`, "
    "укажите jobs = false в [crmkit].",
)
EXAMPLES = """
crmkit migrate && crmkit serve
crmkit serve --host 0.0.0.0 --port 8080
CRMKIT_DATABASE=postgresql://crm@db/crm crmkit serve
"""


@verb("serve", HELP, EXAMPLES)
@option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on.", ru="На каком адресе слушать."))
@option(
    "--port",
    default=8000,
    show_default=True,
    help=_("Port to listen on; 0 takes a free one.", ru="Порт; 0 — любой свободный."),
)
@option(
    "--log",
    type=click.Choice(["info", "warning", "error"]),
    default="info",
    help=_("What to log.", ru="Что писать в журнал."),
)
def serve(host: str, port: int, log: str) -> None:
    """Serve until stopped."""
    crm = ready_crm()
    place = listen(host, port)
    where = address(place)
    note(
        _(
            "Serving {where} (documentation: {where}api/docs). Ctrl-C stops.",
            ru="Работает: {where} (документация: {where}api/docs). Остановить: Ctrl-C.",
        ),
        where=where,
    )
    run_server(crm.app, place, log_level=log)
