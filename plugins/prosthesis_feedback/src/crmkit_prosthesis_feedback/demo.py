"""People who wear prostheses, for the demo: deals handed over in the last two years, calls, answers and incidents since."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import heapq
import random as chance
import typing as t
from collections.abc import Mapping, Sequence

import attrs
from dateutil.relativedelta import relativedelta

from crmkit import Actor, Crm, Uow, hookimpl
from crmkit_sales import SALES, Contact, Deal, DealLine

from .calling import align, astray
from .cards import replan
from .collecting import asked_of, collect, weighed
from .correcting import correct
from .crossing import cross_all
from .days import adulthood
from .devices import end_device, issue_device
from .entities import Device, DeviceState, Feedback, Incident, Policy, Respondent, Service, Urgency
from .incidents import close_incident, open_incident
from .protocols import Body, Question
from .publish import body_of
from .settings import FeedbackSettings

CALLERS, TEAM = (13, 14), 10  # customer service, as the demo of accounts has it
MODELS = ("Протез", "prosthesis")
MONTHS = 27
LATE = dt.timedelta(days=45)
"""Of calls planned within the last days some have not been made yet."""


@attrs.frozen(kw_only=True)
class Tongue:
    """What differs by language."""

    devices: Sequence[tuple[str, int]]
    adults: Sequence[str]
    children: Sequence[tuple[str, str]]
    """A child and who answers for it."""
    cities: Sequence[str]
    phone: str
    texts: Sequence[str]
    wrong: Mapping[str, str]
    mended: Mapping[str, str]
    worked: Sequence[str]
    did_not: Sequence[str]


RUSSIAN = Tongue(
    devices=(("Протез кисти «Мио-2»", 890), ("Протез кисти «Тяга»", 240), ("Протез предплечья «Мио-2»", 1150), ("Протез пальцев «Лад»", 180)),
    adults=("Анна Петрова", "Игорь Савельев", "Марат Галиев", "Ольга Дроздова", "Степан Яковлев", "Дина Ахметова", "Роман Кулик", "Лидия Носова",
            "Фёдор Белкин", "Тимур Асланов", "Вера Климова", "Павел Рощин", "Нина Уварова", "Глеб Зорин", "Айрат Юсупов"),
    children=(("Маша Козлова", "Елена Козлова"), ("Тимофей Жуков", "Андрей Жуков"), ("Алия Сафина", "Гузель Сафина"),
              ("Гриша Лосев", "Наталья Лосева"), ("Соня Крылова", "Ирина Крылова"), ("Лёва Миронов", "Олег Миронов"),
              ("Мира Хасанова", "Динара Хасанова"), ("Егор Пахомов", "Анна Пахомова")),
    cities=("Пермь", "Екатеринбург", "Казань", "Новосибирск", "Москва"), phone="+7999{n:07}",
    texts=("Держит руль и пакеты", "Привыкает, носит по вечерам", "На даче без него уже никак",
           "В школе помогает держать тетрадь", "Просит перчатку темнее"),
    wrong={"repair": "Не раскрывается кисть, слышен хруст", "visit": "Под гильзой покраснение, не проходит второй день",
           "refit": "Гильза стала мала, давит у локтя", "remake": "Хват слабый, нужен другой модуль", "other": "Потерялось зарядное устройство"},
    mended={"repair": "Заменили тягу и подшипник", "visit": "Осмотрели, подобрали чехол", "refit": "Сделали новую гильзу",
            "remake": "Выдали новый протез", "other": "Отправили новое зарядное"},
    worked=("Силиконовый чехол вместо хлопкового", "Звонить после 17:00", "Видео с упражнениями"), did_not=("Тонкая перчатка рвётся",),
)  # fmt: skip
ENGLISH = Tongue(
    devices=(("Hand prosthesis Myo-2", 9), ("Forearm prosthesis Myo-2", 12), ("Finger prosthesis Lad", 2)),
    adults=("Harriet Cole", "Dylan Price", "Maeve Doyle", "Sam Whitaker", "Nora Ellis"),
    children=(("Isla Barton", "Rosie Barton"), ("Theo Marsh", "Colin Marsh")),
    cities=("London", "Bristol", "Leeds"), phone="+44207946{n:04}",
    texts=("Holds the handlebar well", "Wears it at school now", "Wants a darker glove"),
    wrong={"repair": "The hand does not open, it grinds", "visit": "Red skin under the socket for two days",
           "refit": "The socket is too small by now", "remake": "The grip is too weak, another module is needed", "other": "The charger is lost"},
    mended={"repair": "Cable and bearing replaced", "visit": "Seen, another liner fitted", "refit": "A new socket was made",
            "remake": "A new prosthesis was handed over", "other": "A new charger was sent"},
    worked=("A silicone liner instead of cotton", "Call after five"), did_not=("The thin glove tears",),
)  # fmt: skip


@hookimpl
def crm_demo_settings(crm: Crm) -> Mapping[str, Mapping[str, t.Any]]:
    """Open service cards for deals with a prosthesis in them, and share them among the demo's customer service."""
    return {"prosthesis_feedback": {"models": list(MODELS), "team": TEAM, "callers": list(CALLERS)}}


@hookimpl(trylast=True)
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Play two years of follow-up."""
    now, actor = uow.now, uow.actor
    Story(uow, chance.Random(random.random()), size).tell()
    uow.at(now, actor)
    cross_all(uow)
    correct(uow)
    for service_id in astray(uow):
        align(uow, service_id)


class Story:
    """Deals, calls, answers and incidents in the order of time."""

    def __init__(self, uow: Uow, dice: chance.Random, size: int) -> None:
        self.uow, self.dice, self.size, self.end = uow, dice, size, uow.now
        self.planned: list[tuple[dt.datetime, int, t.Callable[[dt.datetime], None]]] = []
        self.count = 0
        self.numbers = 0
        self.met: dict[tuple[str, bool], int] = {}

    def tell(self) -> None:
        """Play everything."""
        wearers = max(4, min(30, self.size // 8))
        for number in range(wearers):
            tongue = ENGLISH if number % 5 == 4 else RUSSIAN
            back = self.dice.uniform(0.3, MONTHS) if number else 0.5
            self._plan(self._hour(self.end - dt.timedelta(days=30.4 * back)), functools.partial(self._sold, number, tongue))
        for days in (16, 9, 4, 2):
            self._plan(self._hour(self.end - dt.timedelta(days=days)), functools.partial(self._trouble, closes=days == 16))
        self._plan(self._hour(self.end - dt.timedelta(days=5)), self._nobody_answers)
        while self.planned:
            at, _number, run = heapq.heappop(self.planned)
            run(at)

    def _plan(self, at: dt.datetime, run: t.Callable[[dt.datetime], None]) -> None:
        if at < self.end:
            self.count += 1
            heapq.heappush(self.planned, (at, self.count, run))

    def _hour(self, at: dt.datetime) -> dt.datetime:
        here = at.astimezone(self.uow.crm.zone)
        here += dt.timedelta(days=max(0, 8 - here.isoweekday()) if here.isoweekday() > 5 else 0)
        return here.replace(hour=self.dice.randint(10, 16), minute=self.dice.randrange(60), second=0, microsecond=0).astimezone(dt.UTC)

    # ---- handing over -----------------------------------------------------------------------------------------------------
    def _sold(self, number: int, tongue: Tongue, at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        uow.at(at)
        child = number % 3 == 1
        guardian: Contact | None = None
        owner, team = (6, 3) if tongue is ENGLISH else (3, 2)
        place = self.met[tongue.phone, child] = self.met.get((tongue.phone, child), -1) + 1
        if child:
            name, of = tongue.children[place % len(tongue.children)]
            guardian = uow.add(Contact(name=of, phone=self._phone(tongue), city=dice.choice(tongue.cities), owner_id=owner, team_id=team))
        else:
            name = tongue.adults[place % len(tongue.adults)]
        age = dice.choice((4, 6, 9, 11, 13, 17) if child else (24, 31, 38, 45, 52, 63))
        born = at.astimezone(uow.crm.zone).date() - relativedelta(years=age, days=dice.randrange(360))
        contact = uow.add(Contact(
            name=name, born_on=born, phone=guardian.phone if guardian is not None else self._phone(tongue), city=dice.choice(tongue.cities),
            country="GB" if tongue is ENGLISH else "RU", owner_id=owner, team_id=team,
        ))  # fmt: skip
        uow.flush()
        model, price = dice.choice(tongue.devices)
        cost = decimal.Decimal(price * (1000 if tongue is RUSSIAN else 900))
        deal = uow.add(Deal(title=f"{model}: {name}", contact_id=contact.id, owner_id=owner, team_id=team, amount=cost), into=SALES["offer"])
        uow.flush()
        for _device in range(2 if number % 7 == 5 else 1):
            uow.add(DealLine(deal_id=deal.id, title=model, price=cost))
        uow.settle()
        uow.move(deal, SALES["won"])
        uow.settle()
        service = uow.find(Service).where(Service.contact_id == contact.id).first()
        if service is None:
            return  # the settings open service cards elsewhere
        self._known(service, guardian, tongue, at)
        self._next(service.id, tongue, at)
        grown = adulthood(born, uow.crm[FeedbackSettings].adult_at)
        birthday = dt.datetime.combine(grown, dt.time(0, 5), uow.crm.zone).astimezone(dt.UTC)
        self._plan(birthday, lambda then: self._comes_of_age(service.id, tongue, then))

    def _comes_of_age(self, service_id: int, tongue: Tongue, at: dt.datetime) -> None:
        if at < self.uow.now:
            return  # an adult from the first
        self.uow.at(at)
        if cross_all(self.uow):
            self._next(service_id, tongue, at)

    def _phone(self, tongue: Tongue) -> str:
        self.numbers += 1
        return tongue.phone.format(n=self.dice.randrange(10**6, 10**7) if tongue is RUSSIAN else 1000 + self.numbers)

    def _known(self, service: Service, guardian: Contact | None, tongue: Tongue, at: dt.datetime) -> None:
        service.guardian_id = guardian.id if guardian is not None else None
        service.consent_on = at.astimezone(self.uow.crm.zone).date()
        if self.dice.random() < 0.5:
            service.worked = self.dice.choice(tongue.worked)
        if self.dice.random() < 0.25:
            service.did_not_work = self.dice.choice(tongue.did_not)
        for device in self.uow.find(Device).where(Device.service_id == service.id):
            device.serial = f"{'M2' if 'М' in device.model or 'M' in device.model else 'TG'}-{self.dice.randrange(1000, 9999)}"
            device.batch = f"{at:%Y}-{self.dice.randint(1, 9):02}"
        self.uow.settle()

    # ---- calls --------------------------------------------------------------------------------------------------------------
    def _next(self, service_id: int, tongue: Tongue, at: dt.datetime) -> None:
        """Plan the next call of somebody: of all their devices."""
        self.uow.settle()
        waits = self.uow.find(Feedback).where(Feedback.service_id == service_id, Feedback.done_on.is_(None), Feedback.skipped.is_(None))
        card = waits.order_by(Feedback.planned_at, Feedback.id).first()
        if card is None:
            return
        when = max(card.planned_at + dt.timedelta(minutes=self.dice.randint(0, 300)), at + dt.timedelta(hours=3))
        if when > self.end - LATE and self.dice.random() < 0.4:
            return  # still to be called
        self._plan(when, lambda then: self._call(service_id, tongue, then))

    def _caller(self, service: Service) -> Actor | None:
        return Actor(service.owner_id, "Служба заботы", teams=(TEAM,)) if service.owner_id is not None else None

    def _call(self, service_id: int, tongue: Tongue, at: dt.datetime) -> None:
        uow = self.uow
        uow.at(at)
        service = uow.get(Service, service_id)
        if service.stage != "active":
            return
        uow.at(at, self._caller(service))
        waits = uow.find(Feedback).where(Feedback.service_id == service_id, Feedback.done_on.is_(None), Feedback.skipped.is_(None))
        due = waits.where(Feedback.planned_at <= at).order_by(Feedback.planned_at, Feedback.id).all()
        offered: tuple[str, Feedback] | None = None
        for card in due:
            body = body_of(uow, card.protocol_version_id)
            answers = self._answers(body, card, tongue)
            collect(uow, card, answers, finish=True, respondent=Respondent.GUARDIAN if service.guardian_id else Respondent.SELF)
            reasons = [weighed(n, body.questions[n], v).incident for n, v in answers.items()]
            offered = next(((r, card) for r in reasons if r is not None), offered)
        uow.settle()
        if offered is not None and self.dice.random() < 0.8:
            self._plan(at + dt.timedelta(minutes=6), lambda then: self._incident(service_id, offered, tongue, then))
            return
        self._next(service_id, tongue, at)

    def _answers(self, body: Body, card: Feedback, tongue: Tongue) -> dict[str, t.Any]:
        bad = self.dice.random() < 0.13
        found: dict[str, t.Any] = {}
        while missing := [n for n in asked_of(body, card.period, found) if n not in found]:
            for name in missing:
                found[name] = self._answer(body.questions[name], tongue, bad=bad)
        return {name: value for name, value in found.items() if value is not None}

    def _answer(self, question: Question, tongue: Tongue, *, bad: bool) -> t.Any:
        dice = self.dice
        flag = question.red_flag
        if question.kind == "yes_no":
            if question.tells_use:
                return not (bad and dice.random() < 0.6)
            return dice.random() < (0.25 if flag is not None and "yes" in flag.values else 0.85) and not (bad and flag is None)
        if question.kind == "choice":
            names = list(question.choices)
            good = [n for n in names if n not in question.incidents and (flag is None or n not in flag.values)] or names
            return dice.choice(names) if bad and dice.random() < 0.5 else good[0] if dice.random() < 0.75 else dice.choice(good)
        if question.kind in ("scale", "number"):
            least, most = question.least or 0, question.most if question.most is not None else 12
            high = flag is None or flag.most is not None
            share = dice.triangular(0, 1, 0.25 if bad else 0.8)
            return decimal.Decimal(round(least + (most - least) * (share if high else 1 - share) * (0.6 if question.kind == "number" else 1)))
        return dice.choice(tongue.texts) if question.kind == "text" and (question.required or dice.random() < 0.35) else None

    def _somebody(self) -> Service | None:
        """Return somebody who is being followed."""
        known = self.uow.find(Service).where(Service.stage == "active").order_by(Service.id).all()
        return self.dice.choice(known) if known else None

    def _nobody_answers(self, at: dt.datetime) -> None:
        self.uow.at(at)
        service = self._somebody()
        if service is not None:
            self.uow.keep(service, attempts=3, try_again_on=(self.end + dt.timedelta(days=21)).date())
            self.uow.flush()
            replan(self.uow, service)

    def _trouble(self, at: dt.datetime, *, closes: bool) -> None:
        """Somebody calls by themselves: something is wrong."""
        uow = self.uow
        uow.at(at)
        service = self._somebody()
        card = uow.find(Feedback).where(Feedback.service_id == service.id).order_by(Feedback.id).first() if service is not None else None
        if service is None or card is None:
            return
        contact = uow.get(Contact, service.contact_id)
        tongue, reason = ENGLISH if contact.country == "GB" else RUSSIAN, self.dice.choice(list(RUSSIAN.wrong))
        if closes:
            self._incident(service.id, (reason, card), tongue, at)
            return
        uow.at(at, self._caller(service))
        open_incident(
            uow, service, reason=reason, device=uow.get(Device, card.device_id), description=tongue.wrong[reason],
            urgency=self.dice.choice(list(Urgency)), wanted_on=(at + dt.timedelta(days=self.dice.randint(5, 20))).date(),
        )  # fmt: skip

    # ---- incidents ------------------------------------------------------------------------------------------------------------
    def _incident(self, service_id: int, found: tuple[str, Feedback], tongue: Tongue, at: dt.datetime) -> None:
        uow, (reason, card) = self.uow, found
        uow.at(at)
        service = uow.get(Service, service_id)
        uow.at(at, self._caller(service))
        incident = open_incident(
            uow, service, reason=reason, feedback=card, description=tongue.wrong.get(reason, ""), urgency=self.dice.choice(list(Urgency)),
            wanted_on=(at + dt.timedelta(days=self.dice.randint(5, 20))).date(),
        )  # fmt: skip
        uow.settle()
        pipeline = uow.crm.pipelines[incident.pipeline]
        steps = [s.name for s in pipeline.stages.values() if s.outcome.value == "open"][1:]
        when = at
        for step in steps:
            when = self._hour(when + dt.timedelta(days=self.dice.randint(2, 7)))
            self._plan(when, functools.partial(self._goes_on, incident.id, step))
        self._plan(self._hour(when + dt.timedelta(days=self.dice.randint(2, 16))), lambda then: self._close(service_id, incident.id, tongue, then))

    def _goes_on(self, key: int, stage: str, at: dt.datetime) -> None:
        self.uow.at(at)
        incident = self.uow.get(Incident, key)
        self.uow.move(incident, self.uow.crm.pipelines[incident.pipeline][stage])

    def _close(self, service_id: int, key: int, tongue: Tongue, at: dt.datetime) -> None:
        uow = self.uow
        uow.at(at)
        incident = uow.get(Incident, key)
        if incident.reason == "remake" and incident.device_id is not None:
            old = uow.get(Device, incident.device_id)
            issue_device(uow, uow.get(Service, service_id), model=old.model, serial=f"{(old.serial or 'M2-0')[:2]}-{self.dice.randrange(1000, 9999)}",
                         batch=f"{at:%Y}-{self.dice.randint(1, 9):02}", replaces=old)  # fmt: skip
        close_incident(uow, incident, resolution=tongue.mended.get(incident.reason, "—"), policy=self.dice.choice(list(Policy)))
        uow.settle()
        if incident.reason == "other" and incident.device_id is not None and self.dice.random() < 0.2:
            end_device(uow, uow.get(Device, incident.device_id), DeviceState.LOST)
        self._next(service_id, tongue, at)

