"""Routes that take large bodies and stream their answers, and how routes describe themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from crmkit import Crm, Later, MovableClock, NotFound, Permission, Plugin, Role, Streamed, Uow, Upload, _, route
from crmkit.core.tokens import create_token

SEND = Permission("drop.send", _("Send things", ru="Присылать вещи"))
LIMIT = 6 * 1024 * 1024
PREPARED: list[Any] = []
SEEN: list[Any] = []


def limit(crm: Crm) -> int:
    return LIMIT


def prepare(request: Any, crm: Crm) -> int:
    PREPARED.append(request.state.actor.id)
    return len(PREPARED)


@route("/box", permission=SEND, methods=["POST"], upload=Upload(limit=limit, prepare=prepare), operation={"deprecated": True})
def box(request: Any, uow: Uow) -> Any:
    """Take a large body."""
    state = request.state
    SEEN.append(type(state.upload.file._file).__name__)
    return {"size": state.upload.size, "digest": state.upload.digest, "again": hashlib.sha256(state.upload.file.read()).hexdigest(),
        "prepared": state.prepared}


def pieces(closed: list[bool] | None = None) -> Iterator[bytes]:
    yield b"one "
    yield b"two"


@route("/out/{name:str}", permission=SEND, operation={"summary": _("Out", ru="Наружу")})
def out(request: Any, uow: Uow) -> Any:
    return Streamed(pieces=pieces(), media_type="text/plain", status=206, headers={"Content-Range": "bytes 0-6/9", "Cache-Control": "no-store"})


@route("/later/{name:str}", permission=SEND)
def later(request: Any, uow: Uow) -> Any:
    def fetched() -> Any:
        assert uow.over  # nothing is held while the outside is asked
        if request.path_params["name"] == "gone":
            raise NotFound()
        return Streamed(pieces=pieces(), media_type="text/plain", headers={"Content-Length": "7"})

    return Later(fetched)


@route("/wrong/later", permission=SEND, methods=["POST"])
def wrong_later(request: Any, uow: Uow) -> Any:
    return Later(dict)


@route("/wrong", permission=SEND, methods=["POST"])
def wrong(request: Any, uow: Uow) -> Any:
    return Streamed(pieces=pieces(), media_type="text/plain")


drop = Plugin("drop", modules=[__name__])


@pytest.fixture
def crm(copy_of) -> Iterator[Crm]:
    def tables(url: str) -> None:
        made = Crm(drop, database=url)
        for table in made.tables:
            table.create(made.engine, checkfirst=True)
        made.engine.dispose()

    crm = Crm(drop, database=copy_of("drop", tables), roles=[Role("any", {"drop.*": "all"}), Role("other", {})], clock=MovableClock(),
        settings={"crmkit": {"jobs": False}})
    yield crm
    crm.engine.dispose()
    PREPARED.clear()
    SEEN.clear()


@pytest.fixture
def ask(crm: Crm) -> Iterator[Any]:
    with TestClient(crm.app, raise_server_exceptions=False) as client:
        tokens = {name: create_token(crm, name, [name], actor_id=7) for name in ("any", "other")}

        def call(method: str, path: str, who: str | None = "any", **more: Any) -> Any:
            headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {tokens[who]}"} if who else {})}
            return client.request(method, path, headers=headers, **more)

        yield call


def test_a_large_body_is_kept_in_a_file(ask):
    body = b"x" * (5 * 1024 * 1024)
    answer = ask("POST", "/x/drop/box", content=body).json()
    assert answer == {"size": len(body), "digest": hashlib.sha256(body).hexdigest(), "again": answer["digest"], "prepared": 1}
    assert SEEN == ["BufferedRandom"]
    assert PREPARED == [7]


def test_a_small_body_stays_in_memory(ask):
    assert ask("POST", "/x/drop/box", content=b"hi").json()["size"] == 2
    assert SEEN == ["BytesIO"]


def test_more_than_the_limit_is_refused_whether_announced_or_not(ask):
    assert ask("POST", "/x/drop/box", content=b"x" * (LIMIT + 1)).status_code == 413

    def slowly() -> Iterator[bytes]:
        for _number in range(LIMIT // 1_000_000 + 2):
            yield b"x" * 1_000_000

    refused = ask("POST", "/x/drop/box", content=slowly())
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
    assert str(LIMIT) in refused.json()["detail"]
    assert not PREPARED


def test_who_may_not_send_is_told_before_anything_is_read(ask):
    assert ask("POST", "/x/drop/box", "other", content=b"x").status_code == 403
    assert ask("POST", "/x/drop/box", None, content=b"x").status_code == 401
    assert not PREPARED


def test_a_repeated_upload_is_done_once(ask):
    first = ask("POST", "/x/drop/box", content=b"hi", headers={"Idempotency-Key": "a"})
    again = ask("POST", "/x/drop/box", content=b"hi", headers={"Idempotency-Key": "a"})
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert ask("POST", "/x/drop/box", content=b"ho", headers={"Idempotency-Key": "a"}).status_code == 422


def test_an_answer_in_pieces(ask):
    answer = ask("GET", "/x/drop/out/a")
    assert (answer.status_code, answer.content) == (206, b"one two")
    assert answer.headers["content-range"] == "bytes 0-6/9"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask("HEAD", "/x/drop/out/a").content == b""
    assert ask("POST", "/x/drop/wrong").status_code == 500


def test_an_answer_that_takes_a_word_with_the_outside(ask):
    answer = ask("GET", "/x/drop/later/a")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"one two", "7")
    assert ask("GET", "/x/drop/later/gone").status_code == 404
    assert ask("POST", "/x/drop/wrong/later").status_code == 500


def test_routes_describe_themselves(crm, ask):
    paths = ask("GET", "/api/openapi.json", headers={"Accept-Language": "ru"}).json()["paths"]
    assert paths["/x/drop/out/{name}"]["get"]["summary"] == "Наружу"
    posted = paths["/x/drop/box"]["post"]
    assert (posted["summary"], posted["deprecated"]) == ("Take a large body.", True)
    assert {"200", "413", "403"} <= posted["responses"].keys()
    assert "/x/drop/wrong" not in paths
