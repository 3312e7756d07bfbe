"""What a peer of a measurement must be able to do, and which peers there are."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from bench.data import Data, NewDeal
from bench.place import Place

FLOOR = "floor"
# A peer whose module cannot be imported is skipped, and the table says so.
PEERS = {
    FLOOR: "bench.peers.floor:Floor",
    "core-once": "bench.peers.core_once:CoreOnce",
    "core-per-call": "bench.peers.core_per_call:CorePerCall",
    "orm": "bench.peers.orm:Orm",
    "django": "bench.peers.django_orm:DjangoOrm",
    "tryton": "bench.peers.tryton:Tryton",
    "crmkit": "bench.peers.crmkit_peer:CrmkitPeer",
    "crmkit-1000": "bench.peers.crmkit_peer:ThousandAutomations",
    "crmkit-unruled": "bench.peers.crmkit_peer:Unruled",
}
PAGE = 50
CARDS = 20


class Refused(Exception):
    """The peer said no: not this actor, not this stage, or something is missing."""


class Actor(NamedTuple):
    """Who acts: an owner, who may read and move the deals that are theirs (scope `own`)."""

    id: int
    team_id: int


class Counts(NamedTuple):
    """Rows a peer's tables hold now: the run checks that every operation left what it should."""

    deals: int
    history: int
    follow_ups: int
    journal: int


class Peer:
    """One way of doing the work. A peer leaves out (does not override) an operation it does not have."""

    label: ClassVar[str]
    """The name in the table."""
    schema: ClassVar[str] = "plain"
    """Peers of the same schema start from copies of one loaded database."""
    databases: ClassVar[tuple[str, ...]] = ("postgresql", "sqlite")
    refuses_strangers: ClassVar[bool] = True
    """False when the peer has no row rule by owner; the probe before the run is then left out."""
    refuses_stages: ClassVar[bool] = True
    """False when the peer cannot be asked for a stage its guard forbids."""
    bulk_rows: ClassVar[int] = 5_000
    """Deals in one call of `bulk`; slow peers take fewer, the figures are per row."""

    @classmethod
    def build(cls, place: Place, data: Data) -> None:
        """Create the schema in an empty database and load the data (`bench.data.load` helps)."""
        raise NotImplementedError

    def __init__(self, place: Place, data: Data) -> None:
        """Open the connections that the operations will use; everything imported and composed."""
        raise NotImplementedError

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """Move one deal to the stage with this code, in one committed transaction; raise `Refused` when it may not."""
        raise NotImplementedError

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """The actor's 50 newest deals with an id under `before`: 8 columns and the names of company and contact."""
        raise NotImplementedError

    def board(self, actor: Actor | None) -> Sequence[Mapping[str, Any]]:
        """Ten columns, each with `count`, `sum` and its newest 20 `cards`; only the actor's deals, or all for None."""
        raise NotImplementedError

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """Create the deals in one committed transaction, with a journal row each."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """Count the rows, for the check after the run."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""

    @classmethod
    def can(cls, operation: str) -> bool:
        """Whether the peer has this operation at all."""
        return getattr(cls, operation) is not getattr(Peer, operation)


def find(name: str) -> type[Peer]:
    """The class of a peer; raises ImportError when what it needs is not there."""
    module, _, cls = PEERS[name].partition(":")
    found: type[Peer] = getattr(importlib.import_module(module), cls)
    return found
