"""Letters: case, accents, Cyrillic in Latin letters, and one spelling for what sounds the same."""

from __future__ import annotations

import functools
import re
import unicodedata

CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "і": "i", "ї": "yi", "є": "ye",
    "ґ": "g", "ў": "u",
}  # fmt: skip
# Latin letters that look like Cyrillic ones: typed with the wrong keyboard in the middle of a Russian word.
LOOKALIKES = str.maketrans("acekopxytmbhACEKOPXYTMBH", "асекорхутмвнасекорхутмвн")
TO_LATIN = str.maketrans(CYRILLIC)
_CYRILLIC = re.compile("[а-яёіїєґў]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_MIXED = re.compile(r"[^\W\d_]+")
# What the ways of writing Russian in Latin letters, and the spelling of English, disagree about.
_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("shch|sch|sh", "s"), ("tch|ch|cz", "c"), ("zh", "z"), ("kh", "h"), ("ph", "f"), ("ck|q", "k"), ("tz|ts", "c"), ("ks", "x"),
        ("w", "v"), ("gh", "g"), ("(?<=[a-z])th", "t"), ("[iyj]+(?=[aeou])", ""), ("[iyj]+", "i"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


def fold(value: object) -> str:
    """Return text in lower case with single spaces, without accents; ``ё`` is ``е``."""
    text = unicodedata.normalize("NFC", str(value)).casefold().replace("ё", "е")
    return " ".join(text.split())


@functools.lru_cache(maxsize=100_000)
def latin(value: str) -> str:
    """Return text in plain Latin letters: ``Ёлкин`` and ``Elkin`` become one."""
    text = fold(value)
    if _CYRILLIC.search(text):
        if _LATIN.search(text):
            text = _MIXED.sub(lambda m: m[0].translate(LOOKALIKES) if _CYRILLIC.search(m[0]) else m[0], text)
        text = text.translate(TO_LATIN)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text


@functools.lru_cache(maxsize=100_000)
def sound(value: str) -> str:
    """Return how a word sounds, roughly: the same for ``Юлия``, ``Yuliya`` and ``Julia``."""
    text = re.sub(r"\W+", "", latin(value))
    for pattern, to in _SOUNDS:
        text = pattern.sub(to, text)
    return text


def words(value: object) -> list[str]:
    """Return the words and numbers of a text in Latin letters."""
    return _WORD.findall(latin(str(value)))
