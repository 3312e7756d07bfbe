"""The settings tab of telephony: whose telephone is which, our numbers, how providers are, and whom nobody calls."""

from __future__ import annotations

import typing as t

from crmkit import NotFound, Uow, _
from crmkit.ui import Result, Toast, View, Visit, settings_tab

from ..aligning import Align
from ..entities import DoNotCall, Line, OurNumber
from ..health import HEALTH, health_of
from ..provider import Capability, provider_named, providers
from ..roles import SET_UP
from ..settings import public_url
from .mine import number_of, people_of

MOST = 200
CAN = {
    Capability.ORIGINATE: _("places calls", ru="набирает"), Capability.HANG_UP: _("hangs up", ru="завершает"),
    Capability.HOLD: _("holds", ru="удерживает"), Capability.TRANSFER: _("transfers", ru="переводит"),
    Capability.ATTENDED_TRANSFER: _("transfers after a word", ru="переводит с разговором"),
    Capability.HISTORY: _("has a history", ru="помнит звонки"),
    Capability.RECORDINGS: _("records", ru="записывает"), Capability.PRESENCE: _("says who is connected", ru="знает, кто на связи"),
}  # fmt: skip
WORDS = {
    "providers": _("Providers", ru="Операторы связи"), "add": _("Add", ru="Добавить"), "edit": _("Change", ru="Изменить"),
    "no_provider": _(
        "No provider is connected: install the plugin of one, such as telephony_telfin, and follow its page.",
        ru="Ни один оператор не подключён: установите плагин оператора, например telephony_telfin, и настройте его по инструкции.",
    ),
    "well": _("Connected", ru="Работает"), "quiet": _("Nothing heard yet", ru="Сообщений ещё не было"),
    "silent": _("Webhooks do not arrive", ru="Сообщения не приходят"),
    "silent_why": _(
        "Of the last calls nothing was told: they are known only because the provider was asked. Check the address, then renew the subscriptions.",
        ru="О последних звонках оператор не сообщил: CRM узнала о них, только спросив. Проверьте адрес и обновите подписки.",
    ),
    "heard": _("Last told", ru="Последнее сообщение"), "error": _("Last error", ru="Последняя ошибка"),
    "waits": _("Not asked until {at}: its limit is used up", ru="До {at} не спрашиваем: исчерпан лимит"), "can": _("Can", ru="Умеет"),
    "address": _("Reaches the CRM at", ru="Находит CRM по адресу"),
    "no_address": _("not given: set public_url under [telephony]", ru="не задан: укажите public_url в разделе [telephony]"),
    "renew": _("Renew subscriptions", ru="Обновить подписки"),
    "asked": _("Subscriptions are being renewed.", ru="Подписки обновляются."),
    "lines": _("Telephones of colleagues", ru="Телефоны сотрудников"), "who": _("Colleague", ru="Сотрудник"),
    "extension": _("Extension", ru="Внутренний номер"), "provider": _("Provider", ru="Оператор связи"), "device": _("Device", ru="Аппарат"),
    "there": _("connected", ru="на связи"), "away": _("not connected", ru="не на связи"), "unused": _("not in use", ru="не используется"),
    "unknown": _("not checked yet", ru="ещё не проверяли"), "state": _("State", ru="Состояние"), "nobody": _("Nobody", ru="Никто"),
    "no_lines": _("Nobody has a telephone yet; who has none sees no call buttons.",
                  ru="Телефонов пока нет: у кого нет телефона, тот не видит кнопок звонка."),
    "numbers": _("Our numbers and their advertising", ru="Наши номера и реклама"), "number": _("Number", ru="Номер"),
    "name": _("Name", ru="Название"), "source": _("Advertising", ru="Источник"),
    "no_numbers": _("No numbers yet: without them calls have no source.", ru="Номеров пока нет: без них у звонков нет источника."),
    "no_source": _("none", ru="нет"), "all": _("All: {count}", ru="Все: {count}"), "stop": _("Do-not-call list", ru="Стоп-лист"),
    "stop_count": _("{count} numbers that nobody calls", ru="Номеров, по которым не звонят: {count}"),
    "stop_none": _("Empty: everybody may be called", ru="Пуст: звонить можно всем"), "open": _("Open the list", ru="Открыть список"),
}  # fmt: skip


@settings_tab(label=_("Telephony", ru="Телефония"), permission=SET_UP, icon="phone", order=44)
def set_up(visit: Visit, uow: Uow) -> Result:
    """Whose telephone is which, our numbers, how providers are; a button renews a provider's subscriptions."""
    if visit.method == "POST":
        name = visit.form.get("provider", "")
        if provider_named(uow.crm, name) is None:
            raise NotFound()
        uow.emit(Align(name))
        return Toast(WORDS["asked"])
    return View("set_up.html", a=WORDS, topic=HEALTH.name, providers=_providers(uow), **_lines(uow), **_numbers(uow), **_stop_list(uow))


def _providers(uow: Uow) -> list[dict[str, t.Any]]:
    found = []
    for provider in providers(uow.crm).values():
        health = health_of(uow, provider)
        hears = provider.can(Capability.WEBHOOKS)
        look = ("red", "silent") if health.silent else ("green", "well") if health.heard_at is not None or not hears else ("gray", "quiet")
        found.append({
            "name": provider.name, "label": provider.label, "health": health, "color": look[0], "state": WORDS[look[1]],
            "hears": hears, "inside": provider.inside, "address": public_url(uow.crm),
            "can": [label for capability, label in CAN.items() if provider.can(capability)],
        })  # fmt: skip
    return found


def _lines(uow: Uow) -> dict[str, t.Any]:
    kind = uow.crm.kind(Line)
    if not uow.may(kind.permission("read")):
        return {"lines": [], "line_count": 0, "may_line": False}
    of = uow.find(Line)
    lines = of.order_by(Line.in_use.desc(), Line.extension).limit(MOST).all()
    names, labels = people_of(uow, [line.owner_id for line in lines]), {p.name: p.label for p in providers(uow.crm).values()}
    rows = [{"line": x, "name": names.get(x.owner_id or 0, ""), "provider": labels.get(x.provider, x.provider), "shown": number_of(x.from_number)}
            for x in lines]  # fmt: skip
    return {"lines": rows, "line_count": of.count() if len(lines) == MOST else len(lines), "may_line": uow.may(kind.permission("create"))}


def _numbers(uow: Uow) -> dict[str, t.Any]:
    kind = uow.crm.kind(OurNumber)
    if not uow.may(kind.permission("read")):
        return {"numbers": [], "may_number": False}
    found = uow.find(OurNumber).order_by(OurNumber.__table__.c.id).limit(MOST).all()
    rows = [{"id": n.id, "number": number_of(n.number), "name": n.name, "source": n.source.name if n.source is not None else ""} for n in found]
    return {"numbers": rows, "may_number": uow.may(kind.permission("create"))}


def _stop_list(uow: Uow) -> dict[str, t.Any]:
    may = uow.may(uow.crm.kind(DoNotCall).permission("read"))
    return {"stops": uow.find(DoNotCall).count() if may else None}


__all__ = ["set_up"]
