"""``crmkit export``."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import click

from crmkit.core.errors import CrmError

from ..fresh import kept_crm
from ..load import at_work
from ..speak import _, say, told, working
from ..verb import option, verb

if t.TYPE_CHECKING:
    from crmkit import Crm, Uow
    from crmkit.core.kind import Kind
    from crmkit.transfer.whole import Written

HELP = _(
    "Take records out as CSV, Excel or JSON Lines; with --all the whole CRM.\n\n"
    "Secrets never leave. With --as the export shows what that person may see. --with-mapping writes a mapping beside the files, "
    "which `crmkit import` loads into an empty CRM of the same plugins.",
    ru="Выгрузить записи в CSV, Excel или JSON Lines; с --all — всю CRM.\n\n"
    "Секреты не выгружаются. С --as в файле будет то, что видит этот человек. --with-mapping положит рядом описание, по которому "
    "`crmkit import` загрузит файлы в пустую CRM с теми же плагинами.",
)
EXAMPLES = """
crmkit export sales.deal --to deals.xlsx
crmkit export sales.contact --to contacts.csv --filter '{"city": "Пермь"}'
crmkit export --all --to backup --with-mapping --journal
"""
FORMATS = ("csv", "xlsx", "jsonl")


@verb("export", HELP, EXAMPLES)
@click.argument("entities", nargs=-1, metavar="[ENTITY]...")
@option("--all", "every", is_flag=True, help=_("Every kind of record.", ru="Все виды записей."))
@option("--to", "place", required=True, type=click.Path(path_type=Path), help=_("The file; a folder for several.",
    ru="Файл; для нескольких — папка."))
@option("--format", "form", type=click.Choice(FORMATS), help=_("Told by the file's name when left out.", ru="Если не указан — по имени файла."))
@option("--filter", "tree", metavar="JSON", help=_("Only records that match this filter tree.", ru="Только записи, подходящие под этот фильтр."))
@option("--fields", metavar="NAME,...", help=_("Only these fields.", ru="Только эти поля."))
@option("--archived", is_flag=True, help=_("Archived records too.", ru="И записи из архива."))
@option("--as", "login", metavar="LOGIN", help=_("Export as this user, with their rights.", ru="Выгрузить от имени пользователя, с его правами."))
@option("--raw", is_flag=True, help=_("CSV for programs: cells that look like formulas are left as they are.",
    ru="CSV для программ: похожее на формулы не трогать."))
@option("--with-mapping", is_flag=True, help=_("Write a mapping that loads it all again.", ru="Записать описание для обратной загрузки."))
@option("--journal", is_flag=True, help=_("Stage history and journal too.", ru="И историю стадий, и журнал."))
def export(
    entities: tuple[str, ...], every: bool, place: Path, form: str | None, tree: str | None, fields: str | None, archived: bool, login: str | None,
    raw: bool, with_mapping: bool, journal: bool,
) -> None:  # fmt: skip
    """Export, and say where."""
    from crmkit.core.lists import ListRequest
    from crmkit.transfer.whole import MAPPING, export_books, export_kind, exportable, mapping_for

    if every == bool(entities):
        raise click.UsageError(told(_("name entities, or say --all", ru="назовите сущности или укажите --all")))
    crm = kept_crm()
    if crm is None:
        raise CrmError(told(_("There is nothing to export: the database is empty.", ru="Выгружать нечего: база пуста.")))
    kinds = exportable(crm) if every else [crm.kind(name) for name in entities]
    form = "jsonl" if with_mapping else form or (place.suffix.removeprefix(".") if place.suffix.removeprefix(".") in FORMATS else "jsonl")
    single = len(kinds) == 1 and not every and not with_mapping and not place.is_dir()
    (place.parent if single else place).mkdir(parents=True, exist_ok=True)
    request = ListRequest(
        filter=_tree(tree), sort=("id",), fields=fields.split(",") if fields else None, archived=None if archived or with_mapping or every else False
    )
    with working(_("Exporting", ru="Выгрузка")) as shown, crm.read(_actor(crm, login)) as uow:
        for kind in kinds:
            shown.on(kind.key)
            if every and not uow.may(kind.permission("read")):
                continue
            _tell(export_kind(uow, kind, place if single else place / f"{kind.key}.{form}", form, request=request, guard=not raw))
        if journal:
            export_books(uow, place, _tell)
    if with_mapping:
        (place / MAPPING).write_text(mapping_for(crm, kinds, _name(place), crm.clock.now()), encoding="utf-8")
        say(_("Load it again with: crmkit import {file}", ru="Загрузить обратно: crmkit import {file}"), file=place / MAPPING)


def _name(place: Path) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in place.resolve().name)[:40] or "export"


def _actor(crm: Crm, login: str | None) -> t.Any:
    if login is None:
        return at_work()
    from ..people import actor_of

    return actor_of(crm, login)


def _tree(text: str | None) -> t.Any:
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise click.UsageError(told(_("--filter is no JSON: {why}", ru="--filter — не JSON: {why}").format(why=str(error)))) from None


def _tell(written: Written) -> None:
    count = f"{written.rows}+" if written.rows >= 10_000 else str(written.rows)
    say(_("{name}: {rows} records in {file}", ru="{name}: записей {rows}, файл {file}"), name=written.name, rows=count, file=written.file)


__all__ = ["Kind", "Uow", "export"]
