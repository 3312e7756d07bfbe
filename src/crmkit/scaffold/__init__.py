"""A real tiny plugin with tests, copied by ``crmkit new plugin NAME``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from crmkit.core.errors import CrmError
from crmkit.core.settings import RESERVED
from crmkit.core.text import Text, _

TEMPLATE = Path(__file__).parent / "plugin"
NAME = re.compile(r"[a-z][a-z0-9_]{0,26}")
BAD_NAME = _(
    "{name!r} will not do as a name: small Latin letters, digits and _, a letter first, at most 27, and none of "
    "{reserved}",
    ru="имя {name!r} не подходит: строчные латинские буквы, цифры и _, первая буква, не больше 27 знаков, и не "
    "{reserved}",
)
EXISTS = _("{folder} exists already and was left alone", ru="{folder} уже есть и не тронута")


class Refused(CrmError):
    """The plugin cannot be written there; `message` says why, in every language."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message)


def write_plugin(name: str, folder: Path) -> Path:
    """Copy the tiny plugin into ``folder/crmkit-NAME`` under its new name and return that folder."""
    reserved = (*RESERVED, "core", "crm", "parked")
    if not NAME.fullmatch(name) or name in reserved:
        raise Refused(BAD_NAME.format(name=name, reserved=", ".join(reserved)))
    target = folder.expanduser() / f"crmkit-{name.replace('_', '-')}"
    if target.exists():
        raise Refused(EXISTS.format(folder=target))
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file() and source.suffix == ".tmpl":
            path = target / _renamed(str(source.relative_to(TEMPLATE)).removesuffix(".tmpl"), name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_renamed(source.read_text("utf-8"), name), encoding="utf-8")
    # Written rather than copied: it then has the columns and indexes every record has in this version of crmkit.
    command = [sys.executable, "-B", "-m", "crmkit.scaffold.first_migration", name, str(target / "src")]
    subprocess.run(command, check=True)
    return target


def _renamed(text: str, name: str) -> str:
    return (
        text.replace("PLUGIN-DASHED", name.replace("_", "-"))
        .replace("PLUGIN-LABEL", name.replace("_", " ").capitalize())
        .replace("PLUGIN", name)
    )
