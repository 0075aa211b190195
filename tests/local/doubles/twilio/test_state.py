"""What the double remembers outlives its process, and only its owner can read it."""

from pathlib import Path

from callsphere.local.doubles.twilio.messages import Request
from callsphere.local.doubles.twilio.twilio import Twilio

SID, TOKEN = "AC" + "0" * 32, "t" * 32
ACCOUNTS = "/2010-04-01/Accounts.json"


def request(method: str, *, token: str = TOKEN, **form: list[str]) -> Request:
    return Request(method, "api.twilio.com", ACCOUNTS, {}, form, SID, token)


def names(twilio: Twilio, token: str = TOKEN) -> list[str]:
    return [row["friendly_name"] for row in twilio.answer(request("GET", token=token)).body["accounts"]]


def test_accounts_are_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "twilio.json"
    twilio = Twilio(account_sid=SID, auth_token=TOKEN, state=path)
    made = twilio.answer(request("POST", FriendlyName=["acme"]))

    again = Twilio(account_sid=SID, auth_token="new" * 10, state=path)

    assert made.status == 201
    assert names(again, "new" * 10) == ["Double", "acme"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    Twilio(account_sid=SID, auth_token=TOKEN).answer(request("POST", FriendlyName=["acme"]))

    assert names(Twilio(account_sid=SID, auth_token=TOKEN)) == ["Double"]
    assert list(tmp_path.iterdir()) == []


def test_refused_request_changes_nothing(tmp_path: Path) -> None:
    twilio = Twilio(account_sid=SID, auth_token=TOKEN, state=tmp_path / "twilio.json")

    assert twilio.answer(request("POST", Colour=["red"])).status == 400
    assert twilio.answer(request("POST", token="wrong", FriendlyName=["acme"])).status == 401
    assert names(twilio) == ["Double"]
