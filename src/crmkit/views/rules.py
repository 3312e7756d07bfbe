"""What must hold of a view, whoever saves it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from crmkit import Changed, Created, Invalid, ListRequest, Permission, Problem, Uow, _, on

from .entities import Layout, Sharing, View

SHARE = Permission("views.share", _("Share views with others", ru="Делиться видами с другими"))
NO_KIND = _("there are no records {name!r}; choose one of: {known}", ru="нет записей {name!r}; выберите одно из: {known}")
NO_BOARD = _("these records go through no stages; choose list", ru="у этих записей нет стадий; выберите список")
NAMES = _("expected a list of field names, each once", ru="ожидается список имён полей, каждое один раз")
NEEDS_SHARE = _("you need the permission views.share to share a view", ru="чтобы делиться видами, нужно право views.share")
NO_NAME = _("give it a name", ru="дайте название")
WHERE = {"fields": "columns"}  # what lists call it, and what we do
ASKED = ("kind", "name", "filter", "columns", "sort", "layout", "shared")


def request_of(view: View) -> ListRequest:
    """Return the list a view asks for."""
    fields = tuple(name for name in view.columns if ":" not in name)  # columns of plugins are named "plugin:key": pages have them, rows do not
    return ListRequest(filter=view.filter or None, sort=tuple(view.sort), fields=fields or (("id",) if view.columns else None))


def problems_of(view: View, uow: Uow) -> Iterator[Problem]:
    """Yield what is wrong with a view for the actor: fields that are gone, or hidden from them."""
    kind = uow.crm.kinds.get(view.kind)
    known = [k.key for k in uow.crm.kinds.values() if uow.crm.access.may(uow.actor, k.permission("read"))]
    if kind is None or view.kind not in known:
        yield Problem("kind", "unknown", NO_KIND.format(name=view.kind, known=", ".join(known)))
        return
    if view.layout is Layout.BOARD and not kind.pipelines:
        yield Problem("layout", "invalid", NO_BOARD)
    wrong = [path for path in ("columns", "sort") if not _are_names(getattr(view, path))]
    yield from (Problem(path, "invalid", NAMES) for path in wrong)
    if not wrong:
        yield from (attrs.evolve(p, path=WHERE.get(p.path, p.path)) for p in uow.page_problems(view.kind, request_of(view)))


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v for v in value) and len(set(value)) == len(value) <= 100


def _check(view: View, uow: Uow) -> None:
    found = list(problems_of(view, uow))
    if not view.name:
        found.append(Problem("name", "required", NO_NAME))
    if view.shared is not Sharing.NOBODY and not uow.crm.access.may(uow.actor, SHARE.name):
        found.append(Problem("shared", "forbidden", NEEDS_SHARE))
    if found:
        raise Invalid(problems=found)


@on(Created[View])
def check_new(event: Created[View], uow: Uow) -> None:
    """A view asks for what there is."""
    _check(event.record, uow)
    _first(event.record, uow)


@on(Changed[View], fields=ASKED)
def check_changed(event: Changed[View], uow: Uow) -> None:
    """A changed view still does."""
    _check(event.record, uow)


@on(Changed[View], fields=["is_default", "kind"])
def one_opens_first(event: Changed[View], uow: Uow) -> None:
    """Of one person's views of a kind, one opens first."""
    _first(event.record, uow)


def _first(view: View, uow: Uow) -> None:
    if view.is_default:
        same = (View.kind == view.kind, View.owner_id.is_not_distinct_from(view.owner_id), View.is_default, View.id != view.id)
        for other in uow.find(View).where(*same):
            other.is_default = False
