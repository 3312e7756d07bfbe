"""Who may hear what: topics by permission, records by row rules, in SQL, once for everybody under the same rule."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ...core.access import ANONYMOUS
from ...core.errors import Forbidden, Invalid, Problem, Unauthenticated, closest
from ...core.filter import EVERYTHING, NOTHING, Context
from ...core.kind import Kind
from ...core.live import Message
from ...core.text import _
from ...core.uow import Uow
from .client import Client
from .marks import Mark
from .rules import Rows

if t.TYPE_CHECKING:
    from ...core.access import Actor
    from ...core.compose import Crm
    from ...core.sql import Db

CHUNK = 500
UNKNOWN = _("there is no topic {name!r}.{near}", ru="нет темы {name!r}.{near}")
NOT_YOURS = _("you may not listen to {name}", ru="вам нельзя слушать {name}")


def topics_of(uow: Uow, wanted: Sequence[str] | None) -> dict[str, Kind | None]:
    """Return the topics an actor listens to, each with the entity whose row rule holds; all they may when none are named."""
    crm = uow.crm
    known = {*crm.kinds, *crm.topics}
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        raise Invalid(problems=[Problem("topics", "unknown", UNKNOWN.format(name=n, near=closest(n, known))) for n in unknown])
    allowed = {name: kind for name in (wanted or sorted(known)) for may, kind in [_allowed(uow, name)] if may}
    denied = [name for name in wanted or () if name not in allowed]
    if denied or not allowed:
        if uow.actor.id is None and not uow.actor.roles:
            raise Unauthenticated()
        raise Forbidden(problems=[Problem("topics", "forbidden", NOT_YOURS.format(name=n)) for n in denied])
    return allowed


def _allowed(uow: Uow, name: str) -> tuple[bool, Kind | None]:
    kind = uow.crm.kinds.get(name)
    if kind is not None:
        return uow.may(kind.permission("read")), kind
    topic = uow.crm.topics[name]
    of = uow.crm.kind(topic.of) if topic.of is not None else None
    may = topic.permission is None or uow.may(topic.permission)
    return may and (of is None or uow.may(of.permission("read"))), of


def deliver(crm: Crm, db: Db, clients: Iterable[Client], messages: Sequence[Message], mark: Mark) -> None:
    """Tell every client what it may hear of `messages`. Mostly that takes a statement for each entity, however many listen."""
    by_topic: dict[str, dict[Message, None]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, {})[message] = None
    left: dict[t.Hashable, tuple[Uow, list[Client]]] = {}
    asked = _Asked(crm, db)
    for client in clients:
        for topic, told in by_topic.items():
            if topic not in client.topics:
                continue
            kind = client.topics[topic]
            if topic in crm.topics and crm.topics[topic].personal:
                client.tell([m for m in told if m.id is not None and m.id == client.actor.id], (), mark)
            elif kind is None:
                client.tell(told, (), mark)
            elif (covered := asked.covered(client.actor, kind, told)) is not None:
                client.tell([m for m in told if m.id in covered], [m for m in told if m.id not in covered], mark)
            else:
                uow = Uow(crm, db, client.actor, writable=False)
                left.setdefault((topic, _signature(uow, kind)), (uow, []))[1].append(client)
    for (topic, _rule), (uow, members) in t.cast("Mapping[t.Any, tuple[Uow, list[Client]]]", left).items():
        found = visible(uow, t.cast(Kind, members[0].topics[topic]), by_topic[topic])
        for client in members:
            client.tell([m for m in by_topic[topic] if m in found], [m for m in by_topic[topic] if m not in found], mark)


class _Asked:
    """Answers for one batch of messages who may hear of which records, without asking the database for each listener."""

    def __init__(self, crm: Crm, db: Db) -> None:
        self._crm, self._now = crm, crm.clock.now()
        self._rows = Rows(crm, db, self._context(ANONYMOUS))

    def _context(self, actor: Actor) -> Context:
        return Context(self._now, self._crm.zone, actor.id, actor.teams, self._crm.teams_below, actor.acts_for)

    def covered(self, actor: Actor, kind: Kind, told: Mapping[Message, None]) -> set[int | None] | None:
        """Return the ids an actor may hear of, None where the database is to be asked."""
        access = self._crm.access
        rule = access.rule(actor, kind) if access.may(actor, kind.permission("read")) else NOTHING
        if rule is NOTHING:
            return set()
        ids = [m.id for m in told if m.id is not None]
        found = set(ids) if rule is EVERYTHING else self._rows.tell_apart(kind, ids, rule, self._context(actor))
        return None if found is None else {None, *found}


def _signature(uow: Uow, kind: Kind) -> t.Hashable:
    """Return what tells row rules apart: the rule, and whom it is worked out for unless it is the same for everybody."""
    rule = uow.rule(kind)
    if rule is EVERYTHING or rule is NOTHING:
        return rule is EVERYTHING
    actor: Actor = uow.actor
    return (rule.shape, actor.id, actor.teams, actor.roles, actor.acts_for)


def visible(uow: Uow, kind: Kind, messages: Iterable[Message]) -> set[Message]:
    """Return the messages about records the actor may read now."""
    rule = uow.rule(kind)
    if rule is NOTHING or not uow.may(kind.permission("read")):
        return set()
    if rule is EVERYTHING:
        return set(messages)
    asked = [m.id for m in messages if m.id is not None]
    found: set[int | None] = {None}
    for start in range(0, len(asked), CHUNK):
        found.update(uow.find(kind.cls).archived(only=False).where({"id": {"in": asked[start : start + CHUNK]}}).ids())
    return {m for m in messages if m.id in found}
