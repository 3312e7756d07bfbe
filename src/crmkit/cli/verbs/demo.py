"""``crmkit demo``: from nothing to a CRM one can look at."""

from __future__ import annotations

import json
import os
import random
import secrets
import typing as t
from pathlib import Path

import click

from crmkit.core.errors import CompositionError

from ..load import at_work, installed_plugins, kept
from ..speak import _, language, note, say, told, working
from ..verb import option, verb
from .serving import address, listen, run_server

if t.TYPE_CHECKING:
    from crmkit import Crm, Plugin

HELP = _(
    "Start a CRM with demo data, from nothing.\n\n"
    "Makes a folder with a settings file and a SQLite database, loads companies, people and deals in Russian and "
    "English "
    "(the same every time), prints the address and a token, and serves the API with its documentation. The next start "
    "finds the data as you left it; delete the folder to begin afresh.",
    ru="Запустить CRM с демонстрационными данными, с нуля.\n\n"
    "Создаёт папку с файлом настроек и базой SQLite, загружает компании, людей и сделки на русском и английском "
    "(каждый раз "
    "одни и те же), печатает адрес и токен и запускает API с документацией. При следующем запуске данные останутся, "
    "как вы "
    "их оставили; чтобы начать заново, удалите папку.",
)
EXAMPLES = """
crmkit demo
crmkit demo --port 8080 --size 2000
crmkit demo --database postgresql://crm@localhost/demo
"""
FILES = 24  # so many of the newest notes get a file beside them


@verb("demo", HELP, EXAMPLES)
@option(
    "--port",
    default=8000,
    show_default=True,
    help=_("Port to listen on; 0 takes a free one.", ru="Порт; 0 — любой свободный."),
)
@option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on.", ru="На каком адресе слушать."))
@option(
    "--folder",
    default=".demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help=_("Where it is kept.", ru="Где всё хранится."),
)
@option(
    "--database",
    metavar="URL",
    help=_("Another database than the folder's SQLite.", ru="Другая база вместо SQLite в папке."),
)
@option(
    "--size",
    default=300,
    show_default=True,
    type=click.IntRange(1),
    help=_("About so many deals.", ru="Примерно столько сделок."),
)
@option("--seed", default=1, show_default=True, help=_("Another seed, other people.", ru="Другое зерно — другие люди."))
@option("--prepare-only", is_flag=True, help=_("Load everything, then stop.", ru="Всё загрузить и остановиться."))
def demo(port: int, host: str, folder: Path, database: str | None, size: int, seed: int, prepare_only: bool) -> None:
    """Prepare what is missing, then serve."""
    place = None if prepare_only else listen(host, port)
    crm = compose(folder, database)
    prepare(crm, folder, size, seed)
    token = token_of(crm, folder)
    people = people_of(crm, folder)
    if place is None:
        say(_("Ready in {folder}.", ru="Готово: {folder}."), folder=folder)
        say(token)
        return
    tell(address(place), token, folder, people)
    run_server(crm.app, place)


def compose(folder: Path, database: str | None) -> Crm:
    """Return the CRM of the demo folder, whose settings file is written on the first start."""
    from crmkit import Crm

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "crmkit.toml"
    if not file.exists():
        plugins = installed_plugins()
        if not plugins:
            raise CompositionError(
                [
                    told(
                        _(
                            "no plugin is installed; type: pip install -e plugins/sales",
                            ru="не установлен ни один плагин; наберите: pip install -e plugins/sales",
                        )
                    )
                ]
            )
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        file.write_text(settings_text(plugins, f"sqlite:///{(folder / 'crm.db').resolve()}", folder.resolve()), encoding="utf-8")
    more = {"database": database} if database else {}
    environment = {k: v for k, v in os.environ.items() if k != "CRMKIT_DATABASE"}
    return kept(Crm.from_file(file, environment, **more))


def settings_text(plugins: list[Plugin], database: str, folder: Path) -> str:
    """Return a settings file with three roles that show what row rules do."""
    from crmkit import Crm

    crm = Crm(*plugins, database=database)
    names = json.dumps([p.name for p in crm.plugins])
    owned = [k.key for k in crm.kinds.values() if k.owned]
    grants = "\n".join(f'grants."{key}.*" = "own"' for key in owned)
    team = "\n".join(f'grants."{key}.*" = "below"' for key in owned)
    commands = "".join(f'grants."{name}" = "all"\n' for name in sorted({c.permission.name for c in crm.commands.values()} - {"public"}))
    admin = '[roles.admin]\nlabel = {en = "Administrator", ru = "Администратор"}\ngrants."*" = "all"\n'
    others = (
        f'\n[roles.director]\nlabel = {{en = "Director", ru = "Руководитель"}}\n{team}\n{commands}\n'
        f'[roles.manager]\nlabel = {{en = "Manager", ru = "Менеджер"}}\n{grants}\n{commands}'
    )
    return (
        f"# Written by `crmkit demo`; change what you like.\n[crmkit]\nplugins = {names}\ndatabase = "
        f"{json.dumps(database)}\n"
        f'language = "{language()}"\ntimezone = "Europe/Moscow"\n\n'
        f"[ui]\ndemo = true\nimports = {json.dumps(str(folder / 'imports'))}\n\n"
        + admin
        + ("" if "accounts.role" in crm.kinds else others)  # there, roles are data
        + (f"\n[activities]\nfolder = {json.dumps(str(folder / 'files'))}\n" if "activities.file" in crm.kinds else "")
        + _of_plugins(crm)
    )


def _of_plugins(crm: Crm) -> str:
    """Return what plugins want in the demo's settings file."""
    tables: dict[str, dict[str, t.Any]] = {}
    for answer in crm.hook.crm_demo_settings(crm=crm):
        for plugin, wanted in (answer or {}).items():
            tables.setdefault(plugin, {}).update(wanted)
    lines = [f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in tables[name].items()) for name in sorted(tables)]
    return "".join(lines)


def prepare(crm: Crm, folder: Path, size: int, seed: int) -> None:
    """Migrate, and load demo data into an empty database."""
    from crmkit.core import migrate

    with working(_("Preparing the database", ru="Подготовка базы")) as shown:
        migrate.upgrade(
            crm.engine,
            migrate.owners_of(crm),
            None,
            lambda step: shown.on(f"{step.number}/{step.total} {step.revision}"),
        )
        with crm.read() as reading:
            if any(reading.find(kind.cls).archived(only=False).exists() for kind in crm.kinds.values()):
                return
        shown.on(_("loading demo data", ru="загрузка данных"))
        with crm.uow() as uow:
            crm.hook.crm_demo(uow=uow, random=random.Random(seed), size=size)
        furnish(crm, folder)


def furnish(crm: Crm, folder: Path) -> None:
    """Add what lies outside a transaction: files, and an import of each plugin that brings one, to look at and to undo."""
    if "activities.file" in crm.kinds:
        from crmkit.activities.demo import attach_files

        attach_files(crm, FILES, language())
    from crmkit.transfer.mapping import read_mapping
    from crmkit.transfer.run import Import

    for plugin in crm.plugins:
        brought = plugin.migrations.parent / "demo_import" if plugin.migrations is not None else None
        if brought is None or not brought.is_dir():
            continue
        place = folder / "import"
        place.mkdir(exist_ok=True)
        for file in sorted(brought.iterdir()):
            (place / file.name).write_bytes(file.read_bytes())
        for file in sorted(place.glob("*.toml")):
            work = Import(crm=crm, mapping=read_mapping(file, crm, {}), actor=at_work(), errors=place, language=language())
            work.begin()
            work.run()


def token_of(crm: Crm, folder: Path) -> str:
    """Return the demo's token: the one of last time while it is good, else a new one. Only this user can read its
    file."""
    from crmkit.core.errors import Unauthenticated
    from crmkit.core.tokens import create_token, tokens_of

    file = folder / "token"
    if file.exists():
        kept = file.read_text("utf-8").strip()
        try:
            tokens_of(crm).check(kept)
            return kept
        except Unauthenticated:
            pass
    made = create_token(crm, "demo", ["admin"], actor_id=1)
    file.touch(mode=0o600)
    file.write_text(made + "\n", encoding="utf-8")
    return made


def people_of(crm: Crm, folder: Path) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the password of the demo's people and who they are, when there is a plugin that knows them.

    The password is made up on the first start and kept in a file that only this user can read.
    """
    if "accounts.user" not in crm.kinds:
        return "", []
    from crmkit.accounts import open_doors

    file = folder / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    password = file.read_text("utf-8").strip()
    return password, open_doors(crm, password)


def tell(where: str, token: str, folder: Path, people: tuple[str, list[tuple[str, str, str]]] = ("", [])) -> None:
    """Say where to look and with what."""
    say(_("The CRM is at           {where}", ru="CRM работает по адресу  {where}"), where=where)
    say(_("Its documentation at    {where}api/docs", ru="Документация           {where}api/docs"), where=where)
    say(_("Token (administrator)   {token}", ru="Токен (администратор)  {token}"), token=token)
    password, logins = people
    if logins:
        say()
        page = f"{where}accounts/login"
        say(_("Sign in at {page} as anybody, with the password {password}",
            ru="Вход на {page} под любым именем, пароль у всех {password}"), page=page, password=password)  # fmt: skip
        for login, name, position in logins:
            say("  {login:<24}{name}, {position}", login=login, name=name, position=position)
    say()
    say(f'  curl -H "Authorization: Bearer {token}" {where}api/sales/deal')
    if logins:
        words = json.dumps({"login": logins[0][0], "password": password})
        say(f"  curl -c {folder}/cookies -H 'Content-Type: application/json' -d '{words}' {where}x/accounts/login")
        say(f"  curl -b {folder}/cookies '{where}api/search?q=romashka'")
    say()
    note(
        _(
            "Data and settings are in {folder}. Ctrl-C stops.",
            ru="Данные и настройки в папке {folder}. Остановить: Ctrl-C.",
        ),
        folder=folder,
    )
