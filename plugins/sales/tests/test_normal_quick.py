"""Numbers and addresses that need no library get the answer the library gives."""

import random

import email_validator
import phonenumbers
import pytest

from crmkit_sales import normal

REGIONS = ("RU", "KZ", "DE", "US")


def by_library(value: str, region: str) -> str | None:
    try:
        found = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(found) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def address_by_library(value: str) -> str | None:
    try:
        found = email_validator.validate_email(value.strip(), check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError:
        return None
    return found.normalized.lower() if "." in found.domain else None


def scattered(chance: random.Random, digits: str) -> str:
    """Return the digits with punctuation anywhere."""
    return "".join(d + (chance.choice(("", "", " ", "-", "(", ")", " (", ") ", "--")) if chance.random() < 0.4 else "") for d in digits)


@pytest.mark.parametrize("seed", range(4))
def test_russian_numbers_are_read_as_the_library_reads_them(seed: int) -> None:
    chance, quick = random.Random(seed), 0
    for _n in range(2500):
        national = "".join(chance.choice("0123456789") for _d in range(chance.choice((9, 10, 10, 10, 10, 10, 11))))
        if chance.random() < 0.8:
            national = chance.choice("3489") + national[1:]
        value = chance.choice(("+7", "+7", "+", "7", "8", "")) + scattered(chance, national)
        region = chance.choice(REGIONS)
        assert normal.try_phone(value, region) == by_library(value, region), (value, region)
        quick += bool(normal.QUICK_PHONE.fullmatch(value) and normal.RUSSIAN.fullmatch(value.translate(normal.NOISE)))
    assert quick > 200


@pytest.mark.parametrize("first", ["3", "4", "8", "9"])
def test_every_area_of_three_digits_is_read_as_the_library_reads_it(first: str) -> None:
    for area in range(100):
        for rest in ("0000000", "1234567", "8123456"):
            national = f"{first}{area:02}{rest}"
            for value in (f"+7{national}", f"8{national}", f"7{national}", national, f"8 ({national[:3]}) {national[3:6]}-{national[6:]}"):
                assert normal.try_phone(value, "RU") == by_library(value, "RU"), value


ODD_DOMAINS = ("xn--e1afmkfd.ru", "ab--cd.ru", "-a.ru", "a-.ru", "a..ru", "a.r", "a.xn--p1ai", "localhost", "1.2.3.4", "a.1", "a.r1", "test",
               "a.test", "a.example", "a.invalid", "a.local", "a.onion", "EXAMPLE.Ru", "x.ru", "xnx.ru", "a_b.ru", "a.arpa", "ёж.рф",
               "a." + "b" * 63 + ".ru", "a." + "b" * 64 + ".ru", "a.b.c.d.e.f.ru")  # fmt: skip
ODD_LOCALS = ("a", "a.b", ".a", "a.", "a..b", "a+b", "A_B", "-a-", "a b", '"a b"', "a" * 64, "a" * 65, "a" * 40 + "." + "b" * 24, "иван",
              "a!b", "", "a@b")  # fmt: skip


def test_odd_addresses_are_read_as_the_library_reads_them() -> None:
    for domain in ODD_DOMAINS:
        for local in ODD_LOCALS:
            value = f"{local}@{domain}"
            assert normal.try_email(value) == address_by_library(value), value


@pytest.mark.parametrize("seed", range(4))
def test_addresses_are_read_as_the_library_reads_them(seed: int) -> None:
    chance, quick = random.Random(seed), 0
    letters = "abcxyzABCXN0129-_.+"
    for _n in range(2000):
        local = "".join(chance.choice(letters) for _c in range(chance.randint(1, 12)))
        domain = "".join(chance.choice("abxnXN09--.") for _c in range(chance.randint(1, 12))) + chance.choice((".ru", ".com", ".x", "", ".RU", "."))
        value = f"{chance.choice(('', ' '))}{local}@{domain}"
        assert normal.try_email(value) == address_by_library(value), value
        quick += bool(normal.QUICK_EMAIL.fullmatch(value.strip()))
    assert quick > 100


def test_long_addresses_do_not_take_long() -> None:
    for value in ("a" * 5000, "a." * 3000 + "@b.ru", "a@" + "a." * 3000, "a@" + "a-" * 3000 + ".ru", "+7" + "(" * 5000):
        assert normal.QUICK_EMAIL.fullmatch(value) is None
        assert normal.QUICK_PHONE.fullmatch(value) is None
