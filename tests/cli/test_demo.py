"""What `crmkit demo` lays before a person who has just installed everything, and what the verbs say where there is nothing yet."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crmkit import Crm, Plugin, hookimpl, preview_undo
from crmkit.accounts import Team
from crmkit.activities import File
from crmkit.cli.app import run
from crmkit.cli.verbs.demo import settings_text
from crmkit.core.compose import installed
from crmkit.views import View
from crmkit_sales import Dealer
from crmkit_telephony import Call, CallState, Line
from crmkit_telephony_telfin.exchange.running import exchange_of
from tests.core.shop import module_of


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRMKIT_DATABASE", raising=False)
    return tmp_path


def test_the_demo_shows_what_every_plugin_is_for(empty: Path):
    assert run(["--language", "ru", "demo", "--prepare-only", "--size", "12"]) == 0
    crm = Crm.from_file(empty / ".demo" / "crmkit.toml", {})
    try:
        with crm.read() as uow:
            teams = {team.id: team.name for team in uow.find(Team)}
            assert all(teams.get(one.team_id or 0) == one.name for one in uow.find(Dealer))  # whoever signs in at a dealer sees its rows
            assert {view.owner_id for view in uow.find(View)} == set(range(1, 13))
            files = uow.find(File).all()
            assert {"Предложение.txt", "Прайс-лист.csv"} == {file.name for file in files}
            assert all((empty / ".demo" / "files").rglob("*"))
            assert {line.owner_id for line in uow.find(Line)} == {1, 2, 3, 4, 5, 6, 7, 8}  # whoever works there has a telephone
            assert {call.state for call in uow.find(Call)} == {CallState.ENDED}
            assert any(call.recording and call.contact_id for call in uow.find(Call))
            assert exchange_of(crm) is not None
            brought = preview_undo(uow, operation=1)
            assert brought.possible
            assert "sales.lead" in brought.counts
    finally:
        crm.engine.dispose()
    assert run(["--settings", ".demo/crmkit.toml", "import", ".demo/import/exhibition.toml"]) == 0  # nothing is there twice
    assert run(["--settings", ".demo/crmkit.toml", "undo", "1"]) == 0


@pytest.mark.parametrize(("language", "words"), [("en", "need a settings file"), ("ru", "нужен файл настроек")])
def test_verbs_of_plugins_say_what_they_need(empty: Path, language: str, words: str, capsys: pytest.CaptureFixture[str]):
    assert run(["--language", language, "user", "list"]) == 2
    assert words in capsys.readouterr().err


def test_there_is_nothing_to_export_where_nothing_is(empty: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["export", "--all", "--to", "backup"]) == 3
    assert "nothing to export" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_a_plugin_whose_library_is_missing_is_left_out_by_name():
    program = "import sys; sys.modules['rapidfuzz'] = None; from crmkit.cli.load import installed_plugins as i; print([p.name for p in i()])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "'activities'" in ran.stdout
    assert "'duplicates'" not in ran.stdout
    assert "pip install 'crmkit[duplicates]'" in ran.stderr


def test_plugins_say_what_stands_in_the_demo_s_settings(empty: Path):
    @hookimpl
    def crm_demo_settings(crm: Crm) -> dict[str, dict[str, str]]:
        return {"sales": {"country": "KZ"}}

    second = Plugin("second", modules=[module_of([crm_demo_settings])], requires=["sales"])
    written = tomllib.loads(settings_text([*installed(["sales"]), second], f"sqlite:///{empty / 'crm.db'}", empty))
    assert written["sales"] == {"country": "KZ"}
