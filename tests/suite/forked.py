"""Processes of a test's own that need not import everything again: forked from one that has.

`Forked` is `subprocess.Popen` for ``["-m", "some.module", …]``, ``["-c", "program", …]`` or ``["script.py", …]``: a process with
an identifier, pipes, an environment and an end of its own, which may be killed. Only it begins where a new Python would be after
two seconds of imports. What is about those seconds (an installation, a library that is missing) starts a Python instead.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import io
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PRELOADED = ("crmkit.cli.app", "crmkit.core.migrate", "crmkit.ui.serving", "crmkit.testing", "uvicorn", "psycopg", "sqlalchemy.dialects.sqlite")
STATUS = struct.Struct("i")


class Forked(subprocess.Popen[str]):
    """One process: its arguments are what would follow ``python``."""

    def _execute_child(
        self, args: Any, executable: Any, preexec_fn: Any, close_fds: Any, pass_fds: Any, cwd: Any, env: Any, startupinfo: Any,
        creationflags: Any, shell: Any, p2cread: int, p2cwrite: int, c2pread: int, c2pwrite: int, errread: int, errwrite: int, *_rest: Any,
    ) -> None:  # fmt: skip
        self._status, status = os.pipe()
        given = [mine if theirs == -1 else theirs for mine, theirs in ((0, p2cread), (1, c2pwrite), (2, errwrite))]
        try:
            asked = {"args": [str(arg) for arg in args], "cwd": str(cwd or os.getcwd()), "env": dict(env or os.environ)}
            self.pid = _ask(asked, [*given, status])
            self._child_created = True
        finally:
            os.close(status)
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if not select.select([self._status], [], [], 0 if wait_flags else None)[0]:
            return 0, 0
        told = os.read(self._status, STATUS.size)
        os.close(self._status)
        return self.pid, STATUS.unpack(told)[0] if told else signal.SIGKILL

    def _internal_poll(self, *_args: Any, **_kw: Any) -> int | None:
        lock: threading.Lock = self._waitpid_lock  # type: ignore[attr-defined]
        if self.returncode is None and lock.acquire(blocking=False):
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                lock.release()
        return self.returncode


def run(args: list[str], *, timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with both outputs captured."""
    with Forked(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(args, process.returncode, out, err)


# ---- this process -----------------------------------------------------------------------------------------------------------
_server: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []
_lock = threading.Lock()


def _ask(asked: dict[str, Any], fds: list[int]) -> int:
    with _lock:
        if not _server:
            _server.append(_start())
        to = _server[0][0]
        text = json.dumps(asked).encode()
        socket.send_fds(to, [STATUS.pack(len(text))], fds)
        to.sendall(text)
        return int(STATUS.unpack(_exactly(to, STATUS.size))[0])


def _start() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        environment = {**os.environ, "LANG": "C", "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))}
        command = [sys.executable, "-c", "from tests.suite import forked; forked.serve()", str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    return ours, process


def pytest_unconfigure() -> None:
    """End the process that is forked from."""
    while _server:
        to, process = _server.pop()
        to.close()
        process.wait(20)


def _exactly(sock: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = sock.recv(size - len(read))
        if not more:
            raise EOFError("the process that is forked from has ended")
        read += more
    return read


# ---- the process that is forked from ----------------------------------------------------------------------------------------
def serve() -> None:
    """Import what most processes need, then fork one for each request until nobody is left to ask."""
    for name in PRELOADED:
        importlib.import_module(name)
    for point in importlib.metadata.entry_points(group="crmkit.plugins"):
        with contextlib.suppress(Exception):  # whoever asks for it is told
            point.load().loaded()
    assert threading.active_count() == 1, "a thread would not survive a fork"
    gc.collect()
    gc.freeze()
    sock = socket.socket(fileno=int(sys.argv[1]))
    bell, ring = os.pipe()
    for fd in (bell, ring):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(ring)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    while True:
        ready = select.select([sock.fileno(), bell], [], [])[0]
        if bell in ready:
            os.read(bell, 4096)
            _reap(running)
        if sock.fileno() in ready:
            head, fds, _flags, _from = socket.recv_fds(sock, STATUS.size, 4)
            if not head:
                return
            asked = json.loads(_exactly(sock, STATUS.unpack(head)[0]))
            pid = os.fork()
            if not pid:
                for fd in (bell, ring, fds[3], *running.values()):
                    os.close(fd)
                sock.close()
                return _become(asked, fds[:3])
            running[pid] = fds[3]
            for fd in fds[:3]:
                os.close(fd)
            sock.sendall(STATUS.pack(pid))


def _reap(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        fd = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(fd, STATUS.pack(status))
        os.close(fd)


def _become(asked: dict[str, Any], fds: list[int]) -> None:
    """Be the process that was asked for; what it raises ends it as it would end any."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
    for fd in set(fds) - {0, 1, 2}:
        os.close(fd)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    _speak(bool(os.environ.get("PYTHONUNBUFFERED")))
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    first, *rest = asked["args"]
    looked = ["" if first in ("-m", "-c") else str(Path(first).resolve().parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path[:] = list(dict.fromkeys([*looked, *(place for place in sys.path if place not in ("", str(ROOT)))]))
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    sys.argv = rest if first == "-m" else [first, *rest]
    if first == "-m":
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        runpy.run_path(first, run_name="__main__")


def _speak(at_once: bool) -> None:
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    raw = open(1, "wb", buffering=0 if at_once else -1, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", write_through=at_once)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # type: ignore[misc]  # noqa: SIM115
