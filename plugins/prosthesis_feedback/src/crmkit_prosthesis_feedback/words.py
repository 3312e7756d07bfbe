"""Texts an integrator writes: one, or one for each language."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit import Text

Words = dict[str, str] | str


def text_of(words: Mapping[str, str] | str) -> Text:
    """Return ``"Repair"`` or ``{"en": "Repair", "ru": "Ремонт"}`` as a text; the first language there is stands for a missing English."""
    if isinstance(words, str):
        return words if isinstance(words, Text) else Text(words)
    english = words.get("en") or next(iter(words.values()), "")
    return Text(english, **{language: said for language, said in words.items() if language != "en"})
