"""A number is bought and rung: everything travels over sockets, signed by the double as Twilio signs it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callsphere.calls import sentences
from callsphere.calls.models import CallEvent
from callsphere.local.doubles.twilio.callbacks import send
from callsphere.local.doubles.twilio.store import ACCOUNTS, new_sid
from callsphere.local.ringing import SOMEBODY, CannotRing, ring_number
from callsphere.providers.twilio import byoc, sip_domains
from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.models import TenantRoute
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk, stored
from tests.twilio_double import DoubledTwilio
from trunks.enums import AccountStatus, NumberState
from trunks.models import PhoneNumber
from trunks.numbers.accounts import account_name, open_account, want_account
from trunks.numbers.intake import voice_urls
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(twilio: DoubledTwilio, live_server: Any, settings: Any) -> Desk:
    """Orders that lead to numbers whose addresses are those of a running server."""
    settings.PUBLIC_URL = live_server.url
    return Desk(twilio)


def bought(desk: Desk, person: Person) -> PhoneNumber:
    desk.order(person)
    provision_due()
    number = stored(person)
    assert number.state == NumberState.ACTIVE
    return number


def events(person: Person) -> list[tuple[str, str, str, int | None]]:
    with tenant_context(person.tenant):
        rows = CallEvent.objects.order_by("received_at", "id")
        return list(rows.values_list("call_sid", "kind", "call_status", "sequence_number"))


def test_bought_number_rings_and_says_that_nobody_answers_yet(desk: Desk, alice: Person) -> None:
    bought(desk, alice)

    rung = ring_number(NUMBER)

    assert (rung.status, rung.said) == (200, (sentences.NOT_CONNECTED,))
    assert events(alice) == [
        (rung.sid, "incoming", "ringing", None),
        (rung.sid, "status", "completed", 0),
    ]


def test_command_prints_what_the_caller_hears(desk: Desk, alice: Person) -> None:
    bought(desk, alice)
    out = StringIO()

    call_command("ring", NUMBER, "--from", "+12125550177", stdout=out)

    assert out.getvalue() == f"“{sentences.NOT_CONNECTED}”\n"
    with tenant_context(alice.tenant):
        assert {event.payload["From"] for event in CallEvent.objects.all()} == {"+12125550177"}


def test_command_says_that_nobody_has_the_number(desk: Desk) -> None:
    with pytest.raises(CommandError, match=r"^Nobody has \+14155550109 at"):
        call_command("ring", "+14155550109")


def test_nothing_but_the_double_is_rung(settings: Any) -> None:
    settings.TWILIO_BASE_URL = ""
    with pytest.raises(CannotRing, match="stand-in"):
        ring_number(NUMBER)


def test_closed_account_proves_nothing_any_more(desk: Desk, alice: Person) -> None:
    number = bought(desk, alice)
    account = desk.twilio.twilio.store.get(ACCOUNTS, friendly_name=account_name(alice.tenant))
    url = voice_urls(number).voice
    fields = {"AccountSid": account["sid"], "CallSid": new_sid("CA"), "To": NUMBER, "From": SOMEBODY}
    assert send(account, "POST", url, fields).status == 200
    with tenant_context(alice.tenant):
        want_account(alice.tenant, AccountStatus.CLOSED)

    provision_due()

    assert TenantRoute.objects.filter(kind=RouteKind.PROVIDER_ACCOUNT).count() == 0
    assert send(account, "POST", url, {**fields, "CallSid": new_sid("CA")}).status == 403
    assert [sid for sid, *_rest in events(alice)] == [fields["CallSid"]]


def test_the_same_event_many_times_at_once_is_stored_once(desk: Desk, alice: Person) -> None:
    number = bought(desk, alice)
    account = desk.twilio.twilio.store.get(ACCOUNTS, friendly_name=account_name(alice.tenant))
    url = voice_urls(number).status_callback
    sid = new_sid("CA")
    fields = {"AccountSid": account["sid"], "CallSid": sid, "CallStatus": "completed", "SequenceNumber": "0"}

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: send(account, "POST", url, fields), range(24)))

    assert [(reply.status, reply.text) for reply in replies] == [(204, "")] * 24
    assert events(alice) == [(sid, "status", "completed", 0)]


def test_call_over_a_trunk_of_the_customers_own(desk: Desk, alice: Person, live_server: Any) -> None:
    bought(desk, alice)  # and with it an account
    trunk = make_trunk(alice)
    with tenant_context(alice.tenant):
        account = open_account(alice.tenant)
    base = f"{live_server.url}/voice/trunk/{trunk.pk}"
    theirs = byoc.ensure_byoc_trunk(
        account,
        byoc.ByocSettings(
            "trunk 1",
            voice_url=f"{base}/incoming/",
            voice_fallback_url=f"{base}/fallback/",
            status_callback_url=f"{base}/status/",
        ),
    )
    domain = "acme-1.sip.twilio.com"
    sip_domains.ensure_sip_domain(
        account, sip_domains.DomainSettings(domain, "trunk 1", byoc_trunk_sid=theirs.sid)
    )

    rung = ring_number(f"sip:alice@{domain}", SOMEBODY)

    assert rung.said == (sentences.NOBODYS,)
    assert [kind for _sid, kind, _status, _number in events(alice)] == ["incoming", "status"]
    with tenant_context(alice.tenant):
        assert set(CallEvent.objects.values_list("trunk_id", flat=True)) == {trunk.pk}
