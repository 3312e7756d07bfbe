"""The name, the logo and the colour of a CRM, and what is said when one of them cannot be."""

from __future__ import annotations

import re

import pytest

from crmkit import CompositionError
from crmkit.testing import template_problems
from crmkit.ui import templates
from crmkit.ui.site import Site

from . import rig
from .conftest import SKIPPER

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'


@pytest.fixture
def crm_settings(tmp_path, request):
    (tmp_path / "logo.svg").write_bytes(LOGO)
    return {"ui": getattr(request, "param", {"name": "Флотилия <b>", "logo": str(tmp_path / "logo.svg"), "hue": 155, "theme": "dark"})}


def test_a_crm_is_called_and_looks_as_the_settings_say(client):
    text = client.act_as(SKIPPER).get("/search").text
    assert "<title>Search · Флотилия &lt;b&gt;</title>" in text
    assert 'data-theme="dark"' in text
    address = re.search(r'<img src="(/static/brand-[0-9a-f]+/logo)"', text)
    assert address is not None
    logo = client.get(address[1])
    assert (logo.content, logo.headers["content-type"]) == (LOGO, "image/svg+xml; charset=utf-8")
    assert "immutable" in logo.headers["cache-control"]
    assert "sandbox" in logo.headers["content-security-policy"]
    assert f'rel="icon" href="{address[1]}"' in text
    assert "/_/brand.css?hue=155" in text
    assert "--hue:155" in client.get("/_/brand.css?hue=155").text


@pytest.mark.parametrize("wrong", [{"logo": "/nowhere/logo.png"}, {"hue": 400}, {"hue": "blue"}, {"colour": "blue"}])
def test_what_cannot_be_is_told_when_the_crm_is_composed(crm, wrong):
    crm.raw_settings["ui"] = wrong
    with pytest.raises(CompositionError) as told:
        Site(crm)
    assert str(next(iter(wrong.values()))).split("/")[-1] in str(told.value) or "colour" in str(told.value)


def test_our_own_templates_hold_under_the_policy():
    assert template_problems(templates.HERE) == []


def test_the_linter_finds_what_the_policy_stops(tmp_path):
    bad = ['<p style="a">', "<style>", "<script>x</script>", '<a onclick="x">', '<a hx-on:click="x">', "<a hx-vals='js:{a:1}'>",
        '<a hx-trigger="click[ctrlKey]">', '<a href="javascript:x">']  # fmt: skip
    good = ['<script src="x"></script>', '<script type="importmap" nonce="{{ nonce }}">{}</script>', '<a hx-trigger="{{ x[0] }}">',
        "{# <style> #}", '<p class="style">', '<a hx-get="/x" hx-trigger="load">']  # fmt: skip
    (tmp_path / "page.html").write_text("\n".join([*good, *bad]))
    found = template_problems(tmp_path)
    assert [int(line.split(":")[1].split(" ")[0]) for line in sorted(found, key=lambda s: int(s.split(":")[1].split(" ")[0]))] == list(
        range(len(good) + 1, len(good) + len(bad) + 1)
    )


@pytest.mark.parametrize("crm_settings", [{"enabled": False}], indirect=True)
def test_a_crm_without_pages_sends_people_to_its_documentation(client):
    answer = client.get("/", follow_redirects=False)
    assert answer.status_code in (302, 303, 307)
    assert answer.headers["location"].endswith("/api/docs")
    assert client.get("/search").status_code == 404
    assert rig.plugin.name == "rig"
