"""Writing revision files a person likes to read: types as ``c.Money()``, short lines, one script for both databases."""

from __future__ import annotations

import io
import itertools
import re
import textwrap
import tokenize
import typing as t

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from .models import DIALECTS, in_words, type_in_words

_WIDTH = 110
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_HEAD = '''"""{title}.

Revision {revision}{after}.
"""

from __future__ import annotations

{imports}

revision = "{revision}"
down_revision = {down}


def upgrade() -> None:
    """Bring the tables to this revision."""
{notes}    {upgrade}


def downgrade() -> None:
    """Take this revision back."""
    {downgrade}
'''


_IMPORTS = {  # in the order a linter wants them
    "sa": "import sqlalchemy as sa",
    "op": "from alembic import op",
    "postgresql": "from sqlalchemy.dialects import postgresql",
    "c": "\nimport crmkit as c",
}


def render_item(kind: str, item: t.Any, _context: t.Any) -> str | t.Literal[False]:
    """Tell Alembic how types of crmkit and of plugins are written; everything else it knows itself."""
    if kind == "server_default" and isinstance(getattr(item, "arg", None), (sa.True_, sa.False_)):
        return f"sa.{item.arg}()"
    if kind != "type":
        return False
    if isinstance(item, TypeDecorator):
        return type_source(item)
    if type(item).__module__.startswith("sqlalchemy.dialects.postgresql") and not item._variant_mapping:
        return re.sub(r"(?<![\w.])(?=[A-Z]\w*\()", "sa.", f"postgresql.{item!r}").replace(
            "(astext_type=sa.Text())", "()"
        )
    return False


def type_source(kind: TypeDecorator[t.Any]) -> str:
    """Return source for a custom type: ``c.Money()`` when crmkit has it, else plain SQLAlchemy for each database.

    A plugin's own type is never imported by its scripts: they must still run when the class has moved or changed.
    """
    import crmkit as c

    name = type(kind).__name__
    if getattr(c, name, None) is type(kind):
        for source in (f"c.{name}()", f"c.{kind!r}"):
            if _means(source, kind):
                return source
    base = _plain(kind, "postgresql")
    on_sqlite = _plain(kind, "sqlite")
    for source in (base, f"{base}.with_variant({on_sqlite}, 'sqlite')"):
        if _means(source, kind):
            return source
    raise TypeError(
        f"{kind!r} cannot be written into a migration; give it a load_dialect_impl that returns a plain SQLAlchemy type"
    )


def _means(source: str, kind: TypeDecorator[t.Any]) -> bool:
    import crmkit as c

    try:
        made: t.Any = eval(source, {"sa": sa, "c": c})  # source made here, from the type's own name
    except (TypeError, AttributeError, NameError, SyntaxError):
        return False
    return type_in_words(made) == type_in_words(kind)


def _plain(kind: TypeDecorator[t.Any], dialect: str) -> str:
    """Return the plain type behind `kind` on one database, as source."""
    plain: t.Any = kind
    while isinstance(plain, TypeDecorator):
        plain = plain.load_dialect_impl(DIALECTS[dialect])
    for cls in type(plain).__mro__:
        if cls.__module__ == "sqlalchemy.sql.sqltypes" and getattr(sa, cls.__name__, None) is cls:
            return f"sa.{sa.util.generic_repr(plain.adapt(cls))}"
    return f"sa.{plain!r}"


def plain_conditions(index: sa.Index) -> dict[str, t.Any]:
    """Return an index's options with conditions as text, each in the words of its own database."""
    found: dict[str, t.Any] = {}
    for key, value in index.dialect_kwargs.items():
        dialect = key.partition("_")[0]
        if isinstance(value, sa.sql.ClauseElement) and dialect in DIALECTS:
            value = sa.text(in_words(value, dialect))
        if value is not None and value is not False and value != {} and value != []:
            found[key] = value
    return found


def both_ways(expression: t.Any) -> sa.ColumnElement[t.Any]:
    """Return an expression as text that `source_of` writes for each database where the two differ (``crm_fold``)."""
    said = {dialect: in_words(expression, dialect) for dialect in DIALECTS}
    if len(set(said.values())) == 1:
        return sa.literal_column(said["sqlite"])
    return sa.literal_column(_EITHER.format(**said))


_EITHER = "{postgresql} /* or */ {sqlite}"


def _either(code: str) -> str:
    pattern = re.compile(
        r'"' + re.escape(_EITHER).replace(r"\{postgresql\}", '([^"]+)').replace(r"\{sqlite\}", '([^"]+)') + '"'
    )
    return pattern.sub(r'"\1" if op.get_context().dialect.name == "postgresql" else "\2"', code)


def source_of(title: str, revision: str, down: str | None, upgrade: str, downgrade: str, notes: t.Sequence[str]) -> str:
    """Return the text of a revision file."""
    upgrade, downgrade = (_readable(code.replace(", schema=None)", ")")) for code in (upgrade, downgrade))
    used = {name for name, line in _IMPORTS.items() if re.search(rf"\b{name}\.", _outside_strings(upgrade + downgrade))}
    imports = [line for name, line in _IMPORTS.items() if name in used]
    return _HEAD.format(
        title=title[:1].upper() + title[1:].rstrip("."),
        revision=revision,
        after=f", after {down}" if down else ", the first",
        imports="\n".join(imports),
        down=f'"{down}"' if down else None,
        notes="".join(f"    # {line}\n" for note in notes for line in _wrapped(note)),
        upgrade=upgrade,
        downgrade=downgrade,
    )


def _wrapped(note: str) -> list[str]:
    lines = [""]
    for word in note.split():
        if len(lines[-1]) + len(word) > _WIDTH - 10:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _readable(code: str) -> str:
    """Return Alembic's code in our style: double quotes, one statement per line, long ones broken."""
    statements: list[str] = []
    depth = 0
    for line in _either(_double_quotes(textwrap.dedent("    " + code))).splitlines():
        if not line.strip() or line.strip().startswith("# ###"):
            continue
        if depth:
            statements[-1] += (" " if statements[-1][-1] == "," else "") + line.strip()
        else:
            statements.append(line.rstrip())
        depth += _depth(line)
    return "\n".join(f"    {line}" for statement in statements for line in _fold(statement)).strip()


def _double_quotes(code: str) -> str:
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        said = token.string
        if token.type == tokenize.STRING and said[0] == "'" and ('"' not in said or "\\'" in said):
            inside = said[1:-1].replace("\\'", "'").replace('"', '\\"')
            token = token._replace(string=f'"{inside}"')
        tokens.append(token)
    return str(tokenize.untokenize(tokens))


def _depth(code: str) -> int:
    return sum((letter in "([{") - (letter in ")]}") for letter in _outside_strings(code))


def _outside_strings(code: str) -> str:
    """Return the code with what is inside string literals blanked."""
    return _STRING.sub(lambda match: "_" * len(match[0]), code)


def _fold(statement: str) -> list[str]:
    """Break a long call after the commas of its outermost brackets, and what is still too long again."""
    bare = _outside_strings(statement)
    indent = " " * (len(statement) - len(statement.lstrip()))
    if len(statement) <= _WIDTH or "(" not in bare or statement.lstrip().startswith("#"):
        return [statement]
    start, end = bare.index("(") + 1, bare.rindex(")")
    cuts = [at for at in range(start, end) if bare[at] == "," and _depth(statement[start:at]) == 0]
    if _depth(statement[start:end]) != 0 or bare[start:end].strip() == "":
        return [statement]
    edges = [start - 1, *cuts, end]
    parts = [statement[left + 1 : right].strip() for left, right in itertools.pairwise(edges)]
    folded = [line for part in parts if part for line in _fold(f"{indent}    {part},")]
    return [statement[:start], *folded, indent + statement[end:]]
