"""``crmkit import`` and ``crmkit export`` as they are typed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from crmkit.cli.app import run
from tests.cli.conftest import here, visits

__all__ = ["here", "visits"]
MAPPING = """
[import.questions]
from = {file = "q.csv"}
into = "visits.question"
id = "id"
fields = {subject = "subject"}
"""


@pytest.fixture
def typed(here: Path, capsys: pytest.CaptureFixture[str]):
    def type_(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(args)
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_


@pytest.fixture
def files(here: Path) -> Path:
    (here / "m.toml").write_text(MAPPING)
    (here / "q.csv").write_text("id,subject\n1,Why?\n2,\n3,How?\n")
    return here


@pytest.fixture
def settings(here: Path, database_url: str) -> Path:
    file = here / "crmkit.toml"
    file.write_text(f'[crmkit]\nplugins = ["visits"]\ndatabase = "{database_url}"\n[roles.admin]\ngrants."*" = "all"\n')
    return file


def test_a_dry_run_from_nothing_leaves_nothing(typed, files):
    (files / "crmkit.toml").write_text('[crmkit]\nplugins = ["visits"]\n')
    before = sorted(p.name for p in files.iterdir())
    code, out, said = typed("import", "m.toml", "--dry-run")
    assert code == 1, said
    assert "temporary" in said
    assert "visits.question" in out
    assert "line 3 (2): Subject: required" in out
    assert "nothing was kept" in out
    assert sorted(p.name for p in files.iterdir()) == before


def test_from_nothing_at_all(typed, files, monkeypatch):
    """No settings: all installed plugins, as many as there are."""
    code, out, said = typed("import", "m.toml", "--dry-run")
    assert code == 1, said
    assert "all installed plugins" in said
    assert not (files / "crm.db").exists()
    assert "questions" in out


def test_a_new_database_gets_its_tables_first(typed, files, settings, database):
    code, out, said = typed("--language", "ru", "import", "m.toml")
    assert code == 1
    assert "новая: сначала создаются таблицы" in said
    assert "m.errors.csv" in out
    assert "отменит её" in out
    assert "обязательное поле" in (files / "m.errors.csv").read_text("utf-8-sig")
    (files / "q.csv").write_text("id,subject\n1,Why?\n2,When?\n3,How?\n")
    assert typed("import", "m.toml")[0] == 0
    code, out, said = typed("import", "m.toml")
    assert (code, said) == (0, "")
    assert "Nothing had changed." in out
    code, out, _said = typed("export", "visits.question", "--to", "out.csv", "--fields", "id,subject")
    assert code == 0
    assert "3 records" in out
    assert (files / "out.csv").read_text("utf-8-sig").splitlines()[1].endswith(",Why?")


def test_what_is_typed_wrongly_is_told(typed, files, settings):
    assert typed("migrate")[0] == 0
    code, _out, said = typed("import", "n.toml")
    assert (code, "Did you mean 'm.toml'" in said) == (3, True)
    assert typed("import", "m.toml", "--data", "x")[0] == 2
    assert typed("import", "m.toml", "--resume", "--restart")[0] == 2
    assert typed("import", "m.toml", "--resume")[0] == 3
    assert typed("export", "--to", "x")[0] == 2
    assert typed("export", "visits.question", "--to", "x", "--filter", "{")[0] == 2
    code, _out, said = typed("export", "visits.questio", "--to", "x")
    assert (code, "Did you mean 'visits.question'" in said) == (3, True)
    (files / "m.toml").write_text(MAPPING.replace("subject =", "subjct ="))
    code, _out, said = typed("import", "m.toml")
    assert code == 3
    assert "import.questions.fields.subjct: visits.question has no field 'subjct'" in said
    assert "Did you mean 'subject'" in said


def test_a_schema_that_is_behind_is_not_touched(typed, files, settings, database_url):
    assert typed("migrate")[0] == 0
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
            connection.execute("DELETE FROM crmkit_version_visits")
        connection.close()
        code, _out, said = typed("import", "m.toml", "--dry-run")
        assert code == 3
        assert "crmkit migrate" in said


def test_the_whole_crm_goes_out_and_into_an_empty_one(typed, files, settings, fresh_database, database, monkeypatch):
    typed("import", "m.toml")
    code, out, said = typed("export", "--all", "--to", "backup", "--with-mapping", "--journal")
    assert code == 0, said
    assert "crmkit import backup/import.toml" in out
    assert len((files / "backup" / "visits.question.jsonl").read_text().splitlines()) == 2
    assert json.loads((files / "backup" / "crm_journal.jsonl").read_text().splitlines()[0])["action"] == "created"
    monkeypatch.setenv("CRMKIT_DATABASE", fresh_database(database))
    code, out, said = typed("import", "backup/import.toml")
    assert code == 0, said + out
    code, out, _said = typed("export", "visits.question", "--to", "again.jsonl", "--fields", "subject")
    assert [json.loads(line)["subject"] for line in (files / "again.jsonl").read_text().splitlines()] == ["Why?", "How?"]
