"""One step of an import at work: rows to values, references to records, new and changed rows to the writer."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
import orjson

from ..core.errors import Invalid, Problem
from ..core.field import Field
from ..core.text import Text, _
from . import external
from .coerce import as_text, moment, to_field
from .mapping import Step
from .rules import Get, Reference, Rule, getter, holds
from .sources import Row, Source
from .tree import Level, once, parents_first, seen_ids
from .writing import Mapped, Writer

if t.TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..core.access import Actor
    from ..core.compose import Crm
    from ..core.uow import Uow

CHUNK = 5_000
LONGEST_ID = 200
NO_ID = _("the row has no id", ru="у строки нет идентификатора")
LONG_ID = _("the id is longer than 200 characters", ru="идентификатор длиннее 200 символов")
AGAIN = _("the id {id!r} came on line {line} already", ru="идентификатор {id!r} уже был в строке {line}")
NOT_LOADED = _("{source} has no record with the id {id!r}", ru="в {source} нет записи с идентификатором {id!r}")
NOT_FOUND = _("there is none whose “{field}” is {value!r} ({kind})", ru="нет записи «{kind}», где «{field}» = {value!r}")
SEVERAL = _("there are several whose “{field}” is {value!r} ({kind})", ru="несколько записей «{kind}», где «{field}» = {value!r}")


@attrs.define
class Tally:
    """What became of the rows of one step."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    wrong: int = 0
    skipped: int = 0

    def again(self) -> None:
        """Forget what is counted anew when a step is gone through a second time; what was written stays written.

        Rows that were changed before will be found unchanged now, and are not to be counted twice.
        """
        self.rows = self.wrong = self.skipped = 0
        self.unchanged = -self.updated


class Loader:
    """Loads the rows of one step, a chunk at a time, each inside a transaction somebody else opens."""

    def __init__(self, crm: Crm, step: Step, source: Source, zone: ZoneInfo, actor: Actor) -> None:
        self.crm, self.step, self.source, self.zone, self.actor = crm, step, source, zone, actor
        self.kind = crm.kind(step.kind)
        self._fields: dict[str, Field] = {r.target: self._field(r.target) for r in step.fields}
        self._used: tuple[tuple[str, Get], ...] = tuple((c, getter(c)) for c in step.columns)
        self._numbered = "@line" in step.columns
        self._seen = seen_ids()
        self.trees = [r.field for r in step.own if "." not in r.field]

    def _field(self, target: str) -> Field:
        extension, dot, name = target.rpartition(".")
        return self.kind.extensions[extension].fields[name] if dot else self.kind.fields[target]

    # ---- reading -----------------------------------------------------------------------------------------------
    def chunks(self, size: int = CHUNK) -> Iterator[list[Row]]:
        """Yield rows by the chunk; a row never shares one with a row of the same step that it names."""
        rows: Iterable[Row | Level] = self._parts()
        if self.step.own:
            rows = parents_first(t.cast("Iterable[Row]", rows), self._names)
        chunk: list[Row] = []
        for row in rows:
            if not isinstance(row, Level):
                chunk.append(row)
            if chunk and (len(chunk) >= size or isinstance(row, Level)):
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _parts(self) -> Iterator[Row]:
        each, numbered = self.step.each, self._numbered
        for row in self.source.rows():
            if numbered:
                row = row._replace(cells={**row.cells, "@line": row.line})
            if each is None or row.problem is not None:
                yield row
            else:
                yield from (row._replace(cells=cells) for cells in each.cells(row.cells))

    def _names(self, row: Row) -> tuple[str, list[str]]:
        above = []
        for reference in self.step.own:
            try:
                above.append(as_text(reference.rule.value(row.cells)))
            except (ValueError, TypeError):  # told when the row is mapped
                continue
        return as_text(self.step.id(row.cells)).strip(), [a for a in above if a]

    # ---- loading -----------------------------------------------------------------------------------------------
    def load(self, uow: Uow, rows: Sequence[Row], tally: Tally, begin: t.Callable[[Uow], None]) -> list[Mapped]:
        """Load a chunk and return the rows that will not do; `begin` is called before the first of them is written."""
        tally.rows += len(rows)
        wanted, wrong = self._wanted(rows, tally)
        known = external.known(uow, self.step.source, self.step.kind, [m.id for m in wanted])
        fresh: list[Mapped] = []
        changed: list[Mapped] = []
        for row in wanted:
            there = known.get(row.id)
            if there is None:
                fresh.append(row)
            elif uow.operation_id is not None and there.operation == uow.operation_id:
                continue  # this run has done it already, before it was interrupted
            elif there.digest == row.digest or self.step.update == "never":
                tally.unchanged += 1
            else:
                row.record_id = there.record_id
                changed.append(row)
        self._map(fresh)
        self._map(changed)
        self._resolve(uow, [*fresh, *changed])
        if any(not row.problems for row in (*fresh, *changed)):
            begin(uow)
            self._write(uow, fresh, changed, known, tally)
        wrong += [row for row in (*fresh, *changed) if row.problems]
        tally.wrong += len(wrong)
        return sorted(wrong, key=lambda row: row.line)

    def _wanted(self, rows: Sequence[Row], tally: Tally) -> tuple[list[Mapped], list[Mapped]]:
        """Return the rows to be loaded, each with its id and digest, and those that cannot be."""
        found: list[Mapped] = []
        wrong: list[Mapped] = []
        step = self.step
        for row in rows:
            made = Mapped(row.line, row.cells, raw=row.raw)
            if row.problem is not None:
                made.problems.append(Problem("", "row", row.problem))
                wrong.append(made)
            elif step.when and not holds(step.when, row.cells):
                tally.skipped += 1
            else:
                made.id = as_text(step.id(row.cells)).strip()
                if not made.id or len(made.id) > LONGEST_ID or "\x00" in made.id:
                    made.problems.append(Problem("id", "required", LONG_ID if len(made.id) > LONGEST_ID else NO_ID))
                    wrong.append(made)
                else:
                    made.digest = self._digest(row.cells)
                    found.append(made)
        again = once([(m.id, m.line) for m in found], self._seen)
        for place, line in again.items():
            found[place].problems.append(Problem("id", "taken", AGAIN.format(id=found[place].id[:60], line=line)))
        return [m for m in found if not m.problems], wrong + [m for m in found if m.problems]

    def _digest(self, cells: Mapping[str, t.Any]) -> str:
        """Return a digest of all cells that are read and of what the mapping says about them."""
        what = orjson.dumps([get(cells) for _name, get in self._used], default=str, option=orjson.OPT_NON_STR_KEYS)
        return hashlib.blake2b(what, digest_size=16, key=self.step.fingerprint).hexdigest()

    def _map(self, rows: Sequence[Mapped]) -> None:
        """Fill in the values of rows, collecting everything that is wrong with each."""
        step = self.step
        fields = [(r, self._fields[r.target]) for r in step.fields]
        for row in rows:
            cells, values = row.cells, row.values
            for rule, field in fields:
                try:
                    value = rule.value(cells)
                    if value is None and not field.nullable and field.has_default:
                        continue
                    values[rule.target] = to_field(field, value, self.zone)
                except (ValueError, TypeError, OverflowError) as error:
                    if rule.lenient:
                        values[rule.target] = rule.default
                    else:
                        row.problems.append(Problem(rule.target, "invalid", _words(error)))
            for reference in step.references:
                self._take(row, reference.field, reference.rule, lambda v: as_text(v).strip() or None)
            if step.stage is not None:
                row.stage = self._special(row, step.stage, as_text)
            if step.pipeline is not None:
                row.pipeline = self._special(row, step.pipeline, as_text)
            if step.created_at is not None:
                row.created_at = self._special(row, step.created_at, lambda v: moment(v, self.zone))
            if step.archived is not None:
                row.archived = bool(self._special(row, step.archived, lambda v: v))

    def _take(self, row: Mapped, target: str, rule: Rule, change: t.Callable[[t.Any], t.Any]) -> None:
        row.values[target] = self._special(row, rule, change)

    def _special(self, row: Mapped, rule: Rule, change: t.Callable[[t.Any], t.Any]) -> t.Any:
        try:
            value = rule.value(row.cells)
            return None if value is None else change(value)
        except (ValueError, TypeError, OverflowError) as error:
            row.problems.append(Problem(rule.target, "invalid", _words(error)))
            return None

    # ---- references --------------------------------------------------------------------------------------------
    def _resolve(self, uow: Uow, rows: Sequence[Mapped]) -> None:
        """Put keys of records where other systems' ids stand: one question per reference for the whole chunk."""
        for reference in self.step.references:
            good = [r for r in rows if r.values.get(reference.field) is not None]
            if not good:
                continue
            words = {id(row): (self._where(reference, row), row.values[reference.field]) for row in good}
            keys: dict[tuple[str, str], int | Text] = {}
            for where in sorted({where for where, _word in words.values()}):
                wanted = {word for place, word in words.values() if place == where}
                some = self._by_value(uow, reference, wanted) if reference.by else self._by_id(uow, reference, where, wanted)
                keys |= {(where, word): found for word, found in some.items()}
            for row in good:
                word = row.values[reference.field]
                found = keys.get(words[id(row)])
                if isinstance(found, int):
                    row.values[reference.field] = found
                elif reference.optional and found is None:
                    row.values[reference.field] = row.digest = None  # looked for again next time
                else:
                    row.problems.append(Problem(reference.field, "reference", found or self._missing(reference, word)))

    def _missing(self, reference: Reference, word: str) -> Text:
        if reference.by:
            return self._words(NOT_FOUND, reference, word)
        return NOT_LOADED.format(source=reference.source, id=word[:60])

    def _words(self, text: Text, reference: Reference, word: str) -> Text:
        kind = self.crm.kind(reference.kind)
        return text.format(kind=kind.label, field=kind.fields[reference.by].label, value=word[:60])

    def _where(self, reference: Reference, row: Mapped) -> str:
        return "" if reference.which is None else as_text(reference.which.value(row.cells))

    def _by_id(self, uow: Uow, reference: Reference, where: str, wanted: set[str]) -> dict[str, int | Text]:
        source, kind = (f"{reference.source}.{where}", where) if where else (reference.source, reference.kind)
        found = external.known(uow, source, kind, sorted(wanted))
        return {own: known.record_id for own, known in found.items()}

    def _by_value(self, uow: Uow, reference: Reference, wanted: set[str]) -> dict[str, int | Text]:
        kind = self.crm.kind(reference.kind)
        field = kind.fields[reference.by]
        words: dict[t.Any, list[str]] = {}
        found: dict[str, int | Text] = {}
        for word in wanted:
            try:
                words.setdefault(field.accept(to_field(field, word, self.zone)), []).append(word)
            except (ValueError, Invalid):
                continue  # no record can have it
        column = kind.table.c[reference.by]
        with self.crm.uow(self.actor, connection=uow.connection) as inner:  # what this actor may see, and no more
            rows = inner.find(kind.cls).where(column.in_(list(words))).columns(kind.table.c.id, column)
        for key, value in rows:
            for word in words.get(value, ()):
                found[word] = self._words(SEVERAL, reference, word) if word in found else key
        return found

    # ---- writing -----------------------------------------------------------------------------------------------
    def _write(self, uow: Uow, fresh: list[Mapped], changed: list[Mapped], known: Mapping[str, external.Known], tally: Tally) -> None:
        step = self.step
        changed = [r for r in changed if not r.problems]
        alive = external.existing(uow, self.kind.table, {r.record_id for r in changed if r.record_id}) if changed else set[int]()
        lost = [r for r in changed if r.record_id not in alive]
        changed = [r for r in changed if r.record_id in alive]
        writer = Writer(uow, self.kind, self.actor, step.update, self.trees)
        new = [*(r for r in fresh if not r.problems), *lost]
        for row in lost:
            row.record_id = None
        writer.create(new)
        writer.change(changed)
        done = [r for r in new if r.record_id is not None and not r.problems]
        tally.created += len(done)
        external.remember(uow, step.source, step.kind, [_entry(r) for r in done if r.id not in known], uow.operation_id)
        external.renew(uow, step.source, step.kind, [_entry(r) for r in done if r.id in known], uow.operation_id)
        changed = [r for r in changed if not r.problems]
        written = [r for r in changed if r.changed]
        tally.updated += len(written)
        tally.unchanged += len(changed) - len(written)
        external.renew(uow, step.source, step.kind, [_entry(r) for r in changed if r.digest != known[r.id].digest])

    def close(self) -> None:
        """Let go of the source."""
        self.source.close()
        self._seen.close()


def _entry(row: Mapped) -> external.Entry:
    assert row.record_id is not None
    return row.id, row.record_id, row.digest


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and first else type(error).__name__
