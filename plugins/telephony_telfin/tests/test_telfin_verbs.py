"""The command line, against the fake PBX on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmkit.cli.app import run
from crmkit_telephony_telfin.fake import FakePbx, serve

SETTINGS = """
[crmkit]
plugins = ["activities", "sales", "telephony", "telephony_telfin"]
database = "sqlite:///{folder}/crm.db"
[activities]
folder = "{folder}/files"
[ui]
imports = "{folder}/imports"
[telephony_telfin]
app_id = "{app}"
app_secret = "fake-secret"
base_url = "{url}"
[telephony]
public_url = "https://crm.example"
"""


@pytest.fixture
def served() -> Iterator[FakePbx]:
    pbx = FakePbx(extensions=["101", "102"])
    with serve(pbx):
        yield pbx


def test_the_verbs(served: FakePbx, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRMKIT_LANGUAGE", "ru")
    toml = tmp_path / "crmkit.toml"

    def typed(*words: str, app: str = "fake-app") -> tuple[int, str]:
        toml.write_text(SETTINGS.format(folder=tmp_path, app=app, url=served.base_url), "utf-8")
        code = run(["--settings", str(toml), *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert typed("migrate")[0] == 0
    assert typed("telfin", "check", app="") == (1, "НЕВЕРНО: Телфин не настроен: не заданы [telephony_telfin] app_id и app_secret\n")
    code, said = typed("telfin", "extensions")
    assert (code, "1111*101" in said, "аппарат" in said, "85001" in said) == (0, True, True, True)
    code, said = typed("telfin", "check")
    assert code == 1
    assert "верно: Телфин принял приложение" in said
    assert "НЕВЕРНО: Ни у кого нет телефона" in said
    assert typed("telfin", "align") == (0, "Менять нечего.\n")
    served.app_secret = "changed"
    code, said = typed("telfin", "extensions")
    assert (code, "Телфин не принимает App ID" in said, "Traceback" in said) == (1, True, False)
