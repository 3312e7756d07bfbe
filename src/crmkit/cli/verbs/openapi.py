"""``crmkit openapi``."""

from __future__ import annotations

from ..load import any_crm
from ..speak import _, language
from ..verb import option, verb

HELP = _(
    "Print the API's description: OpenAPI 3.1, as JSON.\n\nWithout a settings file it describes all installed plugins. Needs no database.",
    ru="Напечатать описание API: OpenAPI 3.1 в JSON.\n\nБез файла настроек описывает все установленные плагины. База не нужна.",
)
EXAMPLES = """
crmkit openapi > openapi.json
crmkit openapi --indent 0 | wc -c
"""


@verb("openapi", HELP, EXAMPLES)
@option("--indent", default=2, show_default=True, help=_("Spaces; 0 for one line.", ru="Отступ; 0 — одной строкой."))
def openapi(indent: int) -> None:
    """Print it."""
    import json

    import click

    from crmkit.web.openapi import document

    made = document(any_crm(), language())
    click.echo(json.dumps(made, ensure_ascii=False, indent=indent or None))
