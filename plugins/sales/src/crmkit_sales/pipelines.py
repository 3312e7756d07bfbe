"""The ways of inquiries, leads, deals and deal registrations."""

from __future__ import annotations

from datetime import timedelta

from crmkit import LOST, WON, Pipeline, Stage, _

from .entities import Deal, Inquiry, Lead, Registration

INQUIRIES = Pipeline(
    "inquiries",
    of=Inquiry,
    label=_("Inquiries", ru="Обращения"),
    stages=[
        Stage("new", label=_("New", ru="Новое"), rots_after=timedelta(days=1)),
        Stage("working", label=_("In work", ru="В работе"), rots_after=timedelta(days=3)),
        Stage("converted", label=_("Became a lead", ru="Стало лидом"), needs=["lead_id"], outcome=WON),
        Stage("attached", label=_("Joined a lead", ru="Присоединено к лиду"), needs=["lead_id"], outcome=WON),
        Stage("rejected", label=_("Rejected", ru="Отклонено"), needs=["lost_reason_id"], outcome=LOST),
        Stage("spam", label=_("Spam", ru="Спам"), outcome=LOST),
    ],
    moves={
        "new": ["working", "converted", "attached", "rejected", "spam"],
        "working": ["converted", "attached", "rejected", "spam"],
        "rejected": ["working"],
        "spam": ["new"],
    },
)

LEADS = Pipeline(
    "leads",
    of=Lead,
    label=_("Leads", ru="Лиды"),
    stages=[
        Stage("new", label=_("New", ru="Новый"), rots_after=timedelta(days=1)),
        Stage("working", label=_("In work", ru="В работе"), rots_after=timedelta(days=7)),
        Stage("qualified", label=_("Qualified", ru="Квалифицирован"), rots_after=timedelta(days=7)),
        Stage("converted", label=_("Became a deal", ru="Стал сделкой"), needs=["deal_id"], outcome=WON),
        Stage("lost", label=_("Lost", ru="Отказ"), needs=["lost_reason_id"], outcome=LOST),
    ],
    moves={
        "new": ["working", "qualified", "converted", "lost"],
        "working": ["qualified", "converted", "lost"],
        "qualified": ["working", "converted", "lost"],
        "lost": ["working"],
    },
)

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
        Stage("lost", label=_("Lost", ru="Отказ"), needs=["lost_reason_id"], outcome=LOST),
    ],
    moves={
        "new": ["qualified", "offer", "lost"],
        "qualified": ["offer", "lost"],
        "offer": ["qualified", "negotiation", "won", "lost"],
        "negotiation": ["offer", "won", "lost"],
        "lost": ["new"],
    },
)

REGISTRATIONS = Pipeline(
    "registrations",
    of=Registration,
    label=_("Deal registrations", ru="Регистрации сделок"),
    stages=[
        Stage("requested", label=_("Requested", ru="Запрошена"), rots_after=timedelta(days=3)),
        Stage("review", label=_("To review", ru="На рассмотрении"), rots_after=timedelta(days=3)),
        Stage("approved", label=_("Approved", ru="Одобрена")),
        Stage("refused", label=_("Refused", ru="Отказано"), needs=["refused_why"], outcome=LOST),
        Stage("expired", label=_("Expired", ru="Истекла"), outcome=LOST),
        Stage("won", label=_("Deal won", ru="Сделка выиграна"), outcome=WON),
    ],
    moves={
        "requested": ["review", "approved", "refused"],
        "review": ["approved", "refused"],
        "approved": ["expired", "won", "refused"],
    },
)
