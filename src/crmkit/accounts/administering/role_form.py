"""A role as a form: one choice for each right and each pattern, one for each field; and back."""

from __future__ import annotations

import itertools
import json
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit import Kind, Role, Text, Uow
from crmkit.ui import Form, Visit

from ..guard import gives, listed
from . import words
from .rights import Group, Right, groups_of, named_scopes, widest

GRANT, FIELD = "g:", "f:"
PLAIN = ("own", "team", "below", "all")
MOST_PATTERNS = 60
DEEPEST = 400
"""Python reads and writes no JSON that goes much deeper; the kernel refuses it long before that, in its own words."""
SPLIT = re.compile(r"[\s,]+")
Json = dict[str, t.Any]


@attrs.frozen
class Values:
    """What is stored of a role."""

    name: str = ""
    label: str = ""
    label_ru: str = ""
    grants: Mapping[str, t.Any] = attrs.field(factory=dict)
    hidden: Sequence[str] = ()
    read_only: Sequence[str] = ()

    def role(self) -> Role:
        """Return it as the kernel's role."""
        from ..people import as_role

        return as_role(self.name, self.grants, self.hidden, self.read_only, self.label, self.label_ru)


@attrs.frozen
class Choice:
    """A right (or a pattern) with the scope that is chosen for it, those to choose from, and what holds in the end."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]
    in_force: Sequence[t.Any] = ()
    problem: str = ""


@attrs.frozen
class FieldChoice:
    """A field with whether the role hides it or lets it only be seen."""

    name: str
    label: str
    value: str
    problem: str = ""


@attrs.frozen
class Section:
    """All choices about one entity."""

    group: Group
    every: Choice | None
    choices: Sequence[Choice]
    fields: Sequence[FieldChoice]
    troubled: bool
    limited: int


@attrs.frozen
class Sheet:
    """The whole form."""

    sections: Sequence[Section]
    patterns: Sequence[Choice]
    hidden_patterns: str
    fixed_patterns: str
    rest: Sequence[str]
    """What is wrong and has no place of its own."""


# ---- showing ----------------------------------------------------------------------------------------------------------------
def sheet_of(visit: Visit, uow: Uow, values: Values, problems: Mapping[str, str]) -> Sheet:
    """Return the form of a role, with what is wrong at its place."""
    groups, given = groups_of(visit, uow), gives(uow.crm, values.role())
    told, sections, own = set[str](), list[Section](), set[str]()
    for group in groups:
        kind = uow.crm.kinds.get(group.key)
        wide = f"{group.key}.*"
        own |= {wide, *(r.name for r in group.rights)}
        every = _choice(visit, wide, visit.say(words.everything_here), values, kind, problems)
        every = attrs.evolve(every, options=[("", visit.say(words.one_by_one)), *every.options[1:]])
        choices = [_right(visit, r, values, kind, problems, given) for r in group.rights]
        fields = _fields(visit, uow, kind, values, problems)
        told |= {f"grants.{c.name}" for c in (every, *choices)} | {f"{which}.{f.name}" for f in fields for which in ("hidden", "read_only")}
        troubled = any([every.problem, *(c.problem for c in choices), *(f.problem for f in fields)])
        sections.append(Section(group, every, choices, fields, troubled, sum(1 for f in fields if f.value)))
    patterns = [_choice(visit, p, p, values, None, problems) for p in values.grants if p not in own]
    told |= {f"grants.{p.name}" for p in patterns}
    hidden, fixed = (patterns_of(uow, getattr(values, which)) for which in ("hidden", "read_only"))
    return Sheet(sections, patterns, "\n".join(hidden), "\n".join(fixed), [words_ for path, words_ in problems.items() if path not in told])


def _right(visit: Visit, right: Right, values: Values, kind: Kind | None, problems: Mapping[str, str], given: Mapping[str, t.Any]) -> Choice:
    made = _choice(visit, right.name, right.label, values, kind, problems)
    return attrs.evolve(made, in_force=widest(given.get(right.name, ())))


def _choice(visit: Visit, name: str, label: str, values: Values, kind: Kind | None, problems: Mapping[str, str]) -> Choice:
    value = text_of(values.grants[name]) if name in values.grants else ""
    options = [("", visit.say(words.nothing))]
    options += [(scope, visit.say(said)) for scope, said in scopes_for(kind)]
    if value and value not in {v for v, _label in options}:
        options.append((value, _said(visit, values.grants[name])))
    return Choice(name, label, value, options, (), problems.get(f"grants.{name}", ""))


def scopes_for(kind: Kind | None) -> list[tuple[str, Text]]:
    """Return the scopes that mean something for an entity: records without an owner are seen by everybody or by nobody."""
    if kind is None or kind.owned or kind.whole is not None:
        found = [(name, words.scopes_long[name]) for name in PLAIN]
    else:
        found = [("all", words.scopes_long["all"])]
    named = kind.scopes if kind is not None else {}
    return found + [(name, scope.label or Text(name)) for name, scope in named.items()]


def text_of(scope: t.Any) -> str:
    """Return a scope as it stands in a form: a word, or JSON for what is more than one."""
    return scope if isinstance(scope, str) else json.dumps(scope, ensure_ascii=False, sort_keys=True)


def _said(visit: Visit, scope: t.Any) -> str:
    named = named_scopes(visit)
    return " + ".join(visit.say(words.scopes.get(s) or named.get(s, s)) if isinstance(s, str) else visit.say(words.special) for s in listed(scope))


def _fields(visit: Visit, uow: Uow, kind: Kind | None, values: Values, problems: Mapping[str, str]) -> list[FieldChoice]:
    found = []
    for dotted, label in fields_of(visit, kind):
        value = "hidden" if dotted in values.hidden else "read_only" if dotted in values.read_only else ""
        wrong = next((problems[f"{which}.{dotted}"] for which in ("hidden", "read_only") if f"{which}.{dotted}" in problems), "")
        found.append(FieldChoice(dotted, label, value, wrong))
    return found


def fields_of(visit: Visit, kind: Kind | None) -> list[tuple[str, str]]:
    """Return the fields a role may hide or lock, with labels; those of extensions too."""
    if kind is None:
        return []
    found = [(f"{kind.key}.{n}", visit.say(f.label)) for n, f in kind.fields.items() if not f.secret and n not in ("id", "version", "archived_at")]
    for extension in kind.extensions.values():
        found += [
            (f"{kind.key}.{extension.name}.{n}", f"{visit.say(extension.label)}: {visit.say(f.label)}")
            for n, f in extension.fields.items() if n != "id" and not f.secret
        ]  # fmt: skip
    return found


def patterns_of(uow: Uow, names: Iterable[str]) -> list[str]:
    """Return the entries that are about no single field of the form."""
    known = set()
    for kind in uow.crm.kinds.values():
        known |= {f"{kind.key}.{n}" for n in kind.fields}
        known |= {f"{kind.key}.{e.name}.{n}" for e in kind.extensions.values() for n in e.fields}
    return [name for name in names if name not in known]


# ---- reading ----------------------------------------------------------------------------------------------------------------
def values_of(visit: Visit, uow: Uow, form: Form, old: Values) -> Values:
    """Return what a form makes of a role; what it does not speak about stays as it was."""
    grants: Json = {}
    for key, given in form.items():
        if key.startswith(GRANT) and given:
            grants[key.removeprefix(GRANT)] = scope_of(given)
    for pattern, scope in list(zip(form.all("pattern"), form.all("pattern-scope"), strict=False))[:MOST_PATTERNS]:
        if pattern.strip() and scope:
            grants[pattern.strip()] = scope_of(scope)
    kept = {p: grants[p] for p in old.grants if p in grants}  # in their order: nothing changes that was not changed
    hidden, fixed = (_limits(uow, form, which, getattr(old, which)) for which in ("hidden", "read_only"))
    name = form.get("name", old.name).strip() if not old.name else old.name
    return Values(name, form.get("label", old.label).strip(), form.get("label_ru", old.label_ru).strip(), {**kept, **grants}, hidden, fixed)


def scope_of(given: str) -> t.Any:
    """Return a scope of a form; what cannot be read stays text, and is refused at its place."""
    if given[:1] in "[{" and max(itertools.accumulate((c in "[{") - (c in "]}") for c in given)) <= DEEPEST:
        try:
            return json.loads(given)
        except ValueError:
            return given
    return given


def _limits(uow: Uow, form: Form, which: str, old: Sequence[str]) -> list[str]:
    chosen = [key.removeprefix(FIELD) for key, given in form.items() if key.startswith(FIELD) and given == which]
    typed = [p for p in SPLIT.split(form.get(f"{which}-patterns", "")) if p]
    asked = {key.removeprefix(FIELD): given for key, given in form.items() if key.startswith(FIELD)}
    both = {name for name in old if asked.get(name) == "hidden" and which == "read_only"}  # hidden ones may be locked besides
    unasked = [n for n in old if n not in asked and n not in patterns_of(uow, [n])]
    found = [*chosen, *typed, *both, *unasked]
    return [n for n in old if n in found] + [n for n in dict.fromkeys(found) if n not in old]
