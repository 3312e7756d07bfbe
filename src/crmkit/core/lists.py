"""Lists: the rows an actor may see, filtered, sorted and paged in SQL, as plain columns."""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Callable, Iterator, Sequence

import attrs
import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from . import wire
from .errors import Invalid, Problem
from .filter import EVERYTHING, Node, is_hidden, plain_value, read_filter
from .kind import Kind, Path
from .sql import Prepared
from .text import _
from .types import Exact, UtcDateTime
from .where import Where, hops_of

if t.TYPE_CHECKING:
    from .search.find import Match
    from .uow import Uow

MAX_LIMIT, MAX_COUNT, EXPORT_CHUNK = 500, 10_000, 500
NOT_SEARCHED = _("nothing here is found by words; use filter", ru="здесь нет поиска по словам; используйте filter")
JsonRow = dict[str, t.Any]
# Limits are written into the statement, from these few: with a parameter PostgreSQL plans for an unknown limit, and at a
# million rows sorts in parallel what an index would give at once.
PAGES = (11, 21, 51, 101, 201, MAX_LIMIT + 1)
COUNTS = (101, 1001, MAX_COUNT + 1)


@attrs.frozen(kw_only=True)
class ListRequest:
    """What is asked for: a filter tree, a sort order (``["-created_at"]``), fields, and where the last page ended.

    `archived` False leaves archived records out, True shows only them, None shows all. `count` asks for the number of
    matches, counted no further than that. `search` keeps what answers a question as `uow.search` understands it.
    """

    filter: t.Any = None
    sort: Sequence[str] = ()
    fields: Sequence[str] | None = None
    limit: int = 50
    after: str | None = None
    archived: bool | None = False
    count: int | None = None
    search: str | None = None


@attrs.frozen
class Page:
    """One page: rows ready for JSON, the cursor of the next page (None on the last), and the count if it was asked for."""

    rows: list[JsonRow]
    next: str | None
    total: int | None = None
    total_is_capped: bool = False


@attrs.frozen
class _Plan:
    """A list statement, compiled for one shape, with how to turn its rows into JSON."""

    prepared: Prepared
    names: tuple[str, ...]
    readers: tuple[tuple[int, Callable[[t.Any], t.Any]], ...]
    hops: tuple[str, ...]


def page(uow: Uow, kind: Kind, request: ListRequest) -> Page:
    """Return one page of what the actor may see."""
    uow.require(kind.permission("read"))
    asked = _Asked(uow, kind, request)
    limit = max(1, min(request.limit, MAX_LIMIT))
    plan, values = asked.plan(), asked.values()
    rows = uow.db.run(plan.prepared, values).fetchall()
    more = len(rows) > limit
    found = to_json(plan, rows[:limit])
    cursor = asked.cursor(plan, found[-1], rows[limit - 1]) if more else None
    if asked.extra:
        for row in found:
            for name in asked.extra:
                del row[name]
    if request.count is None:
        return Page(found, cursor)
    cap = max(1, min(request.count, MAX_COUNT))
    total = asked.total(cap)
    return Page(found, cursor, min(total, cap), total > cap)


def problems(uow: Uow, kind: Kind, request: ListRequest) -> list[Problem]:
    """Return what is wrong with a request for this actor, hidden fields included; nothing is fetched."""
    try:
        _Asked(uow, kind, request)
    except Invalid as refusal:
        return list(refusal.problems)
    return []


def export_rows(uow: Uow, kind: Kind, request: ListRequest) -> Iterator[JsonRow]:
    """Yield every matching row, page by page, in constant memory."""
    uow.require("crmkit.export")
    request = attrs.evolve(request, limit=EXPORT_CHUNK, count=None)
    while True:
        found = page(uow, kind, request)
        yield from found.rows
        if found.next is None:
            return
        request = attrs.evolve(request, after=found.next)


class _Asked:
    """A request, checked against a kind and an actor."""

    def __init__(self, uow: Uow, kind: Kind, request: ListRequest) -> None:
        self.uow, self.kind, self.request, self.problems = uow, kind, request, list[Problem]()
        crm = uow.crm
        self._hidden = crm.access.hidden(uow.actor, kind)
        self.fetched = at_least(max(1, min(request.limit, MAX_LIMIT)) + 1, PAGES)
        self.fields = self._fields()
        self.sort = self._sort()
        self.filter: Node = EVERYTHING
        try:
            self.filter = read_filter(request.filter, kind, crm.kinds, lambda k: crm.access.hidden(uow.actor, k))
        except Invalid as refusal:
            self.problems += refusal.problems
        self.after = self._after() if request.after is not None else None
        self.match = self._match()
        if self.problems:
            raise Invalid(problems=self.problems)
        self.rule = uow.rule(kind)
        named = {p.dotted for p in self.fields}
        self.extra = tuple(dict.fromkeys(p.dotted for p, _down in self.sort if p.dotted not in named))
        self.columns = (*self.fields, *(p for p, _down in self.sort if p.dotted in self.extra))
        self.hops = hops_of((self.filter, self.rule), self.columns)

    def _match(self) -> Match | None:
        return find_by_words(self.uow, self.kind, self.request.search, self.problems)

    def path(self, dotted: str, at: str) -> Path | None:
        """Resolve a visible field, or note the problem."""
        try:
            path = self.kind.path(dotted, self.uow.crm.kinds)
        except LookupError as error:
            self.problems.append(Problem(at, "unknown", error.args[0]))
            return None
        crm, actor = self.uow.crm, self.uow.actor
        if is_hidden(path, self.kind, crm.kinds, lambda k: self._hidden if k is self.kind else crm.access.hidden(actor, k)):
            self.problems.append(Problem(at, "unknown", _("there is no field {name!r}", ru="нет поля {name!r}").format(name=dotted)))
            return None
        return path

    def _fields(self) -> tuple[Path, ...]:
        names = self.request.fields
        if names is None:
            names = [n for n in self.kind.names if n not in self._hidden]
        wanted = dict.fromkeys(["id", *names])
        return tuple(p for p in (self.path(n, "fields") for n in wanted) if p is not None)

    def _sort(self) -> tuple[tuple[Path, bool], ...]:
        found = []
        for word in self.request.sort or ("-id",):
            path = self.path(word.lstrip("-+"), "sort")
            if path is not None:
                if path.field.type in (dict, list, bytes):
                    self.problems.append(Problem("sort", "sort", _("this field has no order", ru="для этого поля нет порядка")))
                found.append((path, word.startswith("-")))
        if found and found[-1][0].dotted != "id":
            found.append((self.kind.path("id", self.uow.crm.kinds), found[-1][1]))
        return tuple(found)

    # ---- statement ---------------------------------------------------------------------------------------------
    @property
    def shape(self) -> t.Hashable:
        """Everything the statement depends on but the values."""
        rules = tuple(self.uow.rule(self.uow.crm.kinds[h]).shape for h in self.hops)
        after = None if self.after is None else tuple(v is None for v in self.after)
        return (
            self.kind.key, tuple(p.dotted for p in self.columns), tuple((p.dotted, down) for p, down in self.sort),
            self.filter.shape, self.rule.shape, self.hops, rules, after, self.request.archived, self.fetched,
            None if self.match is None else self.match.shape,
        )  # fmt: skip

    def plan(self) -> _Plan:
        """Return the compiled list statement."""
        return t.cast(_Plan, self.uow.crm.plans.get(("list", self.shape), self._build))

    def _conditions(self, where: Where) -> list[t.Any]:
        conditions = [build(n, p) for build, n, p in ((where.node, self.filter, "f"), (where.own_rule, self.rule, "m")) if n is not EVERYTHING]
        if self.request.archived is not None:
            archived = self.kind.table.c.archived_at
            conditions.append(archived.is_not(None) if self.request.archived else archived.is_(None))
        if self.match is not None:
            conditions.append(self.match.condition())
        return conditions

    def _build(self) -> _Plan:
        dialect = self.uow.db.dialect
        where = Where(self.kind, self.uow.crm.kinds, dialect, self.uow.rule)
        columns = [where.column(p) for p in self.columns]
        conditions = self._conditions(where)
        keys = [(where.column(p), down, p.field.nullable or bool(p.hops)) for p, down in self.sort]
        if self.after is not None:
            conditions.append(_beyond(keys, self.after))
        order = [_ordered(c, down, nullable) for c, down, nullable in keys]
        shown = [c.label(p.dotted.replace(".", "__")) for c, p in zip(columns, self.columns, strict=True)]
        statement = sa.select(*shown).select_from(where.source).where(*conditions).order_by(*order).limit(literal(self.fetched))
        return make_plan(statement, self.columns, dialect, self.hops)

    def values(self) -> dict[str, t.Any]:
        """Return the statement's parameters."""
        uow = self.uow
        found = {**uow.rule_values(self.filter, "f"), **uow.rule_values(self.rule, "m"), **uow.hop_values(self.hops), **self._asked()}
        if self.after is not None:
            found |= {f"c{i}": v for i, v in enumerate(self.after) if v is not None}
        return found

    def _asked(self) -> dict[str, t.Any]:
        return self.match.values() if self.match is not None else {}

    def total(self, cap: int) -> int:
        """Return how many rows match, counted no further than one past `cap`."""
        counted = at_least(cap + 1, COUNTS)

        def build() -> t.Any:
            where = Where(self.kind, self.uow.crm.kinds, self.uow.db.dialect, self.uow.rule)
            conditions = self._conditions(where)
            some = sa.select(sa.literal(1)).select_from(where.source).where(*conditions).limit(literal(counted))
            return sa.select(sa.func.count()).select_from(some.subquery())

        hops = hops_of((self.filter, self.rule), ())
        prepared = self.uow.db.statements.get(("count", counted, self.shape), build)
        uow = self.uow
        values = {**uow.rule_values(self.filter, "f"), **uow.rule_values(self.rule, "m"), **uow.hop_values(hops), **self._asked()}
        row = uow.db.one(prepared, values)
        return int(row[0]) if row else 0

    # ---- cursor ------------------------------------------------------------------------------------------------
    def cursor(self, plan: _Plan, last: JsonRow, raw: t.Sequence[t.Any]) -> str:
        """Return an opaque text that names the last row of a page."""
        return cursor([("-" if down else "+") + p.dotted for p, down in self.sort], [last[p.dotted] for p, _down in self.sort])

    def _after(self) -> list[t.Any] | None:
        given = self.request.after or ""
        try:
            words, values = orjson.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
            if words != [p.dotted + ("-" if down else "+") for p, down in self.sort] or values[-1] is None:
                raise ValueError
            return [None if v is None else plain_value(p.field, v) for (p, _down), v in zip(self.sort, values, strict=True)]
        except (ValueError, TypeError, LookupError, binascii.Error):
            message = _("this cursor is not from a list with this sort order; start at the first page",
                ru="этот курсор не от списка с такой сортировкой; начните с первой страницы")
            self.problems.append(Problem("after", "cursor", message))
            return None


def cursor(sort: Sequence[str], values: Sequence[t.Any]) -> str:
    """Return an opaque text that names the last row of a page: its values by a sort order that ends with ``id``."""
    words = [word.lstrip("+-") + ("-" if word.startswith("-") else "+") for word in sort]
    return base64.urlsafe_b64encode(orjson.dumps([words, list(values)])).decode().rstrip("=")


def find_by_words(uow: Uow, kind: Kind, search: str | None, problems: list[Problem]) -> Match | None:
    """Return the condition of answering what somebody typed; None where nothing was. What is wrong with it goes to `problems`."""
    from .search.find import Match
    from .search.question import read

    if search is None or not search.strip():
        return None
    try:
        match = Match(uow, kind, read(search), "q")
    except Invalid as refusal:
        problems += refusal.problems
        return None
    if not match.sources:
        problems.append(Problem("q", "search", NOT_SEARCHED))
    return match


def at_least(number: int, sizes: Sequence[int]) -> int:
    """Return the smallest of `sizes` that is not below `number`."""
    return next((size for size in sizes if size >= number), sizes[-1])


def literal(number: int) -> t.Any:
    """Return a number as part of the statement's text."""
    return sa.literal_column(str(int(number)), sa.Integer)


def _ordered(column: t.Any, down: bool, nullable: bool) -> t.Any:
    ordered = column.desc() if down else column.asc()
    return ordered.nulls_last() if nullable else ordered


def _beyond(keys: Sequence[tuple[t.Any, bool, bool]], after: Sequence[t.Any]) -> t.Any:
    """Return the condition of coming after a row. Nothing comes last in both directions, so that pages neither skip nor repeat."""
    marks = [sa.bindparam(f"c{i}", type_=c.type) for i, (c, _down, _nullable) in enumerate(keys)]
    if len({down for _c, down, _n in keys}) == 1 and not any(n for _c, _d, n in keys):
        here, there = sa.tuple_(*[c for c, _d, _n in keys]), sa.tuple_(*marks)
        return here < there if keys[0][1] else here > there
    branches = []
    for i, (column, down, nullable) in enumerate(keys):
        same = [c.is_(None) if after[j] is None else c == marks[j] for j, (c, _d, _n) in enumerate(keys[:i])]
        if after[i] is not None:
            further = column < marks[i] if down else column > marks[i]
            branches.append(sa.and_(*same, sa.or_(further, column.is_(None)) if nullable else further))
    return sa.or_(sa.false(), *branches)


# ---- rows to JSON ----------------------------------------------------------------------------------------------------
class Plans:
    """Compiled list statements of one CRM, by shape."""

    LIMIT = 2000

    def __init__(self) -> None:
        self._known: dict[t.Hashable, t.Any] = {}

    def get(self, shape: t.Hashable, build: Callable[[], t.Any]) -> t.Any:
        """Return what belongs to a shape, building it on first use."""
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= self.LIMIT:
                self._known.clear()
            found = self._known[shape] = build()
        return found


def make_plan(statement: t.Any, columns: Sequence[Path], dialect: Dialect, hops: tuple[str, ...] = ()) -> _Plan:
    """Compile a statement whose columns are `columns`, in order."""
    readers = tuple((i, r) for i, p in enumerate(columns) if (r := json_reader(p.field.column.type, dialect)) is not None)
    return _Plan(Prepared(statement, dialect), tuple(p.dotted for p in columns), readers, hops)


def to_json(plan: _Plan, rows: Sequence[t.Sequence[t.Any]]) -> list[JsonRow]:
    """Return driver rows as JSON objects, straight from what the driver gives."""
    names, readers = plan.names, plan.readers
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for index, reader in readers:
        name = names[index]
        for row in found:
            value = row[name]
            if value is not None:
                row[name] = reader(value)
    return found


def json_reader(kind: sa.types.TypeEngine[t.Any], dialect: Dialect) -> Callable[[t.Any], t.Any] | None:
    """Return how a driver's value of a column becomes JSON; None when it is JSON already."""
    if isinstance(kind, UtcDateTime):
        return _sqlite_moment if dialect.name == "sqlite" else wire.moment
    if isinstance(kind, Exact) and dialect.name == "sqlite":
        scale = kind.scale
        return lambda value: scaled(value, scale)
    if dialect.name != "sqlite" and isinstance(kind, sa.JSON):
        return None
    if isinstance(kind, sa.String | sa.Integer) or (dialect.name != "sqlite" and isinstance(kind, sa.Boolean | sa.Float)):
        return None
    processor = kind.dialect_impl(dialect).result_processor(dialect, 1700 if isinstance(kind, Exact | sa.Numeric) else None)
    return wire.dump if processor is None else lambda value: wire.dump(processor(value))


def _sqlite_moment(value: str) -> str:
    return f"{value[:10]}T{value[11:19]}Z" if value.endswith(".000000") else f"{value[:10]}T{value[11:]}Z"


def scaled(value: int, scale: int) -> str:
    """Return a whole number of smallest units as decimal text: ``scaled(1250, 2)`` is ``"12.50"``."""
    if not scale:
        return str(value)
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"
