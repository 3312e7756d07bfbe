"""What is found, the same on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Invalid, Misuse
from crmkit.core.ledger import journal
from crmkit.core.tables import search as documents
from crmkit.core.undo import undo
from tests.core.search.world import ANYBODY, Contract, Member, Number, Person, found


def people(crm: Crm, *names: str, **values: object) -> list[int]:
    with crm.uow() as uow:
        made = [uow.add(Person(name=name, **values)) for name in names]  # type: ignore[arg-type]
    return [person.id for person in made]


# ---- words ---------------------------------------------------------------------------------------------------------
WRITTEN = ["щербаков", "ЩЕРБ", "Shcherbakov", "scherbakov", "ivan sherb", "Иван Щербаков", "иваном щербаковым", "oth,frjd", "oth,"]


@pytest.mark.parametrize("asked", WRITTEN)
def test_a_person_is_found_however_the_name_is_written(crm: Crm, asked: str):
    people(crm, "Щербаков Иван Петрович", "Иванов Пётр", "Петров Игорь")
    assert found(crm, asked) == ["Щербаков Иван Петрович"]


def test_the_wrong_layout(crm: Crm):
    people(crm, "Иванов Харитон", "John Smith")
    assert found(crm, "bdfyjd") == ["Иванов Харитон"]
    assert found(crm, "[fhb") == ["Иванов Харитон"]
    assert found(crm, "ыьшер") == ["John Smith"]


def test_latin_names_answer_russian_questions(crm: Crm):
    people(crm, "Yury Scherbakov", "John Smith")
    for asked in ("юрий", "Щербаков Юрий", "юри щер", "juri"):
        assert found(crm, asked) == ["Yury Scherbakov"]


def test_all_words_must_be_found(crm: Crm):
    people(crm, "Анна Белова", "Анна Чернова", "Ольга Белова")
    assert found(crm, "анна бел") == ["Анна Белова"]
    assert found(crm, "белова анна олег") == []


def test_whole_words_come_first_then_what_changed_last(crm: Crm):
    ids = people(crm, "Ли Анна", "Лидия Ким", "Лиза Пак")
    assert found(crm, "ли") == ["Ли Анна", "Лиза Пак", "Лидия Ким"]
    crm.clock.forward(hours=1)  # type: ignore[attr-defined]
    with crm.uow() as uow:
        uow.get(Person, ids[1]).city = "Пермь"
    assert found(crm, "ли") == ["Ли Анна", "Лидия Ким", "Лиза Пак"]
    assert found(crm, "ли", limit=2) == ["Ли Анна", "Лидия Ким"]


def test_inflected_words(crm: Crm):
    with crm.uow() as uow:
        for title in ("Поставка окон", "Договоры на доставку", "Service contracts", "Окраска"):
            uow.add(Contract(title=title))
    assert found(crm, "поставки окна") == []  # окна and окон share no stem: no dictionary here
    assert found(crm, "поставку") == ["Поставка окон"]
    assert found(crm, "договор доставка") == ["Договоры на доставку"]
    assert found(crm, "contract") == ["Service contracts"]
    assert found(crm, "иванов") == []


def test_a_surname_does_not_find_the_first_name(crm: Crm):
    people(crm, "Иван Петров", "Иванов Пётр", "Иванова Анна")
    assert sorted(found(crm, "Иванов")) == ["Иванов Пётр", "Иванова Анна"]
    assert sorted(found(crm, "Ивановой")) == ["Иванов Пётр", "Иванова Анна"]


# ---- numbers and addresses -----------------------------------------------------------------------------------------
PARTS = ["+79161234567", "8 (916) 123-45-67", "8916", "+7 916", "916", "123-45-67", "4567", "1234567", "916 123", "91612"]


@pytest.mark.parametrize("asked", PARTS)
@pytest.mark.parametrize("stored", ["+79161234567", "89161234567", "9161234567"])
def test_any_part_of_a_telephone_number(crm: Crm, stored: str, asked: str):
    people(crm, "Анна", phone=stored)
    people(crm, "Олег", phone="+74952223344")
    assert found(crm, asked) == ["Анна"]


def test_names_and_numbers_together(crm: Crm):
    people(crm, "Иванова Анна", "Петрова Анна", phone="+79161234567")
    people(crm, "Иванов Олег", phone="+74952223344")
    assert found(crm, "ива 916") == ["Иванова Анна"]
    assert found(crm, "ива 495 222") == ["Иванов Олег"]
    assert found(crm, "45") == []  # two digits are no part of a number


def test_addresses_whole_and_by_parts(crm: Crm):
    people(crm, "Анна", email="anna.belova@mail.example.ru")
    people(crm, "Олег", email="oleg@mail.example.ru")
    for asked in ("anna.belova@mail.example.ru", "anna.belova@ma", "belova@mail", "belova", "белова", "mail anna"):
        assert found(crm, asked) == ["Анна"], asked
    assert len(found(crm, "mail.example")) == 2


# ---- what is kept in step --------------------------------------------------------------------------------------------
def test_changes_are_found_at_once_and_what_was_is_not(crm: Crm):
    (key,) = people(crm, "Анна Белова")
    with crm.uow() as uow:
        person = uow.get(Person, key)
        person.name = "Анна Чернова"
        assert [h.title for h in uow.search("чернова")] == []  # written when it settles
        uow.settle()
        assert [h.title for h in uow.search("чернова")] == ["Анна Чернова"]
    assert found(crm, "белова") == []
    assert found(crm, "чернова") == ["Анна Чернова"]


def test_nothing_is_written_when_no_search_field_changed(crm: Crm):
    (key,) = people(crm, "Анна Белова")
    with crm.uow() as uow:
        uow.get(Person, key).city = "Пермь"
        uow.settle()
        assert uow.ledger.search == []
        uow.get(Person, key).city = "Омск"
        uow.flush()
        uow.settling.gathered.tell(uow)
        assert uow.ledger.search == []


def test_a_rolled_back_record_is_not_found(crm: Crm):
    def fail() -> None:
        with crm.uow() as uow:
            uow.add(Person(name="Анна Белова"))
            uow.settle()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert found(crm, "анна") == []


def test_archived_records_when_asked_for(crm: Crm):
    one, two = people(crm, "Анна Белова", "Анна Чернова")
    with crm.uow() as uow:
        uow.archive(uow.get(Person, one))
    assert found(crm, "анна") == ["Анна Чернова"]
    assert found(crm, "анна", archived=True) == ["Анна Белова"]
    with crm.read() as uow:
        assert {h.id: h.archived for h in uow.search("анна", archived=None)} == {one: True, two: False}
    with crm.uow() as uow:
        uow.restore(uow.get(Person, one))
    assert len(found(crm, "анна")) == 2


def test_many_at_once(crm: Crm):
    with crm.uow() as uow:
        uow.add_many(Person, [{"name": f"Клиент {n}", "phone": f"+7916000{n:04}"} for n in range(500)])
    assert found(crm, "клиент 0123") == ["Клиент 123"]
    with crm.uow() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(documents)).scalar_one() == 500


def test_fields_of_another_plugin_s_extension(crm: Crm):
    with crm.uow() as uow:
        anna = uow.add(Person(name="Анна"))
        anna.attach(Member(card="A-777333", nick="Белка"))
        uow.add(Person(name="Олег"))
    assert found(crm, "белка") == ["Анна"]
    assert found(crm, "анн 7333") == ["Анна"]
    with crm.uow() as uow:  # the extension is not loaded, and must not be lost
        uow.get(Person, anna.id).name = "Анастасия"
    assert found(crm, "белка анаст") == ["Анастасия"]
    with crm.uow() as uow:
        uow.get(Person, anna.id)[Member].nick = "Стрелка"
    assert found(crm, "стрелка анаст") == ["Анастасия"]
    assert found(crm, "белка") == []
    with crm.uow() as uow:
        oleg = uow.find(Person).where(Person.name == "Олег").one()
        oleg.attach(Member(nick="Ёж"))
    assert found(crm, "еж") == ["Олег"]


# ---- parts -----------------------------------------------------------------------------------------------------------
def test_a_part_is_found_as_its_whole(crm: Crm):
    one, _two = people(crm, "Анна Белова", "Анна Чернова")
    with crm.uow() as uow:
        number = uow.add(Number(person_id=one, value="+79161234567"))
    with crm.read(ANYBODY) as uow:
        (hit,) = uow.search("916123")
        assert (hit.kind, hit.id, hit.title) == ("people.person", one, "Анна Белова")
        assert [(m.kind, m.id, m.field, m.value) for m in hit.matched] == [("people.number", number.id, "value", "+79161234567")]
        (hit,) = uow.search("анна 4567")
        assert {(m.field, m.kind) for m in hit.matched} == {("name", None), ("value", "people.number")}
        assert uow.search("чернова 4567") == []
    with crm.uow() as uow:
        uow.archive(uow.get(Number, number.id))
    assert found(crm, "анна 4567") == []


def test_a_part_follows_to_another_whole(crm: Crm):
    one, two = people(crm, "Анна Белова", "Анна Чернова")
    with crm.uow() as uow:
        number = uow.add(Number(person_id=one, value="+79161234567"))
    with crm.uow() as uow:
        uow.get(Number, number.id).person_id = two
    assert found(crm, "анна 4567") == ["Анна Чернова"]


# ---- what is shown ---------------------------------------------------------------------------------------------------
def test_hits_say_what_matched(crm: Crm):
    people(crm, "Анна Белова", phone="+79161234567", email="white@example.ru")
    with crm.read(ANYBODY) as uow:
        (hit,) = uow.search("анна 4567")
        assert hit.kind == "people.person"
        assert [(m.field, m.value) for m in hit.matched] == [("name", "Анна Белова"), ("phone", "+79161234567")]


def test_kinds_narrow_the_question(crm: Crm):
    people(crm, "Окна Анна")
    with crm.uow() as uow:
        uow.add(Contract(title="Окна"))
    assert sorted(found(crm, "окна")) == ["Окна", "Окна Анна"]
    assert found(crm, "окна", kinds=[Contract]) == ["Окна"]
    assert found(crm, "окна", kinds=["people.person"]) == ["Окна Анна"]
    with pytest.raises(Misuse):
        found(crm, "окна", kinds=["people.cat"])


# ---- hostile input ---------------------------------------------------------------------------------------------------
HOSTILE = [
    "", " ", "'", '"', "';--", "a' OR 1=1", "* OR *", "NEAR(a b)", "name: анна", "^анна", "-анна", "(", "a & !b", "a:*", "\\", "\x00", "\ud800",
    "анна\x00белова", "%", "_", "...", "AND", "OR NOT", "👍", "\u202e", "А" * 200, "@", "a@", "@@@", "+", "++7", "0" * 200, "ǅ ﬃ ½ Ⅷ ²",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_questions_find_nothing_and_break_nothing(crm: Crm, text: str):
    people(crm, "Анна Белова", phone="+79161234567")
    assert found(crm, text) == (["Анна Белова"] if text in ("^анна", "-анна", "анна\x00белова") else [])


def test_hostile_words_are_stored_too(crm: Crm):
    texts = [t.replace("\x00", "") for t in HOSTILE if t not in ("\ud800",)]
    people(crm, *(f"{t} конец" for t in texts))
    assert len(found(crm, "конец", limit=200)) == len(texts)


def test_limits(crm: Crm):
    for limit in (0, 201, -1):
        with pytest.raises(Invalid):
            found(crm, "анна", limit=limit)
    with pytest.raises(Invalid):
        found(crm, "а" * 10_000)


def test_a_search_is_few_statements(crm: Crm):
    people(crm, *(f"Анна {n}" for n in range(30)))
    with crm.uow() as uow:
        for n in range(30):
            uow.add(Contract(title=f"Анна {n}"))
    said: list[str] = []
    sa.event.listen(crm.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    assert len(found(crm, "анна", limit=50)) == 50
    assert sum("SELECT" in s.upper() for s in said) == 4  # the search; people, their numbers and contracts


def test_nobody_finds_nothing(crm: Crm):
    people(crm, "Анна")
    assert found(crm, "анна", Actor(5, "X", ("nobody",))) == []




def last(crm: Crm) -> int:
    with crm.read() as uow:
        tx: int = uow.connection.execute(sa.select(sa.func.max(journal.c.tx))).scalar_one()
    return tx


def test_what_is_undone_is_found_as_it_was(crm: Crm):
    with crm.uow() as uow:
        anna = uow.add(Person(name="Анна Белова"))
        anna.attach(Member(nick="Белка"))
    with crm.uow() as uow:
        uow.get(Person, anna.id).name = "Анна Чернова"
    changed = last(crm)
    with crm.uow() as uow:
        uow.get(Person, anna.id)[Member].nick = "Стрелка"
    renamed = last(crm)
    with crm.uow() as uow:
        undo(uow, tx=renamed)
    assert found(crm, "белка чернова") == ["Анна Чернова"]
    with crm.uow() as uow:
        undo(uow, tx=changed)
    assert found(crm, "белка белова") == ["Анна Белова"]
    assert found(crm, "чернова") == found(crm, "стрелка") == []


def test_what_was_added_and_undone_is_not_found_until_that_is_undone(crm: Crm):
    with crm.uow() as uow:
        uow.add_many(Person, [{"name": f"Клиент {n}"} for n in range(5)])
    added = last(crm)
    with crm.uow() as uow:
        undo(uow, tx=added)
    assert found(crm, "клиент") == []
    with crm.uow() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(documents)).scalar_one() == 0
    gone = last(crm)
    with crm.uow() as uow:
        undo(uow, tx=gone)
    assert len(found(crm, "клиент")) == 5
