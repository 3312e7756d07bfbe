"""The wizard's pages: the file, its columns, the check, the import."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

import orjson

from ...core import wire
from ...core.errors import Conflict, Invalid, NotFound, Problem, Refusal
from ...core.text import Text, translate
from ...transfer.sources import FORMATS
from ...web.answer import Answer
from ..controls import controls
from ..results import Redirect, View
from ..shown import path_of
from . import mapping, words
from .form import fill_in, missing_fields, rows_of
from .guess import guesses, identity, offered
from .sight import DELIMITERS, ENCODINGS, KNOWN, sight
from .store import CHECK, MAP, RUN, Draft, Store
from .work import at_work, remove_later, start

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..site import Site
    from ..visit import Visit

PERMISSION = "crmkit.import"
MOST_FILES, LONGEST_NAME, LONGEST_MAPPING = 20, 200, 256 * 1024


class Pages:
    """The wizard of one CRM."""

    def __init__(self, site: Site) -> None:
        self.site, self.store = site, Store(site.settings)

    # ---- the file ----------------------------------------------------------------------------------------------
    def begin(self, visit: Visit, uow: Uow) -> Result:
        """GET /import, and /<plugin>/<entity>/import: where a file is sent, and what was sent before."""
        uow.require(PERMISSION)
        kind = visit.call.kind
        if t.cast("Kind | None", kind) is not None:
            uow.require(kind.permission("create"))
        key = kind.key if t.cast("Kind | None", kind) is not None else ""
        mine = [d for d in self.store.mine(visit.actor) if not key or d.kind == key]
        return View(
            "ui/transferring/begin.html", i=words, kind=kind if key else None, here=(path_of(kind) if key else "") + "/import",
            listed=path_of(kind) if key else "", size=self.site.settings.import_size, accept=",".join([*KNOWN, ".toml"]),
            earlier=[(d, self._phase(d)) for d in mine], key=key, limit=self.site.settings.import_size,
        )  # fmt: skip

    def _phase(self, draft: Draft) -> Text:
        report = draft.report() if draft.phase != MAP else None
        if report is not None and ("failed" in report or "stopped" in report):
            return words.phases["failed"]
        return words.phases[draft.phase if draft.phase == MAP or report is not None else {CHECK: "checking", RUN: "running"}[draft.phase]]

    def send(self, visit: Visit, _uow: Uow) -> Answer:
        """POST /_/import?name=people.csv&kind=sales.contact: a file, or a mapping; to an import that was begun (`to`), or a new one."""
        sent, name = visit.call.upload, visit.query.get("name", "").replace("\\", "/").rpartition("/")[2].strip()[-LONGEST_NAME:]
        suffix = "." + name.rpartition(".")[2].lower()
        is_mapping = suffix == ".toml"
        problem = words.no_name if not name else words.unknown_format if suffix not in KNOWN and not is_mapping else None
        if sent is None or not sent.size:
            problem = problem or words.empty
        if problem is not None or sent is None:
            raise Invalid(problems=[Problem("file", "file", problem or words.empty)])
        with self.site.crm.uow(visit.actor) as uow:
            uow.require(PERMISSION)
            draft = self._draft(visit, uow)
            if is_mapping:
                self._mapping(draft, sent.file.read(LONGEST_MAPPING))
            else:
                self.store.add(draft, name, ".csv" if FORMATS[suffix] == "csv" else suffix, sent.file)
        return Answer(orjson.dumps({"id": draft.id, "path": visit.url(f"/import/{draft.id}")}), 201)

    def _draft(self, visit: Visit, uow: Uow) -> Draft:
        if visit.query.get("to"):
            draft = self.store.find(visit.query["to"], visit.actor)
            if len(draft.files) >= MOST_FILES or draft.phase != MAP:
                raise Conflict(words.too_many.format(most=MOST_FILES) if draft.phase == MAP else words.at_work_now)
            return draft
        key = visit.query.get("kind", "")
        if key and (key not in uow.crm.kinds or not uow.may(uow.crm.kinds[key].permission("create"))):
            raise Invalid(problems=[Problem("kind", "unknown", words.no_kind)])
        draft = self.store.begin(visit.actor, visit.language, wire.moment(uow.now), key)
        remove_later(uow, draft, self.site.settings.import_days)
        return draft

    def _mapping(self, draft: Draft, content: bytes) -> None:
        tables = mapping.parse(content)
        if draft.files:
            mapping.check(tables, draft)
            mapping.take(draft, tables, self.site.crm)
            mapping.read(draft, self.site.crm)
        else:
            draft.tables = tables  # the files come after it
        self.store.save(draft)

    # ---- any step ----------------------------------------------------------------------------------------------
    def show(self, visit: Visit, uow: Uow) -> Result:
        """GET /import/<id>: the step it is at."""
        uow.require(PERMISSION)
        draft = self.store.find(visit.path["id"], visit.actor)
        if draft.phase != MAP:
            return self._work(visit, uow, draft)
        return self._map(visit, uow, draft, ())

    def _allowed(self, visit: Visit, uow: Uow) -> list[Kind]:
        """Return the kinds somebody may import into."""
        kinds = [k for k in uow.crm.kinds.values() if uow.may(k.permission("create")) and offered(uow, k)]
        shown = [k for k in kinds if self.site.shown(k).section]
        return sorted(shown or kinds, key=lambda k: translate(k.plural, visit.language))

    # ---- columns -----------------------------------------------------------------------------------------------
    def _map(self, visit: Visit, uow: Uow, draft: Draft, problems: Iterable[Problem]) -> View:
        said = [(p.path, visit.say(p.message)) for p in problems]
        crm = uow.crm
        if draft.tables is not None:
            return self._own(visit, uow, draft, [message for _path, message in said])
        sent = draft.files[0]
        looked = sight(draft, sent)
        kind = crm.kinds.get(draft.kind)
        if kind is None:
            return self._page(visit, "kind", draft, sight=looked, kinds=self._allowed(visit, uow), problems=[m for _p, m in said])
        uow.require(kind.permission("create"))
        if not draft.columns and not draft.values and not draft.identity and looked.names:
            draft.columns = guesses(uow, kind, looked, visit.language)
            draft.identity = identity(looked, draft.columns)
            draft.source = kind.key
            self.store.save(draft)
        missing = missing_fields(uow, kind, draft)
        asked = [n for n in (*missing, *draft.values) if n in offered(uow, kind)]
        values = {n: wire.dump(v) for n, v in draft.values.items()}
        free = [(n, translate(f.label, visit.language)) for n, f in offered(uow, kind).items() if n not in asked and n not in _taken(draft)]
        return self._page(
            visit, "columns", draft, sight=looked, rows=rows_of(visit, uow, kind, draft, looked), kind=kind, free=free, DELIMITERS=DELIMITERS,
            problems=[message for path, message in said if path not in asked], ENCODINGS=ENCODINGS,
            constants=controls(visit, uow, kind, asked, values, [p for p in problems if p.path in asked], prefix="v"),
        )  # fmt: skip

    def _own(self, visit: Visit, uow: Uow, draft: Draft, problems: list[str]) -> View:
        brought: list[tuple[str, str]] = []
        try:
            for step in mapping.read(draft, uow.crm).steps:
                brought.append((step.name, visit.say(uow.crm.kinds[step.kind].plural)))
        except Invalid as refusal:
            problems += [f"{p.path}: {visit.say(p.message)}" for p in refusal.problems if visit.say(p.message) not in problems]
        return self._page(visit, "own", draft, brought=brought, problems=problems)

    def _page(self, visit: Visit, name: str, draft: Draft, **more: t.Any) -> View:
        step = {"kind": 1, "columns": 1, "own": 1, "check": 2, "run": 3}[name]
        kind = visit.crm.kinds.get(draft.kind)
        listed = path_of(kind) if kind is not None else ""
        beside = {"kind": kind} | more
        return View(
            f"ui/transferring/{name if name not in ('check', 'run') else 'work'}.html", i=words, draft=draft, step=step, listed=listed,
            here=f"/import/{draft.id}", **beside,
        )  # fmt: skip

    def decide(self, visit: Visit, uow: Uow) -> Result:
        """POST /import/<id>: keep what was chosen; with `go` check it."""
        uow.require(PERMISSION)
        draft = self.store.find(visit.path["id"], visit.actor)
        if draft.phase != MAP:
            raise Conflict(words.at_work_now)
        if "kind" in visit.form:
            chosen = next((k for k in self._allowed(visit, uow) if k.key == visit.form["kind"]), None)
            if chosen is None:
                raise Invalid(problems=[Problem("kind", "required", words.no_kind)])
            draft.kind = chosen.key
        elif "by_hand" in visit.form:
            draft.tables = None
        elif draft.tables is None:
            fill_in(visit, uow, uow.crm.kinds[draft.kind], draft)
        self.store.save(draft)
        if "go" not in visit.form:
            return self._map(visit, uow, draft, ()) if visit.htmx else Redirect(f"/import/{draft.id}")
        self._sound(uow, draft)
        return self._start(uow, draft, CHECK)

    def _sound(self, uow: Uow, draft: Draft) -> None:
        """Refuse what cannot be checked yet, in words about fields."""
        problems = []
        if draft.tables is None:
            kind = uow.crm.kinds[draft.kind]
            chosen = [c["field"] for c in draft.columns.values() if c.get("field")]
            if not chosen:
                problems.append(Problem("columns", "required", words.nothing_chosen))
            fields = offered(uow, kind)
            again = sorted({n for n in chosen if chosen.count(n) > 1})
            problems += [Problem("columns", "twice", words.twice.format(field=fields[n].label)) for n in again]
            lacking = missing_fields(uow, kind, draft)
            if lacking and chosen:
                problems += [Problem(n, "required", words.required) for n in lacking]
        if problems:
            raise Invalid(problems=problems)
        mapping.read(draft, uow.crm)

    def again(self, visit: Visit, uow: Uow, refusal: Refusal) -> Result:
        """Show the columns once more with what is wrong."""
        if not isinstance(refusal, Invalid):
            raise refusal
        return self._map(visit, uow, self.store.find(visit.path["id"], visit.actor), refusal.problems)

    def _start(self, uow: Uow, draft: Draft, phase: str) -> Redirect:
        draft.phase, draft.turn = phase, draft.turn + 1
        self.store.save(draft)
        start(uow, draft)
        return Redirect(f"/import/{draft.id}")

    # ---- the work ----------------------------------------------------------------------------------------------
    def _work(self, visit: Visit, uow: Uow, draft: Draft) -> View:
        waiting = at_work(uow, draft)  # asked first: when it ends meanwhile, its report is there
        report = draft.report()
        steps = (report or {}).get("steps", ())
        totals = {name: sum(s[name] for s in steps) for name in words.counts}
        kinds = {s["kind"]: visit.say(uow.crm.kinds[s["kind"]].plural) for s in steps if s["kind"] in uow.crm.kinds}
        return self._page(
            visit, draft.phase, draft, totals=totals, kinds=kinds, many=len(steps) > 1, good=totals["created"] + totals["updated"], report=report,
            progress=draft.progress(), lost=report is None and not waiting,
            numbered=any(p["id"] != str(p["line"]) for p in (report or {}).get("troubles", ())),
        )  # fmt: skip

    def progress(self, visit: Visit, uow: Uow) -> Result:
        """GET /import/<id>/progress: how far it is; when it has ended, the page is shown anew."""
        uow.require(PERMISSION)
        draft = self.store.find(visit.path["id"], visit.actor)
        if draft.phase == MAP or not at_work(uow, draft) or draft.report() is not None:
            return Redirect(f"/import/{draft.id}")
        return View("ui/transferring/progress.html", i=words, draft=draft, progress=draft.progress(), here=f"/import/{draft.id}")

    def act(self, visit: Visit, uow: Uow) -> Result:
        """POST /import/<id>/act: run, stop, go on, back to the columns, remove."""
        uow.require(PERMISSION)
        draft = self.store.find(visit.path["id"], visit.actor)
        what, ended = visit.form.get("what", ""), draft.phase == MAP or draft.report() is not None or not at_work(uow, draft)
        if what == "stop":
            draft.stop()
            return Redirect(f"/import/{draft.id}")
        if not ended:
            raise Conflict(words.at_work_now)
        if what == "run" and draft.phase == CHECK:
            return self._start(uow, draft, RUN)
        if what == "again" and draft.phase != MAP:
            return self._start(uow, draft, draft.phase)
        if what == "columns" and draft.phase == CHECK:
            draft.phase = MAP
            self.store.save(draft)
            return Redirect(f"/import/{draft.id}")
        if what == "remove":
            self.store.remove(draft.id)
            kind = uow.crm.kinds.get(draft.kind)
            return Redirect((path_of(kind) if kind is not None else "") + "/import", say=words.removed)
        raise NotFound()

    # ---- files to take away ------------------------------------------------------------------------------------
    def errors(self, visit: Visit, uow: Uow) -> Answer:
        """GET /import/<id>/errors/<name>: the rows that would not do, with their reasons."""
        uow.require(PERMISSION)
        draft, name = self.store.find(visit.path["id"], visit.actor), visit.path["name"]
        if name not in (draft.report() or {}).get("files", ()):
            raise NotFound()
        return _file((draft.errors / name).read_bytes(), name)

    def toml(self, visit: Visit, uow: Uow) -> Answer:
        """GET /import/<id>/mapping.toml: what was chosen, as `crmkit import` reads it."""
        uow.require(PERMISSION)
        draft = self.store.find(visit.path["id"], visit.actor)
        return _file(mapping.toml(mapping.tables_of(draft, uow.crm, own_names=True)).encode(), f"{draft.source or draft.kind or 'import'}.toml")


def _taken(draft: Draft) -> set[str]:
    return {c.get("field", "") for c in draft.columns.values()}


def _file(content: bytes, name: str) -> Answer:
    from urllib.parse import quote

    shown = f"attachment; filename*=UTF-8''{quote(name)}"
    return Answer(content, 200, [(b"content-disposition", shown.encode()), (b"content-type", b"application/octet-stream")], None)
