"""Where calls may go, and what the other side cannot do to us."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from crmkit import CompositionError, Crm
from crmkit.webhooks import WebhooksSettings, plugin
from crmkit.webhooks.address import Refused, may_call, read, resolve
from crmkit.webhooks.sender import send
from tests.webhooks.world import Listener, listening

STRICT = WebhooksSettings()
SECOND = dt.timedelta(seconds=1)
LOCAL = WebhooksSettings(allow_http=True, allow_networks=("127.0.0.0/8",), ports=(), timeout=SECOND, connect_timeout=SECOND)

REFUSED = """\
127.0.0.1 127.255.255.255 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255
192.0.0.1 192.0.2.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
::1 :: fe80::1 fe80::1%1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a00:1:: ::127.0.0.1 ::10.0.0.1 fec0::1
2001:0:4136:e378:8000:63bf:80ff:fffe
""".split()  # noqa: SIM905 (a table)


@pytest.mark.parametrize("literal", REFUSED)
def test_what_is_not_public_is_not_called(literal: str):
    assert not may_call(ipaddress.ip_address(literal), STRICT)


@pytest.mark.parametrize("literal", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"])
def test_what_is_public_is(literal: str):
    assert may_call(ipaddress.ip_address(literal), STRICT)


def test_networks_may_be_allowed():
    settings = WebhooksSettings(allow_networks=("10.1.0.0/16", "fd00::/8"))
    assert [may_call(ipaddress.ip_address(a), settings) for a in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "10.2.0.1")] == [True, True, True, False]
    with pytest.raises(CompositionError, match="allow_networks"):
        Crm(plugin, database="sqlite:///never.db", settings={"webhooks": {"allow_networks": ["10.1.2.3/8"]}})


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "https://", "https:///x", "example.com", "",
        "https://user:pass@example.com/", "https://example.com@10.0.0.1/", "https://example.com:22/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com/#x", "https://exam ple.com/", "https://example.com/\r\nX: y", "https://example.com\\@10.0.0.1/", "https://пример.рф/",
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://[::ffff:169.254.169.254]/", "https://10.0.0.1:443/",
        "https://[fe80::1%25eth0]/", "https://[::1",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url: str):
    with pytest.raises(Refused):
        read(url, STRICT)


@pytest.mark.parametrize("url", ["https://0/", "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://localhost/", "https://localhost./"])
def test_what_only_a_c_library_takes_for_an_address_is_looked_up_and_refused(url: str, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", found("127.0.0.1")[0])
    with pytest.raises(Refused):
        resolve(read(url, STRICT), STRICT)


@pytest.mark.parametrize(
    ("url", "name", "path"),
    [
        ("https://example.com", "example.com", "/"), ("https://example.com:8443/a?b=c", "example.com:8443", "/a?b=c"),
        ("HTTPS://Example.COM/A", "example.com", "/A"), ("https://[2606:4700::1111]/x", "[2606:4700::1111]", "/x"),
        ("https://xn--e1afmkfd.xn--p1ai/", "xn--e1afmkfd.xn--p1ai", "/"),
    ],
)  # fmt: skip
def test_addresses_that_will_do(url: str, name: str, path: str):
    target = read(url, STRICT)
    assert (target.secure, target.name, target.path) == (True, name, path)


def found(*answers: str) -> Any:
    """A name service that gives these answers, one after the other, and counts."""
    given = iter(answers)
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *more: Any, **options: Any) -> Any:
        asked.append(host)
        family = socket.AF_INET6 if ":" in (answer := next(given)) else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (answer, port))]

    return getaddrinfo, asked


def test_a_name_that_means_a_private_address_is_not_called(monkeypatch, listener):
    for answer in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"):
        monkeypatch.setattr(socket, "getaddrinfo", found(answer)[0])
        settings = WebhooksSettings(allow_http=True, ports=())
        outcome = send(f"http://innocent.example:{listener.port}/", b"{}", {}, settings)
        assert (outcome.status, outcome.error) == (None, "innocent.example is not a public address")
    assert listener.heard == []


def test_a_name_that_means_something_else_the_second_time_gains_nothing(monkeypatch, listener):
    """DNS rebinding: the name is asked for once, and the connection goes to what was checked."""
    getaddrinfo, asked = found("127.0.0.1", "169.254.169.254")
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert send(f"http://rebind.example:{listener.port}/x", b"{}", {}, LOCAL).status == 204
    assert asked == ["rebind.example"]
    assert listener.heard[0].headers["host"] == f"rebind.example:{listener.port}"


def test_a_name_nobody_knows_and_one_that_takes_too_long(monkeypatch):
    def unknown(*args: Any, **options: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send("https://nowhere.example/", b"", {}, STRICT).error == "nowhere.example cannot be found"
    gate = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **o: gate.wait(30) and [])
    quick = WebhooksSettings(connect_timeout=dt.timedelta(seconds=0.05))
    assert send("https://slow.example/", b"", {}, quick).error == "slow.example cannot be found"
    gate.set()


def test_redirects_are_not_followed(listener):
    listener.say(302, Location=listener.url("/elsewhere"))
    outcome = send(listener.url(), b"{}", {}, LOCAL)
    assert (outcome.status, outcome.error, outcome.good) == (302, "redirects are not followed", False)
    assert [call.path for call in listener.heard] == ["/hook"]


@pytest.mark.parametrize(("status", "good"), [(200, True), (204, True), (299, True), (301, False), (400, False), (404, False), (500, False)])
def test_what_counts_as_heard(listener, status, good):
    listener.say(status)
    assert send(listener.url(), b"{}", {}, LOCAL).good is good


def test_long_answers_are_cut(listener):
    listener.say(200, b"x" * 5_000_000)
    assert send(listener.url(), b"{}", {}, LOCAL).excerpt == "x" * 500
    listener.say(200, b"\xff\x00 ok")
    assert send(listener.url(), b"{}", {}, LOCAL).excerpt == "�� ok"


def never(gate: threading.Event) -> Any:
    def answer(handler: Any) -> None:
        gate.wait(30)

    return answer


def trickle(gate: threading.Event, first: bytes) -> Any:
    def answer(handler: Any) -> None:
        handler.wfile.write(first)
        while not gate.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("how", ["silence", "slow headers", "slow body"])
def test_whoever_takes_too_long_is_hung_up_on(listener: Listener, how: str):
    gate = threading.Event()
    listener.answers.append({"silence": never(gate), "slow headers": trickle(gate, b"HTTP/1.1 200 OK\r\nX: "), "slow body": trickle(gate, HEAD)}[how])
    outcome = send(listener.url(), b"{}", {}, LOCAL)
    gate.set()
    assert outcome.milliseconds < 5000
    if how == "slow body":
        assert outcome.status in (200, None)
    else:
        assert (outcome.status, outcome.error) == (None, "timed out")


MANY = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", MANY, b"\x00" * 100_000])
def test_answers_that_are_none(listener: Listener, answer: bytes):
    def say(handler: Any) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    listener.answers.append(say)
    outcome = send(listener.url(), b"{}", {}, LOCAL)
    assert outcome.status is None
    assert outcome.error


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = send(f"http://127.0.0.1:{port}/", b"{}", {}, LOCAL)
    assert outcome.status is None
    assert "refused" in (outcome.error or "")


def test_no_proxy_is_asked(listener, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(listener.url(), b"{}", {}, LOCAL).status == 204


# TLS


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of this name, that vouches for itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins, ends = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(1).not_valid_before(begins)
        .not_valid_after(ends).add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return public, private


def test_the_certificate_must_be_the_host_s(tmp_path, monkeypatch):
    public, private = certificate(tmp_path, "good.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    trusting = WebhooksSettings(allow_networks=("127.0.0.0/8",), ports=(), ca_file=public)
    with listening(lambda plain: context.wrap_socket(plain, server_side=True)) as listener:
        for name, settings, status in (("good.example", trusting, 204), ("evil.example", trusting, None), ("good.example", LOCAL, None)):
            monkeypatch.setattr(socket, "getaddrinfo", found("127.0.0.1")[0])
            outcome = send(f"https://{name}:{listener.port}/", b"{}", {}, settings)
            assert outcome.status == status, outcome
            assert status is not None or "CERTIFICATE" in (outcome.error or "").upper()
        assert len(listener.heard) == 1
