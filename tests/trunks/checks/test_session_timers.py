"""A trunk's session-timer policy on the wire: what the calls of its checks ask for (RFC 4028)."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.trunks.checks.running import report_of, results
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.models import ReadinessCheck

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155550123"


def call_by(person: Person, carrier: Carrier, **policy: Any) -> ReadinessCheck:
    """Have a check call the carrier by a trunk with this policy."""
    with serving(carrier) as uri:
        trunk = make_trunk(person, "Main", uri)
        with tenant_context(person.tenant):
            services.update_session_timer_policy(
                tenant=person.tenant,
                actor=person.actor,
                policy=trunk.session_timer_policy,
                expected_version=None,
                **policy,
            )
        return report_of(person, trunk, call=NUMBER)


def timer_headers(request: Heard) -> tuple[str, str, str, bool]:
    """Session-Expires, Min-SE and Require of a request, and whether it says that it knows timers."""
    known = "timer" in request.get("supported").split(", ")
    return request.get("session-expires"), request.get("min-se"), request.get("require"), known


@pytest.mark.parametrize(
    ("policy", "headers"),
    [
        ({}, ("1800", "", "", True)),
        ({"mode": "off"}, ("90", "", "", True)),  # what a check asks for by itself
        ({"session_interval_s": 600, "refresher": "uac"}, ("600;refresher=uac", "", "", True)),
        ({"min_se_s": 120, "refresher": "uas"}, ("1800;refresher=uas", "120", "", True)),
        ({"mode": "required", "session_interval_s": 90}, ("90", "", "timer", True)),
    ],
)
def test_the_invite_asks_for_what_the_policy_says(
    alice: Person, policy: dict[str, Any], headers: tuple[str, str, str, bool]
) -> None:
    carrier = Carrier()
    check = call_by(alice, carrier, **policy)
    assert check.verdict == "pass", check.steps
    assert timer_headers(carrier.of("INVITE")[0]) == headers


class StrictInterval(Carrier):
    """422 once, with a Min-SE."""

    def invite(self, request: Heard, send: Send) -> None:
        if int(request.get("session-expires").split(";")[0]) < 600:
            self.reply(send, request, "422 Session Interval Too Small", "Min-SE: 600\r\n")
        else:
            self.accept(request, send)


def test_a_carrier_may_ask_for_longer(alice: Person) -> None:
    carrier = StrictInterval(session="600;refresher=uas")
    check = call_by(alice, carrier, mode="required", session_interval_s=300, refresher="uas")
    assert check.verdict == "pass", check.steps
    assert [timer_headers(each) for each in carrier.of("INVITE")[:2]] == [
        ("300;refresher=uas", "", "timer", True),
        ("600;refresher=uas", "600", "timer", True),
    ]


@pytest.mark.parametrize(
    ("method", "allow", "sent"),
    [
        ("auto", "INVITE, ACK, BYE, UPDATE", "UPDATE"),
        ("auto", "INVITE, ACK, BYE", "INVITE"),
        ("invite", "INVITE, ACK, BYE, UPDATE", "INVITE"),
        ("update", "INVITE, ACK, BYE", "UPDATE"),
    ],
)
def test_the_session_is_refreshed_by_the_chosen_method(
    alice: Person, method: str, allow: str, sent: str
) -> None:
    carrier = Carrier(allow=allow)
    check = call_by(alice, carrier, refresh_method=method)
    assert results(check)["refresh"] == ("pass", None)
    methods = [each.method for each in carrier.heard if each.tag("to") and each.method not in ("ACK", "BYE")]
    assert methods == ["INVITE", "INVITE", sent]  # hold, resume, refresh


class NoUpdate(Carrier):
    """Says that it takes UPDATE, and refuses it."""

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "501 Not Implemented")


def test_a_trunk_that_settles_for_update_is_not_saved_by_anything_else(alice: Person) -> None:
    refused = call_by(alice, NoUpdate(), refresh_method="update")
    assert results(refused)["refresh"] == ("fail", "refresh_rejected")


def test_a_refused_update_is_followed_by_an_invite_where_the_trunk_leaves_the_choice(alice: Person) -> None:
    assert results(call_by(alice, NoUpdate(), refresh_method="auto"))["refresh"] == ("pass", None)


@pytest.mark.parametrize(("mode", "result"), [("off", "warn"), ("supported", "warn"), ("required", "fail")])
def test_a_carrier_without_timers(alice: Person, mode: str, result: str) -> None:
    check = call_by(alice, Carrier(session=None), mode=mode)
    assert results(check)["session_timer"] == (result, "session_timer_absent")
    assert check.verdict == result


class KnowsNone(Carrier):
    """Refuses what it does not know (RFC 3261 §8.2.2.3)."""

    def invite(self, request: Heard, send: Send) -> None:
        if request.get("require"):
            self.reply(send, request, "420 Bad Extension", "Unsupported: timer\r\n")
        else:
            super().invite(request, send)


def test_a_carrier_that_refuses_the_extension(alice: Person) -> None:
    check = call_by(alice, KnowsNone(), mode="required")
    assert results(check)["invite"] == ("fail", "extension_required")


class RefreshesShort(Carrier):
    """Refreshes the session as soon as it is confirmed, with a short interval."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            invite = self.of("INVITE")[0]
            extra = "Supported: timer\r\nSession-Expires: 100;refresher=uac\r\n"
            self.put(send, self.inside(invite, "UPDATE", 1, extra))


def test_a_carrier_that_asks_for_less_is_asked_for_more(alice: Person) -> None:
    carrier = RefreshesShort()
    call_by(alice, carrier, min_se_s=300)
    (answer,) = [each for each in carrier.heard if each.method == "422"]
    assert answer.get("min-se") == "300"
