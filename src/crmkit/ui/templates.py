"""Templates: crmkit's own by their names, a plugin's below its name, so that nothing takes another's place by accident."""

from __future__ import annotations

import typing as t
from pathlib import Path

import jinja2

from . import formats, words
from .icons import icon, icon_use, sprite
from .lookup import Templates
from .registry import package_of

if t.TYPE_CHECKING:
    from jinja2.bccache import Bucket

    from ..core.compose import Crm
    from .settings import UiSettings

HERE = Path(__file__).parent / "templates"
WORDS = {name: value for name, value in vars(words).items() if isinstance(value, str | dict) and not name.startswith("__")}


class Kept(jinja2.BytecodeCache):
    """Compiled templates of this process, shared by its CRMs: jinja tells a template that changed by its source."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], t.Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template what it was compiled to before."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template was compiled to."""
        self._known[bucket.key, bucket.checksum] = bucket.code


KEPT = Kept()


def environment(crm: Crm, settings: UiSettings) -> jinja2.Environment:
    """Return the templates of a CRM: the integrator's folder first, then crmkit's, then ``<plugin>/…``."""
    of_plugins: dict[str, jinja2.BaseLoader] = {}
    for plugin in crm.plugins:
        package = package_of(plugin)
        if package is not None and (package / "templates").is_dir():
            of_plugins[plugin.name] = jinja2.FileSystemLoader(package / "templates")
    loaders: list[jinja2.BaseLoader] = [jinja2.FileSystemLoader(HERE), jinja2.PrefixLoader(of_plugins)]
    if settings.templates:
        loaders.insert(0, jinja2.FileSystemLoader(settings.templates))
    made = Templates(
        loader=jinja2.ChoiceLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        undefined=jinja2.StrictUndefined, cache_size=1000,
        bytecode_cache=KEPT,
    )  # fmt: skip
    made.globals.update(w=WORDS, icon=icon, icon_use=icon_use, sprite=sprite, initials=formats.initials, color_of=formats.color_of)
    return made
