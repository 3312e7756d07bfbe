"""A command that works as the system shows nobody what they may not see."""

from __future__ import annotations

from crmkit import Actor
from crmkit_sales import Channel, Inquiry, Lead

OPERATOR = Actor(5, "Olga", ["operator"], [50])


def test_converting_an_inquiry_shows_no_lead_of_somebody_else(client, make, uow):
    theirs = make(Lead, title="Strictly theirs", phone="+79160001122", owner_id=9, team_id=90)
    client.act_as(OPERATOR)
    assert client.get(f"/api/sales/lead/{theirs.id}").status_code == 404
    asked = client.post("/api/sales/inquiry", json={"name": "Olga", "phone": "+79160001122", "channel": Channel.CALL.value})
    assert asked.status_code == 201, asked.text
    inquiry = uow.get(Inquiry, asked.json()["id"])
    assert inquiry.lead_id is None
    answer = client.post(f"/api/sales/inquiry/{inquiry.id}/do/to_lead")
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"] == {"kind": "sales.lead", "id": theirs.id}
