"""Telephone numbers, e-mail addresses and tax numbers in one form, so that equal ones are equal.

Telephones are read by `phonenumbers` (Google's libphonenumber) and kept as E.164; addresses by `email-validator`, without
asking the DNS. See docs/decisions/0016-sales-model.md.
"""

from __future__ import annotations

import re
import typing as t

import email_validator
import phonenumbers
import sqlalchemy as sa

from crmkit import Email, Phone, _

if t.TYPE_CHECKING:
    from crmkit import Uow

NO_PHONE = _(
    "{value!r} is no telephone number: write it with its country code, such as +7 912 345-67-89, or with its area code",
    ru="{value!r} не похоже на номер телефона: укажите код страны, например +7 912 345-67-89, или код города",
)
NO_EMAIL = _("{value!r} is no e-mail address: {why}", ru="{value!r} не похоже на адрес электронной почты")
NO_INN = _(
    "{value} is no Russian tax number: it has 10 or 12 digits and the last of them do not fit the others",
    ru="{value} не ИНН: в ИНН 10 или 12 цифр, и последние из них вычисляются из остальных",
)
NO_KPP = _(
    "{value} is no registration code: it has 9 characters such as 770101001",
    ru="{value} не КПП: в КПП 9 знаков, например 770101001",
)
NO_REGION = _("{value!r} is no country: write its two letters, such as RU or GB", ru="{value!r} не страна: напишите две буквы, например RU")
# What nearly all numbers of Russia look like, with their punctuation, and what nearly all addresses do. The libraries would say
# just this of them (tests/test_normal_quick.py asks both); they take twenty times as long, which an import of many feels.
QUICK_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{8,24}")
RUSSIAN = re.compile(r"\+7[3489][0-9]{9}")
AT_HOME = re.compile(r"(?:[78](?=[3489])|(?=[349]))([0-9]{10})")  # 810 begins a number abroad
NOISE = str.maketrans("", "", " ()-")
QUICK_EMAIL = re.compile(
    r"(?=.{6,120}\Z)[A-Za-z0-9_+-]{1,40}(?:\.[A-Za-z0-9_+-]{1,40})?@(?:(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?\.){1,4}"
    r"[A-Za-z]{2,20}"
)
RESERVED = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)
KPP = re.compile(r"\d{4}[\dA-Z]{2}\d{3}")
# Weights of the check digits: order of the Federal Tax Service of 29.06.2012 № ММВ-7-6/435@ gives the structure of the
# number, and the digits are worked out as in appendix 2 of the order of the State Tax Service of 25.12.1998 № ГБ-3-12/340.
WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
WEIGHTS_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
WEIGHTS_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


class AnyPhone(Phone):
    """A telephone number as somebody wrote it, until its record is saved: then it is E.164 (see `normal_phone`)."""

    impl = sa.String(60)
    cache_ok = True

    @staticmethod
    def clean(value: str) -> str:
        """Return the text without blanks around it."""
        return " ".join(value.split())


class AnyEmail(Email):
    """An e-mail address; `email-validator` looks at it, letter case is dropped."""

    cache_ok = True

    @staticmethod
    def clean(value: str) -> str:
        """Return the address as it is compared."""
        return normal_email(value)


def normal_phone(value: str, region: str) -> str:
    """Return a number as E.164 (``+79123456789``); one without a country code is read as one of `region`.

    `ValueError` when it cannot be one: too short, too long, without its area code, no digits. Whether the number is in use
    is not asked: numbering plans change faster than libraries.
    """
    if QUICK_PHONE.fullmatch(value):
        bare = value.translate(NOISE)
        if RUSSIAN.fullmatch(bare):
            return bare
        if region == "RU" and (own := AT_HOME.fullmatch(bare)) is not None:
            return f"+7{own[1]}"
    try:
        found = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        found = None
    if found is None or phonenumbers.is_possible_number_with_reason(found) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError(NO_PHONE.format(value=value[:40]))
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def normal_email(value: str) -> str:
    """Return an address in lower case, its domain in its readable form; `ValueError` says what is wrong with it."""
    bare = value.strip()
    if QUICK_EMAIL.fullmatch(bare) and not (lower := bare.lower()).endswith(RESERVED):
        return lower
    try:
        found = email_validator.validate_email(bare, check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError as error:
        raise ValueError(NO_EMAIL.format(value=bare[:60], why=str(error))) from error
    if "." not in found.domain:
        raise ValueError(NO_EMAIL.format(value=bare[:60], why="the part after the @ has no dot"))
    return found.normalized.lower()


def try_phone(value: str | None, region: str) -> str | None:
    """Return a number as E.164, or None where it is none."""
    try:
        return normal_phone(value, region) if value else None
    except ValueError:
        return None


def try_email(value: str | None) -> str | None:
    """Return an address as it is compared, or None where it is none."""
    try:
        return normal_email(value) if value else None
    except ValueError:
        return None


def region_of(value: str) -> str:
    """Return a country's two letters; `ValueError` where there is no such country."""
    bare = value.strip().upper()
    if bare not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(NO_REGION.format(value=value))
    return bare


def _control(digits: t.Sequence[int], weights: t.Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=False)) % 11 % 10


def inn_is_right(value: str) -> bool:
    """True when the check digits of a Russian tax number (10 digits, or 12 for a person) fit the others."""
    if not (value.isascii() and value.isdecimal()):
        return False
    digits = [int(d) for d in value]
    if len(digits) == 10:
        return digits[9] == _control(digits, WEIGHTS_10)
    return len(digits) == 12 and digits[10] == _control(digits, WEIGHTS_11) and digits[11] == _control(digits, WEIGHTS_12)


def inn_of(first: str) -> str:
    """Return a tax number with its check digits, from its first 9 (or 10, for a person) digits."""
    digits = [int(d) for d in first]
    if len(digits) == 9:
        return f"{first}{_control(digits, WEIGHTS_10)}"
    digits.append(_control(digits, WEIGHTS_11))
    return f"{first}{digits[10]}{_control(digits, WEIGHTS_12)}"


def normal_tax_number(value: str, region: str) -> str:
    """Return a tax number without blanks, in capitals; in Russia its check digits must fit."""
    bare = re.sub(r"[\s.\-/]", "", value).upper()
    if region == "RU" and bare.isdecimal() and not inn_is_right(bare):
        raise ValueError(NO_INN.format(value=bare))
    return bare


def clean_kpp(value: str) -> str:
    """Return a Russian registration code without blanks; `ValueError` when it is none."""
    bare = re.sub(r"\s", "", value).upper()
    if not KPP.fullmatch(bare):
        raise ValueError(NO_KPP.format(value=bare))
    return bare


def clean_website(value: str) -> str:
    """Return an address with its scheme, host in lower case, without a slash at the end."""
    bare = value.strip()
    if not bare:
        return bare
    scheme, mark, rest = bare.partition("://")
    if not mark:
        scheme, rest = "https", bare
    host, slash, path = rest.partition("/")
    if not host or " " in bare or "." not in host or scheme.lower() not in ("http", "https"):
        raise ValueError(_("{value!r} is no web address", ru="{value!r} не похоже на адрес сайта").format(value=bare[:60]))
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")


def words(value: str) -> str:
    """Return a text without blanks around it, and single ones within."""
    return " ".join(value.split())


def region(uow: Uow, country: str | None = None) -> str:
    """Return the region in which a number without a country code is read: the record's country, else the CRM's."""
    from .settings import SalesSettings

    return country or uow.crm[SalesSettings].country

