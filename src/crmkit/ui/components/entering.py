"""Components of forms: fields as crmkit draws them, and choosing by typing."""

from __future__ import annotations

from ...core.text import _
from .kinds import Component, Example, Section

CONTROL = Component(
    name="ui.control", label=_("Field", ru="Поле"),
    purpose=_("A field of an entity in a form: label, control, help and what is wrong. `controls(visit, uow, kind, …)` makes it.",
        ru="Поле сущности в форме: подпись, элемент, подсказка и ошибка. Что рисовать, готовит `controls(visit, uow, kind, names, …)`."),
    states=(
        _("by `how`: `text`, `long`, `number`, `money`, `phone`, `email`, `choice`, `check`, `day`, `moment`, `record`, `person` …",
            ru="по `how`: `text`, `long`, `number`, `money`, `phone`, `email`, `choice`, `check`, `day`, `moment`, `record`, `person` …"),
        _("required, with help, refused", ru="обязательное, с подсказкой, с ошибкой"),
            _("with something below it: `{% call %}`", ru="с чем-то под ним: `{% call %}`"),
    ),
    access=_("The label names the control; help and error are its description, and an error also sets `aria-invalid`.",
        ru="Подпись называет элемент; подсказка и ошибка служат описанием, при ошибке стоит `aria-invalid`."),
    examples=(
        Example(pair=False, source="{{ ui.control(controls.text) }}"), Example(pair=False, source="{{ ui.control(controls.money) }}"),
        Example(pair=False, source="{{ ui.control(controls.choice) }}"), Example(pair=False, source="{{ ui.control(controls.wrong) }}"),
        Example(pair=False, source="{{ ui.control(controls.check) }}"), Example(pair=False, source="{{ ui.control(controls.long) }}"),
        Example(pair=False, source="{% call ui.control(controls.day) %}<p class=\"fld-help\">{{ _(words.below) }}</p>{% endcall %}"),
    ),
)  # fmt: skip
BARE = Component(
    name="ui.bare", label=_("Control without a label", ru="Элемент без подписи"),
    purpose=_("For rows of tables and values that are edited in their place.", ru="Для строк таблиц и значений, которые правят на месте."),
    access=_("`label` is what a screen reader says.", ru="`label` — то, что произнесёт программа чтения с экрана."),
    examples=(Example(pair=False, source="{{ ui.bare(controls.phone, label=_(words.phone)) }}"),),
)  # fmt: skip
SAID = Component(
    name="fields.said", label=_("What is said below a field", ru="Строка под полем"),
    purpose=_("The error of a field, or its help, under the id its control refers to.",
        ru="Ошибка поля или подсказка, с id, на который ссылается элемент."),
    examples=(Example(pair=False, source="{{ fields.said(controls.told) }}"),),
)  # fmt: skip
AT = Component(
    name="fields.at", label=_("Attributes of a control", ru="Атрибуты элемента"),
    purpose=_("What every control has: id, name, whether it is required or wrong, and what describes it. For controls of your own.",
        ru="Общее для элементов: id, имя, обязательность, ошибка и описание. Для собственных элементов."),
    examples=(Example(pair=False, source="""<div class="fld"><label for="{{ controls.own.id }}">{{ controls.own.label }}</label>
<input type="range" {{ fields.at(controls.own) }} value="{{ controls.own.value }}"></div>"""),),
)  # fmt: skip
FIELDS_CONTROL = Component(
    name="fields.control", label=_("Field, by its own file", ru="Поле из своего файла"),
    purpose=_("The same as `ui.control`, for fragments that import `ui/fields.html` alone.",
        ru="То же, что `ui.control`, для фрагментов, которым хватает `ui/fields.html`."),
    examples=(Example(pair=False, source="{{ fields.control(controls.email) }}"),),
)  # fmt: skip
FIELDS_BARE = Component(
    name="fields.bare", label=_("Control, by its own file", ru="Элемент из своего файла"),
    purpose=_("The same as `ui.bare`.", ru="То же, что `ui.bare`."),
    examples=(Example(pair=False, source="{{ fields.bare(controls.number, label=_(words.amount)) }}"),),
)  # fmt: skip
PICK_MACRO = Component(
    name="fields.pick", label=_("Choosing by typing, as a macro", ru="Выбор набором, макрос"),
    purpose=_("Draws a `<crm-pick>` for a control of a record, a person or a team.", ru="Рисует `<crm-pick>` для записи, сотрудника или команды."),
    examples=(Example(pair=False, source="""<div class="fld">
<label for="{{ controls.person.id }}">{{ controls.person.label }}</label>{{ fields.pick(controls.person) }}</div>"""),),
)  # fmt: skip
ENTERING = Section(
    key="forms", label=_("Forms", ru="Формы"), components=(CONTROL, BARE, PICK_MACRO, SAID, AT, FIELDS_CONTROL, FIELDS_BARE),
    more=_("`{% import 'ui/fields.html' as fields with context %}`", ru="`{% import 'ui/fields.html' as fields with context %}`"),
)  # fmt: skip
