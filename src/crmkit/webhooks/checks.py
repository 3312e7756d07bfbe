"""What must hold of an address, and what is filled in by itself."""

from __future__ import annotations

import typing as t

from crmkit import Changed, Created, Invalid, Problem, Refusal, Text, Undone, Uow, _, on

from .address import Refused, read
from .entities import Delivery, Endpoint
from .patterns import ACTIONS, events_of, matches
from .settings import WebhooksSettings
from .signing import new_secret

MOST = 50
NO_EVENTS = _("name at least one event, such as sales.deal.created", ru="укажите хотя бы одно событие, например sales.deal.created")
WORDS = _("expected a list of names of events, at most {most}", ru="ожидается список названий событий, не больше {most}")
NO_EVENT = _("no event fits {pattern!r}; events are called sales.deal.created, and end with {actions}",
    ru="ни одно событие не подходит под {pattern!r}; события называются sales.deal.created и кончаются на {actions}")
NO_KIND = _("there is no kind of record {name!r}", ru="нет записей вида {name!r}")
MADE_HERE = _("deliveries are made by events", ru="доставки создаются событиями")
NOT_YOURS = _("a webhook sees what its owner sees, so that can only be you",
    ru="вебхук видит то, что видит его владелец, поэтому им можете быть только вы")
UNKNOWN_PERSON = _("nobody here can say what this person may do: a plugin or the host must implement crm_person",
    ru="некому сказать, что можно этому человеку: плагин или приложение должны реализовать crm_person")
FIELDS = ("url", "events", "conditions", "payload", "owner_id", "active")


@on(Created[Endpoint])
def check_new(event: Created[Endpoint], uow: Uow) -> None:
    """A new address is checked, belongs to whoever made it, and gets its secret."""
    endpoint = event.record
    _check(endpoint, uow)
    _own(endpoint, endpoint.owner_id is not None, uow)
    uow.keep(endpoint, secret=endpoint.secret or new_secret(), acts_as=_rights(endpoint, uow))


@on(Changed[Endpoint], fields=FIELDS)
def check_changed(event: Changed[Endpoint], uow: Uow) -> None:
    """A changed address is checked again; one that is switched on begins afresh."""
    endpoint = event.record
    _check(endpoint, uow)
    _own(endpoint, "owner_id" in event.changes, uow)
    if endpoint.owner_id == uow.actor.id or "owner_id" in event.changes:
        uow.keep(endpoint, acts_as=_rights(endpoint, uow))
    if event.changes.get("active", (None, None))[1]:
        uow.keep(endpoint, failing_since=None, disabled_because=None)


@on(Undone[Endpoint])
def check_undone(event: Undone[Endpoint], uow: Uow) -> None:
    """Nobody gives an address of their own back to the rights of another: not by undoing one of two changes, either."""
    endpoint = event.record
    if event.action == "deleted" or uow.actor.system:
        return
    if endpoint.owner_id != uow.actor.id:
        raise Invalid(problems=[Problem("owner_id", "owner", NOT_YOURS)])
    uow.keep(endpoint, acts_as=_rights(endpoint, uow))


@on(Created[Delivery])
@on(Changed[Delivery])
def check_delivery(event: Created[Delivery] | Changed[Delivery], uow: Uow) -> None:
    """Nobody makes deliveries by hand, or hands one over to another address."""
    raise Invalid(problems=[Problem("", "generated", MADE_HERE)])


def _own(endpoint: Endpoint, named: bool, uow: Uow) -> None:
    """Make whoever says where messages go their owner: nobody sends what another may see to an address of their own."""
    actor = uow.actor
    if endpoint.owner_id == actor.id:
        return
    if actor.system and endpoint.owner_id is not None:
        if named and "crm_person" not in uow.crm.hooked:
            raise Invalid(problems=[Problem("owner_id", "unknown", UNKNOWN_PERSON)])
        return
    if named:
        raise Invalid(problems=[Problem("owner_id", "owner", NOT_YOURS)])
    endpoint.owner_id = actor.id


def _rights(endpoint: Endpoint, uow: Uow) -> dict[str, t.Any]:
    """Return the rights of the owner as they are now, where they are the actor's own: for hosts that cannot be asked later.

    `only` names the roles of whoever has fewer here than the owner has as a person: a token that was narrowed sets up no
    webhook that sees more.
    """
    actor, crm = uow.actor, uow.crm
    if actor.id != endpoint.owner_id:
        return {}
    rights = {"name": actor.name, "roles": list(actor.roles), "teams": list(actor.teams), "system": actor.system}
    person = crm.hook.crm_person(crm=crm, id=actor.id) if actor.id is not None and "crm_person" in crm.hooked else None
    return rights if person is None or set(person.roles) <= set(actor.roles) else rights | {"only": list(actor.roles)}


def _check(endpoint: Endpoint, uow: Uow) -> None:
    problems = [*_events(endpoint, uow), *_conditions(endpoint, uow)]
    try:
        read(endpoint.url, uow.crm[WebhooksSettings])
    except Refused as refusal:
        problems.append(Problem("url", "address", refusal.message))
    if problems:
        raise Invalid(problems=problems)


def _events(endpoint: Endpoint, uow: Uow) -> list[Problem]:
    given = endpoint.events
    if not given:
        return [Problem("events", "required", NO_EVENTS)]
    if len(given) > MOST or not all(isinstance(pattern, str) for pattern in given):
        return [Problem("events", "invalid", WORDS.format(most=MOST))]
    known = events_of(uow.crm)
    wrong = [(i, p) for i, p in enumerate(given) if not any(matches(event, [p]) for event in known)]
    actions = ", ".join(ACTIONS)
    return [Problem(f"events.{i}", "unknown", NO_EVENT.format(pattern=p, actions=actions)) for i, p in wrong]


def _conditions(endpoint: Endpoint, uow: Uow) -> list[Problem]:
    found = []
    for name, tree in endpoint.conditions.items():
        kind = uow.crm.kinds.get(name)
        say: Text = NO_KIND.format(name=name)
        if kind is None:
            found.append(Problem("conditions", "unknown", say))
            continue
        try:
            uow.visible(kind.cls, filter=tree)
        except Refusal as refusal:
            found += [Problem(f"conditions.{name}", p.code, p.message) for p in refusal.problems]
    return found
