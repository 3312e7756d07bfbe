"""What an integrator sets under ``[telephony_telfin]``."""

from __future__ import annotations

import datetime as dt
import ipaddress
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from crmkit import Misuse
from crmkit_telephony import read_secret

HERE = ("localhost", "127.0.0.1", "::1")
FAKE = {"app_id": "fake-app", "app_secret": "fake-secret", "base_url": "http://pbx.fake"}


@attrs.frozen(kw_only=True)
class TelfinSettings:
    """Settings of the provider Telfin (Telphin, RingMe)."""

    app_id: str = ""
    """App ID of a *trusted* application, made in Telfin's personal account. While it is empty, telephony has no Telfin."""
    app_secret: str = attrs.field(default="", repr=False)
    """App Secret of that application; better in the environment (``CRMKIT_TELEPHONY_TELFIN__APP_SECRET``) or in a file of its own."""
    app_secret_file: Path | None = None
    """A file that holds the App Secret and nothing else, as secrets of containers do; read instead of ``app_secret``."""
    client_id: str = "@me"
    """Whose PBX it is, for an application that serves several clients; ``@me`` is the application's own."""
    base_url: str = "https://apiproxy.telphin.ru"
    """Where the API is; other operators of the same platform, and the fake PBX, have it elsewhere."""
    subscribe: str = attrs.field(default="extensions", validator=attrs.validators.in_(("extensions", "all_phones")))
    """Whose calls Telfin tells us: those of the ``extensions`` in use, or of ``all_phones`` of the PBX (four requests, however many there are)."""
    entrances: bool = True
    """Whether queues and voice menus tell their calls too: a call that nobody took is known by their hang-up."""
    networks: tuple[str, ...] = ()
    """Networks that webhooks may come from, such as ``["213.170.84.96/27"]``; empty: from anywhere, the secret address is what guards them."""
    reserve: float = 0.2
    """The share of the hourly limit that is kept for what people wait for: placing, ending and handing over calls."""
    timeout: dt.timedelta = dt.timedelta(seconds=10)
    """How long an answer is waited for."""
    looked_at_every: dt.timedelta = dt.timedelta(days=1)
    """How long a subscription that was seen is believed to be there; list of extensions likewise."""
    history_timezone: str = "UTC"
    """The zone in which the filter of the call history is understood: Telfin's documents do not say; its answers are in UTC."""
    wait_for_pickup: int | None = None
    """Sent as it is with each call that is placed; what exactly Telfin makes of it is not documented."""
    fake: bool = False
    """Instead of Telfin, a telephone exchange of the CRM's own in the one process that serves, with a page to answer at: for trying out."""

    def __attrs_post_init__(self) -> None:
        """Say what cannot be, before anything is sent anywhere."""
        if self.fake:
            if self.app_id:
                raise Misuse("fake = true: the exchange for trying out has no app_id; leave one of the two out")
            for name, value in FAKE.items():
                object.__setattr__(self, name, value)
        for network in self.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise Misuse(f"networks: {network!r} is no network ({error}); write it as 213.170.84.96/27") from None
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and (parts.hostname in HERE or (parts.hostname or "").endswith(".fake"))):
            raise Misuse(f"base_url = {self.base_url!r} must begin with https://: the App Secret is sent there")
        if not 0 <= self.reserve < 1:
            raise Misuse(f"reserve = {self.reserve}: a share from 0 to less than 1, such as 0.2")
        try:
            zoneinfo.ZoneInfo(self.history_timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise Misuse(f"history_timezone = {self.history_timezone!r} is no time zone; write it as Europe/Moscow") from None
        if self.timeout <= dt.timedelta(0):
            raise Misuse("timeout: more than nothing, such as 10s")

    @property
    def secret(self) -> str:
        """The App Secret, wherever it is kept."""
        return read_secret(self.app_secret, self.app_secret_file, "app_secret_file")

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone of the history's filter."""
        return zoneinfo.ZoneInfo(self.history_timezone)
