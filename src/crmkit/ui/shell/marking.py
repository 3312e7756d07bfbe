"""What was looked for, marked in what was found: names in either alphabet and numbers however they are written."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from ...core.search.words import fold, key_of, other_layout, stem_of, words_of

WORD = re.compile(r"[^\W_]+")
FEWEST_DIGITS = 3


class Marking:
    """Marks the words of one question in texts: ``marking.html("Иванов Пётр")``."""

    def __init__(self, question: str) -> None:
        readings = [words_of(fold(text)) for text in (question, other_layout(question)) if text]
        self.readings = [[key for word in words if (key := key_of(word))] for words in readings]
        self.typed = [word for words in readings for word in words]
        self.keys = tuple(dict.fromkeys(key for keys in self.readings for key in keys))
        self.stems = frozenset(stem_of(word, False) for word in self.typed) - {""}
        digits = "".join(c for c in question if c.isdigit())
        self.digits = digits if len(digits) >= FEWEST_DIGITS and not any(c.isalpha() for c in question) else ""

    def html(self, text: str) -> Markup:
        """Return a text as HTML, with what was looked for in it marked."""
        spans = self._numbers(text) or [(m.start(), m.start() + self._length(m.group())) for m in WORD.finditer(text) if self._meant(m.group())]
        made, at = Markup(""), 0
        for start, end in spans:
            made += escape(text[at:start]) + Markup("<mark>%s</mark>") % text[start:end]
            at = end
        return made + escape(text[at:])

    def meets(self, *texts: str) -> bool:
        """True when every word that was asked for begins a word of one of the texts: for names of pages and commands."""
        known = [[key_of(word) for word in words_of(fold(text))] for text in texts]
        return any(all(any(word.startswith(key) for word in words) for key in keys) for words in known for keys in self.readings if keys)

    def _meant(self, word: str) -> bool:
        folded = fold(word)
        key = key_of(folded)
        return bool(key) and (any(key.startswith(asked) for asked in self.keys) or stem_of(folded, False) in self.stems)

    def _length(self, word: str) -> int:
        """Return how much of a word is marked: as many letters as were typed, all of it where it is written otherwise."""
        folded = fold(word)
        typed = [len(asked) for asked in self.typed if folded.startswith(asked)]
        return max(typed) if typed and len(folded) == len(word) else len(word)

    def _numbers(self, text: str) -> list[tuple[int, int]]:
        places = [place for place, c in enumerate(text) if c.isdigit()]
        at = "".join(text[p] for p in places).find(self.digits) if self.digits else -1
        return [(places[at], places[at + len(self.digits) - 1] + 1)] if at >= 0 else []
