"""Names of companies without what the law adds to them."""

from __future__ import annotations

import re

from .text import latin

# In Latin letters, as `latin` makes them: ООО is ooo, АО is ao.
_FORMS = """
ooo oao zao pao ao ip npao nao tov too odo chup fgup gup mup ano nko kfh tsn snt
llc inc ltd corp co plc llp lp gmbh ag kg sa sarl sas srl spa bv nv ab oy oyj as aps pty pte kk limited incorporated corporation company
"""
FORMS = frozenset(_FORMS.split())
LONG = (
    "obshchestvo s ogranichennoy otvetstvennostyu", "publichnoe aktsionernoe obshchestvo", "zakrytoe aktsionernoe obshchestvo",
    "otkrytoe aktsionernoe obshchestvo", "aktsionernoe obshchestvo", "individualnyy predprinimatel",
)  # fmt: skip
_NOT_WORD = re.compile(r"[^\w&+]+")


def company_name(value: str) -> str:
    """Return a company's own name: ``ООО «Ромашка»`` and ``Romashka, LLC`` become one."""
    text = latin(value).replace("&", " and ")
    for form in LONG:
        text = text.replace(form, " ")
    dotted = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", text)  # l.l.c
    words = _NOT_WORD.sub(" ", dotted).split()
    kept = [w for w in words if w not in FORMS]
    return " ".join(kept or words)
