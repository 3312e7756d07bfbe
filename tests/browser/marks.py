"""Marks of browser tests: in both languages, on both databases, on both screens."""

from __future__ import annotations

from typing import Any

import pytest

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}

in_both_languages = pytest.mark.parametrize("language", ["ru", "en"])
on_both_screens = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
on_both_databases = pytest.mark.parametrize("crm_database", ["sqlite", "postgresql"], indirect=True)
