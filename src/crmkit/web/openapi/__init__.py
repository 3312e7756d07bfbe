"""The OpenAPI 3.1 document, made from the kinds and commands of one CRM."""

from __future__ import annotations

from .whole import document

__all__ = ["document"]
