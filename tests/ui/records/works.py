"""A plugin with something of everything a record's page shows: all sorts of fields, stages, parts, commands, panels."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import threading
import typing as t

import sqlalchemy as sa

from crmkit import (
    Email,
    Entity,
    Exact,
    Extension,
    Invalid,
    Mapped,
    Money,
    Owned,
    Permission,
    Phone,
    Pipeline,
    Plugin,
    Problem,
    Stage,
    Staged,
    Text,
    Uow,
    UtcDateTime,
    _,
    column,
    command,
    relation,
)
from crmkit.core.pipeline import LOST, WON
from crmkit.ui import Badge, Look, Slot, View, button, card_badge, panel

RUN = Permission("works.run", _("Run things", ru="Запускать"))
SECRETS = Permission("works.secrets", _("See secrets", ru="Видеть секреты"))
held = threading.Event()
"""What a panel waits for that hangs outside the database."""
let_in: list[int] = []


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

    @property
    def label(self) -> Text:
        return {"red": _("Red", ru="Красный"), "blue": _("Blue", ru="Синий")}[self.value]


class Client(Owned, table="works_client", label=_("Client", ru="Клиент"), plural=_("Clients", ru="Клиенты")):
    name: Mapped[str] = column(sa.String(100), search=True, label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(Phone, default=None, label=_("Phone", ru="Телефон"))


class Job(Owned, Staged, table="works_job", label=_("Job", ru="Заказ"), plural=_("Jobs", ru="Заказы")):
    title: Mapped[str] = column(sa.String(60), search=True, label=_("Title", ru="Название"))
    client_id: Mapped[int | None] = column(to=Client, default=None, index=True, label=_("Client", ru="Клиент"))
    client: Mapped[Client | None] = relation()
    price: Mapped[decimal.Decimal | None] = column(Money, default=None, label=_("Price", ru="Цена"))
    weight: Mapped[decimal.Decimal] = column(Exact(10, 3), default=decimal.Decimal(1), label=_("Weight", ru="Вес"))
    count: Mapped[int | None] = column(default=None, label=_("Count", ru="Штук"))
    ratio: Mapped[float | None] = column(default=None, label=_("Ratio", ru="Доля"))
    urgent: Mapped[bool] = column(default=False, label=_("Urgent", ru="Срочно"))
    colour: Mapped[Colour | None] = column(default=None, label=_("Colour", ru="Цвет"))
    mail: Mapped[str | None] = column(Email, default=None, label=_("E-mail", ru="Почта"))
    site: Mapped[str | None] = column(sa.String(200), default=None, label=_("Site", ru="Сайт"))
    wish: Mapped[str | None] = column(sa.Text, default=None, label=_("Wish", ru="Пожелание"))
    due_on: Mapped[dt.date | None] = column(default=None, label=_("Due on", ru="Срок"))
    meets_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Meeting", ru="Встреча"))
    tags: Mapped[list[str]] = column(factory=list, label=_("Tags", ru="Метки"))
    extra: Mapped[dict[str, t.Any]] = column(factory=dict, label=_("Extra", ru="Прочее"))
    margin: Mapped[decimal.Decimal | None] = column(Money, default=None, label=_("Margin", ru="Маржа"))
    score: Mapped[int | None] = column(default=None, init=False, generated=True, label=_("Score", ru="Оценка"))


class Line(Entity, table="works_line", label=_("Line", ru="Строка"), plural=_("Lines", ru="Строки")):
    job_id: Mapped[int] = column(to=Job, part=True, index=True, label=_("Job", ru="Заказ"))
    job: Mapped[Job] = relation()
    name: Mapped[str] = column(sa.String(60), label=_("What", ru="Что"))
    price: Mapped[decimal.Decimal] = column(Money, default=decimal.Decimal(0), label=_("Price", ru="Цена"))


class Delivery(Extension[Job], table="works_delivery", label=_("Delivery", ru="Доставка")):
    address: Mapped[str | None] = column(sa.String(200), default=None, label=_("Address", ru="Адрес"))
    floor: Mapped[int | None] = column(default=None, label=_("Floor", ru="Этаж"))


JOBS = Pipeline(
    "jobs", of=Job, label=_("Jobs", ru="Заказы"),
    stages=[
        Stage("new", label=_("New", ru="Новый")), Stage("work", label=_("At work", ru="В работе"), needs=["price"]),
        Stage("done", label=_("Done", ru="Готов"), outcome=WON), Stage("lost", label=_("Refused", ru="Отказ"), outcome=LOST),
    ],
)  # fmt: skip
LOOK = Look(of=Job, icon="wrench", subtitle="client_id", form=("title", "client_id", "price", "colour"), columns=("title", "client_id", "price"))


@button(icon="rocket", primary=True, shown=lambda job: job.title != "Finished")
@command(_("Finish", ru="Закончить"), of=Job, permission=RUN)
def finish(job: Job, uow: Uow) -> Job:
    job.urgent = False
    return job


@command(_("Discount", ru="Скидка"), of=Job, permission=RUN)
def discount(
    job: Job, uow: Uow, *, percent: t.Annotated[int, _("Percent", ru="Процент")], why: str | None = None, colour: Colour = Colour.RED,
    client: t.Annotated[int | None, Client, _("For whom", ru="Для кого")] = None, due_on: dt.date | None = None, sure: bool = False,
) -> Job:  # fmt: skip
    if not 0 < percent < 100:
        raise Invalid(problems=[Problem("percent", "invalid", _("from 1 to 99", ru="от 1 до 99"))])
    assert job.price is not None
    job.price = job.price * (100 - percent) / 100
    job.wish = f"{why} {colour.value} {client} {due_on} {sure}"
    return job


@button(confirm=_("It cannot be called back", ru="Это не отзовёшь"), menu=True)
@command(_("Send away", ru="Отправить"), of=Job, permission=RUN)
def send_away(job: Job, uow: Uow) -> Text:
    return _("It is on its way", ru="Уже в пути")


@command(_("Copy", ru="Копия"), of=Job, permission=RUN)
def copy(job: Job, uow: Uow) -> Job:
    return uow.add(Job(title=f"{job.title} 2"))


@command(_("New key", ru="Новый ключ"), of=Job, permission=SECRETS)
def new_key(job: Job, uow: Uow, *, size: int = 3) -> dict[str, t.Any]:
    return {"secret": "s3cr3t<b>" * size}


@command(_("Sweep", ru="Уборка"), permission=RUN)
def sweep(uow: Uow, *, deep: bool = False) -> None:
    """Sweep."""


@panel(Job, label=_("Beside <i>", ru="Рядом <i>"), icon="box", live=[Job, Client], order=10)
def beside(job: Job, uow: Uow) -> str:
    return f"beside {job.title}"


@panel(Job, label=_("On top", ru="Сверху"), slot=Slot.TOP)
def on_top(job: Job, uow: Uow) -> str | None:
    return "on top of all" if job.urgent else None


@panel(Job, label=_("Head", ru="Шапка"), slot=Slot.HEADER)
def in_head(job: Job, uow: Uow) -> str:
    return "in the head"


@panel(Job, label=_("In a tab", ru="Во вкладке"), slot=Slot.TAB)
def in_tab(job: Job, uow: Uow) -> str:
    return "in a tab"


@panel(Job, label=_("Above", ru="Над лентой"), slot=Slot.TIMELINE)
def above(job: Job, uow: Uow) -> str:
    return "above the timeline"


@panel(Job, label=_("Lazy", ru="Потом"), lazy=True)
def later(job: Job, uow: Uow) -> str:
    return "came later"


@panel(Job, label=_("Broken", ru="Сломано"))
def broken(job: Job, uow: Uow) -> View:
    raise RuntimeError("secret of the house")


@panel(Job, label=_("Secrets", ru="Секреты"), permission=SECRETS)
def secrets(job: Job, uow: Uow) -> str:
    return "for few eyes"


@panel(Client, label=_("Waits", ru="Ждёт"))
def waits(client: Client, uow: Uow) -> str:
    let_in.append(client.id)
    assert held.wait(20)
    return "waited long enough"


@panel(Client, label=_("Counts", ru="Считает"), order=60)
def counts(client: Client, uow: Uow) -> str:
    if client.name == "endless":
        uow.connection.execute(sa.text("with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"))
    return "counted"


@card_badge(Job)
def marks(ids: t.Sequence[int], uow: Uow) -> dict[int, Badge]:
    return {key: Badge(text="<marked>") for key in ids}


plugin = Plugin("works", modules=[__name__], requires=["activities"])
