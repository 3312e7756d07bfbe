"""How people are reached: telephone numbers and e-mail addresses, several of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import attrs

from crmkit import Text, _

from ..normal import read_email, read_phone, say_phone
from .base import Comparison, Key, Level, Part, Seen, Values, alike, plain, slips

SAME_PHONE = _("the same phone: {a}", ru="одинаковый телефон: {a}")
ALIKE_PHONE = _("the phone differs by a slip: {a} / {b}", ru="телефон отличается опечаткой: {a} / {b}")
SAME_EMAIL = _("the same e-mail: {a}", ru="одинаковая почта: {a}")
ALIKE_EMAIL = _("the e-mail is spelt alike: {a} / {b}", ru="почта пишется похоже: {a} / {b}")
NAME_EMAIL = _("the same e-mail name at another provider: {a} / {b}", ru="то же имя почты у другого провайдера: {a} / {b}")


@attrs.frozen(init=False)
class PhoneNumber(Comparison[tuple[str, ...]]):
    """Telephone numbers of one or several fields and of parts. One number in common is enough."""

    region: str = "RU"
    # Numbers change and people have several, so a fifth of people are there under another one. A family, an office share one.
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "phone": {"same": Level(0.75, 0.25, 0.00003), "alike": Level(0.05, 0.01, 0.0003), "different": Level(0.20, 0.74, 0.999)},
    }  # fmt: skip

    def __init__(self, *fields: str, also: Part | Iterable[Part] = (), region: str = "") -> None:
        self.__attrs_init__(fields=fields, also=also, region=region)

    def configured(self, region: str, mailboxes: bool) -> PhoneNumber:
        """Take the CRM's region where none is given."""
        return self if self.region else PhoneNumber(*self.fields, also=self.also, region=region)

    def read(self, values: Values) -> tuple[str, ...] | None:
        """Return the numbers."""
        found = (read_phone(v, self.region or "RU") for v in plain(values))
        return tuple(dict.fromkeys(n for n in found if n)) or None

    def keys(self, value: tuple[str, ...]) -> Iterator[Key]:
        """Yield each number, and its end for slips and forgotten area codes."""
        for number in value:
            yield Key("phone", number)
            yield Key("phone end", number[-6:])

    def codes(self, value: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield the last four digits."""
        for number in value:
            yield "phone", number[-4:]

    def compare(self, first: tuple[str, ...], second: tuple[str, ...], label: Text) -> Iterator[Seen]:
        """Yield the best pair of numbers."""
        feature = f"{self.name}:phone"
        for number in first:
            if number in second:
                yield Seen(feature, "same", SAME_PHONE.format(a=say_phone(number)), f"phone={number}")
                return
        for a in first:
            for b in second:
                if len(a) > 7 and slips(a, b, 1) <= 1:
                    yield Seen(feature, "alike", ALIKE_PHONE.format(a=say_phone(a), b=say_phone(b)))
                    return
        yield Seen(feature, "different")


@attrs.frozen(init=False)
class EmailAddress(Comparison[tuple[str, ...]]):
    """E-mail addresses of one or several fields and of parts. One in common is enough."""

    mailboxes: bool = True
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "email": {
            "same": Level(0.70, 0.05, 0.00002), "name": Level(0.06, 0.005, 0.0004), "alike": Level(0.04, 0.005, 0.0003),
            "different": Level(0.20, 0.94, 0.999),
        },
    }  # fmt: skip

    def __init__(self, *fields: str, also: Part | Iterable[Part] = (), mailboxes: bool = True) -> None:
        self.__attrs_init__(fields=fields, also=also, mailboxes=mailboxes)

    def configured(self, region: str, mailboxes: bool) -> EmailAddress:
        """Keep addresses apart where the CRM does."""
        return self if mailboxes or not self.mailboxes else EmailAddress(*self.fields, also=self.also, mailboxes=False)

    def read(self, values: Values) -> tuple[str, ...] | None:
        """Return the addresses."""
        found = (read_email(v, self.mailboxes) for v in plain(values))
        return tuple(dict.fromkeys(a for a in found if a)) or None

    def keys(self, value: tuple[str, ...]) -> Iterator[Key]:
        """Yield each address, and the name before the @."""
        for address in value:
            yield Key("email", address)
            yield Key("email name", _letters(address))

    def codes(self, value: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield the beginning."""
        for address in value:
            yield "email", _letters(address)[:5]

    def compare(self, first: tuple[str, ...], second: tuple[str, ...], label: Text) -> Iterator[Seen]:
        """Yield the best pair of addresses."""
        feature = f"{self.name}:email"
        for address in first:
            if address in second:
                yield Seen(feature, "same", SAME_EMAIL.format(a=address), f"email={address}")
                return
        pairs = [(a, b) for a in first for b in second]
        for a, b in pairs:
            if _letters(a) == _letters(b) and len(_letters(a)) > 5:
                yield Seen(feature, "name", NAME_EMAIL.format(a=a, b=b))
                return
        for a, b in pairs:
            if alike(a, b):
                yield Seen(feature, "alike", ALIKE_EMAIL.format(a=a, b=b))
                return
        yield Seen(feature, "different")


def _letters(address: str) -> str:
    return "".join(c for c in address.partition("@")[0] if c.isalnum())
