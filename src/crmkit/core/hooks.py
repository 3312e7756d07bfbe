"""Every hook a plugin may implement, in one documented class.

Hooks are for what marks cannot say: an order, the first answer, a veto. They are plain functions (coroutines are refused),
take only the arguments they want, and their results come in dependency order.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence

from .plugin import hookspec

if t.TYPE_CHECKING:
    import contextlib
    import datetime as dt
    import random

    import click
    from starlette.requests import HTTPConnection

    from .access import Actor, Role
    from .clock import MovableClock
    from .compose import Crm
    from .errors import Problem
    from .jobs import ClaimedJob, Transport
    from .kind import Kind
    from .live import Message
    from .model import Entity, Staged
    from .pipeline import StageOf
    from .uow import Uow
    from .written import Written


class Specs:
    """The hooks of the kernel."""

    @hookspec
    def crm_composed(self, crm: Crm) -> None:
        """Look at the finished CRM once, before it serves anybody. Raise `CompositionError` to refuse it."""

    @hookspec
    def crm_lifespan(self, crm: Crm) -> contextlib.AbstractAsyncContextManager[None] | None:
        """Return an async context manager that is open while the CRM serves; entered in dependency order, left in reverse."""

    @hookspec
    def crm_commands(self, group: click.Group, crm: Callable[[], Crm]) -> None:
        """Add verbs to the `crmkit` command line.

        Called within a verb, ``crm()`` returns the CRM of the settings file, its database being at the schema it needs.
        `crmkit.cli` has what speaks both languages: `group`, `option`, `say`, `table`, `told`.
        """

    @hookspec(firstresult=True)
    def crm_actor(self, crm: Crm, connection: HTTPConnection) -> Actor | None:
        """Say who is calling, from the request's headers and cookies. The first answer that is not None holds."""

    @hookspec(firstresult=True)
    def crm_person(self, crm: Crm, id: int) -> Actor | None:
        """Say who a person is now, by the id of their actor: for work on their behalf while they are away. None: may do nothing."""

    @hookspec(firstresult=True)
    def crm_sign_in_page(self, crm: Crm) -> str | None:
        """Say where people sign in: the address of a page within the CRM. The way back is given to it as ``next``."""

    @hookspec(firstresult=True)
    def crm_names(self, crm: Crm, of: str, ids: Sequence[int]) -> Mapping[int, str] | None:
        """Return the names of people (`of` is ``"person"``: ids of actors, as in ``owner_id``) or of teams (``"team"``), as pages show them."""

    @hookspec(firstresult=True)
    def crm_pick(self, crm: Crm, uow: Uow, of: str, question: str, ids: Sequence[int] | None) -> Sequence[tuple[int, str]] | None:
        """Return people (`of` is ``"person"``) or teams (``"team"``) to choose from, the best first, at most twenty, as far as `uow`'s actor may.

        `question` is what was typed so far, in any case; empty for those one would choose first. With `ids` return those of them
        that the actor may see, whoever would be chosen first: a form or an address names them.
        """

    @hookspec
    def crm_teams(self, crm: Crm) -> Mapping[int, int | None] | None:
        """Return the team tree as ``{team: parent or None}``; answers are merged."""

    @hookspec
    def crm_roles(self, crm: Crm) -> Iterable[Role] | None:
        """Supply roles that are kept as data; None while there are none. Call ``crm.access.refresh()`` when they changed."""

    @hookspec
    def crm_role_offers(self, crm: Crm) -> Iterable[Role] | None:
        """Offer roles to start from, as far as this plugin goes: ``manager``, ``team_lead``, ``director``, ``dealer_manager`` …

        Offers of one name are joined into one role; what ``everybody`` is granted goes into each. Where roles are kept as
        data (accounts), an administrator takes them over and edits them; nobody gets anything from an offer alone.
        """

    @hookspec
    def crm_may(self, actor: Actor, permission: str, record: Entity | None) -> bool | None:
        """Veto an action with False; anything else leaves it to the roles."""

    @hookspec
    def crm_visible(self, actor: Actor, kind: Kind) -> Mapping[str, t.Any] | None:
        """Narrow the rows an actor sees by a filter tree; None adds nothing."""

    @hookspec
    def crm_check(self, record: Entity, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem] | None:
        """Find fault with a record that is about to be saved; problems undo the transaction.

        Annotate `record` with the entities you look at (``record: Deal | Lead``): others are then written without asking, and by
        the thousand where they are added in bulk. Otherwise every implementation hears of every record.
        """

    @hookspec
    def crm_settle(self, kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
        """React in the transaction to all that was written of a kind at once: ``@on`` for sets, which bulk work need not slow down for.

        Records may be changed and added; what that writes is told in its turn, until nobody has anything to add. Called with
        every record written since the last call, and once for each chunk that is added in bulk. Rows and rights are the system's.
        After an undo, too: what is left may add up to something else than it did then. Of what is gone `before` tells.
        """

    @hookspec
    def crm_written(self, kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
        """Keep an index of your own: called in the transaction with what was written of a kind, before it commits.

        Once when everything has settled, and once for each chunk that is added in bulk. Write your own tables through
        ``uow.connection``, or ``uow.schedule``; records are no longer changed here.
        """

    @hookspec
    def crm_merge(self, kind: Kind, winner: Entity, loser: Entity, uow: Uow) -> None:
        """Let what the kernel cannot see (keys inside JSON, files, tables of your own) follow from the loser to the winner.

        Called within the merge, after everything that points to the loser by a link of an entity points to the winner. What you
        change through `uow` is undone with the merge.
        """

    @hookspec
    def crm_forget(self, kind: Kind, ids: Sequence[int], fields: Sequence[str], uow: Uow) -> None:
        """Forget what you keep of these fields of these records in tables of your own: somebody has them erased (`crmkit.forget`).

        Called in the same transaction, for records that are gone, too.
        """

    @hookspec
    def crm_can_move(self, record: Staged, stage: StageOf[t.Any], uow: Uow) -> Iterable[Problem] | None:
        """Find reasons why a record may not enter a stage, beyond what the stage itself asks.

        Annotate `record` with the entities you look at (``record: Deal | Lead``): records of others can then be moved all at once.
        """

    @hookspec
    def crm_timeline(self, record: Entity, uow: Uow, before: dt.datetime | None) -> Sequence[Mapping[str, t.Any]] | None:
        """Add entries to a record's timeline: mappings with ``at`` (aware), ``kind``, ``text`` and whatever else is shown.

        `before`: only what happened earlier is asked for. Add only what the actor may see.
        """

    @hookspec
    def crm_deliver(self, job: ClaimedJob) -> contextlib.AbstractContextManager[None] | None:
        """Return a context manager around each delivery and timer: for tracing, metrics, limits."""

    @hookspec
    def crm_publish(self, crm: Crm, messages: Sequence[Message]) -> None:
        """Learn what was published, after the commit, at most once: for a bus of another kind."""

    @hookspec
    def crm_error(self, error: BaseException, where: str) -> None:
        """Learn of an unexpected error (a delivery, a request): for a crash reporter."""

    @hookspec
    def crm_describe(self, kind: Kind) -> Mapping[str, t.Any] | None:
        """Add facts to an entity's description in the API's ``/meta`` and OpenAPI document (``x-`` keys)."""

    @hookspec(firstresult=True)
    def crm_transport(self, crm: Crm) -> Transport | None:
        """Hand due jobs to an engine of your own instead of the built-in workers."""

    @hookspec
    def crm_demo(self, uow: Uow, random: random.Random, size: int) -> None:
        """Add believable demo data in Russian and English, the same for the same `random`; about `size` main records.

        ``uow.at(moment, actor)`` lets things happen in the past; go through time in order, and end at the present.
        """

    @hookspec
    def crm_demo_settings(self, crm: Crm) -> Mapping[str, Mapping[str, t.Any]] | None:
        """Say what `crmkit demo` writes into its settings file for you: settings by plugin, your own or those of plugins you require.

        Asked once, when the file is written; what somebody changes there stays.
        """

    @hookspec(firstresult=True)
    def crm_simulate(self, crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]) -> Mapping[str, t.Any] | None:
        """Play `plugin` through time and return a report; ``violations`` counts broken promises."""
