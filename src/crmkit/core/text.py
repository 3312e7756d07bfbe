"""Words a person reads, in every language the plugin author gave."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Self

SPOKEN: ContextVar[Callable[[], str] | None] = ContextVar("crmkit_spoken", default=None)
"""Says in which language the request at work is answered; None where there is no request."""


class Text(str):
    """An English string that carries its translations: ``_("Deal", ru="Сделка")``.

    It is an ordinary `str` (the English one) everywhere a string is wanted; `to` gives another language and falls back
    to English. Formatting keeps the translations.
    """

    __slots__ = ("translations",)
    translations: dict[str, str]

    def __new__(cls, english: str, /, **translations: str) -> Self:
        """Make a text from English and, by language code, its translations."""
        made = super().__new__(cls, english)
        made.translations = translations
        return made

    def to(self, language: str) -> str:
        """Return the text in `language` (``"ru"``, ``"en"``), or in English where there is no translation."""
        return self.translations.get(language.partition("-")[0].lower(), str(self))

    def format(self, *args: object, **values: object) -> Text:
        """Fill in ``{names}`` in every language; values that are texts are translated too."""
        done = {
            language: template.format(*[_in(a, language) for a in args], **{k: _in(v, language) for k, v in values.items()})
            for language, template in self.translations.items()
        }
        return Text(str(self).format(*args, **values), **done)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (str(self), self.translations))


def _in(value: object, language: str) -> object:
    return value.to(language) if isinstance(value, Text) else value


def _rebuild(english: str, translations: dict[str, str]) -> Text:
    return Text(english, **translations)


def translate(value: str, language: str) -> str:
    """Return `value` in `language`; a plain string comes back as it is."""
    return value.to(language) if isinstance(value, Text) else value


_ = Text
