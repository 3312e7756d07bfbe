"""Secrets of providers that stand in files of their own, as secrets of containers do."""

from __future__ import annotations

from pathlib import Path

from crmkit import Misuse


def read_secret(given: str, file: Path | None, name: str) -> str:
    """Return a secret: what the file holds where there is one, else what was given; `Misuse` names the setting of a file not to be read."""
    if file is None:
        return given
    try:
        return file.read_text("utf-8").strip()
    except OSError as error:
        raise Misuse(f"{name} = {str(file)!r} cannot be read: {error.strerror}") from None
