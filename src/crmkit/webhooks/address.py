"""Which addresses may be called: public ones, and those of networks an integrator allows."""

from __future__ import annotations

import ipaddress
import socket
import threading
import typing as t
from urllib.parse import SplitResult, urlsplit

import attrs

from crmkit import Text, _

from .settings import WebhooksSettings

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NOT_A_URL = _("expected an address such as https://example.com/hook", ru="ожидается адрес вида https://example.com/hook")
NO_HTTP = _("must begin with https://", ru="должен начинаться с https://")
NO_USER = _("leave user name and password out; calls are signed", ru="уберите имя и пароль: вызовы подписываются")
NO_PORT = _("port {port} is not allowed; allowed: {ports}", ru="порт {port} не разрешён; разрешены: {ports}")
PRIVATE = _("{host} is not a public address", ru="{host} — не публичный адрес")
UNKNOWN = _("{host} cannot be found", ru="{host} не найден")
WHITESPACE_AND_CONTROLS = frozenset(map(chr, (*range(33), 127)))


class Refused(Exception):
    """An address that may not be called; the message is a `Text`."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message)


@attrs.frozen
class Target:
    """What a URL names."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """The Host header: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def read(url: str, settings: WebhooksSettings) -> Target:
    """Return what a URL names; `Refused` when it may not be called, as far as that can be seen without looking it up."""
    if not url.isascii() or WHITESPACE_AND_CONTROLS & set(url) or "\\" in url:
        raise Refused(NOT_A_URL)
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise Refused(NOT_A_URL) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.fragment or port == 0:
        raise Refused(NOT_A_URL)
    if parts.scheme == "http" and not settings.allow_http:
        raise Refused(NO_HTTP)
    if "@" in parts.netloc:
        raise Refused(NO_USER)
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    if settings.ports and port not in settings.ports:
        raise Refused(NO_PORT.format(port=port, ports=", ".join(map(str, settings.ports))))
    host = parts.hostname
    literal = _literal(host)
    if literal is not None and not may_call(literal, settings):
        raise Refused(PRIVATE.format(host=host))
    return Target(secure, host, port, _path(parts))


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _literal(host: str) -> Ip | None:
    """Return the address a host is written as. What only C libraries take for one (``0x7f.1``) is looked up, then checked."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def may_call(address: Ip, settings: WebhooksSettings) -> bool:
    """True for public addresses and for allowed networks. What is wrapped in an IPv6 address counts as what it is."""
    address = inner(address)
    for allowed in settings.allow_networks:
        if address in ipaddress.ip_network(allowed):  # False between versions
            return True
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    special = address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified or site_local
    return address.is_global and not special


def inner(address: Ip) -> Ip:
    """Return the IPv4 address that is carried in a mapped, translated (NAT64), 6to4 or Teredo address, else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    number = int(address)
    if address in NAT64 or (number >> 32 == 0 and number > 1):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo is not None else address)


def resolve(target: Target, settings: WebhooksSettings) -> Ip:
    """Return the one address to connect to. It is checked here and never asked for again, so no answer can change in between."""
    literal = _literal(target.host)
    found = [literal] if literal is not None else _looked_up(target, settings.connect_timeout.total_seconds())
    if not found:
        raise Refused(UNKNOWN.format(host=target.host))
    for address in found:
        if may_call(address, settings):
            return address
    raise Refused(PRIVATE.format(host=target.host))


def _looked_up(target: Target, seconds: float) -> list[Ip]:
    """Ask the machine's resolver, no longer than so many seconds."""
    answer: list[t.Any] = []

    def ask() -> None:
        try:
            answer.extend(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            pass

    asking = threading.Thread(target=ask, name="crm-webhooks-lookup", daemon=True)
    asking.start()
    asking.join(seconds)
    return [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in list(answer)]
