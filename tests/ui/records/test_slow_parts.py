"""Parts of plugins that hang or never end: the page comes without them, and their threads and connections come back."""

from __future__ import annotations

import threading

import pytest

from tests.ui.records import works
from tests.ui.records.conftest import BOSS, PART, RU


@pytest.fixture
def crm_settings(crm_settings):
    return crm_settings | {"ui": {"part_seconds": 0.4}}


@pytest.fixture(autouse=True)
def _held():
    works.held.clear()
    works.let_in.clear()
    yield
    works.held.set()


def test_a_page_does_not_wait_for_what_hangs(client, make, caplog):
    firm = make(works.Client, name="A")
    text = client.act_as(BOSS).get(f"/works/client/{firm.id}", headers=RU).text
    assert f'hx-get="/_/panel/works/waits/works.client/{firm.id}"' in text
    assert "waits of plugin works took more than 0.4 s" in caplog.text
    text = client.get(f"/works/client/{firm.id}", headers=RU).text
    assert "counted" in text
    assert works.let_in == [firm.id]  # a moment later it is not even asked


def test_what_hangs_keeps_few_threads_however_often_it_is_asked(client, make, crm):
    firm = make(works.Client, name="A")
    client.act_as(BOSS)
    for _time in range(7):
        found = client.get(f"/_/panel/works/waits/works.client/{firm.id}", headers=PART)
        assert "слишком долго" in found.text
        assert "Попробовать ещё раз" in found.text
    assert len(works.let_in) == 4
    assert "counted" in client.get(f"/_/panel/works/counts/works.client/{firm.id}", headers=PART).text
    works.held.set()
    for thread in [t for t in threading.enumerate() if t.name.startswith("crm-part")]:
        assert thread.daemon  # no process waits for one at its end
    asked = (client.get(f"/_/panel/works/waits/works.client/{firm.id}", headers=PART).text for _time in range(200))
    assert any("waited long enough" in text for text in asked)  # as soon as one of the four has ended


def test_the_database_ends_what_would_never_end(client, make, crm):
    works.held.set()
    firm = make(works.Client, name="endless")
    text = client.act_as(BOSS).get(f"/works/client/{firm.id}", headers=RU).text
    assert "waited long enough" in text
    found = client.get(f"/_/panel/works/counts/works.client/{firm.id}", headers=PART)
    assert "слишком долго" in found.text
    firm.name = "finite"
    # Whose statement was ended gives its connection back a moment after the page went on without it.
    asked = (client.get(f"/_/panel/works/counts/works.client/{firm.id}", headers=PART).text for _time in range(200))
    assert any("counted" in text and crm.engine.pool.checkedout() == 0 for text in asked)
