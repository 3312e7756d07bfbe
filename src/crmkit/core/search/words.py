"""Words as search keeps and asks for them: one key for every spelling of a name, in either alphabet.

Libraries turn Cyrillic into Latin by one standard or another; none brings the spellings back together. So every word, in
whatever alphabet, becomes a *key*: Cyrillic by the table below (the passport order of ICAO Doc 9303, letter by letter), then
everything by the same few reductions. Щербаков, Shcherbakov, Scherbakov and Sherbakov all become ``sherbakov``.
"""

from __future__ import annotations

import functools
import re
import typing as t
import unicodedata

MAX_KEY = 40
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    # Ukrainian, Belarusian, Kazakh
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h",
}  # fmt: skip
_LATIN = {"š": "sh", "č": "ch", "ž": "zh", "ß": "ss", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"}
_LETTERS = str.maketrans(_CYRILLIC | _LATIN)
# What is written in more ways than one; in this order. Both alphabets go through it, so it need only be the same, not right.
_REDUCTIONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"schtsch|shtsh|shch", "sh"),               # щ: Shch, German Schtsch
        (r"tsch|tch", "ch"),                         # Tchaikovsky
        (r"sch", "sh"),
        (r"ph", "f"),
        (r"kh", "h"),                                # х: Khabarov, Habarov
        (r"th", "t"),
        (r"ck|q", "k"),
        (r"x", "ks"),                                # Alexander, Aleksandr
        (r"tz", "ts"),
        (r"c(?=[eiy])", "ts"),                       # Czech and Polish ц
        (r"c(?!h)", "k"),                            # Victor, Viktor
        (r"w", "v"),                                 # German в
        (r"[iyj]o", "e"),                            # ё: Fyodor, Fjodor, Semion
        (r"(?<![iyj])[iyj]e(?!$)|^[iyj]e", "e"),     # Yevgeny, Vasiliev
        (r"[iyj]+", "i"),                            # Yury, Juri, Iurii, Юрий
        (r"(?<=[bdlnrst])iu", "u"),                  # Lyudmila, Ludmila
        (r"nder", "ndr"),                            # Alexander, Александр
        (r"(.)\1+", r"\1"),                          # Anna, Ana; Kirill, Kiril
    )
)  # fmt: skip
_REDUCIBLE = re.compile(r"[chjqwxyz]|i[eiou]|nder|(.)\1")  # each of them needs one of these: most words need not be tried
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´]+(?=\w)")
_WORD = re.compile(r"[^\W_]+")
_NOT_TYPED = re.compile(r"[\[\];',`]")
_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_JCUKEN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_CYRILLIC = str.maketrans(_QWERTY + _QWERTY.upper() + '{}:"<>~', _JCUKEN * 2 + "хъжэбюё")
_TO_LATIN = str.maketrans(_JCUKEN + _JCUKEN.upper(), _QWERTY * 2)


def fold(text: str) -> str:
    """Return text without letter case and compatibility forms, ``ё`` as ``е``, apostrophes inside words dropped."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _APOSTROPHES.sub("", folded)


def words_of(folded: str) -> list[str]:
    """Return the words of folded text: runs of letters and digits, in any alphabet."""
    return _WORD.findall(folded)


@functools.lru_cache(maxsize=200_000)
def key_of(word: str) -> str:
    """Return the key of one folded word: the same for all ways to write a name."""
    if word.isdigit():
        return word[:MAX_KEY]
    key = word.translate(_LETTERS)
    if not key.isascii():  # á, ü: what is left of a letter without its marks
        key = "".join(c for c in unicodedata.normalize("NFKD", key) if not unicodedata.combining(c))
    if key.isdigit():
        return key[:MAX_KEY]
    if _REDUCIBLE.search(key):
        for pattern, put in _REDUCTIONS:
            key = pattern.sub(put, key)
    return key[:MAX_KEY]


def beginnings_of(word: str) -> tuple[str, ...]:
    """Return with what the keys of longer words may begin: a spelling that is typed half way reduces to something else."""
    key = key_of(word)
    found = {key: None}
    if len(word) > 1 and word.isascii() and word[-1] in "ckp":
        found[key_of(word + "h")] = None
    if len(key) > 2 and key.endswith("ie"):
        found[key[:-2] + "e"] = None
    elif len(key) > 2 and key.endswith("i"):
        found[key[:-1] + "e"] = None
    elif key.endswith("nde"):
        found[key[:-1] + "r"] = None
    return tuple(found)


@functools.lru_cache(maxsize=200_000)
def stem_of(word: str, name: bool) -> str:
    """Return the key of a word without its ending (сделки, сделкой: сделк), or its own key where it has none.

    In fields with people's names (`name`) -ов and -ев are no endings: Иванов is not several Ивана. English endings are not either.
    """
    cyrillic = "а" <= word[:1] <= "я"
    if not word.isalpha() or (name and (not cyrillic or word.endswith(("ов", "ев")))):
        return key_of(word)
    return key_of(_stemmer("russian" if cyrillic else "english").stemWord(word)) if cyrillic or word.isascii() else key_of(word)


@functools.cache
def _stemmer(language: str) -> t.Any:
    import snowballstemmer

    return snowballstemmer.stemmer(language)


def other_layout(text: str) -> str | None:
    """Return what was meant when the keyboard spoke the other language (``bdfyjd``: ``иванов``); None for mixed text."""
    letters = [c for c in text.casefold() if c.isalpha()]
    cyrillic = sum("а" <= c <= "я" or c == "ё" for c in letters)
    if len(letters) < 3 or (cyrillic and cyrillic < len(letters)) or not (cyrillic or all(c.isascii() for c in letters)):
        return None
    meant = text.translate(_TO_LATIN if cyrillic else _TO_CYRILLIC)
    if cyrillic and (_NOT_TYPED.search(meant) or any(len(word) < 3 for word in words_of(meant))):
        return None  # Russian after all: nobody means a name with brackets and semicolons in it
    return meant
