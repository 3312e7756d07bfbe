"""What the verbs do, and what their exit codes mean."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import time
import urllib.request

import pytest

from crmkit import Crm


def test_without_settings_it_says_how_to_get_some(typed):
    code, _out, said = typed("migrate")
    assert code == 3
    assert "crmkit new settings" in said


def test_from_nothing_to_a_database(typed, here):
    assert typed("new", "settings")[0] == 0
    assert '"visits"' in (here / "crmkit.toml").read_text()
    assert typed("new", "settings")[0] == 3, "what is there is left alone"


def test_wrong_settings_are_all_told_at_once(typed, here):
    (here / "crmkit.toml").write_text('[crmkit]\nplugins = ["visits"]\nlanguag = "ru"\n[visits]\nreminde = "x"\n')
    code, _out, said = typed("migrate")
    assert code == 3
    assert "'language'" in said
    assert "'reminder'" in said
    assert "Traceback" not in said


def test_a_database_that_is_gone_is_code_4(typed, here):
    (here / "crmkit.toml").write_text('[crmkit]\nplugins = ["visits"]\ndatabase = "postgresql://nobody@127.0.0.1:1/none"\n')
    code, _out, said = typed("migrate", "status")
    assert code == 4
    assert "Traceback" not in said


def test_a_plugin_s_own_bug_keeps_its_trace(typed, settings, monkeypatch):
    def broken(*args, **kw):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("crmkit.core.migrate.upgrade", broken)
    code, _out, said = typed("migrate")
    assert code == 70
    assert "ZeroDivisionError" in said


def test_a_life_of_a_database(typed, settings, database):
    assert typed("migrate", "status")[0] == 1
    assert typed("serve")[0] == 3, "not migrated yet"
    code, out, _said = typed("migrate")
    assert code == 0
    assert "visits_0001" in out
    assert typed("migrate", "status")[0] == 0
    assert typed("migrate", "check")[:2] == (0, "The database is what the models say.\n")

    code, out, said = typed("token", "create", "form", "--role", "admin", "--days", "30")
    assert code == 0
    assert out.startswith("crm_")
    assert not said
    assert "form" in typed("token", "list")[1]
    assert typed("token", "revoke", "1")[0] == 0
    assert "revoked" in typed("token", "list")[1]
    assert typed("token", "revoke", "1")[0] == 3
    assert typed("token", "create", "x", "--role", "admni")[0] == 3

    crm = Crm.from_file(settings)
    with crm.uow() as uow:
        Question = importlib.import_module("crmkit_visits").Question

        question = uow.add(Question(subject="Why?"))
        uow.flush()
        number = str(question.id)
    crm.engine.dispose()
    code, out, said = typed("do", "visits.question.answer", number, "--text", "Because")
    assert (code, said) == (0, "")
    assert typed("do", "visits.question.answer", number, "--text", "Because")[0] == 3, "it is answered already"
    assert typed("do", "visits.question.answer", number)[0] == 2
    assert typed("do", "visits.question.answer", "999", "--text", "x")[0] == 3

    code, out, _said = typed("jobs", "list")
    assert code == 0
    assert typed("jobs", "replay")[0] == 2
    assert typed("jobs", "replay", "--all")[0] == 0
    assert typed("jobs", "discard", "--all")[0] == 0

    assert "enabled" in typed("plugins", "list")[1]
    assert "plugins = []" in typed("plugins", "disable", "visits")[1]
    code, out, _said = typed("plugins", "uninstall", "visits")
    assert code == 0
    assert "visits_question: 1 rows" in out
    assert "uninstalled, data kept" in typed("plugins", "list")[1]
    assert typed("migrate")[0] == 0
    assert typed("do", "visits.question.answer", number, "--text", "x")[0] == 3, "the data is back, answered as before"
    code, _out, said = typed("plugins", "purge", "visits")
    assert code == 3
    assert "visits_question" in said
    assert typed("plugins", "purge", "visits", "--confirm", "visits")[0] == 0


def test_verbs_of_plugins_are_found(typed, settings):
    assert typed("greet")[:2] == (0, "hello from visits\n")
    assert "greet" in typed("--help")[1]


def test_openapi_needs_no_database(typed):
    code, out, _said = typed("openapi", "--indent", "0")
    assert code == 0
    assert json.loads(out)["openapi"].startswith("3.1")


def test_simulate_ends_with_json(typed):
    code, out, _said = typed("simulate", "visits", "--json", "-o", "days=3")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["violations"] == 0
    code, out, _said = typed("simulate", "visits", "--json", "-o", "break=2")
    assert code == 1
    assert json.loads(out.splitlines()[-1])["violations"] == 2
    code, out, _said = typed("simulate", "visits", "--json", "--break", "3", "--days=2")
    assert (code, json.loads(out.splitlines()[-1])["violations"]) == (1, 3)
    for wrong, named in ((["--break"], "--break"), (["loud"], "loud")):
        code, _out, said = typed("simulate", "visits", *wrong)
        assert code == 2
        assert named in said


def test_a_good_plugin_checks_out(typed):
    code, out, _said = typed("check", "visits")
    assert (code, out) == (0, "visits: well made\n")


def test_what_is_wrong_with_the_pages_is_found_too(typed, settings):
    settings.write_text(settings.read_text() + '[ui]\nhue = 400\nlogo = "nowhere.svg"\n')
    code, out, _said = typed("check")
    assert code == 1
    assert "hue = 400" in out
    settings.write_text(settings.read_text().replace("400", "155"))
    assert "[ui] logo: there is no file nowhere.svg" in typed("check")[1]


def test_new_plugin_refuses_names_that_will_not_do(typed, here):
    for name in ("Visits", "core", "9lives", "a-b"):
        code, _out, said = typed("new", "plugin", name)
        assert code == 3, name
        assert name in said
    (here / "crmkit-mine").mkdir()
    assert typed("new", "plugin", "mine")[0] == 3


def get(url: str, token: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


def test_demo_starts_from_nothing_and_starts_again(process, here):
    tokens = []
    for _time in range(2):
        demo = process("demo", "--port", "0", "--size", "5")
        said = [demo.stdout.readline() for _line in range(3)]
        address = re.findall(r"http://\S+?:\d+/", said[0])[0]
        tokens.append(re.findall(r"crm_\S+", said[2])[0])
        status, body = get(f"{address}api/visits/question?limit=50", tokens[-1])
        assert status == 200
        assert len(json.loads(body)["rows"]) == 5, body
        assert get(f"{address}api/docs", tokens[-1])[0] == 200
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(10) == 0
    assert tokens[0] == tokens[1]
    assert oct(os.stat(here / ".demo" / "token").st_mode)[-3:] == "600"


@pytest.mark.real_time("a worker is another process, with the machine's own clock")
def test_work_runs_jobs_until_told_to_stop(typed, settings, process, database):
    assert typed("migrate")[0] == 0
    crm = Crm.from_file(settings)
    with crm.uow() as uow:
        crm.jobs.schedule(uow.connection, "crmkit:tidy")
    worker = process("work", "--threads", "1")
    deadline = time.monotonic() + 20
    while crm.jobs.find(kind="crmkit:tidy") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not crm.jobs.find(kind="crmkit:tidy")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    crm.engine.dispose()


def test_a_port_that_is_taken_is_told(typed, settings, here):
    import socket

    assert typed("migrate")[0] == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _out, said = typed("serve", "--port", str(taken.getsockname()[1]))
    assert code == 3
    assert "--port" in said


@pytest.mark.real_time("a person at a terminal waits by their own clock")
def test_progress_is_shown_to_people_only(monkeypatch, capsys):
    from crmkit.cli.speak import Working, working

    monkeypatch.setattr(Working, "AFTER", 0.05)
    with working("Counting") as shown:
        time.sleep(0.2)
    assert capsys.readouterr().err == "", "a pipe gets no progress"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with working("Counting") as shown:
        shown.on("sheep")
        time.sleep(0.2)
    assert "Counting: sheep" in capsys.readouterr().err
    with working("Counting"):
        pass
    assert capsys.readouterr().err == "", "what is quick says nothing"


def test_dead_jobs_are_listed_and_replayed(typed, settings):
    assert typed("migrate")[0] == 0
    crm = Crm.from_file(settings)
    with crm.uow() as uow:
        crm.jobs.schedule(uow.connection, "crmkit:tidy")
        uow.connection.exec_driver_sql("UPDATE crm_job SET state = 'dead', attempts = 10, died_at = 1, error = 'Boom: it broke'")
    crm.engine.dispose()
    code, out, _said = typed("jobs", "list", "--state", "dead")
    assert code == 1
    assert "it broke" in out
    assert "1" in typed("jobs", "replay", "--all")[1]
    assert typed("jobs", "list")[0] == 0


def test_the_search_index_is_checked_and_written(typed, settings, database):
    typed("migrate")
    assert typed("search", "check")[0] == 0
    code, out, _said = typed("search", "reindex")
    assert code == 0
    assert "visits." in out or out == ""
    assert typed("search", "reindex", "visits.nothing")[0] == 3
