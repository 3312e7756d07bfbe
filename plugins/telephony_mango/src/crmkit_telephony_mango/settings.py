"""What an integrator sets under ``[telephony_mango]``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from crmkit import Misuse
from crmkit_telephony import read_secret

LOCAL = ("127.0.0.1", "localhost", "::1")


@attrs.frozen(kw_only=True)
class MangoSettings:
    """Settings of Mango Office. The two secrets belong into the environment: ``CRMKIT_TELEPHONY_MANGO__SALT=…``."""

    key: str = attrs.field(default="", repr=False)
    """The unique code of the virtual PBX (``vpbx_api_key``). While it is empty, telephony has no Mango Office."""
    salt: str = attrs.field(default="", repr=False)
    """The key that signs what goes there and what comes from there; never sent."""
    salt_file: Path | None = None
    """A file that holds the salt and nothing else, as secrets of containers do; read instead of ``salt``."""
    base_url: str = "https://app.mango-office.ru/vpbx/"
    """Where the API is."""
    timeout: dt.timedelta = dt.timedelta(seconds=15)
    """How long an answer may take."""

    def secret(self) -> str:
        """Return the salt, wherever it is kept."""
        return read_secret(self.salt, self.salt_file, "salt_file")

    def __attrs_post_init__(self) -> None:
        if bool(self.key) != bool(self.salt or self.salt_file):
            raise Misuse(f"{'salt' if self.key else 'key'} is missing: Mango Office gives both")
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
            raise Misuse(f"base_url = {self.base_url!r}: https, or recordings and numbers go over the wire in the clear")
