"""The way a deal goes."""

from __future__ import annotations

from datetime import timedelta

from crmkit import LOST, WON, Pipeline, Stage, _

from .entities import Deal

SALES = Pipeline(
    "sales",
    of=Deal,
    label=_("Sales", ru="Продажи"),
    stages=[
        Stage("new", label=_("New", ru="Новая"), rots_after=timedelta(days=2)),
        Stage("qualified", label=_("Qualified", ru="Квалификация"), rots_after=timedelta(days=7)),
        Stage("offer", label=_("Offer", ru="Предложение"), needs=["amount"], rots_after=timedelta(days=5)),
        Stage("negotiation", label=_("Negotiation", ru="Переговоры"), needs=["amount", "closes_on"], rots_after=timedelta(days=14)),
        Stage("won", label=_("Won", ru="Успех"), needs=["amount"], outcome=WON),
        Stage("lost", label=_("Lost", ru="Отказ"), needs=["lost_reason"], outcome=LOST),
    ],
    moves={
        "new": ["qualified", "offer", "lost"],
        "qualified": ["offer", "lost"],
        "offer": ["qualified", "negotiation", "won", "lost"],
        "negotiation": ["offer", "won", "lost"],
        "lost": ["new"],
    },
)
