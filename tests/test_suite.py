"""The guards and fixtures every other test stands on do what they promise."""

import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from crmkit.ui.settings import UiSettings
from tests.suite.forked import Forked
from tests.suite.forked import run as forked
from tests.suite.guards import DEFAULT_FOLDERS, OutsideCall, left_behind


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1"])
def test_no_connection_leaves_the_machine(address):
    with socket.socket() as outgoing, pytest.raises(OutsideCall, match=address):
        outgoing.connect((address, 80))


def test_no_name_is_looked_up():
    with pytest.raises(OutsideCall, match="example"):
        socket.getaddrinfo("crm.example", 443)


def test_this_machine_answers():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_a_test_that_sleeps_fails():
    with pytest.raises(pytest.fail.Exception, match="real_time"):
        time.sleep(0.01)


@pytest.mark.real_time("this is the test of the mark")
def test_a_test_that_says_why_may_sleep():
    time.sleep(0.001)


def test_folders_of_the_defaults_left_in_the_checkout_are_noticed(tmp_path):
    assert left_behind(tmp_path) == set()
    (tmp_path / "imports").mkdir()
    assert left_behind(tmp_path) == {"imports"}
    assert str(UiSettings().imports) in DEFAULT_FOLDERS


def test_a_fresh_database_is_empty(database, database_url):
    assert tables(database_url) == []
    run(database_url, "CREATE TABLE one (id INTEGER)")
    assert tables(database_url) == ["one"]


@pytest.mark.parametrize("again", [1, 2])
def test_copies_do_not_know_each_other(copy_of, again):
    def prepare(url):
        run(url, "CREATE TABLE prepared (id INTEGER)")

    first, second = copy_of("one table", prepare), copy_of("one table", prepare)
    run(first, "CREATE TABLE more (id INTEGER)")
    assert tables(first) == ["more", "prepared"]
    assert tables(second) == ["prepared"]


def test_a_forked_process_has_a_place_an_environment_words_and_an_end_of_its_own(tmp_path):
    program = "import os, sys; print(os.getcwd(), os.environ.get('WHO'), *sys.argv[1:]); sys.exit(3)"
    done = forked(["-c", program, "a", "b"], cwd=tmp_path, env={**os.environ, "WHO": "Ann"})
    assert (done.stdout, done.stderr, done.returncode) == (f"{tmp_path} Ann a b\n", "", 3)
    failed = forked(["-c", "raise LookupError('nothing there')"])
    assert failed.returncode == 1
    assert "LookupError: nothing there" in failed.stderr
    endless = "import time; print('here', flush=True); time.sleep(60)"
    with Forked(["-c", endless], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL


def run(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(Path(url.removeprefix("sqlite:///")))
        connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as postgresql:
        postgresql.execute(statement.encode())


def tables(url: str) -> list[str]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(Path(url.removeprefix("sqlite:///")))
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.close()
        return sorted(names)
    with psycopg.connect(url) as postgresql:
        return sorted(
            name for (name,) in postgresql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
