"""Commands in the document: their arguments from the annotations that check them."""

from __future__ import annotations

import typing as t

import attrs

from ...core.commands import Command
from .schemas import Schema, obj, of_annotation


def arguments_schema(command: Command) -> Schema:
    """Return the schema of what a command's caller fills in."""
    fields = attrs.fields(command.arguments)
    return obj({a.name: of_annotation(a.type) for a in fields}, [a.name for a in fields if a.default is attrs.NOTHING])


RESULT: Schema = obj({"result": {}}, ["result"])


def has_required(command: Command) -> bool:
    """True when a call without a body cannot succeed."""
    return any(a.default is attrs.NOTHING for a in t.cast(t.Any, attrs.fields(command.arguments)))
