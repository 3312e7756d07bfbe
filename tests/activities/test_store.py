"""What every file store promises: held to by the disk, and by S3 on a real server of this machine."""

from __future__ import annotations

import datetime as dt
import io
import os
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmkit import CompositionError, Crm, Misuse, Plugin, hookimpl
from crmkit.activities import DiskStore, FileStore, plugin
from crmkit.activities.store import day_of, new_key, store_of
from crmkit.activities.store.s3 import S3Store

NOW = dt.datetime(2026, 1, 12, 9, 0, tzinfo=dt.UTC)
BIG = bytes(range(256)) * 4096 * 18  # 18 MiB: S3 takes it in parts


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def store(request, tmp_path, monkeypatch) -> FileStore:
    if request.param == "disk":
        return DiskStore(tmp_path / "files")
    endpoint = request.getfixturevalue("s3")
    allow(monkeypatch)
    made = S3Store(f"bucket-{os.urandom(4).hex()}", prefix="crm/", endpoint=endpoint, region="us-east-1")
    made._client.create_bucket(Bucket=made.bucket)
    return made


def allow(monkeypatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


def read(store: FileStore, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.open(key, start, length))


def test_what_is_put_is_there(store: FileStore):
    key = new_key(NOW)
    assert not store.exists(key)
    content = io.BytesIO(b"before" + b"0123456789")
    content.seek(6)
    store.put(key, content)
    assert not content.closed
    assert store.exists(key)
    assert read(store, key) == b"0123456789"
    assert (read(store, key, 2, 3), read(store, key, 8), read(store, key, 0, 0)) == (b"234", b"89", b"")
    assert list(store.every()) == [key]
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    assert list(store.every()) == []
    with pytest.raises(FileNotFoundError):
        store.open(key)


def test_large_content_goes_in_and_comes_out_in_pieces(store: FileStore):
    key = new_key(NOW)
    store.put(key, io.BytesIO(BIG))
    pieces = list(store.open(key))
    assert b"".join(pieces) == BIG
    assert len(pieces) > 10
    assert read(store, key, len(BIG) - 5, 5) == BIG[-5:]


def test_content_that_breaks_off_is_not_there(store: FileStore):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 100_000:
                raise OSError("the client went away")
            return super().read(min(size or 50_000, 50_000) if size and size > 0 else 50_000)

    key = new_key(NOW)
    with pytest.raises(Exception, match="went away"):
        store.put(key, Broken(b"x" * 400_000))
    assert not store.exists(key)
    assert list(store.every()) == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "2026/01/12/../../x", "2026/01/12/" + "0" * 31, "", "2026/13/45/" + "0" * 32])
def test_only_keys_are_joined_to_paths(store: FileStore, key: str):
    for use in (store.open, store.delete, store.exists, lambda k: store.put(k, io.BytesIO(b"x"))):
        with pytest.raises(Misuse):
            use(key)


def test_many_threads_at_once(store: FileStore):
    keys = [new_key(NOW) for _number in range(8)]
    threads = [threading.Thread(target=store.put, args=(key, io.BytesIO(key.encode() * 1000))) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.every()) == sorted(keys)
    assert all(read(store, key) == key.encode() * 1000 for key in keys)


def test_keys_tell_their_day_and_nothing_else():
    keys = {new_key(NOW) for _number in range(100)}
    assert len(keys) == 100
    assert {day_of(key) for key in keys} == {dt.date(2026, 1, 12)}
    assert day_of("2026/01/12/x") is None


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_the_disk_follows_no_links(tmp_path: Path):
    store, key = DiskStore(tmp_path / "files"), new_key(NOW)
    store.put(key, io.BytesIO(b"x"))
    place = tmp_path / "files" / key
    place.unlink()
    place.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic"):
        store.open(key)
    assert (tmp_path / "files").joinpath(*key.split("/")[:3]).stat().st_mode & 0o077 == 0


# Choosing one


def test_the_settings_choose(tmp_path: Path, monkeypatch):
    allow(monkeypatch)
    disk = Crm(plugin, database="sqlite:///never.db", settings={"activities": {"folder": str(tmp_path)}})
    assert isinstance(store_of(disk), DiskStore)
    assert store_of(disk) is store_of(disk)
    bucket = {"store": "s3", "s3_bucket": "b", "s3_region": "us-east-1", "s3_endpoint": "http://127.0.0.1:1"}
    assert isinstance(store_of(Crm(plugin, database="sqlite:///never.db", settings={"activities": bucket})), S3Store)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"store": "s3"}, "needs s3_bucket"), ({"store": "tape"}, "tape"), ({"file_types": ["exe"]}, "nothing is known of exe"),
        ({"file_types": ["svg", ".PDF"]}, "nothing is known of svg"), ({"orphans_after": "1h"}, "at least 2d"),
        ({"max_file_size": 0}, "max_file_size"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work(settings: dict[str, Any], said: str):
    with pytest.raises(CompositionError, match=said):
        Crm(plugin, database="sqlite:///never.db", settings={"activities": settings})


def test_a_host_brings_its_own(tmp_path: Path):
    mine = DiskStore(tmp_path)

    module = types.ModuleType("a_host")

    @hookimpl
    def activities_file_store(crm: Crm) -> Any:
        return mine

    activities_file_store.__module__ = module.__name__
    module.activities_file_store = activities_file_store  # type: ignore[attr-defined]
    crm = Crm(plugin, Plugin("host", modules=[module]), database="sqlite:///never.db")
    assert store_of(crm) is mine
