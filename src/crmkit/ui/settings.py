"""``[ui]``: how the pages look and what they are called."""

from __future__ import annotations

from pathlib import Path

import attrs


def _degrees(_self: object, _attribute: object, value: int) -> None:
    if not 0 <= value <= 360:
        raise ValueError(f"hue = {value}: expected degrees on the colour circle, from 0 to 360 (262 is blue, 155 green, 25 red)")


@attrs.frozen(kw_only=True)
class UiSettings:
    """``[ui]``: branding and habits of the pages."""

    enabled: bool = True
    """Whether there are pages at all; set to false for a CRM that is only an API."""
    name: str = "crmkit"
    """What the CRM is called, in the sidebar and in the titles of pages."""
    logo: str = ""
    """A file with the logo (SVG, PNG or WebP, square); ours when empty."""
    hue: int = attrs.field(default=262, validator=_degrees)
    """Colour of links, focus and what is chosen: degrees on the colour circle (OKLCH)."""
    theme: str = "auto"
    """``light``, ``dark`` or ``auto`` (as the person's system has it), for people who did not choose."""
    templates: str = ""
    """A folder with templates that come before those of crmkit and its plugins, by the same names."""
    part_seconds: float = 2.0
    """How long a panel or a widget of a plugin may take before the page is shown without it."""
    imports: Path = Path("imports")
    """The folder of files that wait to be imported, and of what came of them; every process of this CRM must see the same one."""
    import_size: int = attrs.field(default=50_000_000, validator=attrs.validators.gt(0))
    """How many bytes a file for an import may have: 50 MB unless said otherwise."""
    import_days: int = attrs.field(default=7, validator=attrs.validators.ge(1))
    """After how many days the files of an import are removed. What was imported stays."""
    demo: bool = False
    """Whether this is a CRM to look around in: it has the page of components, ``/_/components``. `crmkit demo` sets it."""
