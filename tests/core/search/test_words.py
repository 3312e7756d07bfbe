"""Spellings meet, endings do not matter, and a keyboard left in the other language is understood."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Invalid
from crmkit.core.search.question import MAX_LENGTH, read
from crmkit.core.search.words import _APOSTROPHES, _REDUCTIONS, beginnings_of, fold, key_of, other_layout, stem_of

SAME = """
Щербаков Shcherbakov Scherbakov Sherbakov Schtscherbakow Ščerbakov щербаков ЩЕРБАКОВ
Юрий Yury Yuri Juri Jurij Iurii Yuriy
Наталья Natalya Natalia Natalja Наталия Nataliya Natal'ya
Евгений Evgeny Yevgeny Evgenii Evgeniy Jewgeni Yevgeniy
Александр Alexander Aleksandr Alexandr Aleksander
Пётр Petr Pyotr Piotr Петр Pjotr
Людмила Lyudmila Ludmila Liudmila Ljudmila
Фёдор Fedor Fyodor Fjodor Федор
Чайковский Tchaikovsky Tschaikowski Chaykovskiy Chaikovsky
Васильев Vasilyev Vasiliev Vasilev Wassiljew
Хабаров Khabarov Habarov
Кац Kats Katz
Мария Maria Mariya Mariia Marija
Сергей Sergey Sergei Sergej
Дмитрий Dmitry Dmitri Dmitriy Dmitrii
Ксения Kseniya Xenia Ksenia
Виктор Victor Viktor
Филипп Philip Filipp Philipp Filip
Анна Anna
Юлия Yulia Julia Yuliya Iuliia
Татьяна Tatiana Tatyana Tatjana
Михаил Mikhail Mihail
Семён Semyon Semen Семен Semion
Объедков Obyedkov Obedkov Ob'edkov
Жуков Zhukov Žukov
Софья Sofya Sofia Sophia София
Екатерина Ekaterina Yekaterina
Соловьёв Solovyov Solovyev Solovev Соловьев
Алексеев Alekseev Alekseyev Alexeev Aleksejev
Андрей Andrey Andrei Andrej
Илья Ilya Ilia Ilja
Хрущёв Khrushchev Khrushchyov
Артём Artem Artyom
O'Neil ONeil O’Neil
"""
DIFFERENT = "Иванов Иванова Петров Сидоров Маша Миша Саша Паша Даша Анна Инна Яна Юлия Юлиан Олег Ольга Кузнецов Смирнов Жанна Зина Шура Сура"


@pytest.mark.parametrize("spellings", SAME.strip().splitlines(), ids=lambda line: line.split()[0])
def test_spellings_of_a_name_meet(spellings: str):
    keys = {key_of(fold(word)): word for word in spellings.split()}
    assert len(keys) == 1, keys


def test_different_names_do_not():
    names = DIFFERENT.split()
    assert len({key_of(fold(name)) for name in names}) == len(names)


@pytest.mark.parametrize("spellings", SAME.strip().splitlines(), ids=lambda line: line.split()[0])
def test_a_name_is_found_while_it_is_being_typed(spellings: str):
    key = key_of(fold(spellings.split()[0]))
    for typed in {fold(spellings.split()[0]), fold(spellings.split()[1])}:
        known = [any(key.startswith(start) for start in beginnings_of(typed[:length])) for length in range(2, len(typed) + 1)]
        # Latin clusters (ya, shch) may need one more letter; nothing stays unfound for longer than that.
        assert all(here or after for here, after in zip(known, [*known[1:], True], strict=True)), typed
        assert known[-1]


@pytest.mark.parametrize(
    "one, other",
    [("сделки", "сделкой"), ("договоров", "договор"), ("поставка", "поставку"), ("contracts", "contract"), ("оплаченный", "оплаченного")],
)
def test_endings_do_not_matter(one: str, other: str):
    assert stem_of(one, False) == stem_of(other, False)


def test_a_surname_is_no_ending_of_a_name():
    assert stem_of("иванову", True) == stem_of("ивановой", True) == key_of("иванов") == stem_of("иванов", True)
    assert stem_of("иванов", True) != key_of("иван")


def test_the_other_keyboard_layout():
    assert other_layout("bdfyjd") == "иванов"
    assert other_layout("шмфт") == "ivan"
    assert other_layout("[fhbnjyjd") == "харитонов"
    assert other_layout("иванов 916") == "bdfyjd 916"
    assert other_layout("щерб") is None
    assert other_layout("шмфтюзуекщм") == "ivan.petrov"
    assert other_layout("ab") is None
    assert other_layout("Иван Smith") is None


def test_words_that_need_not_be_reduced_would_not_change():
    letters = "abcdefghijklmnopqrstuvwxyz0"
    longer = ("".join(w) for w in itertools.product("bcehijnorstuvy", repeat=4))
    for word in ("".join(w) for size in (1, 2, 3) for w in itertools.product(letters, repeat=size)):
        assert key_of.__wrapped__(word) == reduced(word)
    for word in itertools.chain(longer, ("alexander", "sander", "shtshi", "tschai", "ponder")):
        assert key_of.__wrapped__(word) == reduced(word)


def reduced(word: str) -> str:
    if not word.isdigit():
        for pattern, put in _REDUCTIONS:
            word = pattern.sub(put, word)
    return word


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_is_folded_like_any_other(text: str):
    assert fold(text) == _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())


@given(st.text(max_size=MAX_LENGTH))
def test_any_text_is_a_question_or_refused(text: str):
    try:
        question = read(text)
    except Invalid:
        return
    for terms in question.readings:
        for term in terms:
            for wanted in term.wanted:
                assert wanted.text[0] in "_."
                assert not set(wanted.text) & set("'\"\\ ()*:&|!<>\x00"), wanted


def test_too_much_is_refused():
    for text in ("а" * 10_000, "а б в г д е ж з и к л м н"):
        with pytest.raises(Invalid) as refused:
            read(text)
        assert refused.value.problems[0].path == "q"
