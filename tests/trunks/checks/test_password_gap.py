"""What a readiness check proved of a trunk's password, told by the trunk itself until somebody changes it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, probe
from trunks import services
from trunks.models import DigestCredential, ReadinessCheck, Trunk
from trunks.queries import headline_of, trunks_of

REFUSED = ("fail", "credentials_rejected", "Refused on a fresh nonce.")
WORKS = "Up · the gateway answers"
IS_REFUSED = "Up, but the carrier refuses its password · enter it again"


@pytest.fixture
def line(alice: Person) -> Trunk:
    """A trunk whose gateway answers, and that proves itself with a password."""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        Trunk.objects.update(authentication=["digest"])
        services.add_credential(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            direction="outbound",
            username="acme",
            secret="first",
        )
    probe(OK, NOON)
    return trunk


def checked(
    alice: Person, trunk: Trunk, *, at: datetime | None = None, call: str = "+14155550123", bad: bool = True
) -> ReadinessCheck:
    """A check as a worker stored it, made after the password was entered."""
    if bad:
        return make_report(alice, trunk, at=at, call=call, invite=REFUSED)
    return make_report(alice, trunk, at=at, call=call)


def said(alice: Person) -> str:
    """The trunk's heading."""
    with tenant_context(alice.tenant):
        return headline_of(trunks_of(alice.tenant).get()).text()


def test_a_password_that_a_check_proved_wrong_is_told(alice: Person, line: Trunk) -> None:
    assert said(alice) == WORKS
    checked(alice, line)
    assert said(alice) == IS_REFUSED


def test_one_gateway_that_refuses_it_is_enough(alice: Person, line: Trunk) -> None:
    report = checked(alice, line)
    with tenant_context(alice.tenant):
        runs = [{"cause": "hold_rejected", "verdict": "fail"}, {"cause": "credentials_rejected"}]
        ReadinessCheck.objects.filter(pk=report.pk).update(cause="hold_rejected", runs=runs)
    assert said(alice) == IS_REFUSED


def test_a_later_check_that_signs_in_clears_it(alice: Person, line: Trunk) -> None:
    now = timezone.now()
    checked(alice, line, at=now)
    checked(alice, line, at=now + timedelta(minutes=1), bad=False)
    assert said(alice) == WORKS


def test_a_later_check_without_a_call_proves_nothing(alice: Person, line: Trunk) -> None:
    now = timezone.now()
    checked(alice, line, at=now)
    checked(alice, line, at=now + timedelta(minutes=1), call="", bad=False)
    assert said(alice) == IS_REFUSED


def test_another_password_may_be_right(alice: Person, line: Trunk) -> None:
    checked(alice, line)
    with tenant_context(alice.tenant):
        services.update_credential(
            tenant=alice.tenant,
            actor=alice.actor,
            credential=DigestCredential.objects.get(),
            expected_version=None,
            secret="second",
        )
    assert said(alice) == WORKS


def test_where_no_password_is_used_it_says_nothing(alice: Person, line: Trunk) -> None:
    checked(alice, line)
    with tenant_context(alice.tenant):
        Trunk.objects.update(authentication=["ip_allowlist"])
    assert said(alice) == WORKS
