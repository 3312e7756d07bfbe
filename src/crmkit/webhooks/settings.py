"""What an integrator sets under ``[webhooks]``."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class WebhooksSettings:
    """Settings of the webhooks plugin."""

    allow_http: bool = False
    """Whether addresses may begin with `http://`: anybody on the way can read what is told."""
    allow_networks: tuple[str, ...] = ()
    """Networks that may be called though they are not public, such as `["10.1.0.0/16"]`."""
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    """Ports that may be called; an empty list allows every port."""
    connect_timeout: dt.timedelta = dt.timedelta(seconds=5)
    """How long finding and reaching a server may take."""
    timeout: dt.timedelta = dt.timedelta(seconds=15)
    """How long a whole call may take."""
    ca_file: Path | None = None
    """Certificates of authorities of your own, a PEM file, beside those the machine trusts."""
    disable_after: dt.timedelta = dt.timedelta(days=5)
    """After how long without a single success an address is switched off."""
    keep: dt.timedelta = dt.timedelta(days=30)
    """How long deliveries are kept."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no network, by name."""
        for network in self.allow_networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"allow_networks: {error}") from error
