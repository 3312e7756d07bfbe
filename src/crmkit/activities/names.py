"""Names of files: as people write them, Cyrillic and all, without what could lead anybody astray."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from crmkit import _

LONGEST = 200
NO_NAME = _("give the file a name", ru="назовите файл")
SEPARATORS = re.compile(r"[/\\]")
FORBIDDEN = re.compile(r'[<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def clean_name(value: str) -> str:
    """Return the last part of a path without control and direction marks; `ValueError` when nothing is left of it.

    Directional marks let ``photo_gpj.exe`` be shown as ``photo_exe.jpg``; names of devices cannot be saved on Windows.
    """
    last = SEPARATORS.split(unicodedata.normalize("NFC", value))[-1]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    bare = re.sub(r"\s+", " ", FORBIDDEN.sub("_", shown)).strip(" .")
    if not bare:
        raise ValueError(NO_NAME)
    if RESERVED.fullmatch(bare):
        bare = f"_{bare}"
    return _shortened(bare)


def extension(name: str) -> str:
    """Return the last extension in lower case, without its dot; nothing when there is none."""
    return name.rpartition(".")[2].lower() if "." in name.strip(".") else ""


def disposition(how: str, name: str) -> str:
    """Return a Content-Disposition: the name in ASCII for old readers, in UTF-8 for all others (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'["\\%]', "_", plain).strip(" .")
    if not plain or plain.lower() == extension(name):
        plain = f"file.{extension(name)}" if extension(name).isascii() and extension(name) else "file"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    end = extension(name)
    kept = f".{end}" if 0 < len(end) <= 20 else ""
    return name[: LONGEST - len(kept)].rstrip(" .") + kept
