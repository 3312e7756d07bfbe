"""Reading a mapping: every word checked against this CRM, every problem told at once, before any data is touched."""

from __future__ import annotations

import hashlib
import re
import typing as t
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from ..core.errors import Problem, closest
from ..core.field import Field
from ..core.kind import ExtensionKind, Kind
from ..core.text import _
from .coerce import as_text
from .converters import Convert, converter
from .mapping import ENVIRONMENT, UPDATES, Step
from .rules import HOLE, NO_ELSE, Each, Get, Reference, Rule, When, first_of, getter, template
from .sources import From

if t.TYPE_CHECKING:
    from ..core.compose import Crm

TOP = ("name", "timezone", "data", "import")
STEP = ("from", "into", "id", "fields", "update", "when", "each")
FROM = ("file", "url", "table", "query", "sheet", "format", "encoding", "delimiter", "columns", "strip")
RULE = ("column", "template", "value", "map", "else", "convert", "default", "when", "ref", "kind", "find", "missing", "wrong")
WHEN = ("not", "empty", "matches")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}")
UNKNOWN = _("there is no {name!r} here.{near}", ru="слова {name!r} здесь нет.{near}")
TEXT = _("write text", ru="нужен текст")
TABLE = _("write a table", ru="нужна таблица")
ERROR_OR_EMPTY = _("choose error or empty", ru="выберите error или empty")
HISTORY = ("created_at", "archived_at")


class Reader:
    """Turns the tables of a mapping file into steps."""

    def __init__(self, crm: Crm, file: Path, tables: Mapping[str, t.Any], data: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.crm, self.file, self.tables, self.problems = crm, file, tables, list[Problem]()
        self.known(tables, TOP, "")
        self.name: str = self.text(tables, "name", "") or file.stem
        if not NAME.fullmatch(self.name):
            self.wrong("name", _("use Latin letters, digits, - and _, at most 50", ru="латинские буквы, цифры, - и _, не больше 50"))
        self.zone = self._zone(self.text(tables, "timezone", ""))
        self.data, self.typed = self._data(self.table(tables, "data", ""), data, environment)
        self.named = self.table(tables, "import", "")
        self.intos = {n: s.get("into") for n, s in self.named.items() if isinstance(s, Mapping)}

    # ---- small words -------------------------------------------------------------------------------------------
    def wrong(self, path: str, message: str, code: str = "mapping") -> None:
        """Note a problem."""
        self.problems.append(Problem(path, code, message))

    def known(self, table: Mapping[str, t.Any], names: Iterable[str], path: str) -> None:
        """Note every key nobody knows, with the close one."""
        for key in table:
            if key not in names:
                self.wrong(f"{path}.{key}" if path else key, UNKNOWN.format(name=key, near=closest(key, names)), "unknown")

    def text(self, table: Mapping[str, t.Any], key: str, path: str) -> str:
        """Return a text, or note that it is none."""
        value = table.get(key, "")
        if not isinstance(value, str):
            self.wrong(f"{path}.{key}" if path else key, TEXT)
            return ""
        return value

    def table(self, table: Mapping[str, t.Any], key: str, path: str) -> Mapping[str, t.Any]:
        """Return a table, or note that it is none."""
        value = table.get(key, {})
        if not isinstance(value, Mapping):
            self.wrong(f"{path}.{key}" if path else key, TABLE)
            return {}
        return value

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name) if name else self.crm.zone
        except (KeyError, ValueError, OSError):
            self.wrong("timezone", _("not known; write an IANA name such as Europe/Moscow",
                ru="неизвестна; напишите имя IANA, например Europe/Moscow"))
            return self.crm.zone

    def _data(self, said: Mapping[str, t.Any], given: Mapping[str, str], environment: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
        """Return the values of ``{names}`` and which of them were typed, so that their paths start where the person is."""
        found, typed = {n: as_text(v) for n, v in said.items()}, set[str]()
        for name in said:
            if value := environment.get(f"{ENVIRONMENT}{name.upper()}"):
                found[name] = value
                typed.add(name)
        for name, value in given.items():
            if name not in said:
                self.wrong(f"--data {name}", UNKNOWN.format(name=name, near=closest(name, said)), "unknown")
            found[name] = value
            typed.add(name)
        return found, typed

    # ---- steps -------------------------------------------------------------------------------------------------
    def steps(self) -> list[Step]:
        """Return the steps in the order of the file."""
        if not self.named and not self.problems:
            self.wrong("import", _("name at least one import: [import.companies]", ru="нужен хотя бы один импорт: [import.companies]"))
        found = []
        for name, table in self.named.items():
            path = f"import.{name}"
            if not isinstance(table, Mapping):
                self.wrong(path, TABLE)
            elif not NAME.fullmatch(name):
                self.wrong(path, _("name it in Latin letters, digits, - and _, at most 50", ru="имя: латинские буквы, цифры, - и _, не больше 50"))
            elif (step := self._step(name, table, path)) is not None:
                found.append(step)
        return found

    def _step(self, name: str, table: Mapping[str, t.Any], path: str) -> Step | None:
        self.known(table, STEP, path)
        origin = self._from(self.table(table, "from", path), f"{path}.from")
        kind = self._kind(self.text(table, "into", path), f"{path}.into")
        update = self.text(table, "update", path) or "always"
        if update not in UPDATES:
            self.wrong(f"{path}.update", _("choose one of: {words}", ru="выберите одно из: {words}").format(words=", ".join(UPDATES)))
        identity, id_columns = self._expression(table.get("id"), f"{path}.id")
        when, each = self._when(table.get("when", {}), f"{path}.when"), self._each(table.get("each"), f"{path}.each")
        if kind is None:
            return None
        rules, references = self._fields(kind, self.table(table, "fields", path), f"{path}.fields")
        special = {n: rules.pop(n, None) for n in ("stage", "pipeline", *HISTORY)}
        return Step(
            name=name, path=path, source=f"{self.name}.{name}", kind=kind.key, origin=origin, id=identity, id_columns=id_columns, update=update,
            when=when, each=each, fields=tuple(rules.values()), references=tuple(references), stage=special["stage"], pipeline=special["pipeline"],
            created_at=special["created_at"], archived=special["archived_at"], fingerprint=self._print(table),
        )  # fmt: skip

    def _print(self, table: Mapping[str, t.Any]) -> bytes:
        what = [{n: v for n, v in table.items() if n != "from"}, str(self.zone)]
        return hashlib.blake2b(orjson.dumps(what, option=orjson.OPT_SORT_KEYS, default=str), digest_size=16).digest()

    def _kind(self, key: str, path: str) -> Kind | None:
        kind = self.crm.kinds.get(key)
        if kind is None:
            self.wrong(path, _("there is no entity {name!r} in this CRM.{near}", ru="в этой CRM нет сущности {name!r}.{near}").format(
                name=key, near=closest(key, self.crm.kinds)), "unknown")  # fmt: skip
        return kind

    def _from(self, table: Mapping[str, t.Any], path: str) -> From:
        self.known(table, FROM, path)
        words = {n: self._filled(self.text(table, n, path), f"{path}.{n}") for n in FROM if n not in ("columns", "strip", "file", "query")}
        file = self.text(table, "file", path)
        columns, strip = table.get("columns", ()), table.get("strip")
        if not isinstance(columns, list | tuple) or not all(isinstance(c, str) for c in columns):
            self.wrong(f"{path}.columns", _("list the names of the columns", ru="перечислите имена столбцов"))
            columns = ()
        if bool(file) == bool(words["url"]):
            self.wrong(path, _("say where the rows are: file = \"…\" or url = \"…\"", ru="укажите, где строки: file = \"…\" или url = \"…\""))
        query = self.text(table, "query", path)
        if words["url"] and bool(query) == bool(words["table"]):
            self.wrong(path, _("say what to read: table = \"…\" or query = \"…\"", ru="укажите, что читать: table = \"…\" или query = \"…\""))
        return From(path=path, file=self._file(file, f"{path}.file") if file else None, query=query, columns=tuple(columns), strip=strip, **words)

    def _filled(self, text: str, path: str) -> str:
        for name in HOLE.findall(text):
            if name not in self.data:
                self.wrong(path, _("{{{name}}} is not under [data].{near}",
                    ru="{{{name}}} нет в [data].{near}").format(name=name, near=closest(name, self.data)))
        return HOLE.sub(lambda found: self.data.get(found[1], ""), text)

    def _file(self, text: str, path: str) -> Path:
        """Return the path of a file: from the mapping's folder, or from where the person is when they typed it."""
        names = HOLE.findall(text)
        place = Path(self._filled(text, path)).expanduser()
        return place if names and names[0] in self.typed else self.file.parent / place

    # ---- values ------------------------------------------------------------------------------------------------
    def _expression(self, said: t.Any, path: str) -> tuple[Get, tuple[str, ...]]:
        """Return what reads a column, a ``{template}`` or the first filled column of a list."""
        if isinstance(said, str) and said:
            return (template(said), tuple(HOLE.findall(said))) if "{" in said else (getter(said), (said,))
        if isinstance(said, list) and said and all(isinstance(c, str) and c for c in said):
            return first_of(said), tuple(said)
        self.wrong(path, _("name a column, or write a template such as \"{{first}} {{last}}\"",
            ru="назовите столбец или напишите шаблон вроде \"{{first}} {{last}}\"")
            .format())  # fmt: skip
        return (lambda cells: None), ()

    def _when(self, said: t.Any, path: str) -> tuple[When, ...]:
        if not isinstance(said, Mapping):
            self.wrong(path, TABLE)
            return ()
        found = []
        for column, test in said.items():
            if isinstance(test, Mapping):
                self.known(test, WHEN, f"{path}.{column}")
                found += [When(column, getter(column), made) for word, value in test.items() if (made := self._test(word, value, f"{path}.{column}"))]
            else:
                found.append(When(column, getter(column), _among(test)))
        return tuple(found)

    def _test(self, word: str, value: t.Any, path: str) -> t.Callable[[t.Any], bool] | None:
        if word == "not":
            among = _among(value)
            return lambda v: not among(v)
        if word == "empty":
            return lambda v: (v is None) is bool(value)
        if word == "matches":
            try:
                pattern = re.compile(str(value))
            except re.error as error:
                self.wrong(f"{path}.matches", str(error))
                return None
            return lambda v: pattern.search(as_text(v)) is not None
        return None

    def _each(self, said: t.Any, path: str) -> Each | None:
        if said is None:
            return None
        if isinstance(said, Mapping):
            self.known(said, ("column", "split"), path)
            column, split = self.text(said, "column", path), self.text(said, "split", path)
            return Each(columns=(column,), split=self._converters([f"split {split}"], f"{path}.split")[0])
        if isinstance(said, list) and said and all(isinstance(c, str) for c in said):
            return Each(columns=tuple(said))
        self.wrong(path, _("list columns, or write {{column = \"…\", split = \"[;,]\"}}",
            ru="перечислите столбцы или напишите {{column = \"…\", split = \"[;,]\"}}").format())
        return None

    def _fields(self, kind: Kind, said: Mapping[str, t.Any], path: str) -> tuple[dict[str, Rule], list[Reference]]:
        rules: dict[str, Rule] = {}
        references = []
        writable = writable_fields(kind)
        if not said:
            message = _("name at least one field of {kind}: {names}", ru="назовите хотя бы одно поле {kind}: {names}")
            self.wrong(path, message.format(kind=kind.key, names=", ".join(writable)))
            return {}, []
        for name, table in said.items():
            target = kind.links[name].field.name if name in kind.links and name not in writable else name
            here = f"{path}.{name}"
            if target not in writable:
                self.wrong(here, _("{kind} has no field {name!r} that can be imported.{near}",
                    ru="у {kind} нет поля {name!r} для импорта.{near}").format(
                    kind=kind.key, name=name, near=closest(name, [*writable, *kind.links])), "unknown")  # fmt: skip
                continue
            rule, more = self._rule(target, table, here)
            reference = self._reference(writable[target], rule, more, here)
            if reference is None:
                rules[target] = rule
            else:
                references.append(reference)
        named = {*rules, *(r.rule.target for r in references)}
        for name, field in kind.fields.items():
            if field.required and name not in named:
                self.wrong(path, _("{name} is required: map it, or give it a value",
                    ru="поле {name} обязательно: сопоставьте его или задайте значение")
                    .format(name=name))  # fmt: skip
        return rules, references

    def _rule(self, target: str, said: t.Any, path: str) -> tuple[Rule, Mapping[str, t.Any]]:
        more: Mapping[str, t.Any] = said if isinstance(said, Mapping) else {"template" if isinstance(said, str) and "{" in said else "column": said}
        self.known(more, RULE, path)
        given = [n for n in ("column", "template", "value") if n in more]
        if len(given) != 1:
            self.wrong(path, _("say one of column, template, value", ru="укажите одно из: column, template, value"))
            return Rule(target=target, path=path, columns=(), get=lambda cells: None), more
        if given[0] == "value":
            constant = more["value"]
            get, columns = (lambda cells: constant), tuple[str, ...]()
        else:
            get, columns = self._expression(more[given[0]], path)
            if given[0] == "column" and isinstance(more["column"], str):
                get, columns = getter(more["column"]), (more["column"],)
        mapped = self.table(more, "map", path) if "map" in more else None
        convert = more.get("convert", ())
        wrong = self.text(more, "wrong", path) or "error"
        if wrong not in ("error", "empty"):
            self.wrong(f"{path}.wrong", ERROR_OR_EMPTY)
        rule = Rule(
            target=target, path=path, columns=columns, get=get, map=mapped, otherwise=more.get("else", NO_ELSE),
            convert=self._converters([convert] if isinstance(convert, str) else convert, f"{path}.convert"), default=more.get("default"),
            when=self._when(more.get("when", {}), f"{path}.when"), lenient=wrong == "empty",
        )  # fmt: skip
        return rule, more

    def _converters(self, words: t.Any, path: str) -> tuple[Convert, ...]:
        if not isinstance(words, list | tuple) or not all(isinstance(w, str) for w in words):
            self.wrong(path, _("list words such as \"strip\" or \"date %d.%m.%Y\"", ru="перечислите слова вроде \"strip\" или \"date %d.%m.%Y\""))
            return ()
        found = []
        for word in words:
            try:
                found.append(converter(word))
            except ValueError as error:
                self.wrong(path, error.args[0])
        return tuple(found)

    # ---- references --------------------------------------------------------------------------------------------
    def _reference(self, field: Field, rule: Rule, more: Mapping[str, t.Any], path: str) -> Reference | None:
        ref, find = self.text(more, "ref", path), self.text(more, "find", path)
        if not ref and not find:
            return None
        missing = self.text(more, "missing", path) or "error"
        if missing not in ("error", "empty"):
            self.wrong(f"{path}.missing", ERROR_OR_EMPTY)
        to = self.crm.kind(field.to).key if field.to is not None else ""
        if find:
            return self._found(rule, find, to, path, missing == "empty")
        if HOLE.fullmatch(ref):
            which = Rule(target=rule.target, path=f"{path}.ref", columns=(ref[1:-1],), get=getter(ref[1:-1]))
            return Reference(rule=rule, field=rule.target, kind="", source=self.name, optional=missing == "empty", which=which)
        own = ref in self.intos or "." not in ref
        source, into = (f"{self.name}.{ref}", self.intos.get(ref)) if own else (ref, self.text(more, "kind", path) or to)
        if own and ref not in self.intos:
            message = _("there is no import {name!r}; one of another mapping is written MAPPING.IMPORT.{near}",
                ru="нет импорта {name!r}; импорт из другого описания пишется ОПИСАНИЕ.ИМПОРТ.{near}")  # fmt: skip
            self.wrong(f"{path}.ref", message.format(name=ref, near=closest(ref, self.intos)), "unknown")
        elif not into:
            self.wrong(path, _("say which entity {ref} holds: kind = \"…\"", ru="укажите, какая это сущность: kind = \"…\"").format(ref=ref))
        elif to and into != to:
            self.wrong(f"{path}.ref", _("{ref} holds {kind}, this field wants {to}",
                ru="{ref} — это {kind}, а поле ждёт {to}").format(ref=ref, kind=into, to=to))
        return Reference(rule=rule, field=rule.target, kind=into or to, source=source, optional=missing == "empty")

    def _found(self, rule: Rule, find: str, to: str, path: str, optional: bool) -> Reference | None:
        key, _dot, name = find.rpartition(".")
        kind = self._kind(key, f"{path}.find")
        if kind is None:
            return None
        known = [n for n, f in kind.fields.items() if not f.secret]
        if name not in known:
            self.wrong(f"{path}.find", _("{kind} has no field {name!r}.{near}", ru="у {kind} нет поля {name!r}.{near}").format(
                kind=key, name=name, near=closest(name, known)), "unknown")  # fmt: skip
        if to and to != key:
            self.wrong(f"{path}.find", _("this field wants {to}", ru="поле ждёт {to}").format(to=to))
        return Reference(rule=rule, field=rule.target, kind=key, by=name, optional=optional)


def _among(values: t.Any) -> t.Callable[[t.Any], bool]:
    words = {as_text(v) for v in (values if isinstance(values, list) else [values])}
    return lambda value: as_text(value) in words


def writable_fields(kind: Kind) -> dict[str, Field]:
    """Return the fields an import may fill in: own ones, those of extensions by their dotted names, stage and history."""
    found = {n: f for n, f in kind.fields.items() if not f.generated and n != "id"}
    for extension in kind.extensions.values():
        found |= {f"{extension.name}.{n}": f for n, f in _extended(extension)}
    special = [*(("stage", "pipeline") if kind.staged else ()), *HISTORY]
    return found | {n: kind.fields[n] for n in special}


def _extended(extension: ExtensionKind) -> list[tuple[str, Field]]:
    return [(n, f) for n, f in extension.fields.items() if not f.generated and n != "id"]
