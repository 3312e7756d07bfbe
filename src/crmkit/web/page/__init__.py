"""The documentation page: rendered here from the OpenAPI document, readable without scripts, on a phone, in the dark."""

from __future__ import annotations

import hashlib
import json
import typing as t
from functools import cache
from html import escape
from importlib.resources import files

from ...core.text import _, translate

Json = dict[str, t.Any]
WORDS = {
    "title": _("API of this CRM", ru="API этой CRM"), "contents": _("Contents", ru="Содержание"), "body": _("Request body", ru="Тело запроса"),
    "parameters": _("Parameters", ru="Параметры"), "answers": _("Answers", ru="Ответы"), "required": _("required", ru="обязательно"),
    "schemas": _("Schemas", ru="Схемы"), "problems": _("Refusals", ru="Отказы"), "document": _("The OpenAPI document", ru="Документ OpenAPI"),
    "live": _("Live stream", ru="Живой поток"), "try": _("Try it", ru="Попробуйте"), "skip": _("Skip to the contents", ru="К содержанию"),
    "where": _("in", ru="в"), "general": _("The CRM itself", ru="Сама CRM"),
    "paths": _("Search, undo, batches, people", ru="Поиск, отмена, пакеты, люди"),
}  # fmt: skip

HERE = "{{here}}"  # the host it was asked at takes this place: pages are made once for all hosts
# Within the page: a browser asks a host's /favicon.ico otherwise, which the CRM may not own.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Crect width='20' height='20' rx='5.5' fill='%231d1f27'/%3E"
    "%3Cpath d='M13.6 6.6A5 5 0 1 0 13.6 13.4' fill='none' stroke='%23fff' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)


@cache
def page_style() -> bytes:
    """Return the style sheet."""
    return files(__package__).joinpath("docs.css").read_bytes()


@cache
def _mark() -> str:
    """Return what changes with the style sheet, so that a browser does not keep an older one."""
    return hashlib.sha256(page_style()).hexdigest()[:8]


def page_html(document: Json, language: str, root: str) -> str:
    """Return the page in one language, for a CRM served below `root`."""
    return Page(document, language, root).html()


class Page:
    """One rendering."""

    def __init__(self, document: Json, language: str, root: str) -> None:
        self.document, self.language, self.root = document, language, escape(root, quote=True)

    def say(self, key: str) -> str:
        """Return a word of the page."""
        return escape(translate(WORDS[key], self.language))

    def html(self) -> str:
        """Return the page."""
        tags = self._tags()
        groups = self._groups(tags)
        other = "en" if self.language == "ru" else "ru"
        jump = "".join(self._jump(name, found) for name, found in groups)
        body = "".join(f"<section><h2>{escape(name)}</h2>{''.join(self._tag(tag, tags[tag]) for tag in found)}</section>" for name, found in groups)
        title = self.say("title")
        return (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
            f'<link rel="icon" href="{ICON}"><link rel="stylesheet" href="{self.root}/api/docs.css?v={_mark()}"></head>'
            f'<body><a class="skip" href="#main">{self.say("skip")}</a>'
            f'<header><h1>{title}</h1><p class="links"><a href="{self.root}/api/openapi.json?lang={self.language}">{self.say("document")}</a> '
            f'<a href="?lang={other}" hreflang="{other}" lang="{other}">{"English" if other == "en" else "Русский"}</a></p></header>'
            f'<nav aria-label="{self.say("contents")}">{jump}</nav><main id="main"><p>{_code(self.document["info"]["description"])}</p>'
            f"{self._try()}{body}{self._problems()}{self._live()}</main></body></html>"
        )

    def _tags(self) -> dict[str, list[tuple[str, str, Json]]]:
        found: dict[str, list[tuple[str, str, Json]]] = {}
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                found.setdefault(operation["tags"][0], []).append((method, path, operation))
        return found

    def _groups(self, tags: t.Iterable[str]) -> list[tuple[str, list[str]]]:
        """Return the plugins by their labels, each with what it has to say: its records first, then its own addresses."""
        named = [(g["name"], [tag for tag in g["tags"] if tag in tags]) for g in self.document["x-tagGroups"]]
        return [(translate(WORDS["general"], self.language) if found == ["crm"] else name, found) for name, found in named if found]

    def _jump(self, name: str, tags: list[str]) -> str:
        links = "".join(f'<li><a href="#{escape(tag)}">{escape(self._tag_title(tag))}</a></li>' for tag in tags)
        if tags == ["crm"]:
            ends = {"crm": "paths", "problems": "problems", "live": "live"}
            links = "".join(f'<li><a href="#{at}">{self.say(word)}</a></li>' for at, word in ends.items())
        return f"<h2>{escape(name)}</h2><ul>{links}</ul>"

    def _tag_title(self, tag: str) -> str:
        labels = {t_["name"]: t_.get("description", t_["name"]) for t_ in self.document["tags"]}
        return translate(WORDS["paths"], self.language) if tag == "crm" else labels.get(tag, tag)

    def _tag(self, tag: str, operations: list[tuple[str, str, Json]]) -> str:
        shown = "".join(self._operation(*one) for one in operations)
        return f'<section id="{escape(tag)}"><h3>{escape(self._tag_title(tag))} <small>{escape(tag)}</small></h3>{shown}</section>'

    def _operation(self, method: str, path: str, operation: Json) -> str:
        help_ = f"<p>{escape(operation['description'])}</p>" if operation.get("description") else ""
        return (
            f'<details id="{escape(operation["operationId"])}"><summary><span class="method {method}">{method.upper()}</span> '
            f'<code>{escape(path).replace("/", "/<wbr>")}</code> <span class="what">{escape(operation["summary"])}</span></summary>'
            f'<div class="inside">{help_}{self._parameters(operation)}{self._body(operation)}{self._answers(operation)}</div></details>'
        )

    def _parameters(self, operation: Json) -> str:
        rows = []
        for parameter in map(self._resolved, operation.get("parameters", ())):
            schema = parameter.get("schema") or {"type": "JSON"}
            extra = f" <em>{self.say('required')}</em>" if parameter.get("required") else ""
            about = f"<br>{escape(parameter['description'])}" if parameter.get("description") else ""
            rows.append(
                f'<tr><th scope="row"><code>{escape(parameter["name"])}</code>{extra}</th><td>{escape(parameter["in"])}</td>'
                f"<td>{_kind(schema)}{about}</td></tr>"
            )
        return f'<h4>{self.say("parameters")}</h4><div class="wide"><table>{"".join(rows)}</table></div>' if rows else ""

    def _body(self, operation: Json) -> str:
        body = operation.get("requestBody")
        if body is None:
            return ""
        form = next(iter(body["content"].values()))  # JSON, or a file
        schema = self._resolved(form.get("schema", {}))
        return f"<h4>{self.say('body')}</h4>{self._fields(schema)}"

    def _answers(self, operation: Json) -> str:
        said = {status: self._resolved(answer)["description"] for status, answer in operation["responses"].items()}
        rows = "".join(f'<tr><th scope="row">{status}</th><td>{escape(words)}</td></tr>' for status, words in said.items())
        return f'<h4>{self.say("answers")}</h4><div class="wide"><table>{rows}</table></div>'

    def _fields(self, schema: Json) -> str:
        needed = dict.fromkeys(schema.get("required", ()), f" <em>{self.say('required')}</em>")
        rows = "".join(
            f'<tr><th scope="row"><code>{escape(name)}</code>{needed.get(name, "")}</th>'
            f"<td>{_kind(inner)}</td><td>{escape(inner.get('title', ''))}</td></tr>"
            for name, inner in schema.get("properties", {}).items()
        )
        return f'<div class="wide"><table>{rows}</table></div>' if rows else ""

    def _resolved(self, part: Json) -> Json:
        """Return what a part of the document stands for, when it only refers to it."""
        place = part.get("$ref", "").split("/")
        return t.cast(Json, self.document["components"][place[-2]][place[-1]]) if len(place) > 1 else part

    def _try(self) -> str:
        first = next((p for p, m in self.document["paths"].items() if "post" in m and "get" in m), "/api/me")
        line = f"curl -H 'Authorization: Bearer crm_…' '{HERE}{self.root}{first}?limit=5'"
        return f'<h2>{self.say("try")}</h2><pre tabindex="0"><code>{escape(line)}</code></pre>'

    def _problems(self) -> str:
        from ..openapi.parts import STATUSES

        codes = {400: "bad-request", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 409: "conflict", 412: "stale", 413: "too-large",
                 415: "unsupported-media-type", 422: "invalid", 428: "precondition-required", 503: "unavailable"}  # fmt: skip
        rows = "".join(
            f'<tr id="{code}"><th scope="row">{status}</th><td><code>{code}</code></td>'
            f"<td>{escape(translate(STATUSES[status], self.language))}</td></tr>"
            for status, code in codes.items()
        )
        return f'<section id="problems"><h2>{self.say("problems")}</h2><div class="wide"><table>{rows}</table></div></section>'

    def _live(self) -> str:
        shown = escape(json.dumps(self.document["x-live"], ensure_ascii=False, indent=2))
        return f'<section id="live"><h2>{self.say("live")}</h2><pre tabindex="0"><code>{shown}</code></pre></section>'


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        return f"<code>{escape(schema['$ref'].rpartition('/')[2])}</code>"
    if "enum" in schema:
        return " · ".join(f"<code>{escape(json.dumps(v, ensure_ascii=False))}</code>" for v in schema["enum"][:30])
    if "anyOf" in schema:
        return " · ".join(_kind(s) for s in schema["anyOf"])
    kind = schema.get("type", "")
    words = " · ".join(kind) if isinstance(kind, list) else str(kind)
    limits = [
        schema.get("format", ""),
        f"≤ {schema['maxLength']}" if "maxLength" in schema else "",
        f"e.g. {schema['examples'][0]}" if schema.get("examples") else "",
    ]
    return escape(", ".join([words, *[x for x in limits if x]]))


def _code(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
