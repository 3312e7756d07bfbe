"""The import wizard: from a file to records, checked first, and taken back."""

from __future__ import annotations

import html
import io
import json
import re

import pytest

from crmkit import ANONYMOUS
from crmkit.ui.transferring.store import Store, working
from crmkit.ui.transferring.work import settings_of
from tests.core.shop import Client, Order
from tests.ui.transferring.conftest import ANNA, GUEST, OLEG, VERA

RU = {"accept-language": "ru"}
HX = {"hx-request": "true", **RU}
CLIENTS = "№;Имя клиента;Name;Спонсор\n1;x;Ромашка;\n2;y;Василёк;Ромашка\n3;z;;\n"
ORDERS = "No;Title;Сумма;Client;Стадия\n1;Розы;1 200,50;Ромашка;new\n2;Астры;много;Ромашка;new\n3;Мак;5;Нет такого;new\n"


def text(answer) -> str:
    found = re.sub(r"<(script|style|svg).*?</\1>", "", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.fixture
def send(client):
    def send(content, name="clients.csv", kind="shop.client", to="", headers=HX):
        body = content.encode() if isinstance(content, str) else content
        return client.post("/_/import", params={"name": name, "kind": kind, "to": to}, content=body, headers=headers)

    return send


@pytest.fixture
def wizard(client, send, deliver):
    """Send a file, choose, check and run, as the pages do."""

    class Wizard:
        path = ""

        def file(self, content, **more):
            answer = send(content, **more)
            assert answer.status_code == 201, answer.text
            self.path = answer.json()["path"]
            return client.get(self.path, headers=RU)

        def form(self):
            """What the form of the columns says as it is."""
            page = client.get(self.path, headers=RU).text
            found = {}
            for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', page, flags=re.DOTALL):
                chosen = re.search(r'value="([^"]*)" selected', options)
                found[name] = html.unescape(chosen[1]) if chosen else ""
            found |= {n: html.unescape(v) for n, v in re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', page)}
            found.pop("add", None), found.pop("what", None)
            return found

        def choose(self, **chosen):
            dotted = ("field_", "convert_", "find_", "missing_")
            data = self.form() | {n.replace("_", ".", 1) if n.startswith(dotted) else n: v for n, v in chosen.items()}
            return client.post(self.path, data=data, headers=HX)

        def check(self):
            answer = client.post(self.path, data=self.form() | {"go": "1"}, headers=RU, follow_redirects=False)
            assert answer.status_code == 303, text(answer)
            deliver()
            return client.get(self.path, headers=RU)

        def act(self, what):
            answer = client.post(f"{self.path}/act", data={"what": what}, headers=RU, follow_redirects=False)
            assert answer.status_code == 303, answer.text
            deliver()
            return client.get(self.path, headers=RU)

    return Wizard()


def find(uow, cls, **values):
    return uow.find(cls).where(*(getattr(cls, n) == v for n, v in values.items()))


# ---- who may ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("actor", "status"), [(ANONYMOUS, 401), (GUEST, 403)])
def test_who_may_not_import_is_refused_before_the_file_is_read(client, send, actor, status):
    client.act_as(actor)
    read = []

    def body():
        read.append(1)
        yield b"x" * 100

    answer = client.post("/_/import?name=a.csv", content=body(), headers={"content-length": "99999999"})
    assert answer.status_code == status
    assert client.get("/import", follow_redirects=False).status_code in (401, 403)
    assert client.get("/shop/client/import", follow_redirects=False).status_code in (401, 403)


def test_an_import_is_there_for_whoever_began_it_only(client, wizard):
    client.act_as(ANNA)
    wizard.file(CLIENTS)
    assert client.get(wizard.path).status_code == 200
    client.act_as(OLEG)
    for path in (wizard.path, f"{wizard.path}/progress", f"{wizard.path}/mapping.toml", f"{wizard.path}/errors/x"):
        assert client.get(path).status_code == 404
    assert client.post(f"{wizard.path}/act", data={"what": "remove"}).status_code == 404
    assert "clients.csv" not in client.get("/import").text


def test_files_too_large_are_refused(client, send):
    assert send(b"a" * 200_001).status_code == 413 or client.act_as(VERA)
    client.act_as(VERA)
    assert send(b"a" * 200_001).status_code == 413


@pytest.mark.parametrize(("name", "content"), [("a.exe", "x"), ("", "x"), ("a.csv", ""), ("a.sqlite", "x"), ("a.toml", "= =")])
def test_what_is_no_file_to_import_is_refused(client, send, name, content):
    answer = send(content, name=name)
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_a_name_from_elsewhere_never_becomes_a_path(client, wizard, crm):
    wizard.file(CLIENTS, name="../../etc/pass/wd.csv")
    store = Store(settings_of(crm))
    (draft,) = store.mine(client.actor)
    assert [f.name for f in draft.files] == ["wd.csv"]
    assert sorted(p.name for p in draft.folder.iterdir()) == ["0.csv", "state.json"]
    assert draft.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["x" * 20, "a" * 20, "%2e%2e"])
def test_an_import_that_is_not_there(client, key):
    assert client.get(f"/import/{key}").status_code == 404


# ---- columns ------------------------------------------------------------------------------------------------------------
def test_columns_are_guessed_in_both_languages(client, wizard):
    page = wizard.file(ORDERS, name="orders.csv", kind="shop.order")
    form = wizard.form()
    assert {n: v for n, v in form.items() if n.startswith("field.")} == {
        "field.0": "", "field.1": "title", "field.2": "amount", "field.3": "client_id", "field.4": "stage"}  # fmt: skip
    assert form["convert.2"] == "decimal ,"
    assert form["find.3"] == "shop.client.name"
    assert form["identity"] == "No"
    assert "Розы" in text(page)


def test_encoding_delimiter_and_header_are_found_out_and_can_be_said(client, wizard):
    wizard.file(("Name|Code\nРомашка|R1\n" + "Общество с ограниченной ответственностью «Василёк»|V1\n" * 9).encode("cp1251"))
    page = text(client.get(wizard.path, headers=RU))
    assert "Ромашка" in page
    assert "cp1251" in page
    wrong = wizard.choose(encoding="koi8_r")
    assert "Ромашка" not in wrong.text
    assert "Ромашка" in wizard.choose(encoding="", delimiter="|").text


def test_fields_hidden_from_somebody_are_no_columns_for_them(client, wizard):
    client.act_as(ANNA)
    wizard.file("Name,Code\nРомашка,R1\n")
    assert 'value="code"' not in client.get(wizard.path).text
    assert "code" not in wizard.choose(field_1="code").text.replace("Code", "")
    client.act_as(VERA)
    wizard.file("Name,Code\nРомашка,R1\n")
    assert wizard.form()["field.1"] == "code"


def test_a_field_that_must_be_there_is_asked_for(client, wizard):
    wizard.file("Code\nR1\n")
    assert 'name="name"' in client.get(wizard.path).text
    answer = client.post(wizard.path, data=wizard.form() | {"go": "1"}, headers=RU, follow_redirects=False)
    assert answer.status_code == 422
    assert "обязательное поле" in text(answer)
    wizard.choose(name="Без имени")
    assert "новых" in text(wizard.check())


def test_one_field_for_two_columns_is_refused_by_name(client, wizard):
    wizard.file("Name,Other\na,b\n")
    wizard.choose(field_1="name")
    answer = client.post(wizard.path, data=wizard.form() | {"go": "1"}, headers=RU, follow_redirects=False)
    assert answer.status_code == 422
    assert "выбрано для двух столбцов" in text(answer)


# ---- the whole way --------------------------------------------------------------------------------------------------------
def test_a_file_is_checked_imported_and_taken_back(client, crm, wizard, deliver):
    client.act_as(VERA)
    with crm.uow() as uow:
        uow.add(Client(name="Ромашка"))
    wizard.file(ORDERS, name="orders.csv", kind="shop.order")
    said = text(wizard.check())
    assert "1 новых" in said
    assert "2 с ошибками" in said
    assert "не число" in said
    assert "Нет такого" in said
    with crm.read() as uow:
        assert uow.find(Order).count() == 0
    wrong = client.get(f"{wizard.path}/errors/import.errors.csv")
    assert "Астры" in wrong.content.decode("utf-8-sig")
    assert "attachment" in wrong.headers["content-disposition"]

    done = wizard.act("run")
    assert "Загружено, кроме некоторых строк" in text(done)
    with crm.read() as uow:
        order = uow.find(Order).one()
        assert (order.title, str(order.amount), order.client.name) == ("Розы", "1200.50", "Ромашка")
    number = re.findall(r"/undo\?operation=(\d+)", done.text)[0]
    assert "Загрузка: orders.csv" in text(client.get(f"/undo?operation={number}", headers=RU))
    assert client.post("/undo", data={"operation": number}, follow_redirects=False).status_code == 303
    with crm.read() as uow:
        assert uow.find(Order).count() == 0


def test_what_came_before_is_changed_and_not_made_twice(client, crm, wizard):
    client.act_as(VERA)
    for title in ("Розы", "Пионы"):
        wizard.file(f"No,Title\n1,{title}\n", name="o.csv", kind="shop.order")
        wizard.check()
        wizard.act("run")
    with crm.read() as uow:
        assert [o.title for o in uow.find(Order)] == ["Пионы"]
    wizard.file("No,Title\n1,Мак\n", name="o.csv", kind="shop.order")
    wizard.choose(update="never")
    assert "Загружать нечего" in text(wizard.check())
    wizard.act("columns")
    wizard.choose(identity="")
    wizard.check()
    wizard.act("run")
    with crm.read() as uow:
        assert sorted(o.title for o in uow.find(Order)) == ["Мак", "Пионы"]


def test_rows_have_the_rights_of_whoever_imports(client, crm, wizard):
    """A manager creates what is their own; a row that names somebody else as its owner is refused."""
    client.act_as(ANNA)
    wizard.file("Name,Owner\nСвой,11\nЧужой,12\n")
    wizard.choose(field_1="owner_id")
    said = text(wizard.check())
    assert "1 новых" in said
    assert "1 с ошибками" in said
    wizard.act("run")
    with crm.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Свой"]


@pytest.mark.parametrize("name", ["clients.xlsx", "clients.jsonl", "clients.csv"])
def test_every_format_comes_in(client, crm, wizard, name):
    rows = [{"No": 1, "Name": "Ромашка"}, {"No": 2, "Name": "Василёк"}]
    if name.endswith("xlsx"):
        import openpyxl

        book = openpyxl.Workbook()
        for row in (["No", "Name"], *([r["No"], r["Name"]] for r in rows)):
            book.active.append(row)
        book.save(out := io.BytesIO())
        content = out.getvalue()
    elif name.endswith("jsonl"):
        content = "\n".join(json.dumps(r) for r in rows).encode()
    else:
        content = "No,Name\n1,Ромашка\n2,Василёк\n".encode()
    wizard.file(content, name=name)
    wizard.check()
    wizard.act("run")
    with crm.read() as uow:
        assert sorted(c.name for c in uow.find(Client)) == ["Василёк", "Ромашка"]


def test_choices_are_kept_in_a_file_and_taken_from_it(client, crm, wizard, send):
    wizard.file("Код;Title;Сумма\n1;Розы;1 200,50\n", name="a.csv", kind="shop.order")
    saved = client.get(f"{wizard.path}/mapping.toml")
    assert "decimal ," in saved.text
    wizard.file("Код;Title;Сумма\n7;Мак;5,5\n", name="a.csv", kind="")
    answer = send(saved.content, name="m.toml", to=wizard.path.rpartition("/")[2])
    assert answer.status_code == 201, answer.text
    form = wizard.form()
    assert (form["field.2"], form["convert.2"], form["identity"]) == ("amount", "decimal ,", "Код")


# ---- mapping files that say more --------------------------------------------------------------------------------------------
BOTH = """
name = "old"
[import.orders]
from = {file = "data/orders.csv"}
into = "shop.order"
id = "No"
fields = {title = "{What} ({No})", client = {column = "Client", ref = "clients"}}
[import.clients]
from = {file = "clients.csv"}
into = "shop.client"
id = "No"
fields = {name = "Name"}
"""


def test_several_kinds_come_in_by_a_mapping_file(client, crm, wizard, send):
    answer = send("No,Name\n1,Ромашка\n", kind="")
    key = answer.json()["id"]
    send("No,What,Client\n7,Розы,1\n", name="orders.csv", to=key)
    assert send(BOTH, name="both.toml", to=key).status_code == 201
    wizard.path = answer.json()["path"]
    assert "Загрузка пойдёт по файлу описания" in text(client.get(wizard.path, headers=RU))
    assert "2 новых" in text(wizard.check()) or "1 новых" in text(client.get(wizard.path, headers=RU))
    wizard.act("run")
    with crm.read() as uow:
        order = uow.find(Order).one()
        assert (order.title, order.client.name) == ("Розы (7)", "Ромашка")


@pytest.mark.parametrize("origin", [
    '{url = "postgresql://localhost/x", table = "t"}', '{file = "/etc/passwd"}', '{file = "x.sqlite", table = "t"}',
    '{file = "clients.csv", query = "SELECT 1"}', '{file = "clients.csv", format = "sqlite", table = "t"}', '{file = "{folder}/a.csv"}', "{}",
])  # fmt: skip
def test_a_mapping_reads_nothing_but_the_files_that_were_sent(client, send, wizard, origin):
    key = send("No,Name\n1,a\n", kind="").json()["id"]
    send("No\n1\n", name="b.csv", to=key)
    answer = send(f'[import.a]\nfrom = {origin}\ninto = "shop.client"\nid = "No"\nfields = {{name = "Name"}}\n', name="m.toml", to=key)
    assert answer.status_code == 422


def test_values_of_the_environment_are_nobody_s(client, send, monkeypatch):
    monkeypatch.setenv("CRMKIT_IMPORT_FOLDER", "/etc")
    key = send("No,Name\n1,a\n", kind="").json()["id"]
    answer = send('[data]\nfolder = "."\n[import.a]\nfrom = {file = "clients.csv"}\ninto = "shop.client"\nid = "No"\nfields = {name = "Name"}\n',
        name="m.toml", to=key)  # fmt: skip
    assert answer.status_code == 422


# ---- the work -----------------------------------------------------------------------------------------------------------------
def test_progress_is_told_until_it_ends(client, wizard, deliver):
    wizard.file(CLIENTS)
    wizard.choose(field_1="")
    client.post(wizard.path, data=wizard.form() | {"go": "1"}, headers=RU)
    waiting = client.get(f"{wizard.path}/progress", headers=HX)
    assert "Ждёт своей очереди" in waiting.text
    assert "every 1s" in client.get(wizard.path, headers=RU).text
    assert client.post(f"{wizard.path}/act", data={"what": "run"}, headers=HX).status_code == 409
    deliver()
    assert wizard.path in client.get(f"{wizard.path}/progress", headers=HX).headers["hx-location"]


def test_work_that_was_lost_can_go_on(client, crm, wizard, deliver):
    wizard.file("No,Name\n1,Ромашка\n")
    wizard.check()
    client.post(f"{wizard.path}/act", data={"what": "run"})
    with crm.uow() as uow:
        from crmkit.core.jobs import job

        uow.connection.execute(job.delete().where(job.c.kind == "crmkit:import"))
    assert "Работа прервалась" in text(client.get(wizard.path, headers=RU))
    assert "Загружено" in text(wizard.act("again"))
    with crm.read() as uow:
        assert uow.find(Client).count() == 1


def test_two_runs_of_one_import_never_meet(client, crm, wizard, deliver, clock):
    wizard.file("No,Name\n1,Ромашка\n")
    wizard.check()
    client.post(f"{wizard.path}/act", data={"what": "run"})
    (draft,) = Store(settings_of(crm)).mine(client.actor)
    with working(draft.folder) as free:
        assert free
        deliver()  # another process is at it: this one waits
    assert draft.report() is None
    clock.forward(seconds=5)
    deliver()
    report = Store(settings_of(crm)).find(draft.id).report()
    assert report is not None
    assert report["steps"][0]["created"] == 1


def test_a_run_that_was_asked_to_stop_stops_and_goes_on(client, crm, wizard, deliver):
    wizard.file("No,Name\n1,Ромашка\n")
    wizard.check()
    client.post(f"{wizard.path}/act", data={"what": "run"})
    client.post(f"{wizard.path}/act", data={"what": "stop"})
    deliver()
    said = client.get(wizard.path, headers=RU)
    assert "Остановлено" in text(said)
    assert "/undo?operation=" in said.text
    again = text(wizard.act("again"))
    assert "С прошлого раза ничего не изменилось" in again


def test_a_right_that_was_taken_away_is_asked_again(client, crm, wizard, deliver, crm_kit):
    client.act_as(ANNA)
    wizard.file("No,Name\n1,Ромашка\n")
    wizard.check()
    client.post(f"{wizard.path}/act", data={"what": "run"})
    (draft,) = Store(settings_of(crm)).mine(ANNA)
    draft.actor["roles"] = ["guest"]
    Store(settings_of(crm)).save(draft)
    deliver()
    assert "Загрузка не прошла" in text(client.get(wizard.path, headers=RU))
    with crm.read() as uow:
        assert uow.find(Client).count() == 0


def test_files_go_after_some_days_and_what_was_imported_stays(client, crm, wizard, deliver, clock):
    import datetime as dt

    wizard.file("No,Name\n1,Ромашка\n")
    wizard.check()
    wizard.act("run")
    deliver(dt.timedelta(days=8))
    assert client.get(wizard.path).status_code == 404
    assert list(settings_of(crm).imports.glob("*/state.json")) == []
    with crm.read() as uow:
        assert uow.find(Client).count() == 1


def test_a_file_can_be_removed(client, wizard):
    wizard.file(CLIENTS)
    assert client.post(f"{wizard.path}/act", data={"what": "remove"}, headers=RU).status_code == 200
    assert client.get(wizard.path).status_code == 404
