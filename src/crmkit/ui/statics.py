"""Style sheets, modules, fonts and pictures: addressed by what they contain, so that a browser keeps them for ever."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import typing as t
from functools import cache
from pathlib import Path

import attrs

if t.TYPE_CHECKING:
    from ..core.plugin import Plugin

HERE = Path(__file__).parent / "static"
# The order is that of the cascade: what comes later wins within its layer.
SHEETS = (
    "tokens", "base", "layout", "controls", "fields", "lists", "calendar", "board", "record", "history", "wizard", "home", "charts", "windows",
    "overlays", "admin", "components", "print",
)  # fmt: skip
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".webp": "image/webp"}
CHARSET = {"text/javascript", "text/css", "image/svg+xml"}
IMPORT = re.compile(r"@import\b|</style", re.IGNORECASE)


@attrs.frozen
class Folder:
    """The files of one owner (the CRM itself, or a plugin), read once."""

    files: t.Mapping[str, bytes]
    digest: str

    def find(self, name: str) -> tuple[bytes, str] | None:
        """Return a file's content and media type, or None."""
        content = self.files.get(name)
        return None if content is None else (content, media_type(name))


def media_type(name: str) -> str:
    """Return what a file is, by the end of its name."""
    ending = Path(name).suffix
    found = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found in CHARSET else found


def read_folder(folder: Path, extra: t.Mapping[str, bytes] | None = None) -> Folder:
    """Return every file below a folder, with one digest over them all."""
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()} if folder.is_dir() else {}
    return _folder(files | dict(extra or {}))


def _folder(files: t.Mapping[str, bytes]) -> Folder:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Folder(files, digest.hexdigest()[:12])


@cache
def core_folder() -> Folder:
    """Return crmkit's own files, the style sheets joined into ``crm.css``."""
    folder = HERE / "css"
    joined = b"\n".join((folder / f"{name}.css").read_bytes() for name in SHEETS if (folder / f"{name}.css").is_file())
    return read_folder(HERE, {"crm.css": joined})


def plugin_folder(plugin: Plugin, package: Path) -> Folder:
    """Return a plugin's ``static`` folder; its style sheets apply to its own pages and parts, and never to anybody else's.

    They are wrapped in ``@layer plugins { [data-plugin="name"] { … } }``: nested rules, as browsers have them since 2023.
    """
    found = read_folder(package / "static")
    wrapped = {
        name: f'@layer plugins{{[data-plugin="{plugin.name}"]{{\n'.encode() + content + b"\n}}\n" if name.endswith(".css") else content
        for name, content in found.files.items()
    }
    return _folder(wrapped)
