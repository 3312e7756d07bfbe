"""The port to a database's full text: the same documents and questions on SQLite (FTS5) and PostgreSQL (a GIN index)."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import event

from ..tables import search
from .documents import SearchField
from .question import Question, Term

FTS = "crm_search_fts"
UPSERT = "INSERT INTO crm_search (kind, record_id, body) VALUES ({}) ON CONFLICT (kind, record_id) DO UPDATE SET body = excluded.body"


class FullText(t.Protocol):
    """What search asks of a database. Answers do not depend on which one it is; `tests/core/search` holds both to that."""

    @property
    def create(self) -> Sequence[str]:
        """DDL that comes with the table `crm_search`."""
        ...

    @property
    def upsert(self) -> str:
        """SQL that writes one document: kind, record_id, body."""
        ...

    def keys(self, kind: str, name: str) -> sa.Select[t.Any]:
        """Return a select of the keys of the records of a kind whose document answers the question in parameter `name`."""
        ...

    def ask(self, question: Question, fields: Iterable[SearchField]) -> str:
        """Return a whole question about the words in some fields, as the value of that parameter."""
        ...

    def ask_term(self, term: Term, fields: Iterable[SearchField]) -> str:
        """Return one term of it."""
        ...


class _Words:
    """Questions as text of a database's own little language; tokens hold no character that means anything in it."""

    both, either, beginning, quote, nothing = "", "", "", "", ""

    def ask(self, question: Question, fields: Iterable[SearchField]) -> str:
        """Return a whole question."""
        known = tuple(fields)
        readings = [self.both.join(self.ask_term(term, known) for term in terms) for terms in question.readings]
        return self.either.join(f"({reading})" for reading in readings) or self.nothing

    def ask_term(self, term: Term, fields: Iterable[SearchField]) -> str:
        """Return one term."""
        tokens = [
            f"{self.quote}{field.code}{wanted.text}{self.quote}{self.beginning if wanted.prefix else ''}"
            for field in fields for wanted in term.wanted if wanted.fits(field)
        ]  # fmt: skip
        return f"({self.either.join(tokens)})" if tokens else self.nothing


class SqliteFts(_Words):
    """FTS5 beside the table, kept by triggers."""

    both, either, beginning, quote, nothing = " AND ", " OR ", " *", '"', '"_"'
    upsert = UPSERT.format("?, ?, ?")
    create = (
        # The tokens are ours: split at blanks, and nothing else is a separator. No positions are kept, no sizes: we ask for words.
        (f"CREATE VIRTUAL TABLE {FTS} USING fts5(body, content='crm_search', content_rowid='id', detail='none', columnsize=0, "
        "tokenize=\"ascii tokenchars '_.@+-'\")"),
        (f"CREATE TRIGGER crm_search_added AFTER INSERT ON crm_search BEGIN "
        f"INSERT INTO {FTS} (rowid, body) VALUES (new.id, new.body); END"),
        (f"CREATE TRIGGER crm_search_gone AFTER DELETE ON crm_search BEGIN "
        f"INSERT INTO {FTS} ({FTS}, rowid, body) VALUES ('delete', old.id, old.body); END"),
        (f"CREATE TRIGGER crm_search_changed AFTER UPDATE ON crm_search WHEN old.body <> new.body OR old.id <> new.id BEGIN "
        f"INSERT INTO {FTS} ({FTS}, rowid, body) VALUES ('delete', old.id, old.body); "
        f"INSERT INTO {FTS} (rowid, body) VALUES (new.id, new.body); END"),
    )

    def keys(self, kind: str, name: str) -> sa.Select[t.Any]:
        """Look the words up in the virtual table."""
        table = sa.table(FTS, sa.column("rowid"))
        asked = sa.literal_column(FTS).op("MATCH", is_comparison=True)(sa.bindparam(name, type_=sa.String()))
        # The plus keeps SQLite from walking over all documents of the kind by their index, and asking of each whether it is found.
        of_kind = sa.literal_column("+crm_search.kind") == sa.literal_column(f"'{kind}'")
        return sa.select(search.c.record_id).where(search.c.id.in_(sa.select(table.c.rowid).where(asked)), of_kind)


class PostgresText(_Words):
    """A GIN index over the tokens as they are: PostgreSQL's own dictionaries would know one language at a time."""

    both, either, beginning, quote, nothing = " & ", " | ", ":*", "'", "'_'"
    upsert = UPSERT.format("%s, %s, %s")
    words = "array_to_tsvector(string_to_array(body, ' '))"
    create = (f"CREATE INDEX ix_crm_search_words ON crm_search USING gin ({words})",)

    def keys(self, kind: str, name: str) -> sa.Select[t.Any]:
        """Compare the tokens, in the words of the index."""
        tokens: sa.ColumnClause[t.Any] = sa.literal_column(self.words.replace("body", "crm_search.body"))
        from sqlalchemy.dialects.postgresql import TSQUERY  # not for those who are on SQLite

        matching = tokens.op("@@", is_comparison=True)(sa.cast(sa.bindparam(name, type_=sa.Text()), TSQUERY))
        return sa.select(search.c.record_id).where(search.c.kind == sa.literal_column(f"'{kind}'"), matching)


PORTS: dict[str, FullText] = {"sqlite": SqliteFts(), "postgresql": PostgresText()}


@event.listens_for(search, "after_create", propagate=True)
def _create(_table: object, connection: sa.Connection, **_kw: object) -> None:
    """Make what full text needs wherever the table is made from the models."""
    for statement in PORTS[connection.dialect.name].create:
        connection.exec_driver_sql(statement)


@event.listens_for(search, "before_drop", propagate=True)
def _drop(_table: object, connection: sa.Connection, **_kw: object) -> None:
    """Drop what does not go with the table by itself, as the triggers and the index do."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {FTS}")
