"""What is told of calls: proven or refused alike, stored once, and answered."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from callsphere.calls import refusals, sentences
from callsphere.calls.payload import KNOWN_FIELDS, LONGEST_VALUE
from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tenants.keys import seal_for
from tenants.models import Tenant, TenantRoute
from tests.calls.conftest import CALLER, NUMBER, Line, make_line, new_sid
from tests.conftest import Person
from trunks.enums import NumberState
from trunks.models import PhoneNumber, ProviderAccount, Trunk
from trunks.numbers.intake import voice_urls

pytestmark = pytest.mark.django_db
_SAVEPOINT = re.compile("SAVEPOINT|RELEASE")
REFUSAL = (403, b"The signature does not prove this.\n")
# Role and tenant set; the number with its tenant and whether the token holds; the event; role and tenant set
# back, which is for a test's transaction alone.
QUERIES_OF_NUMBER = 4
QUERIES_OF_TRUNK = 5
QUERIES_OF_STATUS = 2  # all of the first three at once
QUERIES_OF_TOKEN = 5


def heard(response: Any) -> list[tuple[str, str]]:
    """Return the verbs of a TwiML answer and what they say."""
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    root = ElementTree.fromstring(response.content)
    assert root.tag == "Response"
    return [(verb.tag, verb.text or "") for verb in root]


def said(sentence: str) -> list[tuple[str, str]]:
    return [("Say", sentence), ("Hangup", "")]


def answer(response: Any) -> tuple[int, bytes]:
    return response.status_code, response.content


# What callers hear


def test_call_to_a_number_is_stored_and_told_that_nobody_answers_yet(line: Line) -> None:
    fields = line.fields()

    assert heard(line.tell(fields=fields)) == said(sentences.NOT_CONNECTED)

    (event,) = line.events()
    assert (event.kind, event.call_sid, event.sequence_number, event.call_status) == (
        "incoming",
        fields["CallSid"],
        None,
        "ringing",
    )
    assert (event.phone_number_id, event.trunk_id) == (line.number.pk, None)
    assert event.payload == {name: value for name, value in fields.items() if value}


def test_fallback_says_that_something_went_wrong(line: Line) -> None:
    fields = line.fields(ErrorCode="11200", ErrorUrl="http://testserver/voice/x/incoming/")
    assert heard(line.tell(line.place("fallback"), fields)) == said(sentences.FAILED)
    assert [event.kind for event in line.events()] == ["fallback"]


@pytest.mark.parametrize("state", [NumberState.RELEASING, NumberState.RELEASED])
def test_number_that_was_given_up(line: Line, state: NumberState) -> None:
    over_at = line.number.active_at if state == NumberState.RELEASED else None
    with tenant_context(line.person.tenant):
        PhoneNumber.objects.filter(pk=line.number.pk).update(state=state, over_at=over_at)
    assert heard(line.tell()) == said(sentences.NO_LONGER)


@pytest.mark.parametrize("change", [{"read_only_reason": "A payment failed."}, {"is_active": False}])
def test_tenant_that_may_not_use_its_lines(line: Line, change: dict[str, Any]) -> None:
    with tenant_context(line.person.tenant):
        Tenant.objects.filter(pk=line.person.tenant.pk).update(**change)
    assert heard(line.tell()) == said(sentences.NOT_NOW)
    assert len(line.events()) == 1


@pytest.mark.parametrize(
    "to",
    [
        "sip:+4930901820@acme.sip.twilio.com;transport=tls",
        "sip:4930901820@acme.sip.twilio.com",
        "sip:%2B4930901820@acme.sip.twilio.com",
        "sip:030901820@acme.sip.twilio.com",
        "+4930901820",
    ],
)
def test_call_over_a_trunk_finds_the_number_however_it_is_written(line: Line, to: str) -> None:
    with tenant_context(line.person.tenant):
        Trunk.objects.filter(pk=line.trunk.pk).update(home_country="DE")
    response = line.tell(line.place(trunk=True), line.fields(To=to, SipDomain="acme.sip.twilio.com"))
    assert heard(response) == said(sentences.NOT_CONNECTED)
    assert [(each.phone_number_id, each.trunk_id) for each in line.events()] == [(line.own.pk, line.trunk.pk)]


@pytest.mark.parametrize("to", ["sip:alice@acme.sip.twilio.com", "sip:+4930000000@x.sip.twilio.com", ""])
def test_call_over_a_trunk_to_nobody(line: Line, to: str) -> None:
    assert heard(line.tell(line.place(trunk=True), line.fields(To=to))) == said(sentences.NOBODYS)
    assert [(each.phone_number_id, each.trunk_id) for each in line.events()] == [(None, line.trunk.pk)]


def test_call_over_a_trunk_that_is_switched_off(line: Line) -> None:
    with tenant_context(line.person.tenant):
        Trunk.objects.filter(pk=line.trunk.pk).update(is_enabled=False)
    fields = line.fields(To="sip:+4930901820@x.sip.twilio.com")
    assert heard(line.tell(line.place(trunk=True), fields)) == said(sentences.NOT_NOW)


# Statuses


def test_statuses_are_stored_once_each_in_whatever_order(line: Line) -> None:
    sid = new_sid("CA")
    told = [(2, "completed"), (0, "ringing"), (2, "completed"), (1, "in-progress"), (0, "ringing")]
    answers = [
        answer(
            line.tell(
                line.place("status"),
                line.fields(CallSid=sid, CallStatus=status, SequenceNumber=str(number)),
            )
        )
        for number, status in told
    ]
    assert answers == [(204, b"")] * 5
    stored = [(event.sequence_number, event.call_status) for event in line.events()]
    assert stored == [(2, "completed"), (0, "ringing"), (1, "in-progress")]


def test_statuses_without_a_number_are_told_apart_by_status(line: Line) -> None:
    sid = new_sid("CA")
    for status in ("ringing", "completed", "completed"):
        line.tell(line.place("status"), line.fields(CallSid=sid, CallStatus=status))
    stored = [(event.sequence_number, event.call_status) for event in line.events()]
    assert stored == [(None, "ringing"), (None, "completed")]


def test_repeated_call_changes_nothing_and_hears_the_same(line: Line) -> None:
    fields = line.fields()
    first = answer(line.tell(fields=fields))
    before = line.events()[0].received_at
    assert answer(line.tell(fields=fields)) == first
    assert [event.received_at for event in line.events()] == [before]


# What is kept


def test_only_known_fields_are_kept_and_none_is_endless(line: Line) -> None:
    line.tell(
        fields=line.fields(
            CallToken="may place calls",
            StirPassportToken="x.y.z",
            SipHeader_X_Secret="s",
            Future="f",
            CallerName="n" * 9999,
            ForwardedFrom="nul\0",
        )
    )
    (event,) = line.events()
    assert set(event.payload) <= set(KNOWN_FIELDS)
    assert event.payload["CallerName"] == "n" * LONGEST_VALUE
    assert event.payload["ForwardedFrom"] == "nul\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("sequence", ["-1", "x", "9" * 40, "", "٣"])
def test_odd_sequence_numbers_do_no_harm(line: Line, sequence: str) -> None:
    assert line.tell(line.place("status"), line.fields(SequenceNumber=sequence)).status_code == 204
    assert [event.sequence_number for event in line.events()] == [None]


@pytest.mark.parametrize("sid", ["", "CA12", "XX" + "0" * 32, "CA" + "g" * 32])
def test_proven_request_without_a_call_is_said_so(line: Line, sid: str) -> None:
    response = line.tell(fields=line.fields(CallSid=sid))
    assert answer(response) == (400, b"CallSid is missing.\n")
    assert line.events() == []


# What is refused, alike


def test_signature_must_be_the_accounts_own_over_all_fields(line: Line) -> None:
    fields = line.fields()
    url = f"http://testserver{line.place()}"
    no_blank = {name: value for name, value in fields.items() if value}
    wrong = [
        line.sign(url, no_blank),
        line.sign(url, {**fields, "From": "+12125550199"}),
        line.sign(url.removesuffix("/"), fields),
        line.sign(url.replace("http:", "https:"), fields),
        line.sign(url.replace("testserver", "evil.example.com"), fields),
        "nonsense",
        "\xe9",
        "",
    ]
    answers = [answer(line.tell(fields=fields, headers={"X-Twilio-Signature": each})) for each in wrong]
    assert answers == [REFUSAL] * len(wrong)
    assert line.events() == []


def test_host_header_decides_nothing(line: Line) -> None:
    fields = line.fields()
    signed = line.sign(f"http://localhost{line.place()}", fields)
    assert (
        answer(line.tell(fields=fields, headers={"X-Twilio-Signature": signed, "Host": "localhost"}))
        == REFUSAL
    )
    assert line.tell(fields=fields, headers={"Host": "localhost"}).status_code == 200


def test_signature_covers_the_query(line: Line) -> None:
    assert line.tell(f"{line.place()}?edge=dublin").status_code == 200
    fields = line.fields()
    signature = line.sign(f"http://testserver{line.place()}", fields)
    response = line.tell(f"{line.place()}?edge=dublin", fields, headers={"X-Twilio-Signature": signature})
    assert answer(response) == REFUSAL


def test_signature_of_the_port_that_goes_without_saying_holds(line: Line) -> None:
    fields = line.fields()
    signature = line.sign(f"http://testserver:80{line.place()}", fields)
    assert line.tell(fields=fields, headers={"X-Twilio-Signature": signature}).status_code == 200


def test_signature_by_a_shared_key_is_refused(line: Line) -> None:
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    response = line.tell(headers={"X-Twilio-Webhooks-Signature-Settings": settings})
    assert answer(response) == REFUSAL
    assert line.tell(headers={"X-Twilio-Webhooks-Signature-Settings": ""}).status_code == 200


def test_what_is_not_there_is_refused_as_what_is_not_proven(line: Line) -> None:
    answers = [
        answer(line.tell(f"/voice/{uuid7()}/incoming/")),
        answer(line.tell(f"/voice/trunk/{uuid7()}/incoming/")),
        answer(line.tell(f"/voice/{line.trunk.pk}/incoming/")),
        answer(line.tell(f"/voice/trunk/{line.number.pk}/incoming/")),
        answer(line.tell(fields=line.fields(AccountSid=new_sid("AC")))),
        answer(line.tell(fields=line.fields(AccountSid=""))),
    ]
    assert answers == [REFUSAL] * 6
    assert line.events() == []


def test_account_of_another_tenant_proves_nothing_here(line: Line, charlie: Person) -> None:
    other = make_line(charlie, "+14155550102", "+4930901821")
    answers = [
        # signed with the own token for somebody else's number, and with somebody else's account named
        answer(other.tell(line.place(), other.fields())),
        answer(other.tell(line.place(trunk=True), other.fields())),
        answer(other.tell(line.place(), other.fields(AccountSid=line.account.sid))),
    ]
    assert answers == [REFUSAL] * 3
    assert (line.events(), other.events()) == ([], [])


def test_closed_account_is_refused(line: Line) -> None:
    gone = {"sid": "", "auth_token": "", "status": "closed", "wanted": "closed"}
    with tenant_context(line.person.tenant):
        ProviderAccount.objects.update(**gone)
    assert answer(line.tell()) == REFUSAL
    TenantRoute.objects.filter(kind="provider_account").delete()
    assert answer(line.tell()) == REFUSAL
    assert line.events() == []


def test_account_that_is_closed_after_it_proved_something_is_refused(line: Line) -> None:
    assert line.tell().status_code == 200
    with tenant_context(line.person.tenant):
        ProviderAccount.objects.update(sid="", auth_token="", status="closed", wanted="closed")
    assert answer(line.tell()) == REFUSAL
    assert len(line.events()) == 1


def test_token_that_was_changed_holds_at_once_and_the_old_one_no_more(line: Line) -> None:
    assert line.tell().status_code == 200
    old, new = line.token, "n" * 32
    with tenant_context(line.person.tenant):
        line.account.auth_token = seal_for(line.account, "auth_token", new)
        line.account.save()
    assert answer(line.tell()) == REFUSAL
    line.token = new
    assert line.tell().status_code == 200
    line.token = old
    assert answer(line.tell()) == REFUSAL
    assert len(line.events()) == 2


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_nothing_but_post_is_taken(line: Line, method: str) -> None:
    assert getattr(Client(), method)(line.place()).status_code == 405


def test_bodies_that_are_no_short_form_are_refused(line: Line) -> None:
    path = line.place()
    long = urlencode(line.fields(CallerName="n" * 70_000))
    form = "application/x-www-form-urlencoded"
    answers = [
        answer(line.client.post(path, long, content_type=form)),
        answer(line.client.post(path, "{}", content_type="application/json")),
        answer(line.client.post(path, {"AccountSid": line.account.sid})),  # multipart
        answer(line.client.post(path, b"\xff%ff&&=;\0", content_type=form)),
        answer(line.client.post(path)),
    ]
    assert answers == [REFUSAL] * 5


def test_no_cookie_is_set(line: Line) -> None:
    response = line.tell()
    assert (response.status_code, dict(response.cookies)) == (200, {})


def test_neither_secrets_nor_numbers_reach_the_log(line: Line, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    fields = line.fields(CallToken="may-place-calls")
    signature = line.sign(f"http://testserver{line.place()}", fields)
    line.tell(fields=fields)
    line.tell(fields=fields, headers={"X-Twilio-Signature": f"x{signature}"})
    assert "voice_request_refused" in caplog.text
    told = [
        text for text in (line.token, signature, "may-place-calls", CALLER, NUMBER) if text in caplog.text
    ]
    assert told == []


def test_many_refusals_fill_no_log(line: Line, caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(refusals, "EVERY_S", 3600.0)
    for _ in range(5):
        line.tell(headers={"X-Twilio-Signature": ""})
        line.tell(fields=line.fields(AccountSid="AC1"))
    lines = [record.message for record in caplog.records if "voice_request_refused" in record.message]
    assert len(lines) == 2


# The cost


@pytest.mark.parametrize(
    ("kind", "trunk", "first", "again"),
    [
        ("status", False, QUERIES_OF_STATUS, QUERIES_OF_STATUS),
        ("status", True, QUERIES_OF_TRUNK, QUERIES_OF_TRUNK),
        ("incoming", False, QUERIES_OF_NUMBER + 8, QUERIES_OF_NUMBER + 4),
        ("incoming", True, QUERIES_OF_TRUNK + 8, QUERIES_OF_TRUNK + 4),
    ],
)
def test_an_event_takes_few_queries(line: Line, kind: str, trunk: bool, first: int, again: int) -> None:
    fields = line.fields(To="sip:+4930901820@acme.sip.twilio.com", SequenceNumber="0")
    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert line.tell(line.place(kind, trunk=trunk), fields).status_code in (200, 204)
        asked.append([each["sql"] for each in queries if not _SAVEPOINT.match(each["sql"])])
    assert list(map(len, asked)) == [QUERIES_OF_TOKEN + first, again], asked


def test_a_refused_request_takes_one_query(line: Line) -> None:
    with CaptureQueriesContext(connection) as queries:
        line.tell(fields=line.fields(AccountSid=new_sid("AC")))
    assert len(queries) == 1


def test_addresses_that_the_provider_is_given_are_served(line: Line, settings: Any) -> None:
    urls = voice_urls(line.number)
    paths = [str(each).removeprefix(settings.PUBLIC_URL) for each in (urls.voice, urls.voice_fallback)]
    assert [line.tell(path).status_code for path in paths] == [200, 200]
    assert line.tell(str(urls.status_callback).removeprefix(settings.PUBLIC_URL)).status_code == 204
    fields = line.fields(MessageSid=new_sid("SM"), Body="Hello")
    assert line.tell(urls.sms.removeprefix(settings.PUBLIC_URL), fields).status_code == 200


def test_headers_behind_a_sip_address_are_not_kept(line: Line) -> None:
    agent = "sip:proj_x@sip.api.openai.com;transport=tls"
    line.tell(
        line.place("status"), line.fields(To=f"{agent}?X-Cs-Call=proves-who-sent-it", SequenceNumber="0")
    )
    (event,) = line.events()
    assert event.payload["To"] == agent
