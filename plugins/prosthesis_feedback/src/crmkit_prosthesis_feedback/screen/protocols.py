"""Protocols as people read them, and as integrators write them: TOML, with what is wrong at its place."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import tomlkit

from crmkit import Conflict, NotFound, Problem, Refusal, Uow
from crmkit.ui import Menu, Redirect, Result, View, Visit, page

from ..entities import Group, Protocol, ProtocolVersion
from ..protocols import Body, Offset, Question, Test
from ..publish import PUBLISHED, body_of, new_draft, protocol_of, publish, save_draft
from ..reading import read_toml
from ..roles import PROTOCOLS
from ..settings import FeedbackSettings
from ..versions import followers
from ..words import text_of
from . import words
from .person import counted

HERE = "/prosthesis_feedback/protocols"
MOST = 400_000
AT_LINE = re.compile(r"at line (\d+)")


@attrs.frozen(kw_only=True)
class Line:
    """A question as it is read."""

    name: str
    label: str
    kind: str
    more: Sequence[str]


@attrs.frozen(kw_only=True)
class Read:
    """A period as it is read."""

    label: str
    when: str
    count: str
    lines: Sequence[Line]


@attrs.frozen(kw_only=True)
class Wrong:
    """A place that will not work: where, in which line, and why."""

    path: str
    line: int | None
    message: str


# ---- reading ------------------------------------------------------------------------------------------------------------
@page("/protocols", label=words.protocols, permission=PROTOCOLS, methods=["GET", "POST"],
      menu=Menu(icon="book-open-check", section="admin", order=70))  # fmt: skip
def protocols(visit: Visit, uow: Uow) -> Result:
    """All protocols with their versions; one that is not there yet can be made."""
    if visit.method == "POST":
        for group in Group:
            protocol_of(uow, group)
        return Redirect(HERE)
    found = uow.find(Protocol).order_by(Protocol.id).all()
    versions = uow.find(ProtocolVersion).order_by(ProtocolVersion.number.desc()).all()
    rows = [{"protocol": p, "versions": [v for v in versions if v.protocol_id == p.id]} for p in found]
    return View("protocols.html", s=words, rows=rows)


@page("/protocols/{version}", label=words.protocol, permission=PROTOCOLS)
def protocol(visit: Visit, uow: Uow) -> View:
    """One version: its periods, what is asked in each, and what follows from the answers."""
    version = _version(visit, uow)
    body = body_of(uow, version)
    older = len(followers(uow, version)) if version.published_at is not None else 0
    return View(
        "protocol.html", s=words, version=version, protocol=version.protocol, periods=read_of(visit, uow, body),
        older=counted(visit, older, words.people_older) if older else "", sure=visit.say(words.publish_sure, number=version.number),
    )  # fmt: skip


def read_of(visit: Visit, uow: Uow, body: Body) -> list[Read]:
    """Return the periods of a version as they are read."""
    lines = {name: _line(visit, uow, body, name, question) for name, question in body.questions.items()}
    return [
        Read(
            label=visit.say(text_of(p.label)), count=counted(visit, len(p.questions), words.questions_count), lines=[lines[n] for n in p.questions],
            when=visit.say(words.at_issue) if p.after == Offset() else
            visit.say(words.offset, after=_offset(visit, p.after), earliest=_offset(visit, p.earliest), latest=_offset(visit, p.latest)),
        )
        for p in body.periods.values()
    ]  # fmt: skip


def _offset(visit: Visit, offset: Offset) -> str:
    text = str(offset)
    if visit.language != "ru":
        return text
    said = {"y": " г.", "mo": " мес.", "w": " нед.", "d": " дн."}
    return re.sub(r"(\d+)(y|mo|w|d)", lambda m: m[1] + said[m[2]], text)


def _line(visit: Visit, uow: Uow, body: Body, name: str, question: Question) -> Line:
    more = [] if question.required else [visit.say(words.optional)]
    if question.kind == "choice":
        more.append(" / ".join(visit.say(text_of(label)) for label in question.choices.values()))
    if question.least is not None and question.most is not None:
        more.append(visit.say(words.least_most, least=f"{question.least:g}", most=f"{question.most:g}"))
    if question.when is not None:
        other = body.questions[question.when.question]
        more.append(visit.say(words.asked_when, question=visit.say(text_of(other.label)), answer=_test(visit, other, question.when)))
    if question.scores:
        more.append(visit.say(words.points, points=", ".join(f"{_answer(visit, question, n)} {p:g}" for n, p in question.scores.items())))
    if question.red_flag is not None:
        more.append(visit.say(words.flag_when, answer=_test(visit, question, question.red_flag)))
    reasons = uow.crm[FeedbackSettings].all_reasons
    for answer, reason in question.incidents.items():
        label = visit.say(reasons[reason].text) if reason in reasons else reason
        more.append(visit.say(words.offers_when, answer=_answer(visit, question, answer), reason=label))
    return Line(name=name, label=visit.say(text_of(question.label)), kind=visit.say(words.kinds.get(question.kind, question.kind)), more=more)


def _answer(visit: Visit, question: Question, name: str) -> str:
    if question.kind == "yes_no":
        return visit.say(words.yes if name == "yes" else words.no)
    return visit.say(text_of(question.choices[name])) if name in question.choices else name


def _test(visit: Visit, question: Question, test: Test) -> str:
    if test.values:
        return ", ".join(_answer(visit, question, value) for value in test.values)
    least, most = (None if x is None else f"{x:g}" for x in (test.least, test.most))
    if least is not None and most is not None:
        return visit.say(words.least_most, least=least, most=most)
    return visit.say(words.at_least, least=least) if most is None else visit.say(words.at_most, most=most)


def _version(visit: Visit, uow: Uow) -> ProtocolVersion:
    given = visit.path["version"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise NotFound()
    return uow.get(ProtocolVersion, int(given))


# ---- writing ------------------------------------------------------------------------------------------------------------
@page("/protocols/{version}/draft", label=words.new_draft, permission=PROTOCOLS, methods=["POST"])
def draft_from(visit: Visit, uow: Uow) -> Redirect:
    """Begin a draft that says what this version says."""
    version = _version(visit, uow)
    made = new_draft(uow, version.protocol, body_of(uow, version))
    return Redirect(f"{HERE}/{made.id}/edit")


@page("/protocols/{version}/edit", label=words.edit_draft, permission=PROTOCOLS, methods=["GET", "POST"])
def edit(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Write a draft as TOML; what will not work is named with its line."""
    version = _version(visit, uow)
    if version.published_at is not None:
        raise Conflict(PUBLISHED)
    if visit.method == "POST" and refusal is None:
        text = visit.form.get("body", "")[:MOST]
        body = read_toml(text, uow.crm[FeedbackSettings].all_reasons)
        save_draft(uow, version, body, visit.form.get("note", "").strip()[:300])
        return Redirect(f"{HERE}/{version.id}", say=words.draft_saved)
    text = visit.form["body"] if refusal is not None and "body" in visit.form else as_toml(version.body)
    wrong = places(visit, text, refusal.problems) if refusal is not None else []
    return View(
        "protocol_edit.html", s=words, version=version, protocol=version.protocol, body=text, wrong=wrong,
        wrong_count=counted(visit, len(wrong), words.wrong_places),
        note=visit.form.get("note", version.note or ""), rows=min(40, text.count("\n") + 2),
    )  # fmt: skip


@page("/protocols/{version}/publish", label=words.publish, permission=PROTOCOLS, methods=["POST"])
def put_in_force(visit: Visit, uow: Uow) -> Redirect:
    """Put a draft in force for everybody who begins from now on."""
    version = publish(uow, _version(visit, uow))
    return Redirect(f"{HERE}/{version.id}", say=visit.say(words.is_published, number=version.number))


def as_toml(body: Mapping[str, t.Any]) -> str:
    """Return what a version says as TOML: a table for each period and question, what belongs to one in its line."""
    made = tomlkit.document()
    for section in ("periods", "questions"):
        outer = tomlkit.table(is_super_table=True)
        for name, held in body.get(section, {}).items():
            inner = tomlkit.table()
            for key, value in held.items():
                inner.add(key, _inline(value))
            outer.add(name, inner.add(tomlkit.nl()))
        made.add(section, outer)
    return tomlkit.dumps(made)


def _inline(value: t.Any) -> t.Any:
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    found = tomlkit.inline_table()
    for key, held in value.items():
        found.add(key, _inline(held))
    return found


def places(visit: Visit, text: str, problems: Sequence[Problem]) -> list[Wrong]:
    """Return what will not work with the line of each place, as far as it can be told from its dotted name."""
    known = _lines(text)
    found = []
    for problem in problems:
        path = problem.path.removeprefix("body.")
        at = AT_LINE.search(problem.message)
        parts = path.split(".")
        line = int(at[1]) if at else next((known[k] for n in range(len(parts), 0, -1) if (k := ".".join(parts[:n])) in known), None)
        found.append(Wrong(path="" if path == "body" else path, line=line, message=visit.say(problem.message)))
    return sorted(found, key=lambda w: (w.line is None, w.line or 0))


def _lines(text: str) -> dict[str, int]:
    """Return the lines tables and keys of a TOML text begin in, by dotted name."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = re.sub(r"[\s\"']", "", head[1])
            found.setdefault(table, number)
        elif key := re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line):
            name = re.sub(r"[\"']", "", key[1])
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


__all__ = ["as_toml", "places", "read_of"]
