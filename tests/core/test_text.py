"""Words in every language: a text is its English, carries its translations, and keeps them when it is filled in."""

from __future__ import annotations

import copy
import pickle

import hypothesis.strategies as some
import pytest
from hypothesis import given

from crmkit import Text, _
from crmkit.core.text import translate

DEAL = _("Deal", ru="Сделка")


def test_a_text_is_its_english_string():
    assert DEAL == "Deal"
    assert isinstance(DEAL, str)
    assert {"Deal": 1}[DEAL] == 1
    assert f"{DEAL}s" == "Deals"


@pytest.mark.parametrize(
    "language, word",
    [("ru", "Сделка"), ("ru-RU", "Сделка"), ("RU", "Сделка"), ("en", "Deal"), ("de", "Deal"), ("", "Deal")],
)
def test_other_languages_fall_back_to_english(language: str, word: str):
    assert DEAL.to(language) == word
    assert translate(DEAL, language) == word
    assert type(DEAL.to(language)) is str


def test_a_plain_string_has_one_language():
    assert translate("Deal", "ru") == "Deal"
    assert Text("Deal").to("ru") == "Deal"


def test_filling_in_keeps_the_translations_of_everything():
    moved = _("{what} moved to {stage}", ru="{what}: переход в {stage}").format(what=DEAL, stage=_("Won", ru="Успех"))
    assert moved == "Deal moved to Won"
    assert moved.to("ru") == "Сделка: переход в Успех"
    assert _("{} of {}", ru="{} из {}").format(1, DEAL).to("ru") == "1 из Сделка"


def test_filling_in_takes_conversions_and_formats():
    text = _("{name!r}: {amount:.2f}", ru="{name!r} — {amount:.2f}").format(name="x", amount=1)
    assert (text, text.to("ru")) == ("'x': 1.00", "'x' — 1.00")


def test_a_text_that_only_a_value_has_translations_of():
    """A template without Russian cannot become half Russian."""
    assert Text("{what} moved").format(what=DEAL).to("ru") == "Deal moved"


@given(english=some.text(), translations=some.dictionaries(some.sampled_from(["ru", "de", "kk"]), some.text()))
def test_texts_survive_copies_and_pickles(english: str, translations: dict[str, str]):
    text = Text(english, **translations)
    for same in (copy.copy(text), copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert (type(same), same, same.translations) == (Text, english, translations)
