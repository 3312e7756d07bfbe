"""Addresses: the words of the street, and the numbers."""

from __future__ import annotations

import re

import attrs

from .text import latin

# One name for each kind of street and part of a house, English and Russian (in Latin letters). Kinds only tell little, so
# they are left out of the words that are compared.
_KINDS = """
street st str road rd avenue ave av drive dr lane ln court ct crescent cres cr place pl boulevard blvd bld circuit cct close cl
terrace tce way parade pde highway hwy square sq grove gr
ulitsa ul u prospekt prosp prkt prt pr pt pereulok per proezd shosse sh bulvar bul b naberezhnaya nab ploshchad pl tupik alleya
dom d korpus korp k stroenie stroen str s kvartira kv ofis of office apartment apt unit flat suite ste room
"""
_CITY = "gorod g poselok pos p selo s derevnya der oblast obl rayon r n krai kray respublika resp rossiya russia rf"
KINDS = frozenset((_KINDS + _CITY).split())
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_HYPHENED = re.compile(r"(?<=[a-z])-(?=[a-z]{1,4}\b)")


@attrs.frozen
class Place:
    """An address: words without kinds of streets, sorted out from numbers (both in order)."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def line(self) -> str:
        """The words, run together: spaces are what people mistype most."""
        return "".join(self.words)


def read_address(*values: str) -> Place | None:
    """Return the words and numbers of an address; ``ул. Ленина, д. 5`` and ``Lenina street 5`` become one. None when empty."""
    found: list[str] = []
    numbers: list[str] = []
    for value in values:
        for token in _TOKEN.findall(_HYPHENED.sub("", latin(value).replace("'", ""))):
            (numbers if token.isdigit() else found).append(token.lstrip("0") or "0" if token.isdigit() else token)
    kept = [w for w in found if w not in KINDS]
    kept = kept or found
    return Place(tuple(kept), tuple(numbers)) if kept or numbers else None
