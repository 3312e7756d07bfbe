"""What people see of the plugin: pairs to look at, and scans."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

import sqlalchemy as sa

from crmkit import Entity, Mapped, UtcDateTime, _, column


class PairState(enum.Enum):
    """What became of a pair."""

    OPEN = "open"
    MERGED = "merged"
    DIFFERENT = "different"

    @property
    def label(self) -> str:
        """What a person reads."""
        return PAIR_STATES[self]


PAIR_STATES: dict[PairState, str] = {
    PairState.OPEN: _("Open", ru="Не разобрано"),
    PairState.MERGED: _("Merged", ru="Объединены"),
    PairState.DIFFERENT: _("Different", ru="Разные записи"),
}


PAIRS = _("Possible duplicates", ru="Возможные дубликаты")
SCANS = _("Searches for duplicates", ru="Поиски дубликатов")


class Pair(Entity, table="duplicates_pair", label=_("Possible duplicate", ru="Возможный дубликат"), plural=PAIRS):
    """Two records that may be one. It is seen by those who see both."""

    # A merge turns round what is about the loser. This stays: it says which two were merged, or that two are different.
    __stays_with_loser__: t.ClassVar[bool] = True
    # What was worked out about a record holds back no undo of it: its pairs are removed with its keys.
    __goes_with_record__: t.ClassVar[bool] = True
    kind: Mapped[str] = column(sa.String(120), label=_("Kind of records", ru="Вид записей"))
    a_id: Mapped[int] = column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), about="kind", label=_("First record", ru="Первая запись"))
    b_id: Mapped[int] = column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), about="kind", label=_("Second record", ru="Вторая запись"))
    score: Mapped[float] = column(default=0.0, label=_("Probability", ru="Вероятность"))
    # Codes of what agreed. Secret, because a list cannot know which of them are about fields hidden from its reader: the
    # review list tells reasons in words, without those.
    reasons: Mapped[list[str]] = column(factory=list, secret=True, label=_("Reasons", ru="Основания"))
    via_id: Mapped[int | None] = column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), default=None, secret=True, label=_("Both are like", ru="Обе похожи на")
    )
    state: Mapped[PairState] = column(default=PairState.OPEN, label=_("Decision", ru="Решение"))
    decided_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Decided", ru="Решено"))
    decided_by: Mapped[int | None] = column(default=None, label=_("Decided by", ru="Кто решил"))
    checked_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Last compared", ru="Сравнивалось"))


sa.Index("ix_duplicates_pair_records", Pair.__table__.c.kind, Pair.__table__.c.a_id, Pair.__table__.c.b_id, unique=True)
sa.Index("ix_duplicates_pair_open", Pair.__table__.c.kind, Pair.__table__.c.state, Pair.__table__.c.score, Pair.__table__.c.id)


class Scan(Entity, table="duplicates_scan", label=_("Search for duplicates", ru="Поиск дубликатов"), plural=SCANS):
    """A search through all records of a kind; it goes on where it was interrupted."""

    kind: Mapped[str] = column(sa.String(120), label=_("Kind of records", ru="Вид записей"))
    started_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Started", ru="Начато"))
    finished_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Finished", ru="Закончено"))
    indexed: Mapped[bool] = column(default=False, label=_("Index is built", ru="Индекс построен"))
    reached_id: Mapped[int] = column(default=0, label=_("Reached No.", ru="Дошло до №"))
    records: Mapped[int] = column(default=0, label=_("Records", ru="Записей"))
    compared: Mapped[int] = column(default=0, label=_("Compared", ru="Сравнено"))
    found: Mapped[int] = column(default=0, label=_("Pairs found", ru="Найдено пар"))
