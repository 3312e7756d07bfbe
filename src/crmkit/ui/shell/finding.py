"""The command palette and the search page: pages, records, commands and preferences by a few typed letters."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from itertools import groupby

import attrs
from markupsafe import Markup

from ...core.errors import Invalid
from ...core.plugin import PUBLIC
from ...core.search.hits import MAX_HITS
from ...core.search.question import MAX_LENGTH
from ...core.text import Text, _
from ..menu import shell_of
from ..results import Result, View
from ..shown import path_of
from .marking import Marking

if t.TYPE_CHECKING:
    from ...core.search.hits import Hit, Matched
    from ...core.uow import Uow
    from ..visit import Visit

ASKED, OF_ONE_KIND = 50, 5
MOST_PAGES = 6
PAGES, NEW, COMMANDS, LOOKS = _("Go to", ru="Перейти"), _("Create", ru="Создать"), _("Commands", ru="Команды"), _("Preferences", ru="Настройки вида")
CREATE = _("Create: {kind}", ru="Создать: {kind}")
ALL_RESULTS = _("Search everywhere for “{question}”", ru="Искать «{question}» везде")
THEME_IS = _("Theme: {theme}", ru="Тема: {theme}")
ARCHIVED = _("archived", ru="в архиве")
TITLE = _("Search", ru="Поиск")
NOTHING = _("Nothing found for “{question}”", ru="По запросу «{question}» ничего не найдено")
NOTHING_MORE = _("Try fewer letters, another spelling, or a number.", ru="Попробуйте меньше букв, другое написание или номер.")
ASK = _("Search all records", ru="Поиск по всем записям")
ASK_MORE = _(
    "By name, phone, e-mail or number; in either alphabet, and even in the wrong keyboard layout.",
    ru="По имени, телефону, почте или номеру; в любой раскладке и любыми буквами.",
)
EVERYTHING = _("Everything", ru="Всё")


@attrs.frozen(kw_only=True)
class Option:
    """One line of the palette: what it says and what choosing it does (a page, a form, a request)."""

    html: Markup
    icon: str
    aside: Markup = attrs.field(factory=Markup)
    go: str = ""
    window: str = ""
    title: str = ""
    how: str = ""
    post: str = ""
    name: str = ""
    value: str = ""
    archived: bool = False


@attrs.frozen
class Group:
    """Options below one heading."""

    label: str
    options: list[Option]
    kind: str = ""


def palette(visit: Visit, uow: Uow) -> Result:
    """GET /_/palette?q=: what the typed letters lead to, as options for the palette."""
    question = visit.query.get("q", "").strip()[:MAX_LENGTH]
    marking = Marking(question)
    groups = [Group(PAGES, _pages(visit, question, marking)), Group(NEW, _new(visit, uow, question, marking)),
              Group(COMMANDS, _commands(visit, uow, question, marking))]  # fmt: skip
    if question:
        groups += [Group(g.label, g.options[:OF_ONE_KIND]) for g in _records(visit, uow, question, marking)]
    groups.append(Group(LOOKS, _preferences(visit, question, marking)))
    if question:
        everywhere = Option(html=Markup.escape(visit.say(ALL_RESULTS, question=question)), icon="text-search", go=visit.url("/search", q=question))
        groups.append(Group("", [everywhere]))
    return View("ui/palette.html", groups=[g for g in groups if g.options], archived=ARCHIVED)


def page(visit: Visit, uow: Uow) -> Result:
    """GET /search?q=: everything that was found, by what it is."""
    question = visit.query.get("q", "").strip()[:MAX_LENGTH]
    asked = visit.query.get("kind")
    kinds = [asked] if asked is not None and asked in visit.crm.kinds else None
    marking = Marking(question)
    every = _records(visit, uow, question, marking) if question else []
    groups = _records(visit, uow, question, marking, MAX_HITS, kinds) if question and kinds else every
    found = [visit.crm.kinds[key] for key in dict.fromkeys([*(kinds or ()), *(g.kind for g in every)])]
    return View(
        "ui/search.html", question=question, groups=groups, kinds=found if len(found) > 1 else [], asked=asked, title=TITLE, nothing=NOTHING,
        more=NOTHING_MORE, ask=ASK, ask_more=ASK_MORE, everything=EVERYTHING, archived=ARCHIVED,
    )  # fmt: skip


# ---- what there is to find ----------------------------------------------------------------------------------------------------
def _meets(question: str, marking: Marking, text: str) -> bool:
    """True when a name is meant, in whatever language it was typed."""
    return not question or marking.meets(text, *(text.translations.values() if isinstance(text, Text) else ()))


def _pages(visit: Visit, question: str, marking: Marking) -> list[Option]:
    shell = shell_of(visit.site, visit, counted=False)
    lines = [shell.home, *(line for section in shell.sections for line in section.lines), *(p for p in shell.person if not p.posts)]
    fitting = [line for line in lines if _meets(question, marking, line.label)]
    shown = fitting[: None if question else MOST_PAGES]
    return [Option(html=marking.html(visit.say(line.label)), icon=line.icon, go=visit.url(line.path)) for line in shown]


def _new(visit: Visit, uow: Uow, question: str, marking: Marking) -> list[Option]:
    found = []
    for kind in visit.crm.kinds.values():
        shown = visit.site.shown(kind)
        if not shown.section or kind.whole is not None or not uow.may(kind.permission("create")):
            continue
        label = CREATE.format(kind=kind.label)
        if _meets(question, marking, label):
            said = visit.say(kind.label)
            address = visit.url(path_of(kind) + "/new")
            window = visit.url(path_of(kind) + "/new", view="window")
            found.append((shown.order, Option(html=marking.html(said), icon="plus", go=address, window=window, title=visit.say(label), how="page")))
    return [option for _order, option in sorted(found, key=lambda pair: pair[0])][: None if question else 4]


def _commands(visit: Visit, uow: Uow, question: str, marking: Marking) -> list[Option]:
    found = []
    for command in visit.crm.commands.values():
        look = visit.site.registry.button(command)
        if command.kind is not None or not look.palette or not (command.permission is PUBLIC or uow.may(command.permission)):
            continue
        if not _meets(question, marking, command.label):
            continue
        said, address = visit.say(command.label), f"/_/command/{command.name}"
        if attrs.fields(command.arguments) or look.confirm:
            window = visit.url(address, view="window")
            option = Option(html=marking.html(said), icon=look.icon, go=visit.url(address), window=window, title=said, how="form")
        else:
            option = Option(html=marking.html(said), icon=look.icon, post=visit.url(address))
        found.append((look.order, option))
    return [option for _order, option in sorted(found, key=lambda pair: pair[0])]


def _preferences(visit: Visit, question: str, marking: Marking) -> list[Option]:
    from .. import words

    icons = {"auto": "monitor", "light": "sun", "dark": "moon"}
    known = [(THEME_IS.format(theme=label), icons[key], "theme", key) for key, label in words.themes.items() if key != visit.theme]
    known += [(Text(said), "languages", "language", key) for key, said in (("en", "English"), ("ru", "Русский")) if key != visit.language]
    fitting = [one for one in known if _meets(question, marking, one[0]) or (question and _meets(question, marking, LOOKS))]
    return [Option(html=marking.html(visit.say(label)), icon=icon, post=visit.url("/_/prefs"), name=n, value=v) for label, icon, n, v in fitting]


def _records(visit: Visit, uow: Uow, question: str, marking: Marking, limit: int = ASKED, kinds: list[str] | None = None) -> list[Group]:
    try:
        hits = uow.search(question, limit=limit, kinds=kinds)
    except Invalid:  # nothing in it that could be looked for
        return []
    order = list(dict.fromkeys(hit.kind for hit in hits))
    hits.sort(key=lambda hit: order.index(hit.kind))
    return [
        Group(visit.crm.kinds[key].plural, [_hit(visit, uow, hit, marking) for hit in found], key)
        for key, found in groupby(hits, key=lambda hit: hit.kind)
    ]  # fmt: skip


def _hit(visit: Visit, uow: Uow, hit: Hit, marking: Marking) -> Option:
    kind = visit.crm.kinds[hit.kind]
    shown = visit.site.shown(kind)
    address, title = path_of(kind, hit.id), shown.said(shown.title, uow, visit.say(hit.title))
    return Option(
        html=marking.html(title), icon=shown.icon, aside=_aside(visit, hit, marking), go=visit.url(address),
        window=visit.url(address, view="window"), title=title, how="record", archived=hit.archived,
    )  # fmt: skip


def _aside(visit: Visit, hit: Hit, marking: Marking) -> Markup:
    """Return what was found besides the title: a phone, the name of a part."""
    return Markup(", ").join(marking.html(str(one.value)) for one in _further(hit))


def _further(hit: Hit) -> Iterator[Matched]:
    seen = {str(hit.title)}
    for one in hit.matched:
        if one.value and not isinstance(one.value, dict | list) and str(one.value) not in seen and len(seen) < 3:
            seen.add(str(one.value))
            yield one
