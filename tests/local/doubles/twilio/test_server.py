"""The double over its socket, asked as any HTTP client may: what Twilio refuses, it refuses."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from callsphere.providers.twilio import accounts, byoc, numbers
from callsphere.providers.twilio.account import TwilioAccount
from tests.twilio_double import DoubledTwilio

V2010 = "/api.twilio.com/2010-04-01/Accounts"


def ask(
    twilio: DoubledTwilio, account: TwilioAccount, method: str, path: str, **form: Any
) -> tuple[int, Any]:
    """Send one request past the SDK, and return status and JSON."""
    answer = httpx.request(
        method,
        f"{twilio.url}{path}",
        data=form or None,
        auth=(account.key_sid, account.key_secret),
        trust_env=False,
        timeout=60,
    )
    return answer.status_code, answer.json() if answer.content else None


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code", "about"),
    [
        ("GET", "/voice.twilio.com/v1/Nothing", {}, 404, 20404, "was not found"),
        ("DELETE", "/voice.twilio.com/v1/ByocTrunks", {}, 405, 20004, "Method not allowed"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"Colour": "red"}, 400, 20001, "Colour"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"VoiceMethod": "PUT"}, 400, 20001, "VoiceMethod"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"VoiceUrl": "no address"}, 400, 20001, "VoiceUrl"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"CnamLookupEnabled": "maybe"}, 400, 20001, "Cnam"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"ConnectionPolicySid": "NY1"}, 400, 20001, "Policy"),
        ("POST", "/voice.twilio.com/v1/ByocTrunks", {"ConnectionPolicySid": ""}, 400, 20001, "Policy"),
        ("POST", "/trunking.twilio.com/v1/Trunks", {"FriendlyName": ["a", "b"]}, 400, 20001, "Friendly"),
        ("GET", "/voice.twilio.com/v1/ByocTrunks?PageSize=5000", {}, 400, 20001, "PageSize"),
        ("GET", "/voice.twilio.com/v1/ByocTrunks?PageSize=ten", {}, 400, 20001, "PageSize"),
        ("POST", "/trusthub.twilio.com/v1/TrustProducts", {"FriendlyName": "a"}, 400, 20001, "required"),
    ],
)
def test_what_the_documents_do_not_allow_is_refused(
    twilio: DoubledTwilio,
    method: str,
    path: str,
    form: dict[str, Any],
    status: int,
    code: int,
    about: str,
) -> None:
    twilio.expects_unlawful = True

    found, body = ask(twilio, twilio.tenant_account(), method, path, **form)

    assert (found, body["code"], body["status"]) == (status, code, status)
    assert about in body["message"]
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert len(twilio.twilio.unlawful) == 1


def test_who_reaches_what(twilio: DoubledTwilio) -> None:
    acme, globex = twilio.tenant_account("acme"), twilio.tenant_account("globex")
    token = accounts.find_or_create_subaccount(twilio.parent, name="acme").opened_by_token()
    nobody = TwilioAccount("AC" + "0" * 32, "AC" + "0" * 32, "x")
    own = f"{V2010}/{acme.account_sid}"
    voice = "/voice.twilio.com/v1/ByocTrunks"

    def status(account: TwilioAccount, path: str) -> int:
        return ask(twilio, account, "GET", path)[0]

    assert [status(each, f"{own}/IncomingPhoneNumbers.json") for each in (twilio.parent, token, acme)] == [
        200
    ] * 3
    assert [status(each, f"{own}/IncomingPhoneNumbers.json") for each in (globex, nobody)] == [404, 401]
    assert [status(each, f"{own}/Keys.json") for each in (twilio.parent, token, acme)] == [200, 200, 401]
    assert [status(each, f"{own}.json") for each in (twilio.parent, token, acme)] == [200, 200, 401]
    assert [status(each, voice) for each in (twilio.parent, token, acme, nobody)] == [200, 200, 200, 401]


def test_resources_of_one_account_are_not_there_for_another(twilio: DoubledTwilio) -> None:
    acme, globex = twilio.tenant_account("acme"), twilio.tenant_account("globex")
    policy = byoc.ensure_connection_policy(acme, name="trunk 1")
    path = f"/voice.twilio.com/v1/ConnectionPolicies/{policy.sid}"

    assert ask(twilio, acme, "GET", path)[0] == 200
    assert ask(twilio, globex, "GET", path)[0] == 404
    assert ask(twilio, globex, "POST", f"{path}/Targets", Target="sip:gw.example")[0] == 404
    assert ask(twilio, twilio.parent, "DELETE", path)[0] == 404


def test_lists_of_2010_name_the_next_page_by_path(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    for last in range(3):
        numbers.buy_number(account, f"+1415555010{last}", label="")
    path = f"{V2010}/{account.account_sid}/IncomingPhoneNumbers.json?PageSize=2"

    _, first = ask(twilio, account, "GET", path)
    _, second = ask(twilio, account, "GET", f"/api.twilio.com{first['next_page_uri']}")

    assert [len(each["incoming_phone_numbers"]) for each in (first, second)] == [2, 1]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 2, 0, 1)
    assert (second["next_page_uri"], second["previous_page_uri"] is None) == (None, False)
    assert first["incoming_phone_numbers"][0]["date_created"].endswith("+0000")


def test_lists_of_v1_name_the_next_page_by_address(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    for index in range(3):
        byoc.ensure_connection_policy(account, name=f"trunk {index}")

    _, first = ask(twilio, account, "GET", "/voice.twilio.com/v1/ConnectionPolicies?PageSize=2")
    following = urlsplit(first["meta"]["next_page_url"])
    _, second = ask(twilio, account, "GET", f"/{following.netloc}{following.path}?{following.query}")

    assert (following.scheme, following.netloc) == ("https", "voice.twilio.com")
    assert [len(each[each["meta"]["key"]]) for each in (first, second)] == [2, 1]
    assert second["meta"]["next_page_url"] is None
    assert first["connection_policies"][0]["date_created"].endswith("Z")


def test_password_and_key_secret_are_shown_once_at_most(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    own = f"{V2010}/{account.account_sid}"
    _, made = ask(twilio, twilio.parent, "POST", f"{own}/Keys.json", FriendlyName="other")
    _, listed = ask(twilio, twilio.parent, "GET", f"{own}/Keys.json")
    _, users = ask(twilio, account, "POST", f"{own}/SIP/CredentialLists.json", FriendlyName="a")
    credentials = f"{own}/SIP/CredentialLists/{users['sid']}/Credentials.json"
    _, user = ask(twilio, account, "POST", credentials, Username="alice", Password="Correct-Horse-7")

    assert made["secret"]
    assert [sorted(key) for key in listed["keys"]] == [
        ["date_created", "date_updated", "friendly_name", "sid"]
    ] * 2
    assert "Correct-Horse-7" not in str(user)


def test_answers_have_exactly_the_fields_of_the_documents(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    trunk = byoc.ensure_byoc_trunk(account, byoc.ByocSettings("trunk 1"))

    _, body = ask(twilio, account, "GET", f"/voice.twilio.com/v1/ByocTrunks/{trunk.sid}")

    assert set(body) == {
        *("account_sid", "sid", "friendly_name", "voice_url", "voice_method", "voice_fallback_url"),
        *("voice_fallback_method", "status_callback_url", "status_callback_method", "cnam_lookup_enabled"),
        *("connection_policy_sid", "from_domain_sid", "date_created", "date_updated", "url"),
    }
    assert body["url"] == f"https://voice.twilio.com/v1/ByocTrunks/{trunk.sid}"


def test_controls_let_things_go_wrong_and_right_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    fault = {"status": 401, "path": "IncomingPhoneNumbers", "times": 9}
    path = f"{V2010}/{account.account_sid}/IncomingPhoneNumbers.json"

    assert httpx.post(f"{twilio.url}/_double/faults", json=fault, trust_env=False).status_code == 200
    assert ask(twilio, account, "GET", path)[0] == 401
    assert httpx.post(f"{twilio.url}/_double/faults/clear", trust_env=False).status_code == 200
    assert ask(twilio, account, "GET", path)[0] == 200


@pytest.mark.parametrize(
    ("name", "values"),
    [("faults", {"kind": "explode"}), ("faults", {"colour": "red"}), ("nothing", {}), ("calls", {})],
)
def test_controls_refuse_what_they_do_not_know(
    twilio: DoubledTwilio, name: str, values: dict[str, str]
) -> None:
    answer = httpx.post(f"{twilio.url}/_double/{name}", json=values, trust_env=False)

    assert answer.status_code == 400
    assert answer.json()["message"]
