"""Records over HTTP: created, read, edited, moved, put away, and everything that is refused."""

from __future__ import annotations

import pytest

from tests.web.faulty import ERRORS
from tests.web.world import Api, problems

DEAL = "/api/sales/deal"


def test_a_record_goes_through_its_life(boss: Api):
    made = boss("POST", DEAL, {"title": " Roof ", "amount": 10}, 201)
    assert made.headers["location"] == f"{DEAL}/1"
    assert made.headers["etag"] == '"1"'
    assert made.json()["title"] == "Roof"
    assert made.json()["amount"] == "10.00"
    assert made.json()["owner_id"] == 1
    changed = boss("PATCH", f"{DEAL}/1", {"amount": "99.90"}, 200, If_Match='"1"')
    assert (changed.headers["etag"], changed.json()["amount"]) == ('"2"', "99.90")
    moved = boss("POST", f"{DEAL}/1/move", {"stage": "offer"}, 200)
    assert moved.json()["stage"] == "offer"
    assert boss("POST", f"{DEAL}/1/archive", status=200).json()["archived_at"]
    assert boss("GET", DEAL, status=200).json()["rows"] == []
    assert len(boss("GET", f"{DEAL}?archived=true", status=200).json()["rows"]) == 1
    assert boss("POST", f"{DEAL}/1/restore", {}, 200).json()["archived_at"] is None
    stages = boss("GET", f"{DEAL}/1/stages", status=200).json()["stages"]
    assert [s["stage"] for s in stages] == ["new", "offer"]
    entries = boss("GET", f"{DEAL}/1/timeline", status=200).json()["entries"]
    actions = [e["action"] for e in entries if e["kind"] == "sales.deal"]  # activities tell of theirs as well
    assert actions == ["restored", "archived", "moved", "changed", "created"]


def test_versions_guard_against_overwriting(boss: Api):
    key = boss.deal()
    assert boss("GET", f"{DEAL}/{key}", status=304, If_None_Match='"1"').text == ""
    boss("GET", f"{DEAL}/{key}", status=304, If_None_Match='"7", W/"1"')
    assert problems(boss("PATCH", f"{DEAL}/{key}", {"title": "x"}, 428)) == {"If-Match": "required"}
    boss("PATCH", f"{DEAL}/{key}", {"title": "x"}, 200, If_Match="*")
    stale = boss("PATCH", f"{DEAL}/{key}", {"title": "y"}, 412, If_Match='"1"')
    assert stale.json()["current_version"] == 2
    assert stale.headers["etag"] == '"2"'
    boss("POST", f"{DEAL}/{key}/move", {"stage": "offer"}, 412, If_Match='"1"')
    assert problems(boss("PATCH", f"{DEAL}/{key}", {"title": "x"}, 400, If_Match="soon")) == {"If-Match": "invalid"}
    assert problems(boss("PATCH", f"{DEAL}/{key}", {"title": 5}, 422, If_Match='"1"')) == {"title": "invalid"}
    for other in ("77", 'W/"2"', '"2", "3"', '""'):
        boss("PATCH", f"{DEAL}/{key}", {"title": "x"}, 412, If_Match=other)


def test_every_wrong_field_is_named(boss: Api, ann: Api):
    answer = boss("POST", DEAL, {"title": 5, "amount": 1.5, "closes_on": "soon", "nope": 1, "stage": 4, "version": 3}, 422)
    assert set(problems(answer)) >= {"title", "amount", "closes_on", "nope", "stage", "version"}
    assert problems(boss("POST", DEAL, {}, 422)) == {"title": "required"}
    assert problems(boss("POST", DEAL, {"title": "x", "contact_id": 999}, 422)) == {"contact_id": "reference"}
    assert "обязательное поле" in ann("POST", DEAL, {}, 422).text
    card = {"name": "Ann", "member": {"card": 5, "born": "x", "oops": None}}
    assert set(problems(boss("POST", "/api/sales/contact", card, 422))) == {"member.card", "member.born", "member.oops"}


def test_a_move_says_what_is_missing(boss: Api):
    key = boss.deal()
    answer = boss("POST", f"{DEAL}/{key}/move", {"stage": "offer"}, 422)
    assert problems(answer) == {"amount": "required"}
    possible = {m["stage"]: m for m in boss("GET", f"{DEAL}/{key}/moves", status=200).json()["moves"]}
    assert possible["qualified"]["allowed"]
    assert possible["offer"]["problems"][0]["path"] == "amount"
    boss("POST", f"{DEAL}/{key}/move", {"stage": "offer", "values": {"amount": "5"}}, 200)
    assert problems(boss("POST", f"{DEAL}/{key}/move", {"stage": "offr"}, 422)) == {"stage": "unknown"}
    wrong = boss("POST", f"{DEAL}/{key}/move", {"stag": "offer", "pipeline": 4, "values": []}, 422)
    assert set(problems(wrong)) == {"stag", "stage", "pipeline", "values"}


BODIES = [
    (b"{", 400),
    (b"", 400),
    (b"[]", 422),
    (b"nul", 400),
    (b"NaN", 400),
    (b'{"title": NaN}', 400),
    (b'{"title": "\\ud800"}', 400),
    (b"\xff\xfe", 400),
    (b'"' + b"[" * 3, 400),
    (b"[" * 5000, 400),
    (b'{"title": "a\\u0000b"}', 422),
    (b'{"a\\u0000": 1}', 422),
    (b'{"title": "x", "owner_id": 9223372036854775808}', 422),
    (b'{"title": "x", "owner_id": 1e400}', 400),
    (b'{"title": "x", "owner_id": 123456789012345678901234567890}', 422),
    (b'{"title": "x", "owner_id": 1.0}', 422),
    (b'{"title": "x", "owner_id": true}', 422),
    (b'{"title": null}', 422),
    (b'{"title": "' + b"x" * 300 + b'"}', 422),
    (b'{"title": "x", "amount": "1e5000"}', 422),
]


@pytest.mark.parametrize("body, status", BODIES)
def test_bad_bodies_are_refused_with_a_problem(boss: Api, body: bytes, status: int):
    headers = {"Authorization": f"Bearer {boss.token}", "Content-Type": "application/json"}
    for method, path in (("POST", DEAL), ("POST", "/api/batch"), ("POST", "/api/loyalty/do/tell")):
        answer = boss.client.request(method, path, content=body, headers=headers)
        if path == DEAL:
            assert answer.status_code == status, answer.text
        assert 400 <= answer.status_code < 500 or (body == b"" and path.endswith("tell")), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    key = boss.deal()
    answer = boss.client.request("PATCH", f"{DEAL}/{key}", content=body, headers=headers | {"If-Match": "*"})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=1&limit=2",
        "nope=1",
        "filter={",
        "filter=[]",
        'filter={"nope":1}',
        "sort=nope",
        "sort=",
        "fields=nope",
        "after=zzz",
        "archived=maybe",
        "count=0",
        "count=99999999999999999999",
        "filter=%ff",
        "a%00=1",
        'filter={"title":"a\\u0000"}',
        'filter={"amount":{"gte":1e999}}',
        'filter={"id":123456789012345678901234567890}',
        'filter={"owner_id":{"in":[{"a":1}]}}',
        'filter={"and":' + "[" * 40,
        "filter=" + "%7B%22not%22:" * 30,
    ],
)
def test_bad_queries_are_refused_by_name(boss: Api, query: str):
    answer = boss("GET", f"{DEAL}?{query}")
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["problems"], answer.text


@pytest.mark.parametrize("key", ["0", "-1", "abc", "1.0", "9223372036854775808", "٣", "1%00", "999999", "01"])
def test_bad_ids_are_not_found(boss: Api, key: str):
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("POST", "/move", {"stage": "offer"}),
        ("GET", "/timeline", None),
        ("POST", "/archive", None),
    ):
        boss(method, f"{DEAL}/{key}{path}", body, 404, If_Match="*")


def test_media_types_methods_and_sizes(boss: Api):
    headers = {"Authorization": f"Bearer {boss.token}"}
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=cp1251"):
        assert boss.client.post(DEAL, content=b'{"title":"x"}', headers=headers | {"Content-Type": media}).status_code == 415
    assert (
        boss.client.post(
            DEAL, content=b'{"title":"x"}', headers=headers | {"Content-Type": "application/merge-patch+json; charset=UTF-8"}
        ).status_code
        == 201
    )
    assert boss.client.post(DEAL, content=b" " * (5 << 20), headers=headers | {"Content-Type": "application/json"}).status_code == 413
    assert boss("DELETE", f"{DEAL}/1", status=405).headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
    assert boss("OPTIONS", DEAL, status=204).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    head = boss("HEAD", DEAL, status=200)
    assert head.text == ""
    assert int(head.headers["content-length"]) > 0
    for path in (
        "/api",
        "/api/",
        "/api/sales",
        "/api/sales/nope",
        f"{DEAL}/1/nope",
        f"{DEAL}/1/do/nope",
        "/api/sales/do/nope",
        f"{DEAL}/1/move/x",
        "/x/loyalty/nope",
        "/x",
        "/x/nope/a",
        f"{DEAL}/",
        "/api/sales/contact/board",
    ):
        answer = boss("GET", path)
        assert answer.status_code in (404, 405), path
        assert answer.json()["code"]


def test_rows_and_fields_are_kept_from_those_who_may_not(boss: Api, ann: Api, client):
    key = boss.deal()
    ann("GET", f"{DEAL}/{key}", status=404)
    ann("PATCH", f"{DEAL}/{key}", {"title": "x"}, 404, If_Match="*")
    assert ann("GET", DEAL, status=200).json()["rows"] == []
    mine = ann("POST", "/api/sales/contact", {"name": "Mine"}, 201).json()
    assert "email" not in mine
    assert problems(ann("POST", "/api/sales/contact", {"name": "x", "email": "a@b.c"}, 422)) == {"email": "unknown"}
    assert problems(ann("GET", "/api/sales/contact?fields=email", status=422)) == {"fields": "unknown"}
    own = ann.deal()
    assert problems(ann("PATCH", f"{DEAL}/{own}", {"competitor": "x"}, 422, If_Match="*")) == {"competitor": "read-only"}
    assert problems(
        ann("PATCH", f"{DEAL}/{own}", {"contact_id": boss("POST", "/api/sales/contact", {"name": "B"}, 201).json()["id"]}, 422, If_Match="*")
    ) == {"contact_id": "reference"}
    nobody = Api(client)
    for path in (DEAL, f"{DEAL}/{key}", f"{DEAL}/board", "/api/journal", "/api/jobs", "/api/meta", f"{DEAL}/export"):
        assert nobody("GET", path, status=401).headers["www-authenticate"] == "Bearer"
    ann("GET", "/api/journal", status=403)
    ann("GET", f"{DEAL}/export", status=403)
    ann("GET", "/api/jobs", status=403)
    ann("GET", f"{DEAL}/{own}/explain?roles=boss", status=403)


def test_extensions_are_nested(boss: Api):
    made = boss("POST", "/api/sales/contact", {"name": "Ann", "member": {"card": "A1", "born": "1990-01-02"}}, 201).json()
    assert made["member"] == {"card": "A1", "born": "1990-01-02"}
    assert problems(boss("POST", "/api/sales/contact", {"name": "B", "member": {"card": "B", "pin": "1234"}}, 422)) == {"member.pin": "unknown"}
    found = boss("GET", '/api/sales/contact?filter={"member.born":{"lt":"2000-01-01"}}&fields=name,member.card', status=200).json()
    assert found["rows"] == [{"id": made["id"], "name": "Ann", "member.card": "A1"}]
    changed = boss("PATCH", f"/api/sales/contact/{made['id']}", {"member": {"born": None}}, 200, If_Match='"1"')
    assert (changed.json()["member"]["born"], changed.headers["etag"]) == (None, '"2"')
    assert problems(boss("POST", "/api/sales/contact", {"name": "B", "member": {"card": "A1"}}, 409)) != {"": ""}


def test_lists_page_through_everything_once(boss: Api):
    keys = {boss.deal(amount=str(n % 3)) for n in range(7)}
    seen: list[int] = []
    path, after = f"{DEAL}?sort=-amount&limit=3&count=5", ""
    while True:
        page = boss("GET", path + after, status=200).json()
        assert (page["total"], page["total_is_capped"]) == (5, True)
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert set(seen) == keys
    assert len(seen) == 7
    board = boss("GET", f"{DEAL}/board?cards=2", status=200).json()
    assert (board["columns"][0]["count"], len(board["columns"][0]["cards"]), board["columns"][0]["sums"]) == (
        7, 2, {"amount": "6.00", "expected_amount": "0.60"})


def test_exports_cannot_run_formulas(boss: Api):
    for title in ("=1+1", "@x", "+7", "-2+3", "\tx", "fine"):
        boss("POST", "/api/sales/company", {"name": "c", "area": title}, 201)
    text = boss("GET", "/api/sales/company/export?fields=area&sort=id", status=200)
    assert text.headers["content-type"].startswith("text/csv")
    cells = [line.split(",", 1)[1] for line in text.content.decode("utf-8-sig").splitlines()[1:]]
    assert cells == ["'=1+1", "'@x", "+7", "'-2+3", "'\tx", "fine"]
    lines = boss("GET", "/api/sales/company/export?format=jsonl&fields=area", status=200).text.splitlines()
    assert len(lines) == 6


def test_commands_check_what_they_are_given(boss: Api, ann: Api):
    key = boss("POST", "/api/sales/contact", {"name": "Ann"}, 201).json()["id"]
    done = boss("POST", f"/api/sales/contact/{key}/do/give", {"points": 5, "worth": "1.50"}, 200).json()["result"]
    assert (done["points"], done["worth"], done["on"], done["to"]["id"]) == (5, "1.50", "2026-01-12", key)
    assert problems(boss("POST", f"/api/sales/contact/{key}/do/give", {"points": "5", "x": 1}, 422)) == {"points": "invalid", "x": "invalid"}
    assert boss("POST", "/api/loyalty/do/tell", {"words": ["a", "b"]}, 200).json() == {"result": 2}
    assert problems(boss("POST", "/api/loyalty/do/tell", {"words": ["a", 5]}, 422)) == {"words.1": "invalid"}
    ann("POST", "/api/loyalty/do/tell", {"words": []}, 403)
    ann("POST", f"/api/sales/contact/{key}/do/give", {"points": 5}, 404)


def test_a_bug_is_a_problem_with_an_id_and_no_secrets(boss: Api, caplog):
    ERRORS.clear()
    answer = boss("POST", "/api/faulty/do/broken", {}, 500)
    assert "hunter2" not in answer.text
    assert answer.json()["error_id"] in caplog.text
    assert boss.token not in caplog.text
    assert ERRORS == [("RuntimeError", "POST /api/faulty/do/broken")]


def test_plugin_routes(boss: Api, ann: Api, client):
    assert Api(client)("GET", "/x/loyalty/hello/world", status=200).text == "hello world anonymous"
    assert boss("GET", "/x/loyalty/files/a/b/c.txt", status=200).json() == {"rest": "a/b/c.txt"}
    ann("GET", "/x/loyalty/files/a", status=403)
    made = boss("POST", "/x/loyalty/contacts", {"name": "By route"}, 200).json()["id"]
    assert boss("GET", f"/api/sales/contact/{made}", status=200).json()["name"] == "By route"
    assert boss("GET", "/x/loyalty/contacts", status=405).headers["allow"] == "OPTIONS, POST, PUT"


def test_what_the_crm_is_made_of(boss: Api, ann: Api):
    kinds = {k["key"]: k for k in boss("GET", "/api/meta", status=200).json()["kinds"]}
    assert kinds["sales.contact"]["x-loyal"] is True
    assert kinds["sales.contact"]["extensions"][0]["fields"][0]["name"] == "card"
    assert "pin" not in str(kinds["sales.contact"])
    russian = {k["key"]: k for k in ann("GET", "/api/meta", status=200).json()["kinds"]}
    assert russian["sales.deal"]["label"] == "Сделка"
    assert "email" not in [f["name"] for f in russian["sales.contact"]["fields"]]
    assert russian["sales.deal"]["pipelines"][0]["stages"][0]["label"] == "Новая"
    assert ann("GET", "/api/me", status=200).json()["language"] == "ru"
    why = boss("GET", f"/api/sales/deal/{boss.deal()}/explain?roles=seller&actor=5", status=200).json()
    assert why["may"]["read"] is False


def test_asking_for_nothing_is_a_mistake(boss: Api):
    assert problems(boss("GET", "/api/jobs?state=", status=422)) == {"state": "invalid"}
    assert problems(boss("GET", "/api/openapi.json?lang=", status=422)) == {"lang": "invalid"}
