"""Django set up for one database, with no settings module and no project."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

from bench.place import Place


def database_settings(place: Place, **options: Any) -> dict[str, Any]:
    """Django's DATABASES entry for a place."""
    if place.database == "sqlite":
        # WAL and IMMEDIATE as Django's own documentation advises for writing from several threads.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        tuned = {"transaction_mode": "IMMEDIATE", "init_command": pragmas}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": place.dsn, "OPTIONS": tuned}
    parts = urlsplit(place.dsn)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": host,
        "PORT": str(query.pop("port", None) or parts.port or ""),
        "OPTIONS": {**query, **options},
    }


def configure(place: Place, options: dict[str, Any] | None = None, **more: Any) -> None:
    """Set Django up for one database; once per process."""
    databases = {"default": database_settings(place, **(options or {}))}
    settings.configure(DATABASES=databases, USE_TZ=True, TIME_ZONE="UTC", **{"INSTALLED_APPS": [], **more})
    django.setup()
