"""Keeping Telfin set up: subscriptions, the hourly limit between processes, the check, the command line, the settings page."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm, Misuse, MovableClock, Role
from crmkit_telephony import Line, ProviderError, hook_path, new_secret
from crmkit_telephony_telfin import TelfinProvider, TelfinSettings
from crmkit_telephony_telfin.fake import FakePbx, Faults
from crmkit_telephony_telfin.limits import Limits
from crmkit_telephony_telfin.tables import accounts

from .conftest import HOOK

LINES = [("1111*101", "85001"), ("102", None)]
ADDRESS = "https://crm.example"


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("owner", {"*": "all"})]


def ours(pbx: FakePbx, prefix: str = HOOK) -> list[tuple[int | None, str, str]]:
    found = pbx.webhooks.subscriptions.values()
    mine = [(s.extension_id, s.event_type, s.url.removeprefix(prefix)) for s in found if s.url.startswith(prefix)]
    return sorted(mine, key=lambda one: (one[0] or 0, *one[1:]))


def test_subscriptions_follow_the_telephones(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    found = telfin.subscriptions.align([*LINES, ("1111*777", None), ("900", None)], HOOK)
    assert [(f.ok, str(f.what)) for f in found] == [
        (False, "1111*777: Telfin has no such extension; correct it at the colleague's telephone"), (False, "900 is no telephone but a queue"),
        (True, "1111*101: subscribed to 4 events"), (True, "1111*102: subscribed to 4 events"), (True, "1111*900: subscribed to 2 events"),
    ]  # fmt: skip
    assert len(ours(pbx)) == 10
    asked = len(pbx.api.asked)
    assert telfin.subscriptions.align(LINES, HOOK) == []
    assert len(pbx.api.asked) == asked  # known to be there: it costs nothing
    lost = next(s for s in pbx.webhooks.subscriptions.values() if s.extension_id == 85001)
    pbx.webhooks.unsubscribe(lost)
    pbx.webhooks.subscribe(85002, f"{HOOK}/phone", "hangup")  # twice
    clock.forward(days=1)
    assert "1111*101: subscribed to 1 events" in [str(f.what) for f in telfin.subscriptions.align(LINES, HOOK)]
    assert len(ours(pbx)) == 10
    another = HOOK.replace("s3cret", "another")  # the address has changed
    telfin.subscriptions.align([("102", "85002")], another)
    assert ours(pbx) == []
    assert {row[0] for row in ours(pbx, another)} == {85002, 85004}
    pbx.faults = Faults(event_limit=4)
    telfin.subscriptions.align([("102", "85002")], HOOK)  # where there is no room for both, the old ones go first
    assert len(ours(pbx)) == 6
    assert ours(pbx, another) == []
    pbx.foreign("103")
    (refused,) = telfin.subscriptions.align([("102", "85002"), ("103", "85003")], HOOK)
    assert (refused.ok, "limit of events" in str(refused.what)) == (False, True)


def test_subscribing_goes_on_where_the_limit_stopped_it(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    pbx.faults = Faults(hourly_limit=10)
    with pytest.raises(ProviderError, match="kept for calls people place; this goes on at 10:00"):
        telfin.subscriptions.align(LINES, HOOK)
    assert 0 < len(ours(pbx)) < 10
    for _hour in range(2):
        clock.forward(hours=1)
        try:
            telfin.subscriptions.align(LINES, HOOK)
        except ProviderError:
            continue
    assert len(ours(pbx)) == 10


def test_the_limit_is_one_for_all_processes(telfin: TelfinProvider, crm: Crm, pbx: FakePbx, clock: MovableClock) -> None:
    pbx.faults = Faults(hourly_limit=100)
    other = TelfinProvider(crm, pbx.transport())
    pbx.spend(70)
    telfin.active_calls()  # 29 are left, 20 of them for people
    for _request in range(8):
        other.present()
    with pytest.raises(ProviderError, match="kept for calls"):
        telfin.present()
    asked = len(pbx.api.asked)
    for _request in range(20):
        telfin.current.of("85001")  # somebody waits for it
    with pytest.raises(ProviderError, match="limit of 100 requests"):
        other.current.of("85001")
    assert len(pbx.api.asked) == asked + 20
    clock.forward(hours=1)
    assert other.present()
    left = Limits(crm).left()
    assert left is not None
    assert left.remaining >= 97


def test_the_history_is_asked_one_question_at_a_time(telfin: TelfinProvider, crm: Crm, pbx: FakePbx, clock: MovableClock) -> None:
    other = TelfinProvider(crm, pbx.transport())
    with other.client.limits.alone(), pytest.raises(ProviderError, match="busy") as busy:
        telfin.past("ab" * 16)
    assert busy.value.after == dt.timedelta(seconds=10)
    assert telfin.past("ab" * 16) is None
    with crm.uow() as uow:  # a process died while it asked
        uow.connection.execute(sa.update(accounts).values(asking="dead", asking_until=clock.now() + dt.timedelta(seconds=30)))
    with pytest.raises(ProviderError, match="busy"):
        telfin.past("ab" * 16)
    clock.forward(minutes=1)
    assert telfin.past("ab" * 16) is None


def test_the_check_says_what_is_wrong(telfin: TelfinProvider, pbx: FakePbx, crm: Crm, make: Any) -> None:
    assert next(str(f.what) for f in telfin.check() if not f.ok).startswith("No colleague has a telephone")
    make(Line, provider="telfin", extension="1111*101", device="85001", owner_id=7)
    make(Line, provider="telfin", extension="102", owner_id=8)
    make(Line, provider="telfin", extension="555", owner_id=9)
    pbx.extension("102").registered = False
    with crm.uow() as uow:
        secret = hook_path(uow, "telfin")
    wrong = [str(f.what) for f in telfin.check() if not f.ok]
    assert wrong == [
        "102: no telephone is connected; check it and its password",
        "102: Telfin does not tell its calls (dial-in, dial-out, answer, hangup missing); `crmkit telfin align` subscribes",
        "1111*101: Telfin does not tell its calls (dial-in, dial-out, answer, hangup missing); `crmkit telfin align` subscribes",
        "555: there is no such extension at Telfin; there are 1111*101, 1111*102, 1111*103, 1111*900",
        "1111*900: Telfin does not tell its calls (dial-in, hangup missing); `crmkit telfin align` subscribes",
    ]
    telfin.align([("1111*101", "85001"), ("102", None)])
    assert len(ours(pbx, f"{ADDRESS}{secret}")) == 10
    pbx.extension("102").registered = True
    assert [str(f.what) for f in telfin.check() if not f.ok] == [wrong[3]]
    with crm.uow() as uow:
        changed = new_secret(uow, "telfin")
    telfin.align([("1111*101", "85001"), ("102", None)])
    assert ours(pbx, f"{ADDRESS}{secret}") == []
    assert len(ours(pbx, f"{ADDRESS}{changed}")) == 10
    said = " ".join(str(f.what) for f in telfin.check())
    assert secret.split("/")[-2] not in said
    pbx.app_secret = "changed"
    pbx.revoke_tokens()
    assert next(str(f.what) for f in telfin.check() if not f.ok).startswith("Telfin does not accept the App ID or the App Secret")
    pbx.trip("*", "refused", times=9)
    assert "cannot be reached" in str(telfin.check()[-1].what)


def test_the_settings_page(telfin: TelfinProvider, client: Any, crm: Crm, deliver: Any) -> None:
    from crmkit import Actor

    client.act_as(Actor(1, "Анна", roles=["owner"], language="ru"))
    page = client.get("/settings/telephony_telfin.telfin")
    assert page.status_code == 200
    assert "ещё не было" in page.text
    assert "fake-secret" not in page.text
    client.post("/settings/telephony_telfin.telfin")
    deliver()
    page = client.get("/settings/telephony_telfin.telfin").text
    assert "Телфин принял приложение" in page
    assert "Ни у кого нет телефона в Телфине" in page
    with crm.uow() as uow:
        assert hook_path(uow, "telfin").split("/")[-2] not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"networks": ["213.170.84.96/2x"]}, "is no network"), ({"base_url": "http://apiproxy.telphin.ru"}, "must begin with https"),
        ({"reserve": 1.5}, "a share from 0"), ({"history_timezone": "Moscow"}, "is no time zone"), ({"fake": True, "app_id": "mine"}, "leave one"),
        ({"timeout": dt.timedelta(0)}, "more than nothing"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        TelfinSettings(**given)


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("abc\n")
    assert TelfinSettings(app_secret_file=tmp_path / "secret", app_secret="other").secret == "abc"
    with pytest.raises(Misuse, match=r"app_secret_file = .* cannot be read"):
        _ = TelfinSettings(app_secret_file=tmp_path / "nowhere").secret
    assert "abc" not in repr(TelfinSettings(app_secret="abc"))


class TestAllPhones:
    """One subscription for all telephones of the PBX, whoever has them."""

    @pytest.fixture
    def crm_settings(self, crm_settings: dict[str, Any]) -> dict[str, Any]:
        return crm_settings | {"telephony_telfin": crm_settings["telephony_telfin"] | {"subscribe": "all_phones"}}

    def test_four_requests_however_many_telephones_there_are(self, telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
        pbx.foreign("101")
        (first, *others) = telfin.subscriptions.align(LINES, HOOK)
        assert str(first.what) == "All phones: subscribed to 4 events"
        assert [str(f.what) for f in others] == ["1111*900: subscribed to 2 events"]
        assert [kind for extension, kind, _url in ours(pbx) if extension != 85004] == ["answer", "dial-in", "dial-out", "hangup"]
        asked = len(pbx.api.asked)
        assert telfin.subscriptions.align([*LINES, ("103", None)], HOOK) == []
        assert len(pbx.api.asked) == asked  # another telephone costs nothing
        told: list[bytes] = []
        pbx.deliver_to(lambda url, body, headers: told.append(body) or 200)  # type: ignore[func-returns-value]
        pbx.incoming("+79990000001", "103")  # of whose telephone nothing is known
        pbx.settle()
        assert any(b"dial-in" in body for body in told)
        clock.forward(days=1)
        telfin.subscriptions.settings = telfin.client.settings = TelfinSettings(app_id="fake-app", app_secret="fake-secret", base_url="http://pbx.fake")
        telfin.subscriptions.align([("102", "85002")], HOOK)
        assert {extension for extension, _kind, _url in ours(pbx)} == {85002, 85004}
        assert len([s for s in pbx.webhooks.subscriptions.values() if s.url not in (f"{HOOK}/phone", f"{HOOK}/entrance")]) == 1
