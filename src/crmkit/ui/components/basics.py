"""Components of every page: buttons, chips, people, headers, tabs, menus, tiles, tables, notices."""

from __future__ import annotations

from ...core.text import _
from .kinds import Component, Example, Section

BUTTONS = Component(
    name=".btn", label=_("Button", ru="Кнопка"),
    purpose=_("Does something, or leads somewhere when it is a link. One primary button a page.",
        ru="Выполняет действие или ведёт на другую страницу, если это ссылка. Главная кнопка на странице одна."),
    states=(
        _("`primary`, `ghost`, `danger`, `success`", ru="`primary`, `ghost`, `danger`, `success`"),
            _("sizes `xs`, `sm`, none, `lg`, `xl`", ru="размеры `xs`, `sm`, обычный, `lg`, `xl`"),
        _("`icon`: a picture alone, which needs an `aria-label`", ru="`icon`: только значок; нужен `aria-label`"), _("`disabled`", ru="`disabled`"),
    ),
    access=_("A `<button>` or an `<a>`, never a `<div>`. At least 40 pixels high on a phone.",
        ru="`<button>` или `<a>`, но не `<div>`. На телефоне не ниже 40 пикселей."),
    examples=(
        Example(source="""<button class="btn primary">{{ icon('check', 14) }}{{ _(words.save) }}</button>
<button class="btn">{{ _(words.cancel) }}</button>
<button class="btn ghost">{{ _(words.more) }}</button>
<button class="btn danger">{{ _(words.remove) }}</button>
<button class="btn success">{{ _(words.pay) }}</button>
<button class="btn" disabled>{{ _(words.save) }}</button>"""),
        Example(source="""<button class="btn xs">{{ _(words.more) }}</button>
<button class="btn sm">{{ _(words.more) }}</button>
<button class="btn">{{ _(words.more) }}</button>
<button class="btn lg">{{ _(words.more) }}</button>
<button class="btn icon" aria-label="{{ _(words.more) }}">{{ icon('ellipsis') }}</button>"""),
    ),
)  # fmt: skip
ICON = Component(
    name="icon", label=_("Icon", ru="Значок"),
    purpose=_("A picture of the Lucide set by its name: `icon(name, size=16)`. `icon_use` refers to the page's sprite, for rows by the hundred.",
        ru="Значок из набора Lucide по имени: `icon(name, size=16)`. `icon_use` берёт его из спрайта страницы, для сотен строк."),
    states=(_("an unknown name: a dashed square, and a line in the log", ru="неизвестное имя: пунктирный квадрат и строка в журнале сервера"),),
    access=_("Hidden from screen readers: the words stand beside it, or in the button's `aria-label`.",
        ru="Скрыт от программ чтения с экрана: слова стоят рядом или в `aria-label` кнопки."),
    examples=(Example(source="{{ icon('phone') }} {{ icon('mail') }} {{ icon('calendar', 20) }} {{ icon('handshake', 24) }}"),),
)  # fmt: skip
CHIP = Component(
    name="ui.chip", label=_("Chip", ru="Метка"),
    purpose=_("A short fact: a stage, a state, a scope.", ru="Короткий факт: стадия, состояние, область прав."),
    states=(_("colours `blue`, `violet`, `green`, `amber`, `red`, `gray`", ru="цвета `blue`, `violet`, `green`, `amber`, `red`, `gray`"),
        _("with a dot, with an icon", ru="с точкой, со значком")),
    access=_("The words say it; the colour only repeats it. Contrast 4.5 to 1 and more in both themes.",
        ru="Смысл несут слова, цвет его лишь повторяет. Контраст не меньше 4,5 : 1 в обеих темах."),
    examples=(Example(source="""{{ ui.chip(_(words.new)) }}
{{ ui.chip(_(words.offer), 'blue') }}
{{ ui.chip(_(words.talks), 'violet', dot=True) }}
{{ ui.chip(_(words.waits), 'amber', ic='clock') }}
{{ ui.chip(_(words.won), 'green', ic='check') }}
{{ ui.chip(_(words.lost), 'red') }}"""),),
)  # fmt: skip
AVATAR = Component(
    name="ui.avatar", label=_("Person", ru="Сотрудник"),
    purpose=_("Initials of somebody, or of a company, in a colour of their own that stays.", ru="Инициалы человека или компании; цвет постоянный."),
    states=(_("sizes `xs`, `sm`, none, `lg`", ru="размеры `xs`, `sm`, обычный, `lg`"),
        _("`key`: what the colour is made of", ru="`key`: от чего зависит цвет"),
        _("in a row: `.avs`", ru="в ряд: `.avs`")),
    access=_("Hidden from screen readers where the name stands beside it; `said=True` says the name where it stands alone.",
        ru="Скрыт, когда имя стоит рядом; `said=True` произносит имя, когда значок стоит один."),
    examples=(Example(source="""{{ ui.avatar(_(words.person), 1, 'xs') }}
{{ ui.avatar(_(words.person), 2, 'sm') }}
{{ ui.avatar(_(words.person), 3) }}
{{ ui.avatar(_(words.company), 4, 'lg', said=True) }}
<span class="avs">{% for key in (1, 2, 3) %}{{ ui.avatar(_(words.person), key, 'sm') }}{% endfor %}</span>"""),),
)  # fmt: skip
HEAD = Component(
    name="ui.head", label=_("Header of a page", ru="Шапка страницы"),
    purpose=_("The page's name, the way back, and its buttons. In a window only the buttons are shown.",
        ru="Название страницы, путь назад и кнопки. В окне видны только кнопки."),
    access=_("Holds the page's only `<h1>`. On a phone it has the button for the menu.",
        ru="В ней единственный `<h1>` страницы. На телефоне есть кнопка меню."),
    examples=(Example(pair=False, live=False, source="""{% call ui.head(_(words.deal), 'handshake', [(_(words.deals), url('/sales/deal'))]) %}
<button class="btn sm primary">{{ _(words.save) }}</button>
{% endcall %}"""),),
)  # fmt: skip
EMPTY = Component(
    name="ui.empty", label=_("Nothing here", ru="Пусто"),
    purpose=_("Stands where a list would be: what is missing, and the way out.", ru="Стоит на месте списка: чего нет и что делать."),
    states=(_("with a button: `{% call %}`", ru="с кнопкой: `{% call %}`"),),
    examples=(Example(source="""{% call ui.empty('inbox', _(words.no_deals), _(words.no_deals_more)) %}
<button class="btn primary">{{ _(words.add) }}</button>
{% endcall %}"""),),
)  # fmt: skip
PART = Component(
    name="ui.part", label=_("A part that comes later", ru="Часть, которая приходит позже"),
    purpose=_("What a plugin adds, as it came out of the boundary: its HTML, or a placeholder that is asked for at once.",
        ru="То, что добавил плагин: его HTML или заготовка, которая тут же запрашивается."),
    states=(_("`lazy` and `slow`: a placeholder", ru="`lazy` и `slow`: заготовка"),
        _("`failed`: a sentence in its place, the page stays", ru="`failed`: фраза на её месте, страница цела")),
    access=_("While it waits, `aria-busy` and a word for screen readers.", ru="Пока ждёт, стоит `aria-busy` и слово для программ чтения с экрана."),
    examples=(Example(source="{{ ui.part(ready) }}"),),
)  # fmt: skip
SEG = Component(
    name=".seg", label=_("A choice of few", ru="Выбор из немногих"),
    purpose=_("Two to four choices of which one holds: radio buttons beside each other.",
        ru="Два–четыре варианта, из которых действует один: переключатели в ряд."),
    access=_("Real radio buttons: arrows move, and a form sends them. Put them into a `<fieldset>` with a `<legend>`.",
        ru="Настоящие переключатели: работают стрелки, форма их отправляет. Нужен `<fieldset>` с `<legend>`."),
    examples=(Example(pair=False, source="""<fieldset><legend class="vh">{{ _(words.period) }}</legend><div class="seg">
<label><input type="radio" name="seg-sample" checked><span>{{ _(words.week) }}</span></label>
<label><input type="radio" name="seg-sample"><span>{{ _(words.month) }}</span></label>
<label><input type="radio" name="seg-sample"><span>{{ _(words.year) }}</span></label>
</div></fieldset>"""),),
)  # fmt: skip
TABS = Component(
    name=".tabs", label=_("Tabs that are addresses", ru="Вкладки-адреса"),
    purpose=_("Links to parts of one page, each with an address of its own: they work without a script, and can be sent to somebody.",
        ru="Ссылки на части одной страницы, у каждой свой адрес: работают без скриптов, их можно переслать."),
    states=(_("`aria-current=\"page\"` marks the one shown", ru="`aria-current=\"page\"` отмечает открытую"),
        _("a number in `<i>`", ru="число в `<i>`")),
    access=_("A `<nav>` with a name. For tabs within a page see `<crm-tabs>`.", ru="`<nav>` с названием. Вкладки внутри страницы: `<crm-tabs>`."),
    examples=(Example(source="""<nav class="tabs" aria-label="{{ _(words.deals) }}">
<a class="tab" href="{{ url('/') }}" aria-current="page">{{ _(words.all) }}<i class="num">24</i></a>
<a class="tab" href="{{ url('/') }}">{{ _(words.won) }}<i class="num">7</i></a>
<a class="tab" href="{{ url('/') }}">{{ _(words.lost) }}<i class="num bad">3</i></a>
</nav>"""),),
)  # fmt: skip
MENU = Component(
    name=".pop.menu", label=_("Menu", ru="Меню"),
    purpose=_("Further actions that need no place of their own: a native popover.", ru="Действия, которым не нужно своё место: встроенный popover."),
    access=_("Esc and a click elsewhere close it, the focus goes back to its button: the browser does it.",
        ru="Esc и щелчок мимо закрывают меню, фокус возвращается на кнопку: это делает браузер."),
    examples=(Example(pair=False, source="""<button class="btn" popovertarget="menu-sample">{{ _(words.more) }}{{ icon('chevron-down', 14) }}</button>
<div class="pop menu sample-pop" id="menu-sample" popover>
<button>{{ icon('copy', 15) }}<span>{{ _(words.copy) }}</span></button>
<button>{{ icon('archive', 15) }}<span>{{ _(words.archive) }}</span></button>
</div>"""),),
)  # fmt: skip
TILE = Component(
    name=".tile", label=_("Tile", ru="Плитка"),
    purpose=_("A frame around what belongs together: a figure, a chart, settings.", ru="Рамка вокруг связанного: показатель, график, настройки."),
    examples=(Example(source="""<section class="tile"><h2>{{ _(words.deals) }}</h2><p>{{ _(words.no_deals_more) }}</p></section>"""),),
)  # fmt: skip
NOTICE = Component(
    name=".notice", label=_("Notice", ru="Уведомление на странице"),
    purpose=_("A sentence that must not be missed, where it matters. For what was just done there are toasts.",
        ru="Фраза, которую нельзя пропустить, на нужном месте. О сделанном сообщают всплывающие уведомления."),
    states=(_("`ok`, `warn`, `bad`", ru="`ok`, `warn`, `bad`"),),
    access=_("`role=\"alert\"` only when it appears because of what somebody did.",
        ru="`role=\"alert\"` только если появилось из-за действия человека."),
    examples=(Example(source="""<p class="notice ok">{{ icon('circle-check', 14) }}{{ _(words.is_saved) }}</p>
<p class="notice warn">{{ icon('triangle-alert', 14) }}{{ _(words.is_old) }}</p>
<p class="notice bad">{{ icon('circle-alert', 14) }}{{ _(words.is_wrong) }}</p>"""),),
)  # fmt: skip
TABLE = Component(
    name=".tbl", label=_("Table", ru="Таблица"),
    purpose=_("A few rows that are read, not worked with; entities have lists of their own.",
        ru="Несколько строк для чтения; у сущностей есть свои списки."),
    states=(_("`adm-t`: on a phone every row becomes a block, with `data-l` before each value",
        ru="`adm-t`: на телефоне строка становится блоком, перед значением стоит `data-l`"),),
    access=_("`<th scope>` for heads of columns and rows.", ru="`<th scope>` у заголовков столбцов и строк."),
    examples=(Example(source="""<table class="tbl adm-t">
<thead><tr><th scope="col">{{ _(words.person_head) }}</th><th scope="col">{{ _(words.deals) }}</th></tr></thead>
<tbody><tr><th scope="row">{{ _(words.person) }}</th><td class="num" data-l="{{ _(words.deals) }}">{{ fmt.number(1250) }}</td></tr></tbody>
</table>"""),),
)  # fmt: skip
BASICS = Section(
    key="basics", label=_("On every page", ru="На любой странице"),
    components=(BUTTONS, ICON, CHIP, AVATAR, HEAD, EMPTY, PART, SEG, TABS, MENU, TILE, NOTICE, TABLE),
)  # fmt: skip
