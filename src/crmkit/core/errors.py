"""What can go wrong, by whose fault it is: the integrator's, the programmer's, the caller's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar

import attrs

from .text import Text, _


class CrmError(Exception):
    """Anything crmkit raises on purpose."""


class CompositionError(CrmError):
    """The plugins and settings cannot form one CRM. `problems` holds every reason, each a sentence that says what to type."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        head = "This CRM cannot be composed" + (f" ({count} problems)" if count > 1 else "")
        super().__init__(head + ":\n" + "\n".join(f"  - {p}" for p in self.problems))


class Misuse(CrmError):
    """The programmer asked for something that can never work; the message says what to write instead."""


class NotRunning(Misuse):
    """The CRM is mounted, but the host never entered its lifespan."""


class EndlessLoop(Misuse):
    """Automations keep causing each other; the message names the chain of causes."""


@attrs.frozen
class Problem:
    """One thing to mend: `path` is the dotted field (``"amount"``, ``"patient.born"``), empty for the whole record."""

    path: str
    code: str
    message: str
    extra: dict[str, object] | None = None


class Refusal(CrmError):
    """The caller may not, or the data will not do. Carries an HTTP status and every problem at once."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[Text] = _("The request was refused", ru="Запрос отклонён")

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        self.message = message or (self.problems[0].message if len(self.problems) == 1 else self.title)
        listed = "; ".join(f"{p.path or 'record'}: {p.message}" for p in self.problems)
        super().__init__(self.message if not listed or (len(self.problems) == 1 and not message) else f"{self.message}: {listed}")


class Unauthenticated(Refusal):
    """Nobody is known to be calling: log in or send a token."""

    status, code, title = 401, "unauthenticated", _("Please sign in", ru="Войдите в систему")


class Forbidden(Refusal):
    """The actor is known and lacks the permission."""

    status, code, title = 403, "forbidden", _("You may not do this", ru="У вас нет права на это действие")


class NotFound(Refusal):
    """There is no such record, or the actor may not see it: the two look the same on purpose."""

    status, code, title = 404, "not-found", _("Not found", ru="Не найдено")


class Conflict(Refusal):
    """Someone or something else got there first."""

    status, code, title = 409, "conflict", _("Conflicts with the current state", ru="Противоречит текущему состоянию")


class Stale(Refusal):
    """The record changed since it was read. `current_version` is the version to look at before trying again."""

    status, code = 412, "stale"
    title = _("The record was changed by someone else meanwhile", ru="Запись тем временем изменил кто-то другой")

    def __init__(self, message: str = "", current_version: int | None = None) -> None:
        self.current_version = current_version
        super().__init__(message)


class Invalid(Refusal):
    """The data will not do; `problems` names every field."""

    status, code, title = 422, "invalid", _("Some fields need attention", ru="Проверьте поля")


class PreconditionRequired(Refusal):
    """The request must say which version it edits."""

    status, code, title = 428, "precondition-required", _("Say which version you edit", ru="Укажите версию записи")


class Unavailable(Refusal):
    """The database is locked, gone or restarting. Nothing was done; the same request may be sent again."""

    status, code = 503, "unavailable"
    title = _("The database does not answer; nothing was changed", ru="База данных не отвечает; ничего не изменено")


def closest(word: str, known: Iterable[str]) -> Text:
    """Return ``" Did you mean 'x'?"`` for the nearest known word, or the known words when none is near."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, 1, 0.6)
    if near:
        return _(" Did you mean {word!r}?", ru=" Может быть, {word!r}?").format(word=near[0])
    return _(" Known: {words}.", ru=" Есть: {words}.").format(words=", ".join(words)) if words else Text("")
