"""What Russians are called by those who know them. English short names come from the `nicknames` package."""

from __future__ import annotations

import functools

from .text import sound

# Full name: short names. Kept to what is in everyday use; a short name may stand under several full ones.
RUSSIAN = """
Александр: Саша Шура Саня Санёк Алекс Шурик
Александра: Саша Шура Саня Аля
Алексей: Лёша Алёша Лёха
Анастасия: Настя Стася Ася Настёна
Анатолий: Толя Толик
Андрей: Андрюша Дрон
Анна: Аня Нюра Анюта Нюта Аннушка
Антон: Тоша Антоша
Антонина: Тоня
Аркадий: Аркаша
Артём: Тёма Артемий
Богдан: Бодя
Борис: Боря
Вадим: Вадик Дима
Валентин: Валя
Валентина: Валя
Валерий: Валера
Валерия: Лера Валера
Варвара: Варя
Василий: Вася
Вера: Верочка
Вероника: Ника Вера
Виктор: Витя
Виктория: Вика
Виталий: Виталик Виталя
Владимир: Вова Володя Вовка
Владислав: Влад Владик Слава
Всеволод: Сева
Вячеслав: Слава
Галина: Галя
Геннадий: Гена
Георгий: Гоша Жора Гога Юрий
Григорий: Гриша
Дарья: Даша
Даниил: Даня Данила Данил
Денис: Дэн Дениска
Диана: Дина
Дмитрий: Дима Митя Димон
Евгений: Женя
Евгения: Женя
Екатерина: Катя Катюша Катерина
Елена: Лена Алёна Леночка
Елизавета: Лиза
Зинаида: Зина
Зоя: Зоенька
Иван: Ваня
Игорь: Гоша Игорёк
Илья: Илюша
Инна: Инночка
Иннокентий: Кеша
Ирина: Ира Ирочка
Кирилл: Киря Кирюша
Клавдия: Клава
Константин: Костя
Ксения: Ксюша Оксана
Лариса: Лара
Лев: Лёва
Леонид: Лёня
Лидия: Лида
Любовь: Люба
Людмила: Люда Мила Люся
Максим: Макс
Маргарита: Рита Марго
Марина: Мариша
Мария: Маша Маруся Маня Марья
Матвей: Мотя
Михаил: Миша
Надежда: Надя
Наталья: Наташа Ната Наталия
Никита: Никитос
Николай: Коля Ник
Нина: Ниночка
Оксана: Ксюша
Олег: Олежка
Ольга: Оля Лёля
Павел: Паша
Пётр: Петя
Полина: Поля
Раиса: Рая
Роман: Рома
Руслан: Рус
Светлана: Света Лана
Семён: Сёма Сеня
Сергей: Серёжа Серж Серёга
София: Соня Софья
Станислав: Стас Слава
Степан: Стёпа
Таисия: Тая
Тамара: Тома
Татьяна: Таня
Тимофей: Тима Тимоша
Тимур: Тима
Ульяна: Уля
Фёдор: Федя
Эдуард: Эдик
Эльвира: Эля
Юлия: Юля
Юрий: Юра
Яков: Яша
Яна: Яночка
Ярослав: Слава Ярик
""".strip()
# Names of one origin in different languages, both as the full form.
COGNATES = (
    "alexander aleksandr", "peter petr", "michael mikhail", "paul pavel", "andrew andrey", "catherine ekaterina", "helen elena",
    "eugene evgeny", "nicholas nikolay", "anthony anton", "gregory grigory", "basil vasily", "daniel daniil", "natalie natalya",
    "mary maria", "sophia sofia", "george georgy", "maxim maksim",
)  # fmt: skip


@functools.cache
def _russian() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in RUSSIAN.splitlines():
        full, _colon, short = line.partition(": ")
        for name in (full, *short.split()):
            found.setdefault(sound(name), set()).add(sound(full))
    for pair in COGNATES:
        first, second = map(sound, pair.split())
        found.setdefault(first, {first}).add(second)
    return {name: frozenset(full) for name, full in found.items()}


@functools.cache
def _english() -> dict[str, frozenset[str]]:
    from nicknames import NickNamer

    namer = NickNamer()
    full = dict.fromkeys(namer.nickname_lookup, frozenset[str]())
    return full | {short: frozenset(map(sound, names)) for short, names in namer.canonical_lookup.items()}


@functools.lru_cache(maxsize=50_000)
def full_names(given: str) -> frozenset[str]:
    """Return how the full names sound that a given name (in Latin letters) may stand for, itself among them."""
    own = sound(given)
    return frozenset({own}) | _russian().get(own, frozenset()) | _english().get(given, frozenset())


def is_given(name: str) -> bool:
    """True for a given name of the tables (in Latin letters)."""
    return sound(name) in _russian() or name in _english()
