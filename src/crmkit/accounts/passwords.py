"""Passwords: kept as argon2id hashes, checked in the same time whether there is somebody or not."""

from __future__ import annotations

import functools
import hashlib
import secrets
import typing as t
import unicodedata
from importlib import resources

from crmkit import CompositionError, Text, _, hookimpl

from .settings import AccountsSettings
from .state import state_of

if t.TYPE_CHECKING:
    from crmkit import Crm

    from .entities import User

LONGEST = 256  # a longer one costs only time
MISSING = "accounts needs argon2-cffi and pyotp; type: pip install 'crmkit[accounts]'"
MISSING_OIDC = "[accounts.oidc] needs Authlib and httpx; type: pip install 'crmkit[oidc]'"
TOO_SHORT = _("at least {length} characters", ru="не короче {length} символов")
TOO_LONG = _("at most {length} characters", ru="не длиннее {length} символов")
COMMON = _("one of the passwords that are tried first; choose another", ru="этот пароль подбирают одним из первых; придумайте другой")
MONOTONOUS = _("too few different characters", ru="слишком мало разных символов")
LIKE_LOGIN = _("contains your login or your name", ru="содержит ваш логин или имя")


@hookimpl
def crm_composed(crm: Crm) -> None:
    """Refuse to start without what keeps passwords."""
    problems = [sentence for names, sentence in _needed(crm[AccountsSettings]) if not all(map(_importable, names))]
    if problems:
        raise CompositionError(problems)


def _needed(settings: AccountsSettings) -> t.Iterator[tuple[tuple[str, ...], str]]:
    yield ("argon2", "pyotp"), MISSING
    if settings.oidc:
        yield ("authlib", "httpx", "joserfc"), MISSING_OIDC


def _importable(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


class Passwords:
    """The hasher of one CRM, with its settings' parameters."""

    def __init__(self, settings: AccountsSettings) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time, memory_cost=settings.argon2_memory, parallelism=settings.argon2_lanes)  # fmt: skip
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Return what is stored for a password."""
        return self._hasher.hash(_one_form(password))

    def verify(self, stored: str | None, given: str) -> bool:
        """True when `given` is the password stored. Without a stored one the same work is done, in vain."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            right = self._hasher.verify(stored or self._nobody, _one_form(given[: LONGEST * 4]))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None and bool(right)

    def outdated(self, stored: str) -> bool:
        """True when a hash was made with other parameters than those of now."""
        return self._hasher.check_needs_rehash(stored)


def passwords_of(crm: Crm) -> Passwords:
    """Return the hasher of a CRM."""
    state = state_of(crm)
    if state.passwords is None:
        state.passwords = Passwords(crm[AccountsSettings])
    return state.passwords


def problem_with(password: str, user: User, settings: AccountsSettings) -> Text | None:
    """Return what is wrong with a new password, or None: length, and nothing anybody would try first (NIST SP 800-63B, 3.1.1.2)."""
    plain = _one_form(password)
    folded = plain.casefold()
    if len(plain) < settings.password_length:
        return TOO_SHORT.format(length=settings.password_length)
    if len(plain) > LONGEST:
        return TOO_LONG.format(length=LONGEST)
    if len(set(folded)) < 5:
        return MONOTONOUS
    if folded in _common() or folded.rstrip("0123456789!.?*#") in _common() or folded in _common_doubled(folded):
        return COMMON
    names = {user.login, user.login.partition("@")[0], *user.name.casefold().split()}
    if any(len(n) >= 4 and n in folded for n in names):
        return LIKE_LOGIN
    return None


def _common_doubled(folded: str) -> tuple[str, ...]:
    half = folded[: len(folded) // 2]
    return (half * 2,) if half and half * 2 == folded else ()


@functools.cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _one_form(password: str) -> str:
    """Return a password as it is hashed: one form for what looks the same (NFKC), whatever the keyboard sent."""
    return unicodedata.normalize("NFKC", password)


def new_secret() -> tuple[str, str]:
    """Return a random secret of 256 bits, and the digest of it that is stored."""
    made = secrets.token_urlsafe(32)
    return made, digest(made)


def digest(text: str) -> str:
    """Return SHA-256 in hex: enough for secrets nobody can guess, and never used for passwords."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
