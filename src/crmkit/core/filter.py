"""One filter tree for lists, boards, row rules, automation conditions and export: JSON in, checked nodes out.

``{"amount": {"gte": "100"}, "company.city": "Пермь"}`` means both; ``{"and": [...]}``, ``{"or": [...]}``, ``{"not": {...}}``
combine. A key is a field, a hop over a link (``company.name``) or into an extension (``patient.born``). `OPERATORS` lists
what may be asked. ``{"been": {"stage": "offer"}}`` asks about the stages a record was in (`stays`),
``{"done_at": {"lte": {"field": "due_at"}}}`` compares two fields of one record.
Values may be relative: ``{"relative": "-7d"}``, ``"today"``, ``"me"``, ``"my_teams"``.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

import attrs

from . import wire
from .errors import Invalid, Problem, closest
from .field import NUL, TOO_BIG, TOO_FINE, Field
from .kind import Kind, Link, Path
from .text import Text, _

OPERATORS: dict[str, Text] = {
    "eq": _("equals", ru="равно"), "ne": _("differs from", ru="не равно"),
    "lt": _("less than", ru="меньше"), "lte": _("at most", ru="не больше"),
    "gt": _("greater than", ru="больше"), "gte": _("at least", ru="не меньше"),
    "in": _("one of", ru="одно из"), "not_in": _("none of", ru="ни одно из"),
    "contains": _("contains, letter case ignored", ru="содержит, без учёта регистра"),
    "starts": _("starts with, letter case ignored", ru="начинается с, без учёта регистра"),
    "empty": _("is empty (true) or filled (false)", ru="пусто (true) или заполнено (false)"),
    "within": _("falls into a named period", ru="попадает в период"),
    "below": _("is this one or anything below it in the tree", ru="это или всё ниже по дереву"),
}  # fmt: skip
LIST_OPERATORS = ("in", "not_in")
NOT_BESIDE = _("compare with {field} one field with another of the same record, by {operators}",
    ru="через {field} сравнивают одно поле с другим в той же записи: {operators}")  # fmt: skip
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte")
ORDERED = (int, float, decimal.Decimal, dt.datetime, dt.date, str)
PERIODS = (
    "today", "yesterday", "tomorrow", "this_week", "last_week", "next_week", "this_month", "last_month", "next_month",
    "this_quarter", "this_year", "last_year",
)  # fmt: skip
RELATIVE = re.compile(r"([+-])([0-9]{1,7})(min|h|d|w|mo|y)")
LISTS = ("mine", "my_teams", "my_teams_and_below")
WORDS = ("now", "today", "me", *LISTS)
MAX_LEAVES = 100
MAX_DEPTH = 12


@attrs.frozen
class Relative:
    """A value that is worked out when the filter runs: a moment (``-7d``), or something about the actor (``me``)."""

    word: str


@attrs.frozen
class Context:
    """Against what relative values are worked out: the moment, the CRM's time zone, the actor and their teams."""

    now: dt.datetime
    zone: ZoneInfo
    actor_id: int | None
    teams: tuple[int, ...]
    below: t.Callable[[tuple[int, ...]], tuple[int, ...]]
    acts_for: tuple[int, ...] = ()


@attrs.frozen
class Leaf:
    """One comparison of one field."""

    path: Path
    operator: str
    value: t.Any

    @property
    def shape(self) -> t.Hashable:
        """What the SQL depends on; for a test of emptiness the answer is part of it, and another field always is."""
        other = self.value.dotted if isinstance(self.value, Path) else None
        return (self.path.dotted, self.operator, self.value if self.operator == "empty" else other)

    def leaves(self) -> Iterator[Leaf]:
        """Yield the comparisons below, in order."""
        yield self


@attrs.frozen
class Group:
    """``and``, ``or`` or ``not`` over other nodes. An empty ``and`` is true, an empty ``or`` is false."""

    operator: str
    nodes: tuple[Node, ...]

    @property
    def shape(self) -> t.Hashable:
        """What the SQL depends on."""
        return (self.operator, tuple(n.shape for n in self.nodes))

    def leaves(self) -> Iterator[Leaf]:
        """Yield the comparisons below, in order."""
        for node in self.nodes:
            yield from node.leaves()


@attrs.frozen
class Inside:
    """True for a row whose `field` names a record of `kind` that satisfies `node`. Only row rules hold such nodes."""

    field: Field
    kind: Kind
    node: Node

    @property
    def shape(self) -> t.Hashable:
        """What the SQL depends on."""
        return ("inside", self.field.name, self.kind.key, self.node.shape)

    def leaves(self) -> Iterator[Leaf]:
        """Yield the comparisons below, in order. They are of the other kind."""
        yield from self.node.leaves()


@attrs.frozen
class Been:
    """True for a row one of whose stays in a stage, past or present, satisfies `node`, a tree over a stay's own fields."""

    node: Node

    @property
    def shape(self) -> t.Hashable:
        """What the SQL depends on."""
        return ("been", self.node.shape)

    def leaves(self) -> Iterator[Leaf]:
        """Yield the comparisons below, in order. They are of stays."""
        yield from self.node.leaves()


Node = Leaf | Group | Inside | Been
EVERYTHING = Group("and", ())
NOTHING = Group("or", ())


def looks_inside(node: Node) -> bool:
    """True when some comparison of a tree is made on another record, or on what the record was."""
    return isinstance(node, Inside | Been) or (isinstance(node, Group) and any(looks_inside(n) for n in node.nodes))


def either(nodes: Iterable[Node]) -> Node:
    """Return the disjunction of nodes."""
    kept = tuple(nodes)
    return EVERYTHING if EVERYTHING in kept else kept[0] if len(kept) == 1 else Group("or", kept) if kept else NOTHING


def both(*nodes: Node | None) -> Node:
    """Return the conjunction of the nodes that are given."""
    kept = tuple(n for n in nodes if n is not None and n is not EVERYTHING)
    return kept[0] if len(kept) == 1 else Group("and", kept) if kept else EVERYTHING


class Reader:
    """Reads a filter tree against one kind and collects every problem."""

    def __init__(self, kind: Kind, kinds: Mapping[str, Kind], *,
        hidden: t.Callable[[Kind], frozenset[str]] | None = None) -> None:
        self.kind, self.kinds, self.problems = kind, kinds, list[Problem]()
        self.hidden, self._count = hidden or (lambda _kind: frozenset()), 0

    def read(self, tree: t.Any, at: str = "filter", depth: int = 0) -> Node:
        """Return the node of a JSON tree; problems are kept in `problems`."""
        if not isinstance(tree, Mapping):
            return self._wrong(at, _("expected an object such as {example}", ru="ожидается объект, например {example}").format(
                example='{"amount": {"gte": "100"}}'))
        if depth > MAX_DEPTH:
            return self._wrong(at, _("nested too deeply", ru="слишком большая вложенность"))
        nodes = [self._entry(key, value, f"{at}.{key}", depth) for key, value in tree.items()]
        return nodes[0] if len(nodes) == 1 else Group("and", tuple(nodes))

    def _entry(self, key: str, value: t.Any, at: str, depth: int) -> Node:
        if key in ("and", "or"):
            if not isinstance(value, list):
                return self._wrong(at, _("expected a list of conditions", ru="ожидается список условий"))
            return Group(key, tuple(self.read(v, f"{at}.{i}", depth + 1) for i, v in enumerate(value)))
        if key == "not":
            return Group("not", (self.read(value, at, depth + 1),))
        if key == "rotten" and self.kind.staged:
            return self._rotten(value, at)
        if key == "been" and self.kind.staged:
            return self._been(value, at, depth)
        path = self._path(key, at)
        if path is None:
            return NOTHING
        asked = value if isinstance(value, Mapping) and "relative" not in value else {"eq": value}
        nodes = [self._leaf(path, op, given, f"{at}.{op}" if value is asked else at) for op, given in asked.items()]
        return nodes[0] if len(nodes) == 1 else Group("and", tuple(nodes))

    def _path(self, dotted: str, at: str) -> Path | None:
        try:
            path = self.kind.path(dotted, self.kinds)
        except LookupError as error:
            self._wrong(at, error.args[0])
            return None
        if is_hidden(path, self.kind, self.kinds, self.hidden):
            self._wrong(at, _("there is no field {name!r}.{near}", ru="нет поля {name!r}.{near}").format(name=path.field.name, near=""))
            return None
        return path

    def _leaf(self, path: Path, operator: str, given: t.Any, at: str) -> Node:
        self._count += 1
        if self._count > MAX_LEAVES:
            return self._wrong("filter", _("more than {max} conditions", ru="больше {max} условий").format(max=MAX_LEAVES))
        if operator not in OPERATORS:
            return self._wrong(at, _("unknown operator.{near}", ru="неизвестный оператор.{near}").format(near=closest(operator, OPERATORS)))
        if isinstance(given, Mapping) and given.keys() == {"field"}:
            return self._beside(path, operator, given["field"], at)
        try:
            value, operator = _operand(path.field, operator, given)
        except ValueError as error:
            return self._wrong(at, error.args[0])
        return Leaf(path, operator, value)

    def _beside(self, path: Path, operator: str, other: t.Any, at: str) -> Node:
        """Return a comparison with another field of the same record."""
        if operator not in COMPARISONS or not isinstance(other, str) or "." in other or path.hops:
            return self._wrong(at, NOT_BESIDE.format(field='{"field": "…"}', operators=", ".join(COMPARISONS)))
        beside = self._path(other, at)
        if beside is None:
            return NOTHING
        kind, by_size = path.field.type, operator not in ("eq", "ne")
        if beside.field.type is not kind or kind in (dict, list) or (by_size and kind not in ORDERED):
            return self._wrong(at, _("these two fields cannot be compared so", ru="эти два поля так сравнить нельзя"))
        return Leaf(path, operator, beside)

    def _rotten(self, value: t.Any, at: str) -> Node:
        if not isinstance(value, bool):
            return self._wrong(at, _("expected true or false", ru="ожидается true или false"))
        rotten = []
        for pipeline in self.kind.pipelines.values():
            for stage in pipeline.stages.values():
                if stage.rots_after is not None:
                    there = self.read({"pipeline": pipeline.name, "stage": stage.name, "archived_at": {"empty": True}}, at)
                    since, minutes = self._path("stage_since", at), int(stage.rots_after.total_seconds() // 60)
                    rotten.append(both(there, Leaf(since, "lt", Relative(f"-{minutes}min")) if since is not None else NOTHING))
        node = Group("or", tuple(rotten))
        return node if value else Group("not", (node,))

    def _been(self, value: t.Any, at: str, depth: int) -> Node:
        from .stays import PRESENT, STAY

        unseen = self.hidden(self.kind) & set(PRESENT)
        if unseen:
            return self._wrong(at, _("there is no field {name!r}.{near}", ru="нет поля {name!r}.{near}").format(name=min(unseen), near=""))
        reader = Reader(STAY, {})
        reader._count = self._count
        node = reader.read(value, at, depth + 1)
        self._count = reader._count
        self.problems += reader.problems
        return Been(node)

    def _wrong(self, at: str, message: str) -> Node:
        self.problems.append(Problem(at, "filter", message))
        return NOTHING


def is_hidden(path: Path, kind: Kind, kinds: Mapping[str, Kind], hidden: t.Callable[[Kind], frozenset[str]]) -> bool:
    """True when a path ends at a hidden field, or goes through a link that is one."""
    here, prefix = kind, ""
    for hop in path.hops:
        if not isinstance(hop, Link):
            prefix = f"{hop.name}."
        elif hop.field.name in hidden(here):
            return True
        else:
            here, prefix = kinds[hop.target], ""
    return f"{prefix}{path.field.name}" in hidden(here)


def read_filter(tree: t.Any, kind: Kind, kinds: Mapping[str, Kind], hidden: t.Callable[[Kind], frozenset[str]] | None = None) -> Node:
    """Return the checked node of a JSON filter; `Invalid` lists every wrong place as ``filter.and.0.amount.gte``."""
    if tree is None:
        return EVERYTHING
    reader = Reader(kind, kinds, hidden=hidden)
    node = reader.read(tree)
    if reader.problems:
        raise Invalid(problems=reader.problems)
    return node


def _operand(field: Field, operator: str, given: t.Any) -> tuple[t.Any, str]:
    """Check one operand; ``eq null`` is a question about emptiness."""
    if operator == "empty":
        if not isinstance(given, bool):
            raise ValueError(_("expected true or false", ru="ожидается true или false"))
        return given, operator
    if operator in ("eq", "ne") and given is None:
        return operator == "eq", "empty"
    if operator in LIST_OPERATORS or operator == "below":
        return _operands(field, operator, given), operator
    if operator == "within":
        return _period(field, given), operator
    if operator in ("contains", "starts"):
        if field.type is not str or not isinstance(given, str):
            raise ValueError(_("works on text only", ru="работает только с текстом"))
        return _no_nul(given), operator
    if operator in ("lt", "lte", "gt", "gte") and field.type not in ORDERED:
        raise ValueError(_("this field has no order", ru="для этого поля нет порядка"))
    if field.type in (dict, list):
        raise ValueError(_("only empty can be asked of this field", ru="для этого поля доступно только empty"))
    return _operand_value(field, given), operator


def _operands(field: Field, operator: str, given: t.Any) -> t.Any:
    if isinstance(given, Mapping):
        value = _operand_value(field, given)
        if value.word not in LISTS:
            raise ValueError(_("expected a list", ru="ожидается список"))
        return value
    if operator == "below" and not isinstance(given, list):
        given = [given]
    if not isinstance(given, list) or len(given) > 1000:
        raise ValueError(_("expected a list of at most 1000 values", ru="ожидается список не более чем из 1000 значений"))
    if (operator == "below" and field.type is not int) or field.type in (dict, list):
        raise ValueError(_("works on links and teams only", ru="работает только со связями и командами"))
    if any(v is None for v in given):
        raise ValueError(_("null is not a value here; use empty", ru="null здесь не значение; используйте empty"))
    return tuple(plain_value(field, v) for v in given)


def _operand_value(field: Field, given: t.Any) -> t.Any:
    if isinstance(given, Mapping):
        word = given.get("relative")
        if len(given) != 1 or not isinstance(word, str) or not (word in WORDS or RELATIVE.fullmatch(word)):
            raise ValueError(_("write {example}", ru="напишите {example}").format(example='{"relative": "-7d"}, "today", "now", "me"'))
        about_time = word != "me" and word not in LISTS
        if about_time != (field.type in (dt.datetime, dt.date)):
            raise ValueError(_("{word!r} does not fit this field", ru="{word!r} не подходит к этому полю").format(word=word))
        return Relative(word)
    return plain_value(field, given)


def plain_value(field: Field, given: t.Any) -> t.Any:
    """Read one value, and refuse what one of the databases would refuse or round."""
    value = wire.load(field, given)
    if value is None:
        raise ValueError(_("null is not a value here; use empty", ru="null здесь не значение; используйте empty"))
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise ValueError(TOO_BIG)
    if isinstance(value, decimal.Decimal):
        _fits_scale(field, value)
    return _no_nul(value)


def _fits_scale(field: Field, value: decimal.Decimal) -> None:
    scale = getattr(field.column.type, "scale", None) or 0
    if not value.is_finite() or value.adjusted() + scale > 17:  # SQLite keeps it as a 64-bit integer, scaled
        raise ValueError(TOO_BIG)
    exponent = value.normalize().as_tuple().exponent
    if scale and isinstance(exponent, int) and -exponent > scale:
        raise ValueError(TOO_FINE.format(places=scale))


def _no_nul(value: t.Any) -> t.Any:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError(NUL)
    return value


def _period(field: Field, given: t.Any) -> str:
    if field.type not in (dt.datetime, dt.date):
        raise ValueError(_("works on dates only", ru="работает только с датами"))
    if not isinstance(given, str) or not (given in PERIODS or re.fullmatch(r"last_[1-9]\d{0,3}_days", given)):
        raise ValueError(_("choose one of: {known}", ru="выберите одно из: {known}").format(known=", ".join([*PERIODS, "last_30_days"])))
    return given
