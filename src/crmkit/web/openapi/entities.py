"""The operations of one entity."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ...core.board import MAX_CARDS
from ...core.kind import Kind
from ...core.lists import MAX_COUNT, MAX_LIMIT
from ...core.search.question import MAX_LENGTH
from ...core.text import _
from ...core.timeline import MAX_ENTRIES
from ...transfer.export import FORMATS
from .commands import RESULT, arguments_schema, has_required
from .parts import ID_IN_PATH, KEY, READS, WRITES, Writer, if_match, number, query, ref, text
from .schemas import PLAIN, Schema, nullable, obj

ETAG: Schema = {"ETag": {"schema": {"type": "string"}, "required": True, "description": "the version, in quotes"}}
LOCATION: Schema = {"Location": {"schema": {"type": "string"}, "required": True}}
MOMENT = PLAIN[dt.datetime]
NUMBER: Schema = {"type": ["integer", "null"]}
WORDS: Schema = {"type": ["string", "null"]}
ENTRY: Schema = obj(
    {
        "id": {"type": "integer"},
        "at": MOMENT,
        "actor_id": NUMBER,
        "actor": {"type": "string"},
        "kind": {"type": "string"},
        "record_id": NUMBER,
        "action": {"type": "string"},
        "changes": {"type": "object"},
        "cause": WORDS,
        "tx": NUMBER,
        "operation": NUMBER,
    }
) | {"additionalProperties": True}
STAY: Schema = obj(
    {
        "pipeline": {"type": "string"},
        "stage": {"type": "string"},
        "entered_at": MOMENT,
        "left_at": nullable(MOMENT),
        "seconds": {"type": "number"},
        "left_by": NUMBER,
    }
)
POSSIBLE: Schema = obj(
    {
        "pipeline": {"type": "string"},
        "stage": {"type": "string"},
        "label": {"type": "string"},
        "outcome": {"enum": ["open", "won", "lost"]},
        "allowed": {"type": "boolean"},
        "problems": {"type": "array", "items": {"type": "object"}},
    }
)
COLUMN: Schema = obj(
    {
        "stage": {"type": "string"},
        "label": {"type": "string"},
        "outcome": {"enum": ["open", "won", "lost"]},
        "count": {"type": "integer"},
        "sums": {"type": "object", "additionalProperties": {"type": "string"}},
        "cards": {"type": "array", "items": {"type": "object"}},
        "more": {"type": "boolean"},
        "next": nullable({"type": "string"}),
    }
)
WHY: Schema = obj(
    {
        "may": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "reasons": {"type": "array", "items": {"type": "object"}},
        "vetoes": {"type": "array", "items": {"type": "string"}},
        "hidden": {"type": "array", "items": {"type": "string"}},
        "read_only": {"type": "array", "items": {"type": "string"}},
        "sentences": {"type": "array", "items": {"type": "string"}},
    }
)


def schema_name(kind: Kind, suffix: str = "") -> str:
    """Return the name of one of a kind's schemas: ``SalesDeal``, ``SalesDealCreate``."""
    return "".join(w.capitalize() for w in kind.key.replace(".", "_").split("_")) + suffix


class EntityPaths:
    """Writes the operations of one kind."""

    def __init__(self, kind: Kind, writer: Writer, roles: t.Iterable[str] = ()) -> None:
        self.roles = "|".join(re.escape(r) for r in roles) or "-"
        self.kind, self.writer = kind, writer
        self.tag, self.base = kind.key, f"/api/{kind.key.replace('.', '/', 1)}"
        self.name = kind.key.replace(".", "_")
        self.record = ref(schema_name(kind))

    def paths(self) -> dict[str, Schema]:
        """Return path to methods."""
        one = f"{self.base}/{{id}}"
        found = {self.base: {"get": self._list(), "post": self._create()}, one: {"get": self._read(), "patch": self._change()}}
        found[f"{self.base}/export"] = {"get": self._export()}
        for verb, summary in (
            ("archive", _("Put into the archive", ru="Убрать в архив")),
            ("restore", _("Take out of the archive", ru="Вернуть из архива")),
        ):
            found[f"{one}/{verb}"] = {"post": self._written(verb, summary, match=True)}
        found[f"{one}/timeline"] = {
            "get": self._of_record(
                "timeline",
                _("What happened", ru="Что происходило"),
                obj({"entries": {"type": "array", "items": ENTRY}}),
                number("limit", MAX_ENTRIES),
                query("before", MOMENT),
            )
        }
        asked = (
            query("roles", {"type": "string", "pattern": f"^({self.roles})$"}),
            query("teams", {"type": "string", "pattern": "^[1-9][0-9]{0,15}$"}),
            number("actor", least=0),
        )
        found[f"{one}/explain"] = {"get": self._of_record("explain", _("Why it may be seen or changed", ru="Почему видна и доступна"), WHY, *asked)}
        if self.kind.pipelines:
            found |= self._staged(one)
        for command in self.kind.commands.values():
            body = self.writer.body(arguments_schema(command), required=has_required(command))
            responses = {"200": self.writer.ok(RESULT), **self.writer.errors(*WRITES, 404)}
            path = f"{one}/do/{command.verb}"
            found[path] = {
                "post": self.writer.operation(
                    self.tag,
                    f"{self.name}_do_{command.verb}",
                    command.label,
                    responses,
                    parameters=[ID_IN_PATH, KEY],
                    body=body,
                    description=command.help,
                )
            }
        return found

    # ---- many --------------------------------------------------------------------------------------------------
    def _listing(self) -> list[Schema]:
        sortable = [f.name for f in self.kind.fields.values() if not f.secret and f.type not in (dict, list, bytes)]
        some, shown = "|".join(sortable), "|".join(f.name for f in self.kind.fields.values() if not f.secret)
        tree = {
            "name": "filter",
            "in": "query",
            "required": False,
            "content": {"application/json": {"schema": ref(schema_name(self.kind, "Filter"))}},
        }
        return [
            tree,
            query("sort", {"type": "string", "pattern": f"^[-+]?({some})$", "examples": ["-created_at"]}, "-created_at,name"),
            query("fields", {"type": "string", "pattern": f"^({shown})$", "examples": ["id"]}, "a,b,link.c"),
            query("archived", {"enum": ["false", "true", "all"]}),
            text("q", MAX_LENGTH),
        ]

    def _list(self) -> Schema:
        row = {"type": "object"}
        page = obj(
            {"rows": {"type": "array", "items": row}, "next": WORDS, "total": {"type": "integer"}, "total_is_capped": {"type": "boolean"}},
            ["rows", "next"],
        )
        parameters = [*self._listing(), number("limit", MAX_LIMIT), number("count", MAX_COUNT), self._cursor()]
        headers = {
            "Live-Mark": {"schema": {"type": "string"}, "description": "since= for /api/live: nothing is missed between this answer and the stream"}
        }
        responses = {"200": self.writer.ok(page, headers=headers), **self.writer.errors(*READS)}
        return self.writer.operation(self.tag, f"{self.name}_list", self.kind.plural, responses, parameters=parameters)

    def _cursor(self) -> Schema:
        return query("after", {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, "next")

    def _create(self) -> Schema:
        responses = {"201": self.writer.ok(self.record, "Created", ETAG | LOCATION), **self.writer.errors(*WRITES)}
        body = self.writer.body(ref(schema_name(self.kind, "Create")))
        return self.writer.operation(self.tag, f"{self.name}_create", _("Create", ru="Создать"), responses, parameters=[KEY], body=body)

    def _export(self) -> Schema:
        form = query("format", {"enum": list(FORMATS)})
        shown: Schema = {name: {"schema": {"type": "string"} | ({"format": "binary"} if name == "xlsx" else {})} for name in FORMATS}
        ok = {"description": "OK", "content": {media.partition(";")[0]: shown[name] for name, media in FORMATS.items()}}
        return self.writer.operation(
            self.tag,
            f"{self.name}_export",
            _("Export", ru="Выгрузить"),
            {"200": ok, **self.writer.errors(*READS)},
            parameters=[*self._listing(), form],
        )

    # ---- one ---------------------------------------------------------------------------------------------------
    def _read(self) -> Schema:
        responses = {"200": self.writer.ok(self.record, headers=ETAG), "304": {"description": "Not modified"}, **self.writer.errors(*READS, 404)}
        seen = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        fields = self._listing()[2]
        return self.writer.operation(self.tag, f"{self.name}_get", self.kind.label, responses, parameters=[ID_IN_PATH, fields, seen])

    def _change(self) -> Schema:
        responses = {"200": self.writer.ok(self.record, headers=ETAG), **self.writer.errors(*WRITES, 404, 412, 428)}
        body = self.writer.body(ref(schema_name(self.kind, "Change")))
        return self.writer.operation(
            self.tag, f"{self.name}_change", _("Change", ru="Изменить"), responses, parameters=[ID_IN_PATH, if_match(required=True), KEY], body=body
        )

    def _written(self, verb: str, summary: str, *, match: bool, body: Schema | None = None) -> Schema:
        responses = {"200": self.writer.ok(self.record, headers=ETAG), **self.writer.errors(*WRITES, 404, 412)}
        return self.writer.operation(
            self.tag, f"{self.name}_{verb}", summary, responses, parameters=[ID_IN_PATH, if_match(required=False), KEY], body=body
        )

    def _of_record(self, verb: str, summary: str, schema: Schema, *parameters: Schema) -> Schema:
        responses = {"200": self.writer.ok(schema), **self.writer.errors(*READS, 404)}
        return self.writer.operation(self.tag, f"{self.name}_{verb}", summary, responses, parameters=[ID_IN_PATH, *parameters])

    def _staged(self, one: str) -> dict[str, Schema]:
        names = list(self.kind.pipelines)
        stages = list(dict.fromkeys(s for p in self.kind.pipelines.values() for s in p.stages))
        move = obj(
            {"stage": {"enum": stages}, "pipeline": {"enum": [*names, None]}, "values": nullable(ref(schema_name(self.kind, "Change")))}, ["stage"]
        )
        board = obj(
            {
                "pipeline": {"type": "string"},
                "label": {"type": "string"},
                "exact": {"type": "boolean"},
                "as_of": MOMENT,
                "columns": {"type": "array", "items": COLUMN},
            }
        )
        parameters = [query("pipeline", {"enum": names}), number("cards", MAX_CARDS, 0), *self._listing()[:1], self._listing()[2]]
        return {
            f"{self.base}/board": {
                "get": self.writer.operation(
                    self.tag,
                    f"{self.name}_board",
                    _("Board", ru="Доска"),
                    {"200": self.writer.ok(board), **self.writer.errors(*READS)},
                    parameters=parameters,
                )
            },
            f"{one}/move": {"post": self._written("move", _("Move to a stage", ru="Перевести на стадию"), match=True, body=self.writer.body(move))},
            f"{one}/moves": {
                "get": self._of_record(
                    "moves",
                    _("Where it may go, and what is missing", ru="Куда можно перевести и чего не хватает"),
                    obj({"moves": {"type": "array", "items": POSSIBLE}}),
                )
            },
            f"{one}/stages": {
                "get": self._of_record(
                    "stages", _("Stages it has been in", ru="Пройденные стадии"), obj({"stages": {"type": "array", "items": STAY}})
                )
            },
        }


__all__ = ["EntityPaths", "schema_name"]
