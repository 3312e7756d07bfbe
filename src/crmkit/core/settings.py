"""Settings: one frozen attrs class per plugin, filled from ``crmkit.toml``, the environment and code, in that order."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import json
import re
import tomllib
import types
import typing as t
from collections.abc import Mapping
from pathlib import Path

import attrs

from .errors import CompositionError, closest

RESERVED = ("crmkit", "pipelines", "roles", "teams", "ui")
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
PREFIX = "CRMKIT_"


@attrs.frozen(kw_only=True)
class CoreSettings:
    """``[crmkit]``: what the CRM itself needs to know."""

    plugins: tuple[str, ...] = ()
    """Names of the installed plugins to compose, such as ``["sales"]``."""
    database: str = "sqlite:///crm.db"
    """``sqlite:///file.db`` or ``postgresql://user:password@host/name``."""
    language: str = "en"
    """The language of people who did not choose one: ``en`` or ``ru``."""
    timezone: str = "UTC"
    """Where "today" and working days begin, an IANA name such as ``Europe/Moscow``."""
    workers: int = 4
    """Threads that run jobs in each process."""
    origins: tuple[str, ...] = ()
    """Other origins (``https://shop.example.com``) whose pages may change things here by the person's cookie; also this CRM's
    own, where a proxy hides it by changing the Host header."""
    jobs: bool = True
    """Whether the web process runs jobs too; set to false where separate `crmkit work` processes do."""


def read_file(path: Path) -> dict[str, t.Any]:
    """Return the tables of a settings file; `CompositionError` says where it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CompositionError([f"there is no settings file {path}; make one with `crmkit new settings`, or name another with --settings"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CompositionError([f"{path}: {error}"]) from error


def with_environment(tables: Mapping[str, t.Any], environment: Mapping[str, str]) -> dict[str, t.Any]:
    """Return the tables with ``CRMKIT_DATABASE=…`` and ``CRMKIT_SALES__LOST_AFTER=…`` laid over them."""
    merged = {k: dict(v) if isinstance(v, Mapping) else v for k, v in tables.items()}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in ("CRMKIT_TRACE", "CRMKIT_SETTINGS") or name.startswith("CRMKIT_TEST"):
            continue
        plugin, separator, key = name[len(PREFIX) :].lower().partition("__")
        table, key = (plugin, key) if separator else ("crmkit", plugin)
        if isinstance(merged.setdefault(table, {}), dict):  # if not, composition says so
            merged[table][key] = FromEnvironment(value)
    return merged


class FromEnvironment(str):
    """A value that came as text and may mean something else: a number, a list, a duration."""

    __slots__ = ()


def fill(cls: type, table: t.Any, where: str) -> tuple[t.Any, list[str]]:
    """Return an instance of a settings class, or None and every reason why not, each naming the key."""
    if not isinstance(table, Mapping):
        return None, [f"{where} in the settings must be a table, [{where}], not {table!r}"]
    hints = _hints(cls)
    fields = {f.name: f for f in attrs.fields(cls) if f.init}
    problems = [f"[{where}] has no key {k!r}.{closest(k, fields)}" for k in table if k not in fields]
    values = {}
    for name, field in fields.items():
        if name in table:
            try:
                values[name] = convert(table[name], hints[name])
            except (ValueError, TypeError, ArithmeticError) as error:
                problems.append(f"[{where}] {name}: {error}")
        elif field.default is attrs.NOTHING:
            problems.append(f"[{where}] {name} is missing; write {name} = … in crmkit.toml or set {PREFIX}{where.upper()}__{name.upper()}")
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except Exception as error:  # an author's validators and converters may raise anything
        return None, [f"[{where}]: {error.args[0] if error.args else type(error).__name__}"]


@functools.cache
def _hints(cls: type) -> dict[str, t.Any]:
    return t.get_type_hints(cls)


def convert(value: t.Any, kind: t.Any) -> t.Any:
    """Turn a value of the file (strictly) or of the environment (from text) into `kind`; `ValueError` says what is wanted."""
    if isinstance(value, FromEnvironment):
        value = _from_text(value, kind)
    origin, arguments = t.get_origin(kind), t.get_args(kind)
    if kind is t.Any:
        return value
    if origin in (t.Union, types.UnionType):
        return _any_of(value, arguments)
    if origin in (list, tuple, set, frozenset):
        if not isinstance(value, list | tuple):
            raise ValueError(f"expected a list, got {value!r}")
        return origin(convert(v, arguments[0]) for v in value)
    if origin is dict or origin is t.get_origin(Mapping[str, t.Any]):
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a table, got {value!r}")
        return {convert(k, arguments[0]): convert(v, arguments[1]) for k, v in value.items()}
    return _plain(value, kind)


def _any_of(value: t.Any, kinds: tuple[t.Any, ...]) -> t.Any:
    if value is None and type(None) in kinds:
        return None
    first: Exception | None = None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return convert(value, kind)
        except (ValueError, TypeError) as error:
            first = first or error
    raise first or ValueError(f"unexpected {value!r}")


def _plain(value: t.Any, kind: type) -> t.Any:
    if kind is dt.timedelta:
        return duration(value)
    if kind is decimal.Decimal and isinstance(value, int | str | float) and not isinstance(value, bool):
        try:
            return decimal.Decimal(str(value))
        except decimal.InvalidOperation:
            raise ValueError(f"expected a decimal number, got {value!r}") from None
    if kind is float and type(value) is int:
        return float(value)
    if issubclass(kind, enum.Enum):
        return kind(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if attrs.has(kind) and isinstance(value, Mapping):
        made, problems = fill(kind, value, kind.__name__)
        if problems:
            raise ValueError("; ".join(problems))
        return made
    if type(value) is kind or (isinstance(value, kind) and not isinstance(value, bool)):
        return str(value) if kind is str else value
    raise ValueError(f"expected {kind.__name__}, got {value!r}")


def _from_text(text: str, kind: t.Any) -> t.Any:
    if kind is str or kind is dt.timedelta or kind is decimal.Decimal:
        return str(text)
    try:
        return json.loads(text)
    except ValueError:
        return [part.strip() for part in text.split(",")] if t.get_origin(kind) in (list, tuple, set, frozenset) else str(text)


def duration(value: t.Any) -> dt.timedelta:
    """Return ``"5d"``, ``"1h 30min"`` or a number of seconds as a timedelta."""
    try:
        return _duration(value)
    except OverflowError:
        raise ValueError(f"{value!r} is too long a time") from None


def _duration(value: t.Any) -> dt.timedelta:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return dt.timedelta(seconds=value)
    if isinstance(value, dt.timedelta):
        return value
    parts = DURATION.findall(value) if isinstance(value, str) else []
    if not parts or DURATION.sub("", value).strip():
        raise ValueError(f'expected a duration such as "5d", "1h 30min" or "20s", got {value!r}')
    return sum((dt.timedelta(**{UNITS[unit]: float(amount)}) for amount, unit in parts), dt.timedelta())
