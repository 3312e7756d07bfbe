"""Reading and writing the body of a protocol: what cannot work is refused, and it is said where."""

from __future__ import annotations

import tomllib
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Invalid, Problem, Text, _

from .protocols import KINDS, NAME, Body, Offset, Period, Question, Test, When

MISSING = _("required", ru="обязательно")
UNKNOWN = _("there is no such key here; there are {known}", ru="такого ключа здесь нет; есть {known}")
A_NAME = _("names are small Latin letters, digits and _, at most 40", ru="имена — строчные латинские буквы, цифры и _, не длиннее 40")
EXPECTED: Mapping[str, Text] = {
    "table": _("expected a table, {like}", ru="нужна таблица, {like}"),
    "words": _("expected a text, or { en = …, ru = … }", ru="нужен текст или { en = …, ru = … }"),
    "bool": _("expected true or false", ru="нужно true или false"), "number": _("expected a number", ru="нужно число"),
    "texts": _("expected a list of texts", ru="нужен список текстов"), "text": _("expected a text", ru="нужен текст"),
}  # fmt: skip
NO_TOML = _("this is not TOML: {why}", ru="это не TOML: {why}")
ONE_OF = _("write one of {known}", ru="напишите одно из: {known}")
NO_CHOICES = _("a choice needs at least two answers, and nothing else has them", ru="у выбора нужны хотя бы два ответа, у других видов их не бывает")
NO_RANGE = _("write least and most, the least first", ru="укажите least и most, меньшее первым")
NOT_WHOLE = _("a scale goes by whole numbers", ru="шкала идёт по целым числам")
NO_ANSWER = _("there is no such answer; there are {known}", ru="такого ответа нет; есть {known}")
NO_QUESTION = _("there is no such question", ru="такого вопроса нет")
NOT_ITSELF = _("a question cannot wait for itself, not even through others", ru="вопрос не может ждать самого себя, даже через другие")
NOT_BEFORE = _("«{question}» must be asked earlier in this period", ru="«{question}» должен идти раньше в этом периоде")
NOTHING = _("write at least one", ru="напишите хотя бы один")
TWICE = _("it is named twice", ru="указан дважды")
BEFORE = _(
    'the earliest day is not after the best one: write an offset such as "-1w", or "0"',
    ru="самый ранний день не позже лучшего: напишите «-1w» или «0»",
)
AFTER = _(
    'the latest day is not before the best one: write an offset such as "2w", or "0"',
    ru="самый поздний день не раньше лучшего: напишите «2w» или «0»",
)
ORDER = _("periods come in the order of time: it is before the one above", ru="периоды идут по порядку времени: этот раньше предыдущего")
NOT_AHEAD = _("nothing is asked before the day of issue", ru="до дня выдачи ничего не спрашивают")
NO_REASON = _("there is no such reason for incidents; there are {known}", ru="такой причины инцидента нет; есть {known}")
NOT_HERE = _("only for {kinds}", ru="только для {kinds}")
USES = ("yes_no", "choice")
TOO_LONG = _("a protocol has at most {most} of these", ru="в протоколе их не больше {most}")
MOST = 200


class _Reader:
    """Collects every problem, each under the dotted path of its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def no(self, path: str, message: str, code: str = "invalid") -> None:
        self.problems.append(Problem(path, code, message))

    def table(self, data: t.Any, path: str, like: str) -> Mapping[str, t.Any]:
        if not isinstance(data, Mapping):
            self.no(path, EXPECTED["table"].format(like=like))
            return {}
        return data

    def keys(self, data: Mapping[str, t.Any], cls: type, path: str) -> None:
        known = {a.name for a in attrs.fields(cls)}
        for name in data:
            if name not in known:
                self.no(f"{path}.{name}", UNKNOWN.format(known=", ".join(sorted(known))), "unknown")
        for a in attrs.fields(cls):
            if a.default is attrs.NOTHING and a.name not in data:
                self.no(f"{path}.{a.name}", MISSING, "required")

    def words(self, data: t.Any, path: str) -> t.Any:
        if isinstance(data, str) or (isinstance(data, Mapping) and data and all(isinstance(v, str) and isinstance(k, str) for k, v in data.items())):
            return dict(data) if isinstance(data, Mapping) else data
        self.no(path, EXPECTED["words"])
        return ""

    def bool(self, data: t.Any, path: str) -> bool:
        if not isinstance(data, bool):
            self.no(path, EXPECTED["bool"])
        return bool(data)

    def number(self, data: t.Any, path: str) -> float | None:
        if data is not None and (isinstance(data, bool) or not isinstance(data, int | float) or abs(data) > 10**9):
            self.no(path, EXPECTED["number"])
            return None
        return data

    def texts(self, data: t.Any, path: str) -> tuple[str, ...]:
        if not isinstance(data, list | tuple) or not all(isinstance(x, str) for x in data):
            self.no(path, EXPECTED["texts"])
            return ()
        return tuple(data)

    def text(self, data: t.Any, path: str) -> str:
        if not isinstance(data, str):
            self.no(path, EXPECTED["text"])
            return ""
        return data

    def offset(self, data: t.Any, path: str) -> Offset:
        try:
            return Offset.read(self.text(data, path))
        except ValueError as error:
            if isinstance(data, str):
                self.no(path, error.args[0])
            return Offset()

    # ---- the parts -----------------------------------------------------------------------------------------------
    def test(self, data: t.Any, path: str, cls: type[t.Any] = Test) -> t.Any:
        data = self.table(data, path, '{ values = ["no"] } or { least = 4 }')
        self.keys(data, cls, path)
        given: dict[str, t.Any] = {
            "values": self.texts(data.get("values", ()), f"{path}.values"), "least": self.number(data.get("least"), f"{path}.least"),
            "most": self.number(data.get("most"), f"{path}.most"),
        }  # fmt: skip
        if cls is When:
            given["question"] = self.text(data.get("question", ""), f"{path}.question")
        return cls(**given)

    def question(self, data: t.Any, path: str) -> Question:
        data = self.table(data, path, '{ label = "…", kind = "yes_no" }')
        self.keys(data, Question, path)
        scores = self.table(data.get("scores", {}), f"{path}.scores", "{ yes = 1, no = 0 }")
        incidents = self.table(data.get("incidents", {}), f"{path}.incidents", '{ no = "repair" }')
        choices = self.table(data.get("choices", {}), f"{path}.choices", '{ good = "Good", bad = "Bad" }')
        return Question(
            label=self.words(data.get("label", ""), f"{path}.label"), kind=self.text(data.get("kind", ""), f"{path}.kind"),
            help=self.words(data.get("help", ""), f"{path}.help"), required=self.bool(data.get("required", True), f"{path}.required"),
            choices={name: self.words(label, f"{path}.choices.{name}") for name, label in choices.items()},
            least=self.number(data.get("least"), f"{path}.least"), most=self.number(data.get("most"), f"{path}.most"),
            unit=self.words(data.get("unit", ""), f"{path}.unit"), when=self.test(data["when"], f"{path}.when", When) if "when" in data else None,
            scores={name: self.number(points, f"{path}.scores.{name}") or 0 for name, points in scores.items()},
            scored=self.bool(data.get("scored", False), f"{path}.scored"),
            red_flag=self.test(data["red_flag"], f"{path}.red_flag") if "red_flag" in data else None,
            incidents={name: self.text(reason, f"{path}.incidents.{name}") for name, reason in incidents.items()},
            tells_use=self.bool(data.get("tells_use", False), f"{path}.tells_use"),
        )  # fmt: skip

    def period(self, data: t.Any, path: str) -> Period:
        data = self.table(data, path, '{ label = "…", after = "3mo", earliest = "-1w", latest = "2w", questions = […] }')
        self.keys(data, Period, path)
        return Period(
            label=self.words(data.get("label", ""), f"{path}.label"), after=self.offset(data.get("after", "0"), f"{path}.after"),
            earliest=self.offset(data.get("earliest", "0"), f"{path}.earliest"), latest=self.offset(data.get("latest", "0"), f"{path}.latest"),
            questions=self.texts(data.get("questions", ()), f"{path}.questions"),
        )  # fmt: skip


def read(data: t.Any, reasons: t.Collection[str] | None = None) -> Body:
    """Return the body of a version; `Invalid` names every place that cannot work. `reasons` are those of incidents that there are."""
    r = _Reader()
    data = r.table(data, "", "[questions.…] and [periods.…]")
    r.keys(data, Body, "body") if data else None
    questions, periods = (r.table(data.get(name, {}), name, f"[{name}.…]") for name in ("questions", "periods"))
    for name, held in (("questions", questions), ("periods", periods)):
        if not held:
            r.no(name, NOTHING, "required")
        if len(held) > MOST:
            r.no(name, TOO_LONG.format(most=MOST))
        for key in held:
            if not NAME.fullmatch(key):
                r.no(f"{name}.{key}", A_NAME)
    body = Body(
        questions={name: r.question(one, f"questions.{name}") for name, one in questions.items()},
        periods={name: r.period(one, f"periods.{name}") for name, one in periods.items()},
    )
    if not r.problems:
        _check(body, r, reasons)
    if r.problems:
        raise Invalid(problems=r.problems)
    return body


def read_toml(text: str, reasons: t.Collection[str] | None = None) -> Body:
    """Return the body that is written as TOML; `Invalid` says in which line it is none."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(problems=[Problem("body", "invalid", NO_TOML.format(why=str(error)))]) from error
    return read(data, reasons)


# ---- what fits together ----------------------------------------------------------------------------------------------
def answers_of(question: Question) -> tuple[str, ...]:
    """Return the names of the answers of a question that has such."""
    return ("yes", "no") if question.kind == "yes_no" else tuple(question.choices)


def _check(body: Body, r: _Reader, reasons: t.Collection[str] | None) -> None:
    for name, question in body.questions.items():
        _check_question(body, question, f"questions.{name}", r, reasons)
    for name in body.questions:
        seen, here = set[str](), name
        while (when := body.questions[here].when) is not None and when.question in body.questions and here not in seen:
            seen.add(here)
            here = when.question
        if here in seen:
            r.no(f"questions.{name}.when", NOT_ITSELF)
    last: Period | None = None
    for name, period in body.periods.items():
        _check_period(body, period, f"periods.{name}", r)
        if last is not None and _days(period.after) < _days(last.after):
            r.no(f"periods.{name}.after", ORDER)
        last = period


def _check_question(body: Body, question: Question, path: str, r: _Reader, reasons: t.Collection[str] | None) -> None:
    if question.kind not in KINDS:
        r.no(f"{path}.kind", ONE_OF.format(known=", ".join(KINDS)))
        return
    if (question.kind == "choice") != (len(question.choices) >= 2) or (question.kind != "choice" and question.choices):
        r.no(f"{path}.choices", NO_CHOICES)
    for name in question.choices:
        if not NAME.fullmatch(name):
            r.no(f"{path}.choices.{name}", A_NAME)
    least, most = question.least, question.most
    if (least is None or most is None or least >= most) if question.kind == "scale" else (least is not None and most is not None and least > most):
        r.no(f"{path}.least", NO_RANGE)
    if question.kind == "scale" and any(x is not None and x != int(x) for x in (question.least, question.most)):
        r.no(f"{path}.least", NOT_WHOLE)
    known = answers_of(question)
    for field, held in (("scores", question.scores), ("incidents", question.incidents)):
        if held and question.kind not in USES:
            r.no(f"{path}.{field}", NOT_HERE.format(kinds="yes_no, choice"))
        for name in held if question.kind in USES else ():
            if name not in known:
                r.no(f"{path}.{field}.{name}", NO_ANSWER.format(known=", ".join(known)))
    if question.scored and question.kind not in ("scale", "number"):
        r.no(f"{path}.scored", NOT_HERE.format(kinds="scale, number"))
    if question.tells_use and question.kind not in USES:
        r.no(f"{path}.tells_use", NOT_HERE.format(kinds="yes_no, choice"))
    for name, reason in question.incidents.items():
        if reasons is not None and reason not in reasons:
            r.no(f"{path}.incidents.{name}", NO_REASON.format(known=", ".join(reasons)))
    if question.red_flag is not None:
        _check_test(question, question.red_flag, f"{path}.red_flag", r)
    if question.when is not None:
        other = body.questions.get(question.when.question)
        if other is None:
            r.no(f"{path}.when.question", NO_QUESTION)
        else:
            _check_test(other, question.when, f"{path}.when", r)


def _check_test(question: Question, test: Test, path: str, r: _Reader) -> None:
    if question.kind in USES:
        known = answers_of(question)
        if not test.values:
            r.no(f"{path}.values", NOTHING, "required")
        for number, value in enumerate(test.values):
            if value not in known:
                r.no(f"{path}.values.{number}", NO_ANSWER.format(known=", ".join(known)))
        if test.least is not None or test.most is not None:
            r.no(f"{path}.least", NOT_HERE.format(kinds="scale, number"))
    elif question.kind in ("scale", "number"):
        if test.values:
            r.no(f"{path}.values", NOT_HERE.format(kinds="yes_no, choice"))
        if test.least is None and test.most is None:
            r.no(f"{path}.least", NOTHING, "required")
    else:
        r.no(path, NOT_HERE.format(kinds="yes_no, choice, scale, number"))


def _check_period(body: Body, period: Period, path: str, r: _Reader) -> None:
    if not period.questions:
        r.no(f"{path}.questions", NOTHING, "required")
    seen: set[str] = set()
    for number, name in enumerate(period.questions):
        question = body.questions.get(name)
        if question is None:
            r.no(f"{path}.questions.{number}", NO_QUESTION)
        elif name in seen:
            r.no(f"{path}.questions.{number}", TWICE)
        elif question.when is not None and question.when.question not in seen:
            r.no(f"{path}.questions.{number}", NOT_BEFORE.format(question=question.when.question))
        seen.add(name)
    if period.after < Offset():
        r.no(f"{path}.after", NOT_AHEAD)
    if period.earliest > Offset():
        r.no(f"{path}.earliest", BEFORE)
    if period.latest < Offset():
        r.no(f"{path}.latest", AFTER)


def _days(offset: Offset) -> int:
    return offset.months * 30 + offset.days


# ---- writing ---------------------------------------------------------------------------------------------------------
def write(body: Body) -> dict[str, t.Any]:
    """Return a body as it is kept: what `read` reads, without what is left out anyway."""
    return {
        "questions": {name: _written(question) for name, question in body.questions.items()},
        "periods": {name: _written(period) for name, period in body.periods.items()},
    }


def _written(thing: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    for a in attrs.fields(type(thing)):
        value, default = getattr(thing, a.name), a.default.factory() if isinstance(a.default, attrs.Factory) else a.default  # type: ignore[arg-type]
        if a.default is attrs.NOTHING or value != default:
            found[a.name] = _plain(value)
    return found


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, Offset):
        return str(value)
    if isinstance(value, Test):
        return _written(value)
    return list(value) if isinstance(value, tuple) else value


__all__ = ["answers_of", "read", "read_toml", "write"]
