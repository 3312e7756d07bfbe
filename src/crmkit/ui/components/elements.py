"""Custom elements: HTML that works without them where it can, and does more with them."""

from __future__ import annotations

from ...core.text import _
from .kinds import Component, Example, Section

PICK = Component(
    name="<crm-pick>", label=_("Choosing by typing", ru="Выбор набором"),
    purpose=_("Chooses a record, a person or a team: type a few letters, take one of the list.",
        ru="Выбор записи, сотрудника или команды: набрать несколько букв и взять из списка."),
    attributes=(
        ("data-source", _("where the list comes from: answers `?q=` with options", ru="откуда берётся список: отвечает на `?q=` вариантами")),
        ("data-new", _("the form for what is not there yet", ru="форма для того, чего ещё нет")),
        ("data-many, data-name", _("several may be chosen", ru="можно выбрать несколько")),
    ),
    states=(_("open, nothing found, several chosen", ru="открыт, ничего не найдено, выбрано несколько"),),
    access=_("The ARIA combobox pattern: arrows, Enter, Esc; what is chosen is said. Touch works as well.",
        ru="Шаблон ARIA combobox: стрелки, Enter, Esc; выбранное произносится. Работает и касанием."),
    examples=(Example(pair=False, source="""<div class="fld"><label for="pick-sample">{{ _(words.person_head) }}</label>
<crm-pick data-source="{{ url('/_/pick/person') }}"><input type="hidden" name="person" value="">
<input id="pick-sample" type="text" role="combobox" aria-expanded="false" aria-autocomplete="list" autocomplete="off"></crm-pick></div>"""),),
)  # fmt: skip
PICKED = Component(
    name="<crm-picked>", label=_("What was made for a chooser", ru="Созданное для выбора"),
    purpose=_("The answer of a form that a chooser opened: the chooser takes what was made, and its window closes.",
        ru="Ответ формы, открытой из выбора: новое подставляется, окно закрывается."),
    attributes=(("data-for", _("the chooser that waits", ru="какой выбор ждёт")), ("data-id, data-name", _("what was made", ru="что создано"))),
    examples=(Example(pair=False, source="""<crm-picked data-for="nobody" data-id="7" data-name="{{ _(words.company) }}" hidden></crm-picked>"""),),
)  # fmt: skip
TABS = Component(
    name="<crm-tabs>", label=_("Tabs within a page", ru="Вкладки внутри страницы"),
    purpose=_("Parts of a record of which one is seen. A part can be fetched when it is first shown: `hx-trigger=\"crm-show\"`.",
        ru="Части записи, из которых видна одна. Часть можно загрузить при первом показе: `hx-trigger=\"crm-show\"`."),
    access=_("The ARIA tabs pattern: one stop of the Tab key, then arrows, Home and End.",
        ru="Шаблон ARIA tabs: одна остановка по Tab, дальше стрелки, Home и End."),
    examples=(Example(pair=False, source="""<crm-tabs><div role="tablist" class="tabs line" aria-label="{{ _(words.deal) }}">
<button role="tab" id="tab-1" aria-controls="panel-1" aria-selected="true">{{ _(words.history) }}</button>
<button role="tab" id="tab-2" aria-controls="panel-2" aria-selected="false" tabindex="-1">{{ _(words.files) }}</button></div>
<div role="tabpanel" id="panel-1" aria-labelledby="tab-1" tabindex="0">{{ _(words.is_saved) }}</div>
<div role="tabpanel" id="panel-2" aria-labelledby="tab-2" tabindex="0" hidden>{{ _(words.no_deals) }}</div></crm-tabs>"""),),
)  # fmt: skip
TIMER = Component(
    name="<crm-timer>", label=_("Time that runs", ru="Идущее время"),
    purpose=_("How long something has been going on: a call.", ru="Сколько что-то длится: например, звонок."),
    attributes=(("data-since", _("the moment it began; without it, now", ru="когда началось; без него — сейчас")),),
    access=_("`role=\"timer\"`: not read out by itself.", ru="`role=\"timer\"`: сам не зачитывается."),
    examples=(Example(source="""<span class="num"><crm-timer data-since="{{ visit.now.isoformat() }}"></crm-timer></span>"""),),
)  # fmt: skip
CHART = Component(
    name="<crm-chart>", label=_("A chart that answers", ru="График, который отвечает"),
    purpose=_("Stands around every chart by itself: a tip under the pointer, arrow keys from mark to mark. The chart is readable without it.",
        ru="Сам стоит вокруг каждого графика: подсказка под указателем, стрелки между точками. График читается и без него."),
    access=_("One stop of the Tab key; each mark says its own figure.", ru="Одна остановка по Tab; каждая точка произносит своё значение."),
    examples=(Example(source="""{{ charts.sparkline([4, 6, 5, 9, 8, 12], caption=_(words.deals)) }}"""),),
)  # fmt: skip
DROP = Component(
    name="<crm-drop>", label=_("Place for files", ru="Место для файлов"),
    purpose=_("Files dropped or chosen are sent one after the other as they are, with how far each is.",
        ru="Файлы, перетащенные или выбранные, отправляются по одному, виден ход."),
    attributes=(("data-send", _("where they go", ru="куда отправлять")), ("data-kind, data-to", _("what they are about", ru="к чему они относятся"))),
    access=_("The file input inside works by keyboard; what went wrong is said.", ru="Поле файла внутри работает с клавиатуры; ошибка произносится."),
    examples=(Example(pair=False, source="""<crm-drop class="drop-mini" data-send="{{ url('/_/import') }}">
<label class="btn sm">{{ icon('upload', 14) }}{{ _(words.choose_file) }}<input type="file" class="vh" aria-label="{{ _(words.choose_file) }}"></label>
<p class="fld-bad drop-e" role="alert" hidden></p></crm-drop>"""),),
)  # fmt: skip
BOARD = Component(
    name="<crm-board>", label=_("Board", ru="Доска"),
    purpose=_("Columns of cards that are dragged. Every entity with stages has one; a plugin makes one of its own with `@board`.",
        ru="Столбцы карточек, которые перетаскивают. Есть у каждой сущности со стадиями; плагин делает свою через `@board`."),
    states=(_("dragging, refused (the card flies back), folded columns, more cards while scrolling",
        ru="перетаскивание, отказ (карточка возвращается), свёрнутые столбцы, карточки подгружаются"),),
    access=_("By keyboard too: arrows, Space to take and put, Esc to give up, and a menu that says where to. Each step is said.",
        ru="Работает с клавиатуры: стрелки, пробел взять и положить, Esc отменить, меню «Переместить». Каждый шаг произносится."),
    examples=(Example(pair=False, live=False, language="python", source="""@board("/claims", label=CLAIMS, permission=SEE, move=move_claim)
def claims(visit: Visit, uow: Uow) -> list[Column]:
    return [Column(key="new", label="New", cards=[Card(id=7, title="Broken chair")])]"""),),
)  # fmt: skip
DESK = Component(
    name="<crm-desk>", label=_("Windows", ru="Окна"),
    purpose=_("Holds the windows that stay while one goes from page to page. It is on every page; a link opens one with `data-window`.",
        ru="Держит окна, которые остаются при переходах. Есть на каждой странице; ссылка открывает окно через `data-window`."),
    access=_("F6 goes from window to window, arrows on the title move it, Esc closes it and gives the focus back.",
        ru="F6 переходит между окнами, стрелки на заголовке двигают, Esc закрывает и возвращает фокус."),
    examples=(Example(source="""<a class="btn" href="{{ url('/search') }}" data-window>{{ _(words.find) }}</a>"""),),
)  # fmt: skip
ELEMENTS = Section(
    key="elements", label=_("Elements", ru="Элементы"), components=(PICK, PICKED, TABS, TIMER, CHART, DROP, BOARD, DESK),
    more=_("Of these `crm-board`, `crm-desk`, `crm-chart`, `crm-timer` and `crm-pick` are for plugins; the others may change.",
        ru="Для плагинов предназначены `crm-board`, `crm-desk`, `crm-chart`, `crm-timer` и `crm-pick`; остальные могут измениться."),
)  # fmt: skip
