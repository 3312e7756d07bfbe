"""What people type comes to one spelling."""

from __future__ import annotations

import datetime as dt

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.duplicates.normal import akin, company_name, full_name, latin, read_address, read_date, read_email, read_name, read_phone, sound


@pytest.mark.parametrize(
    "typed, number",
    [
        ("8 (916) 123-45-67", "+79161234567"),
        ("+7 916 123 45 67", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("8-800-555-35-35 доб. 12", "+78005553535"),
        ("+44 20 7946 0018", "+442079460018"),
        ("123-45", "12345"),
        ("12", None),
        ("нет", None),
        ("", None),
    ],
)
def test_phones(typed, number):
    assert read_phone(typed) == number


def test_numbers_that_are_whole_already_are_what_the_library_makes_of_them():
    for head in (f"{first}{rest:02}" for first in "3489" for rest in range(100)):
        for tail in ("0000000", "1234567", "8123456"):
            typed = f"+7{head}{tail}"
            for region in ("RU", "DE"):
                kept = phonenumbers.format_number(phonenumbers.parse(typed, region), phonenumbers.PhoneNumberFormat.E164)
                assert read_phone(typed, region) == kept == typed


def test_phones_of_another_region():
    assert read_phone("(212) 555-0123", "US") == "+12125550123"
    assert read_phone("020 7946 0018", "GB") == "+442079460018"


@pytest.mark.parametrize(
    "typed, address",
    [
        ("Ivan.Petrov+shop@GoogleMail.com", "ivanpetrov@gmail.com"),
        ("Иван <ivan@YA.ru>", "ivan@yandex.ru"),
        ("ivan.p@yandex.com", "ivan-p@yandex.ru"),
        ("a.b@example.org", "a.b@example.org"),
        ("+@example.org", "+@example.org"),
        ("nobody", None),
    ],
)
def test_emails(typed, address):
    assert read_email(typed) == address


def test_mailboxes_may_be_kept_apart():
    assert read_email("A.B+c@gmail.com", mailboxes=False) == "a.b+c@gmail.com"


@pytest.mark.parametrize(
    "typed, family, given_name, patronymic",
    [
        ("Иванов Иван Иванович", "ivanov", "ivan", "ivanovich"),
        ("Иван Иванович Иванов", "ivanov", "ivan", "ivanovich"),
        ("Анна Сергеевна Кузьмина", "kuzmina", "anna", "sergeevna"),
        ("Ivan Ivanov", "ivanov", "ivan", ""),
        ("Петрова Саша", "petrova", "sasha", ""),
        ("Саша Петрова", "petrova", "sasha", ""),
        ("Wallner Robert", "wallner", "robert", ""),
        ("Mr. Bob Smith", "smith", "bob", ""),
        ("Иванов И. И.", "ivanov", "i", "i"),
        ("Ivanov, I. I.", "ivanov", "i", "i"),
        ("van der Berg, Anna Maria", "van der berg", "anna", "maria"),
        ("Мамедов Али Вагиф оглы", "mamedov", "ali", "vagif"),
        ("Олег", "", "oleg", ""),
        ("Зябликов Ермолай", "zyablikov", "ermolay", ""),
        ("Ермолай Зябликов", "zyablikov", "ermolay", ""),
        ("Сидоров", "sidorov", "", ""),
    ],
)
def test_names(typed, family, given_name, patronymic):
    name = read_name(typed)
    assert name is not None
    assert (name.family, name.given, name.patronymic) == (family, given_name, patronymic)


def test_names_in_fields_of_their_own():
    name = full_name("Анна", "Петрова-Водкина", "Ильинична")
    assert name is not None
    assert (name.family, name.given, name.patronymic) == ("petrova vodkina", "anna", "ilinichna")
    assert full_name("", " ", "") is None
    assert read_name("  ") is None


@pytest.mark.parametrize(
    "one, other",
    [("sasha", "aleksandr"), ("sasha", "aleksandra"), ("bob", "robert"), ("bill", "william"), ("masha", "mariya"), ("dima", "dmitriy"),
     ("katya", "ekaterina"), ("liz", "elizabeth"), ("michael", "mikhail"), ("alexander", "aleksandr")],
)  # fmt: skip
def test_short_names(one, other):
    assert akin(one, other)
    assert akin(other, one)


@pytest.mark.parametrize("one, other", [("sasha", "boris"), ("bob", "william"), ("anna", "ivan")])
def test_other_names(one, other):
    assert not akin(one, other)


@pytest.mark.parametrize(
    "one, other",
    [("Юлия", "Julia"), ("Юлия", "Yuliya"), ("Дмитрий", "Dmitry"), ("Щукин", "Schukin"), ("Жуков", "Zhukov"), ("Наталия", "Natalya"),
     ("Евгений", "Evgeny"), ("Philip", "Filip"), ("Schmidt", "Shmidt"), ("Ёлкин", "Елкин")],
)  # fmt: skip
def test_what_sounds_alike(one, other):
    assert sound(one) == sound(other)


def test_letters_of_the_other_alphabet():
    assert latin("Ивановa") == latin("Иванова")  # the last letter is Latin
    assert latin("Cидоров") == latin("Сидоров")  # the first one is
    assert latin("Müller") == "muller"


@pytest.mark.parametrize(
    "one, other",
    [("ООО «Ромашка»", "Romashka, LLC"), ('ЗАО "Рога и Копыта"', "Рога и копыта"), ("Acme Inc.", "ACME Corp"), ("Smith & Sons Ltd", "Smith and Sons"),
     ("Общество с ограниченной ответственностью «Вектор»", "ООО Вектор"), ("L.L.C. Delta", "Delta")],
)  # fmt: skip
def test_companies(one, other):
    assert company_name(one) == company_name(other)


def test_a_company_named_like_a_legal_form_keeps_its_name():
    assert company_name("ООО") == "ooo"


@pytest.mark.parametrize(
    "one, other",
    [("ул. Ленина, д. 5, кв. 12", "Lenina street 5-12"), ("пр-т Мира 3", "Мира проспект, 3"),
     ("6 Tullaroop St", "6 tullaroop street"), ("д. 05 ул Мира", "Мира 5")],
)  # fmt: skip
def test_addresses(one, other):
    a, b = read_address(one), read_address(other)
    assert a is not None
    assert b is not None
    assert (sorted(a.words), a.numbers) == (sorted(b.words), b.numbers)


@pytest.mark.parametrize(
    "typed, digits",
    [("31.01.1970", "19700131"), ("1970-01-31", "19700131"), ("19700131", "19700131"), ("1970-1-5", "19700105"), ("01/31/1970", "19700131"),
     (dt.date(1970, 1, 31), "19700131"), ("1970-01-31T00:00:00", "19700131"), ("31 января", None), ("", None)],
)  # fmt: skip
def test_dates(typed, digits):
    assert read_date(typed) == digits


@given(st.text(max_size=60))
def test_anything_can_be_typed(typed):
    for read in (read_phone, read_email, read_name, company_name, read_address, read_date, sound):
        read(typed)


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщьыэюяё", min_size=1, max_size=20))
def test_transliteration_is_done_once(typed):
    assert latin(latin(typed)) == latin(typed)
    assert latin(typed.upper()) == latin(typed)
