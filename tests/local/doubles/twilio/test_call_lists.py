"""Lists of calls and messages as Twilio filters them, and what the file keeps of calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from callsphere.local.doubles.twilio.twilio import Twilio
from callsphere.local.doubles.twilio.voice.ledger import CALLS
from callsphere.providers.twilio.client import open_client
from tests.twilio_double import PARENT
from tests.voice_peers import CALLER, NUMBER, Phone

DESK = "+442079460000"


def test_calls_are_listed_newest_first_by_what_is_asked(phone: Phone) -> None:
    phone.says("/voice", f"<Dial>{DESK}</Dial>")
    first, second = phone.play(), phone.play(**{"from": "+12125550101"})
    calls = open_client(phone.account).api.v2010.accounts(phone.account.account_sid).calls
    now = datetime.now(UTC)

    def found(**query: object) -> list[str]:
        return [row.sid for row in calls.list(**query)]

    assert found(to=NUMBER) == [second["sid"], first["sid"]]
    assert found(from_=CALLER, to=NUMBER) == [first["sid"]]
    assert found(parent_call_sid=first["sid"]) == [first["legs"][0]["sid"]]
    assert len(found(status="completed")) == 4
    assert found(status="busy") == []
    assert len(found(start_time_after=now - timedelta(hours=1))) == 4
    assert found(start_time_before=now - timedelta(hours=1)) == []
    assert found(end_time_after=now + timedelta(hours=1)) == []
    assert len(found(limit=1)) == 1


def test_messages_are_listed_by_day_and_number(phone: Phone) -> None:
    messages = open_client(phone.account).api.v2010.accounts(phone.account.account_sid).messages
    sent = messages.create(to="+12125550150", from_=NUMBER, body="Hello.")

    assert [row.sid for row in messages.list(to="+12125550150")] == [sent.sid]
    assert messages.list(to="+12125550151") == []
    assert messages.list(date_sent_before=datetime(2026, 1, 1, tzinfo=UTC)) == []


def test_calls_end_with_the_process_that_played_them(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    before = Twilio(account_sid=PARENT.account_sid, auth_token=PARENT.key_secret, state=file)
    account = before.store.get("api/Accounts", sid=PARENT.account_sid)
    row = before.switchboard.ledger.open_call(account, to=NUMBER, caller=CALLER, direction="inbound")
    before.store.save()

    after = Twilio(account_sid=PARENT.account_sid, auth_token=PARENT.key_secret, state=file)

    assert after.store.get(CALLS, sid=row["sid"])["status"] == "failed"
