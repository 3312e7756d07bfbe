"""Marks of browser tests: in both languages, on both databases, on both screens.

What is looked at in every way is looked at in Russian on a phone and in English on a desk; CRMKIT_TEST_LONG=1 takes the other two too.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}

in_both_languages = pytest.mark.parametrize("language", ["ru", "en"])
on_both_screens = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
PAIRS = {"ru-phone": ("ru", PHONE), "en-desktop": ("en", DESKTOP), "ru-desktop": ("ru", DESKTOP), "en-phone": ("en", PHONE)}
LOOKS = list(PAIRS)[: 4 if os.environ.get("CRMKIT_TEST_LONG") else 2]
in_every_look = pytest.mark.parametrize(("language", "screen"), [PAIRS[name] for name in LOOKS], ids=LOOKS)
on_both_databases = pytest.mark.parametrize("crm_database", ["sqlite", "postgresql"], indirect=True)
