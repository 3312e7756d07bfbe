"""The web edge: the JSON API, its documentation and the live stream, as an application of its own or inside a host."""

from __future__ import annotations

from .app import embedded, standalone
from .running import lifespan

__all__ = ["embedded", "lifespan", "standalone"]
