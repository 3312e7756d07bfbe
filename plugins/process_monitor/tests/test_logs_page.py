"""The page of event logs, the routes behind it, and the verbs of the command line."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crmkit import Actor, Crm
from crmkit_process_monitor import Log
from crmkit_process_monitor.exchange import verbs
from crmkit_process_monitor.xes import LogReader

DIRECTOR = Actor(1, "Dora", roles=["director"])
LOGS = "/x/process_monitor/logs"


def test_a_log_is_dropped_on_the_page_and_taken_from_it(client, rich: Path, uow):
    client.act_as(DIRECTOR)
    page = client.get("/process_monitor/logs").text
    assert "No log has been imported yet" in page
    wrong = client.post(f"{LOGS}?name=log.pdf", content=b"x")
    assert (wrong.status_code, wrong.json()["problems"][0]["path"]) == (422, "file")
    wrong = client.post(f"{LOGS}?name=log.xes", content=b"<log>")
    assert "line 1" in wrong.json()["problems"][0]["message"]
    made = client.post(f"{LOGS}?name=Rich.xes.gz&case_kind=sort&kind=&to=", content=gzip.compress(rich.read_bytes()))
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["cases"], told["events"], told["path"]) == (3, 12, f"?made={told['log']}")
    page = client.get("/process_monitor/logs" + told["path"]).text
    for part in ("Imported: Rich", f"/process_monitor/log/{told['log']}", f"/undo?operation={told['operation']}", f"{LOGS}/{told['log']}?format=xes"):
        assert part in page
    assert client.get(f"/process_monitor/step?filter=%7B%22log_id%22%3A%20{told['log']}%7D").text.count("Offer") > 1
    file = client.get(f"{LOGS}/{told['log']}")
    assert file.headers["content-disposition"] == f'attachment; filename="log-{told["log"]}.xes"'
    assert len(list(LogReader(io.BytesIO(file.content)))) == 3
    assert client.get(f"{LOGS}/{told['log']}?format=csv").text.startswith("case:concept:name,")
    assert "<log" in client.get(f"{LOGS}/own?since=2026-01-01").text
    for bad, status in ((f"{LOGS}/own?since=soon", 422), (f"{LOGS}/own?format=pdf", 422), (f"{LOGS}/x", 404), (f"{LOGS}/999", 404)):
        assert client.get(bad).status_code == status
    client.act_as(Actor(7, "Max", roles=["manager"]))
    for path in ("/process_monitor/logs", f"{LOGS}/own"):
        assert client.get(path).status_code == 403


@pytest.fixture
def run(crm: Crm):
    """Run a verb; return what it printed."""
    group = click.Group("crmkit")
    verbs.crm_commands(group, lambda: crm)

    def call(*words: str) -> str:
        done = CliRunner().invoke(group, ["monitor", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_verbs(run, rich: Path, tmp_path: Path, uow):
    mapping = tmp_path / "map.toml"
    mapping.write_text('kind = "sort"\n[steps]\n"Offer, again" = "Offer"\n', encoding="utf-8")
    assert "3 cases, 12 events, 2 steps" in run("import", str(rich), "--title", "Bank", "--map", str(mapping), "--since-previous")
    log = uow.find(Log).one()
    assert log.title == "Bank"
    assert "Bank" in run("logs")
    assert '"Offer"' in run("figures", str(log.id), "--json")
    assert "Offer" in run("figures", str(log.id))
    for name, begins in (("out.xes.gz", b"<?xml"), ("out.csv", b"case:concept:name,")):
        run("export", str(log.id), str(tmp_path / name))
        written = (tmp_path / name).read_bytes()
        assert (gzip.decompress(written) if name.endswith(".gz") else written).startswith(begins)
    run("export", "own", str(tmp_path / "own.xes"))
    assert list(LogReader(io.BytesIO((tmp_path / "own.xes").read_bytes()))) == []
