"""A test talks to nobody but this machine, and does not wait where the clock can be moved."""

from __future__ import annotations

import functools
import gc
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, SupportsIndex

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEST_FOLDERS = (ROOT / "tests", *ROOT.glob("plugins/*/tests"))

DEFAULT_FOLDERS = ("imports", "files")  # [ui] imports, [activities] folder

# A slow machine is no failure of ours, and a failing example can be typed in again.
hypothesis.settings.register_profile("crmkit", deadline=None, print_blob=True)
hypothesis.settings.load_profile("crmkit")


class OutsideCall(BaseException):
    """Not an `Exception`: code that handles a failed connection must not mistake it for one."""


def _refuse_outside(host: object) -> None:
    if not _is_here(host):
        raise OutsideCall(f"a test wanted to reach {host!r}; tests talk to 127.0.0.1, ::1 and localhost only")


def _is_here(host: object) -> bool:
    if host is None or host in (b"", "", "localhost", b"localhost"):
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name == socket.gethostname()
    return address.is_loopback or address.is_unspecified


def _guard_socket(method: str, address_at: int) -> None:
    real = getattr(socket.socket, method)

    @functools.wraps(real)
    def guarded(self: socket.socket, *args: Any) -> Any:
        address = args[address_at]
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            _refuse_outside(address[0])
        return real(self, *args)

    setattr(socket.socket, method, guarded)


def _guard_lookup(function: str) -> None:
    real: Callable[..., Any] = getattr(socket, function)

    @functools.wraps(real)
    def guarded(host: object, *args: Any, **kwargs: Any) -> Any:
        _refuse_outside(host)
        return real(host, *args, **kwargs)

    setattr(socket, function, guarded)


_real_sleep = time.sleep
_may_sleep = False


def _sleep(seconds: float | SupportsIndex, /) -> None:
    caller = Path(sys._getframe(1).f_code.co_filename)
    if float(seconds) > 0 and not _may_sleep and any(caller.is_relative_to(folder) for folder in TEST_FOLDERS):
        pytest.fail(
            "a test sleeps: move the clock (`clock.forward`), wait for an event with a timeout, or mark the test "
            '@pytest.mark.real_time("why the clock cannot be moved")'
        )
    _real_sleep(seconds)


def pytest_configure(config: pytest.Config) -> None:
    for method, address_at in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        _guard_socket(method, address_at)
    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        _guard_lookup(function)
    time.sleep = _sleep


def pytest_collection_finish() -> None:
    """Leave out of every further collection of garbage what six thousand tests and all modules are made of: it took a seventh of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    silent = [item.nodeid for item in items for mark in item.iter_markers("real_time") if not _reason(mark)]
    if silent:
        raise pytest.UsageError(f"real_time needs a reason: {', '.join(silent)}")


def _reason(mark: pytest.Mark) -> str:
    return str(mark.args[0] if mark.args else mark.kwargs.get("reason", ""))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _may_sleep
    _may_sleep = item.get_closest_marker("real_time") is not None
    try:
        return (yield)
    finally:
        _may_sleep = False


@pytest.fixture(autouse=True)
def _nothing_left_in_the_checkout() -> Iterator[None]:
    """Fail where a CRM of a test keeps its files in the folders of the defaults, which are those of whoever runs the tests."""
    before = left_behind()
    yield
    if made := left_behind() - before:
        pytest.fail(f"a test left {', '.join(sorted(made))} in the checkout: give its CRM a folder of the test's own (tmp_path)")


def left_behind(at: Path = ROOT) -> set[str]:
    """Return which folders of the settings' defaults are there."""
    return {name for name in DEFAULT_FOLDERS if (at / name).exists()}
