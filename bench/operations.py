"""The operations of a run: the n-th call of each, the same for every peer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from bench.data import Data, mix
from bench.peers import PAGE, Actor, Counts, Peer, Refused

Prepared = Callable[[], Any]
Prepare = Callable[[int], Prepared]


def actor_for(data: Data, deal: int) -> Actor:
    """The owner of a deal."""
    owner = data.owner_of(deal)
    return Actor(owner, data.team_of(owner))


def deal_for(data: Data, number: int) -> int:
    """The deal of the n-th move: spread over the table, none of them twice."""
    step = 61_803  # coprime to 10^5 and 10^6, so the walk meets every deal once
    return 1 + number * step % data.deals


def next_stage(data: Data, deal: int) -> str:
    """Where a freshly loaded deal moves next."""
    return f"s{data.stage_of(deal).id % 10 + 1:02d}"


def move(peer: Peer, data: Data) -> Prepare:
    """Each call moves another deal to its next stage, as its owner."""

    def prepare(number: int) -> Prepared:
        deal = deal_for(data, number)
        return partial(peer.move, deal, next_stage(data, deal), actor_for(data, deal))

    return prepare


def reader(data: Data, number: int) -> tuple[Actor, int]:
    """Who reads in the n-th page, and before which id: somewhere in the upper half."""
    owner, half = 1 + mix(number, 20) % data.owners, data.deals // 2
    return Actor(owner, data.team_of(owner)), half + mix(number, 21) % half


def page(peer: Peer, data: Data) -> Prepare:
    """Each call reads 50 deals of one owner."""
    return lambda number: partial(peer.page, *reader(data, number))


def board(peer: Peer, data: Data) -> Prepare:
    """The whole board."""
    return lambda number: partial(peer.board, None)


def board_own(peer: Peer, data: Data) -> Prepare:
    """The board of one owner."""
    return lambda number: partial(peer.board, reader(data, number)[0])


def bulk(peer: Peer, data: Data) -> Prepare:
    """Each call creates a batch of new deals."""

    def prepare(number: int) -> Prepared:
        first = data.deals + 1 + number * peer.bulk_rows
        deals = [data.new_deal(n) for n in range(first, first + peer.bulk_rows)]
        return partial(peer.bulk, deals, Actor(1, data.team_of(1)))

    return prepare


def expected_page(data: Data, actor: Actor, before: int) -> list[int]:
    """The ids that page must hold, by the data alone."""
    return list(islice((n for n in range(before - 1, 0, -1) if data.owner_of(n) == actor.id), PAGE))


# What prepares the n-th call of an operation; only the call itself is measured.
CALLS: dict[str, Callable[[Peer, Data], Prepare]] = {
    "move": move,
    "page": page,
    "board": board,
    "board-own": board_own,
    "bulk": bulk,
}
METHODS = {"board-own": "board"}


def probe(peer: Peer, data: Data, operation: str) -> None:
    """Refuse to measure a peer that lets a stranger move a deal, jumps a stage, or reads the wrong page."""
    deal = data.deals  # number 0 of `deal_for` is deal 1; the last one is met last
    if operation == "move":
        owner = actor_for(data, deal)
        stranger = Actor(owner.id % data.owners + 1, 1)
        target = next_stage(data, deal)
        wrong = f"s{(data.stage_of(deal).id + 3) % 9 + 1:02d}"  # never the next, never the last
        if peer.refuses_strangers:
            _must_refuse(peer, deal, target, stranger)
        if peer.refuses_stages:
            _must_refuse(peer, deal, wrong, owner)
    if operation == "page":
        actor, before = reader(data, 3)
        found = [row["id"] for row in peer.page(actor, before)]
        expected = expected_page(data, actor, before)
        assert found == expected, f"{peer.label} read the wrong page: {found[:5]} for {expected[:5]}"
    if operation in ("board", "board-own"):
        mine = reader(data, 3)[0] if operation == "board-own" else None
        columns = peer.board(mine)
        total = sum(not mine or data.owner_of(n) == mine.id for n in range(1, data.deals + 1))
        assert sum(column["count"] for column in columns) == total, f"{peer.label}: wrong counts"
        assert all(len(column["cards"]) == min(20, column["count"]) for column in columns), f"{peer.label}: cards"


def _must_refuse(peer: Peer, deal: int, stage: str, actor: Actor) -> None:
    try:
        peer.move(deal, stage, actor)
    except Refused:
        return
    raise AssertionError(f"{peer.label} let {actor} move deal {deal} to {stage}")


def check(peer: Peer, before: Counts, after: Counts, operation: str, calls: int) -> None:
    """Every call left what it should: a history row and a follow-up per move, a journal row per created deal."""
    grown = Counts(*(new - old for new, old in zip(after, before, strict=True)))
    if operation == "move":
        assert (grown.history, grown.follow_ups) == (calls, calls), f"{peer.label}: {calls} moves left {grown}"
    if operation == "bulk":
        rows = calls * peer.bulk_rows
        assert (grown.deals, grown.journal) == (rows, rows), f"{peer.label}: {rows} deals left {grown}"
