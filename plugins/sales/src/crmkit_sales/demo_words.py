"""Names, places and goods for the demo. Everybody is made up.

Telephone numbers are ones nobody has: +7 000 (Russia has no such area code), +44 20 7946 0… (set aside for drama by
Ofcom) and +1 202 555 01… (set aside for fiction by the North American Numbering Plan). Mail and web addresses end in
`.example`, which RFC 2606 keeps free; tax numbers begin with 00, a region that does not exist, and have right check digits.
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Place:
    """One half of the demo: everything that is said in one language."""

    cities: tuple[str, ...]
    firms: tuple[tuple[str, str], ...]
    first_names: tuple[tuple[str, str], ...]
    last_names: tuple[tuple[str, str], ...]
    positions: tuple[str, ...]
    goods: tuple[tuple[str, int, int], ...]
    title: str
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    phones: tuple[str, ...]
    country: str
    patronymics: tuple[str, ...]
    asks: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    rejections: tuple[str, ...]
    competitors: tuple[str, ...]
    dealers: tuple[tuple[str, str, int], ...]
    extras: tuple[tuple[str, int], ...]
    shop: str


RUSSIAN = Place(
    cities=("Москва", "Санкт-Петербург", "Казань", "Пермь", "Екатеринбург", "Новосибирск", "Самара", "Воронеж", "Уфа"),
    firms=(
        ("ООО «Ромашка»", "romashka"),
        ("ООО «Северный ветер»", "severveter"),
        ("АО «Полёт»", "polet"),
        ("ИП Кузнецова А. В.", "kuznetsova"),
        ("ООО «Тёплый дом»", "tepdom"),
        ("ООО «Берёзовая роща»", "roscha"),
        ("АО «Уральский станок»", "uralstanok"),
        ("ООО «Вкусный хлеб»", "vkushleb"),
        ("ООО «Лесной квартал»", "leskvartal"),
        ("ООО «Маяк-Сервис»", "mayak"),
        ("Стоматология «Жемчуг»", "zhemchug"),
        ("Школа «Эрудит»", "erudit"),
        ("ООО «Волжский причал»", "prichal"),
        ("Гостиница «Каштан»", "kashtan"),
        ("ООО «Точный размер»", "tochno"),
    ),
    first_names=(
        ("Анна", "anna"),
        ("Ольга", "olga"),
        ("Мария", "maria"),
        ("Екатерина", "ekaterina"),
        ("Алина", "alina"),
        ("Иван", "ivan"),
        ("Дмитрий", "dmitry"),
        ("Сергей", "sergey"),
        ("Тимур", "timur"),
        ("Павел", "pavel"),
    ),
    # Russian surnames have a gender; these have the same form for both.
    last_names=(
        ("Шевченко", "shevchenko"),
        ("Черных", "chernykh"),
        ("Белых", "belykh"),
        ("Коваль", "koval"),
        ("Гончар", "gonchar"),
        ("Мельник", "melnik"),
        ("Седых", "sedykh"),
        ("Ткач", "tkach"),
        ("Бондарь", "bondar"),
        ("Дурново", "durnovo"),
    ),
    positions=("Директор", "Главный бухгалтер", "Начальник отдела закупок", "Офис-менеджер", "Технический директор"),
    goods=(
        ("Офисная мебель", 90, 900),
        ("Ремонт кровли", 200, 2500),
        ("Обслуживание компьютеров", 30, 240),
        ("Вывеска и фасад", 40, 350),
        ("Обучение сотрудников", 25, 180),
        ("Поставка кофе на год", 15, 120),
        ("Видеонаблюдение", 60, 600),
        ("Сайт и реклама", 50, 450),
        ("Спецодежда", 20, 300),
    ),
    title="{goods} — {firm}",
    reasons=("Дорого", "Выбрали другого поставщика", "Отложили на следующий год", "Не вышли на связь", "Нет бюджета"),
    steps=(
        "Отправить коммерческое предложение",
        "Уточнить сроки",
        "Согласовать договор",
        "Назначить встречу",
        "Перезвонить",
    ),
    phones=("+7 000 {a:03}-{b:02}-{c:02}",),
    country="RU",
    patronymics=("", "", "Петровна|Петрович", "Андреевна|Андреевич", "Олеговна|Олегович"),
    asks=(
        "Сколько стоит {goods}?",
        "Интересует {goods}, перезвоните, пожалуйста",
        "Нужна смета: {goods}",
        "Хотим сравнить цены на {goods}",
        "Когда можно приехать посмотреть?",
    ),
    sources=(
        ("Яндекс Директ", "yandex"),
        ("Рекомендация", "friends"),
        ("Выставка в Перми", "expo-perm"),
        ("Листовка", "leaflet"),
        ("ВКонтакте", "vk"),
    ),
    rejections=("Не по адресу", "Ошиблись номером"),
    competitors=("ООО «Быстрый старт»", "ООО «Две сосны»"),
    dealers=(("Дилер «Прикамье»", "Пермь", 4), ("Дилер «Чусовая»", "Чусовой", 5), ("Дилер «Нева»", "Санкт-Петербург", 6)),
    extras=(("Доставка", 3500), ("Монтаж", 12000), ("Гарантия на второй год", 6000)),
    shop="Салон на улице {street}",
)

ENGLISH = Place(
    cities=("London", "Manchester", "Bristol", "Leeds", "Boston", "Denver", "Seattle", "Austin"),
    firms=(
        ("Northgate Dental", "northgate"),
        ("Maple & Sons", "maple"),
        ("Harbour View Hotel", "harbourview"),
        ("Blue Kettle Café", "bluekettle"),
        ("Brightside School", "brightside"),
        ("Oakfield Farms", "oakfield"),
        ("Ridge Street Gym", "ridgestreet"),
        ("Silver Birch Homes", "silverbirch"),
        ("Longstaff Logistics", "longstaff"),
        ("Puddle Lane Bakery", "puddlelane"),
    ),
    first_names=(
        ("Emma", "emma"),
        ("Olivia", "olivia"),
        ("Grace", "grace"),
        ("Priya", "priya"),
        ("James", "james"),
        ("Daniel", "daniel"),
        ("Thomas", "thomas"),
        ("Marcus", "marcus"),
    ),
    last_names=(
        ("Whitfield", "whitfield"),
        ("Carter", "carter"),
        ("Nowak", "nowak"),
        ("Osborne", "osborne"),
        ("Patel", "patel"),
        ("Reid", "reid"),
        ("Hughes", "hughes"),
        ("Lindqvist", "lindqvist"),
    ),
    positions=("Owner", "Office manager", "Head of purchasing", "Finance director", "Practice manager"),
    goods=(
        ("Office furniture", 80, 950),
        ("Roof repair", 250, 2800),
        ("IT support", 40, 300),
        ("Shop front sign", 45, 380),
        ("Staff training", 30, 220),
        ("Coffee for a year", 20, 150),
        ("Security cameras", 70, 700),
        ("Website", 60, 520),
    ),
    title="{goods} — {firm}",
    reasons=("Too expensive", "Chose another supplier", "Put off until next year", "Never answered", "No budget"),
    steps=("Send the offer", "Ask about the delivery date", "Agree on the contract", "Arrange a meeting", "Call back"),
    phones=("+44 20 7946 0{a:03}", "+1 202 555 01{b:02}"),
    country="GB",
    patronymics=("",),
    asks=("How much is {goods}?", "Please call me about {goods}", "We need a quote: {goods}", "When can we come and see it?"),
    sources=(("Google Ads", "google"), ("Word of mouth", "word"), ("Trade fair", "fair")),
    rejections=("Wrong number", "Not our business"),
    competitors=("Quickstart Ltd", "Two Pines"),
    dealers=(("Thames Trading", "London", 7), ("Severn Supplies", "Bristol", 8)),
    extras=(("Delivery", 350), ("Installation", 1200), ("Second year of warranty", 600)),
    shop="Showroom in {street}",
)

PLACES = (RUSSIAN, ENGLISH)
STREETS = ("Ленина", "Мира", "Садовая")

# Who sells: team 1 leads teams 2 (Russian) and 3 (English).
SELLERS: tuple[tuple[int, str, int], ...] = (
    (1, "Вера Соколова", 1),
    (2, "Илья Громов", 2),
    (3, "Юлия Зимина", 2),
    (4, "Артём Лунин", 2),
    (5, "Kate Morris", 3),
    (6, "Owen Blake", 3),
)
