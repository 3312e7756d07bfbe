"""What is well and what is not, in words: each line says what to do."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from crmkit import Crm, _
from crmkit_telephony import Finding, Line, ProviderError, hook_path, public_url

from . import words
from .catalogue import Known, named
from .settings import HERE, TelfinSettings
from .subscribing import OF_ENTRANCES, OF_PHONES

if t.TYPE_CHECKING:
    from .provider import TelfinProvider

MOST_ASKED = 20
"""Of how many telephones the subscriptions are asked for; each costs a request of the hour."""
SETTING = "[telephony] public_url"
INSIDE = "http://crm.fake"
"""What the exchange for trying out calls the CRM it runs in."""
SIGNED_IN = _("Telfin accepts the application (client {client})", ru="Телфин принял приложение (клиент {client})")
LEFT = _("{remaining} of {most} requests are left in this hour", ru="В этом часе осталось запросов: {remaining} из {most}")
SMALL = _(
    "{remaining} of {most} requests are left in this hour: ask Telfin for a higher limit, or see what else uses it",
    ru="В этом часе осталось запросов: {remaining} из {most}. Попросите Телфин поднять лимит или проверьте, кто ещё его тратит",
)
NO_LINES = _(
    "No colleague has a telephone at Telfin yet: add telephones with the provider “telfin”",
    ru="Ни у кого нет телефона в Телфине: добавьте телефоны сотрудников с оператором «telfin»",
)
NO_SUCH = _("{name}: there is no such extension at Telfin; there are {others}", ru="{name}: такого внутреннего номера в Телфине нет; есть {others}")
NO_PHONE = _("{name} is no telephone but a {type}: calls cannot be placed from it", ru="{name}: это не телефон, а {type}, звонить с него нельзя")
BLOCKED = _("{name}: the extension is {status} at Telfin", ru="{name}: внутренний номер в Телфине в состоянии {status}")
OFFLINE = _("{name}: no telephone is connected; check it and its password", ru="{name}: телефон не подключён; проверьте аппарат и его пароль")
ONLINE = _("{name}: the telephone is connected", ru="{name}: телефон на связи")
SUBSCRIBED = _("{name}: Telfin tells its calls", ru="{name}: Телфин сообщает о звонках")
UNSUBSCRIBED = _(
    "{name}: Telfin does not tell its calls ({missing} missing); `crmkit telfin align` subscribes", ru="{name}: Телфин не сообщает о звонках"
    " (нет {missing}); подписку сделает `crmkit telfin align`",
)  # fmt: skip
ADDRESS = _("Telfin calls {place}", ru="Телфин обращается на {place}")
PLAIN_ADDRESS = _("{place} is not https: names and numbers of clients would go over the wire in the clear", ru="{place} не https: имена и номера"
    " клиентов пойдут по сети открытым текстом")  # fmt: skip
OWN_ADDRESS = _("{place} is this machine itself: Telfin cannot reach it", ru="{place} — это сама машина: Телфин до неё не дотянется")
WITHIN = _("This is the exchange for trying out: no telephone is real", ru="Это учебная АТС: настоящих телефонов нет")
NO_HISTORY = _("The call history cannot be read: {why}", ru="История звонков не читается: {why}")


def address_of(crm: Crm) -> str:
    """Return the address Telfin calls, secret included: for subscriptions only."""
    base = INSIDE if crm[TelfinSettings].fake else public_url(crm)
    if not base:
        raise ProviderError(words.NO_ADDRESS.format(setting=SETTING))
    with crm.uow() as uow:
        return base + hook_path(uow, "telfin").rstrip("/")


def look_over(provider: TelfinProvider) -> list[Finding]:
    """Look at the whole set-up; what cannot be asked ends it."""
    findings: list[Finding] = []
    try:
        for finding in _all(provider):
            findings.append(finding)
    except ProviderError as error:
        findings.append(Finding(ok=False, what=error.message))
    return findings


def _all(provider: TelfinProvider) -> Iterator[Finding]:
    yield from _address(provider.crm)
    found = provider.client.get("/user/")
    client = found.get("client_id") if isinstance(found, dict) else None
    yield Finding(ok=True, what=SIGNED_IN.format(client=client or provider.settings.client_id))
    left = provider.client.limits.left()
    if left is not None:
        enough = left.remaining > left.most * provider.settings.reserve
        yield Finding(ok=enough, what=(LEFT if enough else SMALL).format(remaining=left.remaining, most=left.most))
    yield from _lines(provider, provider.catalogue.all(read=True))
    try:
        provider.past("0" * 32)
    except ProviderError as error:
        yield Finding(ok=False, what=NO_HISTORY.format(why=error.message))


def _address(crm: Crm) -> Iterator[Finding]:
    if crm[TelfinSettings].fake:
        yield Finding(ok=True, what=WITHIN)
        return
    base = public_url(crm)
    if not base:
        yield Finding(ok=False, what=words.NO_ADDRESS.format(setting=SETTING))
        return
    parts = urlsplit(base)
    if parts.hostname in HERE:
        yield Finding(ok=False, what=OWN_ADDRESS.format(place=base))
    elif parts.scheme != "https":
        yield Finding(ok=False, what=PLAIN_ADDRESS.format(place=base))
    else:
        yield Finding(ok=True, what=ADDRESS.format(place=base))


def _lines(provider: TelfinProvider, known: Sequence[Known]) -> Iterator[Finding]:
    with provider.crm.read() as uow:
        lines = [(x.extension, x.device) for x in uow.find(Line).where(Line.provider == "telfin", Line.in_use.is_(True)).order_by(Line.extension)]
    if not lines:
        yield Finding(ok=False, what=NO_LINES)
        return
    by_id, present = {e.id: e for e in known}, provider.present()
    for asked, (name, device) in enumerate(lines):
        found = by_id.get(device or "") or named(known, name)
        if found is None:
            others = ", ".join(e.name for e in known[:20]) or "—"
            yield Finding(ok=False, what=NO_SUCH.format(name=name, others=others))
        elif found.type != "phone":
            yield Finding(ok=False, what=NO_PHONE.format(name=name, type=found.type))
        elif found.status not in ("", "active"):
            yield Finding(ok=False, what=BLOCKED.format(name=name, status=found.status))
        else:
            there = present.get(found.name, False)
            yield Finding(ok=there, what=(ONLINE if there else OFFLINE).format(name=name))
            if provider.settings.subscribe == "extensions" and asked < MOST_ASKED:
                yield _subscribed(provider, found, name, OF_PHONES)
    if provider.settings.entrances:
        for entrance in [e for e in known if e.type in ("queue", "ivr")][:MOST_ASKED]:
            yield _subscribed(provider, entrance, entrance.name, OF_ENTRANCES)


def _subscribed(provider: TelfinProvider, extension: Known, name: str, types: tuple[str, ...]) -> Finding:
    if not provider.settings.fake and not public_url(provider.crm):
        return Finding(ok=False, what=UNSUBSCRIBED.format(name=name, missing=", ".join(types)))
    there = provider.subscriptions.present(extension, address_of(provider.crm))
    missing = ", ".join(kind for kind in types if kind not in there)
    return Finding(ok=not missing, what=UNSUBSCRIBED.format(name=name, missing=missing) if missing else SUBSCRIBED.format(name=name))


__all__ = ["address_of", "look_over"]
