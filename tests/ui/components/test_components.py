"""The catalogue of components is whole, says everything in both languages, and every example in it is a template that works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Actor, Crm, Role
from crmkit.core.text import Text
from crmkit.ui.components.catalogue import SECTIONS, Component, chart_functions, components, macros, signature
from crmkit.ui.statics import HERE

ANN = Actor(2, "Ann", ("seller",))
DEFINED = re.compile(r"customElements\.define\('(crm-[a-z]+)'")


@pytest.fixture
def crm_plugins() -> list[Any]:
    return []


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("seller", {"crmkit.*": "all"})]


def page_of(crm: Crm, language: str = "en") -> Any:
    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: ANN))], lifespan=crm.lifespan())
    with TestClient(app, base_url="http://testserver", headers={"accept-language": language}) as client:
        return client.get("/crm/_/components")


class TestInADemo:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {"ui": {"demo": True}, "crmkit": {"jobs": False}}

    @pytest.mark.parametrize("language", ["en", "ru"])
    def test_every_example_renders_beside_its_template(self, language: str, crm: Crm):
        page = page_of(crm, language)
        assert page.status_code == 200
        for component in components():
            assert f'id="{component.key}"' in page.text, component.name
        assert page.text.count('data-theme="dark"') == sum(e.pair and e.live for c in components() for e in c.examples)
        assert "{{ ui.chip(_(words.new)) }}" in page.text
        assert 'class="chip green"' in page.text

    def test_no_id_stands_twice_on_the_page(self, crm: Crm):
        ids = re.findall(r'\sid="([^"]+)"', page_of(crm).text)
        assert sorted(ids) == sorted(set(ids))


class TestElsewhere:
    def test_there_is_no_such_page(self, crm: Crm):
        assert page_of(crm).status_code == 404


def test_no_macro_is_missing():
    assert set(macros()) <= {c.name for c in components()}


def test_no_chart_is_missing():
    assert set(chart_functions()) <= {c.name for c in components()}


def test_no_element_is_missing_and_none_is_made_up():
    defined = {name for file in sorted((HERE / "js").glob("*.js")) for name in DEFINED.findall(file.read_text("utf-8"))}
    assert defined == {c.name.strip("<>") for c in components() if c.name.startswith("<")}


def test_nothing_is_in_it_twice():
    names = [c.name for c in components()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("component", list(components()), ids=lambda c: c.name)
def test_a_component_says_what_it_is_for_in_both_languages(component: Component):
    assert component.examples
    for words in (component.label, component.purpose, component.access, *component.states, *(w for _n, w in component.attributes)):
        assert not words or (isinstance(words, Text) and (words.to("ru") != words.to("en") or "`" in words or words == "VIP")), words


def test_what_is_called_has_its_signature():
    found = {c.name: signature(c) for c in components()}
    assert found["ui.chip"].startswith("ui.chip(text, color='gray'")
    assert found["charts.bars"].startswith("charts.bars(rows: Sequence[Bar], *, caption")
    assert found["<crm-pick>"] == ""


def test_the_reference_is_written_from_it():
    written = (Path(__file__).parents[3] / "docs" / "reference" / "components.md").read_text("utf-8")
    for section in SECTIONS:
        for component in section.components:
            assert f"`{component.name}`" in written
            assert signature(component) in written
            for example in component.examples:
                assert example.source in written
