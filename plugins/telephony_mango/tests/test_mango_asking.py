"""What Mango Office is asked, and what its answers mean."""

from __future__ import annotations

import datetime as dt
import logging

import click
import httpx
import pytest

from crmkit import Crm, Misuse
from crmkit_telephony import Capability, Leg, NotThere, Originate, ProviderError, Unknown, providers
from crmkit_telephony_mango import MangoProvider, MangoSettings, offering
from crmkit_telephony_mango.simulator import MangoSimulator

CALL = Originate(extension="101", device="sip:anna", number="+79991234567", reference="ref-1")
LEG = Leg(call_key="e", leg_key="e/1", control="e/1", extension="101", device=None)


@pytest.fixture
def crm_database() -> str:
    return "sqlite"


def test_a_callback_names_the_colleague_the_client_and_our_reference(provider: MangoProvider, mango: MangoSimulator):
    placed = provider.originate(CALL)
    assert placed.call_key is None
    told = {"command_id": "ref-1", "from": {"extension": "101", "number": "sip:anna"}, "to_number": "79991234567"}
    assert mango.asked == [("commands/callback", told)]
    assert mango.sent[-1].told["command_id"] == "ref-1"


def test_only_what_is_known_is_declared(crm: Crm):
    offered = providers(crm)["mango"]
    assert offered.capabilities == {Capability.ORIGINATE, Capability.TRANSFER, Capability.RECORDINGS, Capability.WEBHOOKS}


def test_a_call_is_handed_over_at_once_and_not_after_a_word(provider: MangoProvider, mango: MangoSimulator):
    leg = mango.incoming("79991234567").ring("101").connect()
    provider.transfer(Leg(call_key="e", leg_key=leg.call_id, control=leg.call_id, extension="101", device=None), "102")
    assert mango.asked[-1] == ("commands/transfer", {"call_id": leg.call_id, "method": "blind", "to_number": "102", "initiator": "101"})
    with pytest.raises(ProviderError, match="without a word"):
        provider.transfer(LEG, "102", attended=True)
    with pytest.raises(ProviderError, match="Nothing is known"):
        provider.transfer(Leg(call_key="e", leg_key="x", control=None, extension="101", device=None), "102")
    with pytest.raises(NotThere):
        provider.transfer(LEG, "102")


@pytest.mark.parametrize(("failure", "kind", "again"), [
    (httpx.ConnectError("refused"), ProviderError, True),
    (httpx.ReadTimeout("slow"), Unknown, False),
    (httpx.RemoteProtocolError("cut"), Unknown, False),
    (401, ProviderError, False), (400, ProviderError, False), (404, NotThere, False), (429, ProviderError, True), (500, Unknown, False),
    (302, ProviderError, False),
])  # fmt: skip
def test_failures_are_told_in_words_without_secrets(provider: MangoProvider, mango: MangoSimulator, failure, kind, again, caplog):
    caplog.set_level(logging.DEBUG)
    mango.trip("commands/callback", failure)
    with pytest.raises(ProviderError) as raised:
        provider.originate(CALL)
    assert type(raised.value) is kind
    assert raised.value.again is again
    assert "Mango Office" in str(raised.value)
    assert "mango-salt" not in caplog.text + str(raised.value)
    assert "mango-key" not in caplog.text
    assert not mango.calls


def test_a_recording_comes_by_a_link_that_is_good_once(provider: MangoProvider, mango: MangoSimulator):
    call = mango.incoming("79991234567")
    key = mango.recorded(call, b"ID3" + b"x" * 100_000)
    for _time in range(2):
        sound = provider.recording(key)
        assert (sound.content_type, sound.size) == ("audio/mpeg", 100_003)
        assert b"".join(sound.pieces) == b"ID3" + b"x" * 100_000
    assert mango.asked[-1] == ("queries/recording/post", {"recording_id": key, "action": "download"})
    with pytest.raises(NotThere):
        provider.recording("record-of-nothing")


@pytest.mark.parametrize(("failure", "kind"), [(404, NotThere), (500, ProviderError), (httpx.ReadTimeout("slow"), ProviderError)])
def test_a_link_that_fails_is_not_told_to_anybody(provider: MangoProvider, mango: MangoSimulator, failure, kind):
    key = mango.recorded(mango.incoming("79991234567"))
    mango.trip("link", failure)
    with pytest.raises(kind) as raised:
        provider.recording(key)
    assert "records.example" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert b"".join(provider.recording(key).pieces) == b"ID3 sound"


def test_a_listener_who_goes_away_leaves_no_connection_open(provider: MangoProvider, mango: MangoSimulator):
    sound = provider.recording(mango.recorded(mango.incoming("79991234567"), b"x" * 1_000_000))
    next(sound.pieces)
    sound.pieces.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(sound.pieces)


def test_the_check_says_what_is_well(provider: MangoProvider, mango: MangoSimulator):
    assert [(f.ok, str(f.what)) for f in provider.check()] == [(True, "Mango Office answers and accepts the key")]
    mango.trip("config/users/request", 401)
    assert [(f.ok, str(f.what)) for f in provider.check()] == [(False, "Mango Office does not accept the key or the signature")]


class TestWithoutAKey:
    @pytest.fixture
    def crm_settings(self) -> dict[str, object]:
        return {}

    def test_nothing_is_asked(self, crm: Crm, provider: MangoProvider, mango: MangoSimulator):
        assert "mango" not in providers(crm)
        assert [f.ok for f in provider.check()] == [False]
        with pytest.raises(ProviderError, match="key is missing"):
            provider.originate(CALL)
        assert not mango.asked


def test_verbs_check_and_print_the_address(crm: Crm, mango: MangoSimulator, monkeypatch, capsys):
    made: list[MangoProvider] = []

    def wired(of: Crm) -> MangoProvider:
        made.append(MangoProvider(of, mango.transport()))
        return made[-1]

    wired.name = "mango"  # type: ignore[attr-defined]
    monkeypatch.setattr(offering, "MangoProvider", wired)
    group = click.Group()
    offering.crm_commands(group, lambda: crm)
    verbs = group.commands["mango"]
    assert isinstance(verbs, click.Group)
    verbs.commands["check"].main([], standalone_mode=False)
    assert "✓ Mango Office answers" in capsys.readouterr().out
    mango.trip("config/users/request", 403)
    with pytest.raises(SystemExit):
        verbs.commands["check"].main([], standalone_mode=False)
    assert "✗" in capsys.readouterr().out
    for _time in range(2):
        verbs.commands["address"].main([], standalone_mode=False)
    said = capsys.readouterr()
    first, second = said.out.split()
    assert first == second
    assert first.startswith("https://crm.example.com/x/telephony/hook/mango/")
    assert said.err == ""


def test_settings_that_will_not_do_are_refused(tmp_path):
    with pytest.raises(Misuse, match="salt is missing"):
        MangoSettings(key="x")
    with pytest.raises(Misuse, match="https"):
        MangoSettings(key="x", salt="y", base_url="http://app.mango-office.ru/vpbx/")
    assert MangoSettings(base_url="http://127.0.0.1:8000/vpbx/").timeout == dt.timedelta(seconds=15)
    assert "sesame" not in repr(MangoSettings(key="x", salt="sesame"))
    (tmp_path / "salt").write_text("sesame\n")
    assert MangoSettings(key="x", salt_file=tmp_path / "salt").secret() == "sesame"
    with pytest.raises(Misuse, match="cannot be read"):
        MangoSettings(key="x", salt_file=tmp_path / "pepper").secret()


def test_the_settings_tab_shows_what_is_set_and_no_secret(client, crm):
    from crmkit import Actor

    client.act_as(Actor(1, "Anna", roles=["setter"], language="ru"))
    page = client.get("/settings/telephony_mango.mango")
    assert page.status_code == 200
    assert "https://crm.example.com" in page.text
    assert "mango-salt" not in page.text
    assert "mango-key" not in page.text
