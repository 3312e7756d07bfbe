"""What was decided on the page as a mapping of `crmkit.transfer`, and back: the same TOML that `crmkit import` reads."""

from __future__ import annotations

import json
import tomllib
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from ...core.errors import Invalid, Problem
from ...core.field import Field
from ...core.kind import Kind
from ...core.text import Text, _
from ...transfer.mapping import UPDATES, mapping_of
from ...transfer.mapping import Mapping as MappingFile
from ...transfer.reader import NAME, writable_fields
from .store import Draft

if t.TYPE_CHECKING:
    from ...core.compose import Crm

STEP, FILE = "rows", "import.toml"
LINE = "@line"
ONLY_FILES = _("only files that were sent can be read here: write file = \"…\"", ru="здесь читаются только загруженные файлы: укажите file = \"…\"")
NOT_SENT = _("send the file {name} too", ru="загрузите и файл {name}")
NO_DATA = _("[data] belongs to the command line; write the names of files themselves", ru="[data] нужен для командной строки; впишите имена файлов")
NOT_TOML = _("this is no mapping file: {why}", ru="это не файл описания: {why}")
SOURCE = _("use Latin letters, digits, - and _, at most 50", ru="латинские буквы, цифры, - и _, не больше 50")
Tables = dict[str, t.Any]


# ---- from the page ------------------------------------------------------------------------------------------------------
def tables_of(draft: Draft, crm: Crm, *, own_names: bool = False) -> Tables:
    """Return the mapping as parsed TOML; with `own_names` files are called as they were when they were sent."""
    if draft.tables is not None:
        return draft.tables if own_names else _local(draft.tables, draft)
    kind, sent = crm.kinds[draft.kind], draft.files[0]
    origin: Tables = {"file": sent.name if own_names else sent.file}
    origin |= {n: v for n, v in draft.origin.items() if v}
    fields = dict(_fields(draft, crm, kind))
    numbered = not draft.identity
    step = {"from": origin, "into": kind.key, "id": [LINE if numbered else draft.identity], "fields": fields}
    if draft.update != "always" and not numbered:
        step["update"] = draft.update
    # Rows without ids of their own are new every time: ids under a name of their own never meet.
    return {"name": f"file-{draft.id}" if numbered else draft.source or kind.key, "import": {STEP: step}}


def _fields(draft: Draft, crm: Crm, kind: Kind) -> Iterator[tuple[str, t.Any]]:
    known = writable_fields(kind)
    for column, said in draft.columns.items():
        name = said.get("field", "")
        if name not in known:
            continue
        made: Tables = {"column": column}
        if said.get("convert"):
            made["convert"] = [said["convert"]]
        if said.get("find"):
            made |= {"find": said["find"], "missing": said.get("missing") or "error"}
        elif words := _words(kind, name, known[name]):
            made |= {"map": words, "else": "="}
        yield name, made
    for name, value in draft.values.items():
        if name in known:
            yield name, {"value": value}


def _words(kind: Kind, name: str, field: Field) -> dict[str, t.Any]:
    """Return the values of a choice (or a stage) by everything people call them."""
    labelled: list[tuple[t.Any, t.Any]] = []
    if name == "stage":
        labelled = [(s.label, key) for p in kind.pipelines.values() for key, s in p.stages.items()]
    elif name == "pipeline":
        labelled = [(p.label, key) for key, p in kind.pipelines.items()]
    elif field.choices:
        labelled = [(getattr(m, "label", None) or m.name.replace("_", " ").capitalize(), m.value) for m in field.choices]
    found: dict[str, t.Any] = {}
    for label, value in labelled:
        for word in {str(label), *(label.translations.values() if isinstance(label, Text) else ())}:
            for spelt in (word, word.lower(), word.upper(), word.capitalize()):
                found.setdefault(spelt, value)
    return found


def read(draft: Draft, crm: Crm) -> MappingFile:
    """Return the mapping checked against this CRM; `Invalid` names everything that is wrong with it."""
    if draft.tables is None and draft.identity and not NAME.fullmatch(draft.source or draft.kind):
        raise Invalid(problems=[Problem("source", "invalid", SOURCE)])
    return mapping_of(tables_of(draft, crm), draft.folder / FILE, crm, {}, {})


# ---- from a file --------------------------------------------------------------------------------------------------------
def parse(content: bytes) -> Tables:
    """Return the tables of a mapping file that was sent."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(problems=[Problem("mapping", "toml", NOT_TOML.format(why=str(error)))]) from None


def check(tables: Tables, draft: Draft) -> None:
    """Refuse a mapping that reads anything but the files that were sent: other files of the server, and databases, are nobody's here."""
    problems = [Problem("data", "forbidden", NO_DATA)] if "data" in tables else []
    steps = tables.get("import")
    for name, step in steps.items() if isinstance(steps, dict) else ():
        origin = step.get("from") if isinstance(step, dict) else None
        path = f"import.{name}.from"
        said = origin.get("file") if isinstance(origin, dict) else None
        if not isinstance(origin, dict) or not isinstance(said, str) or not said or {"url", "table", "query"} & origin.keys():
            problems.append(Problem(path, "forbidden", ONLY_FILES))
        elif _sent(said, draft) is None:
            problems.append(Problem(f"{path}.file", "missing", NOT_SENT.format(name=PurePath(said).name)))
        elif origin.get("format") not in (None, "csv", "xlsx", "jsonl"):
            problems.append(Problem(f"{path}.format", "forbidden", ONLY_FILES))
    if problems:
        raise Invalid(problems=problems)


def _sent(name: str, draft: Draft) -> str | None:
    wanted = PurePath(name.replace("\\", "/")).name
    found = next((f.file for f in draft.files if f.name == wanted), None)
    return found or (draft.files[0].file if len(draft.files) == 1 else None)


def _local(tables: Tables, draft: Draft) -> Tables:
    """Return a mapping that was sent with the files as they lie in the folder."""
    check(tables, draft)
    steps = {n: s | {"from": s["from"] | {"file": _sent(s["from"]["file"], draft)}} for n, s in tables["import"].items()}
    return tables | {"import": steps}


def take(draft: Draft, tables: Tables, crm: Crm) -> None:
    """Let an import go by a mapping that was sent: shown on the page where it can be, kept as it is where it says more."""
    shown = _shown(tables, draft, crm)
    if shown is None:
        draft.tables = tables
        return
    draft.tables = None
    kind, step = shown
    draft.kind, draft.source, draft.update = kind.key, str(tables.get("name", "")), step.get("update", "always")
    own = step["id"] if isinstance(step["id"], str) else step["id"][0]
    draft.identity = "" if own == LINE else own
    draft.origin = {n: step["from"][n] for n in ("encoding", "delimiter", "sheet") if n in step["from"]}
    draft.columns, draft.values = {}, {}
    for name, said in step["fields"].items():
        target = kind.links[name].field.name if name in kind.links and name not in kind.fields else name
        rule = {"column": said} if isinstance(said, str) else said
        if "value" in rule:
            draft.values[target] = rule["value"]
            continue
        steps = rule.get("convert", "")
        more = {"convert": steps if isinstance(steps, str) else "".join(steps), "find": rule.get("find", ""), "missing": rule.get("missing", "")}
        draft.columns[rule["column"]] = {"field": target, **{n: v for n, v in more.items() if v}}


def _shown(tables: Tables, draft: Draft, crm: Crm) -> tuple[Kind, Tables] | None:
    """Return the one step of a mapping that the page can show, and its kind."""
    steps = tables.get("import")
    step = next(iter(steps.values())) if isinstance(steps, dict) and len(steps) == 1 else None
    if not isinstance(step, dict) or len(draft.files) != 1 or "timezone" in tables:
        return None
    kind = crm.kinds.get(str(step.get("into")))
    own, fields = step.get("id"), step.get("fields")
    simple_id = (isinstance(own, str) and "{" not in own) or (isinstance(own, list) and len(own) == 1)
    plain = not {"when", "each"} & step.keys() and set(step.get("from", {})) <= {"file", "encoding", "delimiter", "sheet"}
    if kind is None or not simple_id or not plain or not isinstance(fields, dict) or step.get("update", "always") not in UPDATES:
        return None
    return (kind, step) if all(_simple(said, kind, name) for name, said in fields.items()) else None


def _simple(said: t.Any, kind: Kind, name: str) -> bool:
    if isinstance(said, str):
        return "{" not in said
    if not isinstance(said, Mapping):
        return False
    steps = said.get("convert", "")
    few = isinstance(steps, str) or (isinstance(steps, list) and len(steps) <= 1)
    own_map = said.get("map") is None or (said.get("else") == "=" and name in kind.fields and said["map"] == _words(kind, name, kind.fields[name]))
    known = {"column", "value", "convert", "find", "missing", "map", "else"}
    return few and own_map and isinstance(said.get("column", ""), str) and set(said) <= known


# ---- as text ------------------------------------------------------------------------------------------------------------
def toml(tables: Tables) -> str:
    """Return a mapping as the text of a file."""
    lines = [f"{_key(n)} = {_value(v)}" for n, v in tables.items() if n != "import"]
    for name, step in tables["import"].items():
        lines += ["", f"[import.{_key(name)}]"]
        lines += [f"{_key(n)} = {_value(v)}" for n, v in step.items() if n != "fields"]
        lines += [f"[import.{_key(name)}.fields]"]
        lines += [f"{_key(n)} = {_value(v)}" for n, v in step.get("fields", {}).items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(str(n))} = {_value(v)}" for n, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value) if isinstance(value, int | float) else _text(str(value))


__all__ = ["FILE", "LINE", "check", "parse", "read", "tables_of", "take", "toml"]
