"""Tables and queries of any database SQLAlchemy knows."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from ...core.errors import Invalid, closest
from ...core.text import Text, _
from .base import From, Row, file_identity

FETCHED = 1000


class Tables:
    """Rows of a table (by its key) or of a query, read as a stream and never written to."""

    tabular = False

    def __init__(self, source: From) -> None:
        self._source = source
        self.notes: list[Text] = []
        self._url = _address(source)
        self._file = _file_of(self._url)
        try:
            self._engine = sa.create_engine(self._url)
            self._connection = self._engine.connect()
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            source.refuse(_("the database cannot be opened: {why}", ru="база не открывается: {why}").format(why=_short(error)))
        self._count: int | None = None
        self._seen = 0
        try:
            self._result = self._open()
        except Invalid:
            self.close()
            raise
        except sa.exc.SQLAlchemyError as error:
            self.close()
            source.refuse(_("the database refuses: {why}", ru="база отказывает: {why}").format(why=_short(error)))
        self.names: tuple[str, ...] | None = tuple(self._result.keys())
        self._strip = source.strip is not False

    def _open(self) -> t.Any:
        source, connection = self._source, self._connection.execution_options(stream_results=True, yield_per=FETCHED)
        if source.query:
            return connection.execute(sa.text(source.query.replace(":", "\\:")))
        inspector = sa.inspect(self._connection)
        schema, _dot, name = source.table.rpartition(".")
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        if name not in known:
            if source.table in known:
                schema, name = "", source.table
            else:
                source.refuse(_("there is no table {name!r}.{near}",
                    ru="нет таблицы {name!r}.{near}").format(name=source.table, near=closest(name, known)))
        table = sa.table(name, schema=schema or None)
        keys = inspector.get_pk_constraint(name, schema or None)["constrained_columns"] if name in inspector.get_table_names(schema or None) else []
        self._count = self._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return connection.execute(sa.select(sa.text("*")).select_from(table).order_by(*(sa.column(k) for k in keys)))

    def rows(self) -> Iterator[Row]:
        """Yield every row."""
        names, strip = self.names or (), self._strip
        for number, row in enumerate(self._result, 1):
            self._seen = number
            values = [v.strip() if type(v) is str else v for v in row] if strip else row
            yield Row(number, dict(zip(names, values, strict=True)))

    def share(self) -> float | None:
        """Return how much has been read."""
        return min(1.0, self._seen / self._count) if self._count else None

    def identity(self) -> str:
        """Return what changes with the data where it is a file; else what is asked."""
        asked = self._source.table or self._source.query
        return f"{file_identity(self._file) if self._file else self._url.render_as_string(hide_password=True)}:{asked}"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()


def _address(source: From) -> sa.URL:
    """Return the address of the database; a SQLite file is opened for reading only, and never made."""
    if source.file is not None:
        return _read_only(source, source.file)
    try:
        url = sa.make_url(source.url)
    except sa.exc.ArgumentError:
        source.refuse(_("url is no address of a database; write, say, postgresql://user@host/name", ru="url — не адрес базы; напишите, например, postgresql://user@host/name"))
    if url.get_backend_name() == "sqlite" and url.database and not url.query:
        return _read_only(source, Path(url.database))
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _read_only(source: From, file: Path) -> sa.URL:
    if not file.exists():
        source.refuse(_("there is no file {file}; correct the mapping, or --data where it names files there",
            ru="нет файла {file}; исправьте описание, а где файлы названы в [data] — укажите --data").format(file=str(file)))
    return sa.make_url("sqlite://").set(database=f"file:{file.resolve()}", query={"mode": "ro", "uri": "true"})


def _file_of(url: sa.URL) -> Path | None:
    return Path((url.database or "").removeprefix("file:")) if url.get_backend_name() == "sqlite" else None


def _short(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]
