"""Search over HTTP, and lists that are searched."""

from __future__ import annotations

from tests.web.world import Api, problems


def test_search_answers_with_what_matched(boss: Api):
    key = boss("POST", "/api/sales/contact", {"name": "Щербакова Анна"}, 201).json()["id"]
    boss("POST", "/api/sales/company", {"name": "Анна и партнёры"}, 201)
    hits = boss("GET", "/api/search?q=scherb%20anna", status=200).json()["hits"]
    assert [(h["kind"], h["id"], h["title"], h["archived"]) for h in hits] == [("sales.contact", key, "Щербакова Анна", False)]
    assert ("name", "Щербакова Анна") in [(m["field"], m["value"]) for m in hits[0]["matched"]]
    assert {h["kind"] for h in boss("GET", "/api/search?q=анна", status=200).json()["hits"]} == {"sales.contact", "sales.company"}
    only = boss("GET", "/api/search?q=анна&kind=sales.company&limit=5&archived=all", status=200).json()["hits"]
    assert [h["kind"] for h in only] == ["sales.company"]


def test_nobody_finds_what_is_another_s(boss: Api, ann: Api):
    boss("POST", "/api/sales/contact", {"name": "Белова Анна"}, 201)
    own = ann("POST", "/api/sales/contact", {"name": "Белова Ольга", "owner_id": 2}, 201).json()["id"]
    assert [h["id"] for h in ann("GET", "/api/search?q=белова", status=200).json()["hits"]] == [own]
    assert ann("GET", "/api/search?q=белова", status=200).json()["hits"][0]["label"] == "Контакт"
    listed = ann("GET", "/api/sales/contact?q=белова&count=10", status=200).json()
    assert ([r["id"] for r in listed["rows"]], listed["total"]) == ([own], 1)


def test_wrong_questions_are_refused_by_name(boss: Api):
    assert problems(boss("GET", "/api/search", status=422)) == {"q": "required"}
    assert problems(boss("GET", f"/api/search?q={'a' * 300}", status=422)) == {"q": "invalid"}
    assert problems(boss("GET", "/api/search?q=a&kind=sales.contakt", status=422)) == {"kind": "unknown"}
    assert problems(boss("GET", "/api/search?q=a%00b", status=422)) == {"q": "invalid"}
    assert problems(boss("GET", "/api/search?q=a&limit=1000", status=422)) == {"limit": "invalid"}
    assert problems(boss("GET", f"/api/sales/contact?q={'a' * 300}", status=422)) == {"q": "invalid"}


def test_lists_and_exports_are_searched(boss: Api):
    for name in ("Белова Анна", "Чернова Анна"):
        boss("POST", "/api/sales/contact", {"name": name}, 201)
    assert [r["name"] for r in boss("GET", "/api/sales/contact?q=белова&fields=name", status=200).json()["rows"]] == ["Белова Анна"]
