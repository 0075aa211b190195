"""Which call at OpenAI is taken for which session, and with which code the others are rejected."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import close_old_connections
from django.utils import timezone

from callsphere.calls.models import RealtimeSession
from callsphere.calls.tokens import LIFETIME, SessionName, sign_session
from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.calls.conftest import CALLER, NUMBER, make_line, new_sid
from tests.calls.realtime.conftest import Desk, make_desk, new_call_id, told, unwanted
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def state(desk: Desk) -> tuple[str, str]:
    session = desk.session()
    return session.state, session.openai_call_id


def test_call_with_a_token_is_offered_to_a_worker(desk: Desk) -> None:
    call_id = desk.offer(X_Cs_Call=desk.ring())

    session = desk.session()
    assert (session.state, session.openai_call_id) == ("offered", call_id)
    assert session.due_at == session.offered_at
    assert unwanted() == []


def test_the_same_call_told_again_changes_nothing(desk: Desk) -> None:
    token = desk.ring()
    call_id = desk.offer(X_Cs_Call=token)
    before = desk.session().offered_at

    desk.offer(call_id, X_Cs_Call=token)

    assert desk.session().offered_at == before
    assert (state(desk), unwanted()) == (("offered", call_id), [])


def test_token_takes_one_call_alone(desk: Desk) -> None:
    token = desk.ring()
    first, second = desk.offer(X_Cs_Call=token), desk.offer(X_Cs_Call=token)

    assert (state(desk), unwanted()) == (("offered", first), [(second, 486)])


def test_token_that_is_not_ours_is_rejected(desk: Desk) -> None:
    token = desk.ring()
    forged = [f"{token}x", token.replace(":", ";"), "x", f"{uuid7().hex}.{uuid7().hex}:a:b"]

    ids = [desk.offer(X_Cs_Call=each) for each in forged]

    assert (state(desk), unwanted()) == (("awaited", ""), [(call_id, 404) for call_id in ids])


def test_token_that_is_too_old_is_rejected(desk: Desk) -> None:

    with time_machine.travel(timezone.now() - LIFETIME - timedelta(seconds=1)):
        token = sign_session(SessionName(desk.person.tenant.pk, uuid7()))
    call_id = desk.offer(X_Cs_Call=token)

    assert unwanted() == [(call_id, 404)]


def test_token_of_another_tenants_session_finds_nothing(desk: Desk, charlie: Person) -> None:
    """A token is signed by us, and even so the tenant in it sees its own sessions alone."""
    desk.ring()
    call_id = desk.offer(X_Cs_Call=sign_session(SessionName(charlie.tenant.pk, desk.session().pk)))

    assert (state(desk), unwanted()) == (("awaited", ""), [(call_id, 404)])


@pytest.mark.parametrize("change", [{"read_only_reason": "A payment failed."}, {"is_active": False}])
def test_call_of_an_organisation_that_may_not_take_it_goes_elsewhere(
    desk: Desk, change: dict[str, Any]
) -> None:
    token = desk.ring()
    with tenant_context(desk.person.tenant):
        Tenant.objects.filter(pk=desk.person.tenant.pk).update(**change)

    call_id = desk.offer(X_Cs_Call=token)
    desk.offer(call_id, X_Cs_Call=token)

    assert (state(desk), unwanted()) == (("rejected", call_id), [(call_id, 503)])
    assert desk.session().why == "The organisation cannot take calls at the moment."
    assert desk.notes() == [
        "The agent did not take the call: The organisation cannot take calls at the moment."
    ]


def test_call_whose_caller_has_gone_is_rejected(desk: Desk) -> None:
    token = desk.ring()
    desk.change_call(state="ended", outcome="missed", ended_at=timezone.now(), end_due_at=None)

    call_id = desk.offer(X_Cs_Call=token)

    assert (state(desk), unwanted()) == (("rejected", call_id), [(call_id, 480)])


# Without a token


def test_twilios_ids_of_a_call_that_rings_will_do(desk: Desk) -> None:
    sid = new_sid("CA")
    desk.ring(sid)
    headers = {"X_Twilio_AccountSid": desk.line.account.sid, "X_Twilio_CallSid": sid}
    call_id = desk.offer(**headers)
    desk.offer(call_id, **headers)

    assert (state(desk), unwanted()) == (("offered", call_id), [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Diversion": f"<sip:{NUMBER}@twilio.com>"},
        # whoever knows the project can write these: a call would be theirs that somebody else placed
        {"Diversion": f"<sip:{NUMBER}@twilio.com>", "From": f"<sip:{CALLER}@pstn.twilio.com>"},
        {"X_Twilio_CallSid": "CA" + "0" * 32},
    ],
)
def test_headers_of_no_call_that_rings_are_not_believed(desk: Desk, headers: dict[str, str]) -> None:
    desk.ring()
    call_id = desk.offer(**headers)
    assert (state(desk), unwanted()) == (("awaited", ""), [(call_id, 404)])


def test_another_accounts_id_finds_no_call(desk: Desk, charlie: Person) -> None:
    sid = new_sid("CA")
    desk.ring(sid)
    other = make_line(charlie, "+14155550111", "+4930901821")
    call_id = desk.offer(X_Twilio_AccountSid=other.account.sid, X_Twilio_CallSid=sid)
    assert (state(desk), unwanted()) == (("awaited", ""), [(call_id, 404)])


# The request


def test_what_openai_did_not_sign_is_refused(desk: Desk) -> None:
    event = told(new_call_id(), {"X-Cs-Call": desk.ring()})

    assert desk.tell(event, secret="whsec_b3RoZXI=") == 400
    assert desk.tell(event, moment=timezone.now().timestamp() - 400) == 400
    assert desk.client.post("/webhooks/openai/", b"{}", content_type="application/json").status_code == 400
    assert (state(desk), unwanted()) == (("awaited", ""), [])


def test_another_event_of_openais_is_not_sent_again(desk: Desk) -> None:
    assert desk.tell(told(new_call_id(), {}, type="response.completed", data={"id": "resp_1"})) == 200
    assert unwanted() == []


def test_long_bodies_are_not_read(desk: Desk) -> None:
    assert desk.tell(told(new_call_id(), {"X-Cs-Call": "x" * 70_000})) == 413


def test_only_post(desk: Desk) -> None:
    assert desk.client.get("/webhooks/openai/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_with_one_token(openai_double: Any, alice: Person, settings: Any) -> None:
    settings.PUBLIC_URL = "http://testserver"
    desk = make_desk(alice)
    token = desk.ring()
    ids: list[str] = []
    start = threading.Barrier(4)

    def offer() -> None:
        start.wait(60)
        ids.append(desk.offer(X_Cs_Call=token))
        close_old_connections()

    threads = [threading.Thread(target=offer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with tenant_context(alice.tenant):
        (taken,) = RealtimeSession.objects.values_list("openai_call_id", flat=True)
    assert sorted(unwanted()) == sorted((call_id, 486) for call_id in ids if call_id != taken)
    assert len(ids) == 4
