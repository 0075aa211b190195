"""Checks run by the workers' code against carriers on loopback: what is stored, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from callsphere.lib.errors import Refused
from callsphere.lib.ids import uuid7
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, Heard, Send, serving
from tests.sip.dns_server import DnsServer
from tests.trunks.checks.running import ask, ended, report_of, results, running, stored
from tests.trunks.conftest import make_trunk
from tests.waiting import wait_until
from trunks import services
from trunks.checks import checking
from trunks.models import PlacedCall, ReadinessCheck

pytestmark = pytest.mark.django_db(transaction=True)
CHALLENGE = 'realm="lab", nonce="n1", qop="auth", algorithm=MD5'
NUMBER = "+14155550123"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed more often."""
    monkeypatch.setattr("trunks.checks.runs.RENEW_S", 0.1)


def test_a_healthy_carrier(alice: Person) -> None:
    carrier = Carrier(challenge=CHALLENGE)
    with serving(carrier) as uri:
        trunk = make_trunk(alice, "Main", uri)
        with tenant_context(alice.tenant):
            services.add_credential(
                tenant=alice.tenant,
                actor=alice.actor,
                trunk=trunk,
                direction="outbound",
                username=USER,
                secret=PASSWORD,
            )
        check = report_of(alice, trunk, register=True, call=NUMBER, caller="+15550001")
    assert (check.state, check.verdict, check.cause, check.problem) == ("finished", "pass", "", "")
    assert [name for name, result in results(check).items() if result != ("pass", None)] == ["connect", "tls"]
    assert (len(check.steps), check.target) == (12, uri)
    assert check.runs == [
        {
            "gateway_id": check.runs[0]["gateway_id"],
            "uri": uri,
            "verdict": "pass",
            "cause": "",
            "steps": 12,
            "duration_ms": check.runs[0]["duration_ms"],
        }
    ]
    assert [message["summary"] for message in check.trace][:2] == ["OPTIONS", "200 OK"]
    assert {message["peer"] for message in check.trace} == {f"127.0.0.1:{carrier.port}/udp"}
    assert PASSWORD not in str(check.trace)
    assert "response=" not in str(check.trace)
    invite = carrier.of("INVITE")[0]
    assert invite.uri.startswith(f"sip:{NUMBER}@")
    assert "+15550001" in invite.get("from")
    with tenant_context(alice.tenant):
        (call,) = PlacedCall.objects.all()
    assert (call.state, call.call_id, call.cseq) == ("ended", invite.get("call-id"), 2)


def test_a_carrier_without_call_or_registration_is_asked_for_options_alone(alice: Person) -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        check = report_of(alice, make_trunk(alice, "Main", uri))
    assert check.verdict == "pass"
    assert {each.method for each in carrier.heard} == {"OPTIONS"}
    with tenant_context(alice.tenant):
        assert not PlacedCall.objects.exists()


class Refusing(Carrier):
    """Refuses every call."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "404 Not Found")


def test_every_gateway_is_looked_at_and_the_worst_counts(alice: Person) -> None:
    good, bad = Carrier(), Refusing()
    with serving(good) as first, serving(bad) as second:
        trunk = make_trunk(alice, "Main", first, second)
        check = report_of(alice, trunk, call=NUMBER)
    assert (check.verdict, check.cause, check.target) == ("fail", "number_not_found", f"{first}, {second}")
    assert [(run["uri"], run["verdict"], run["steps"]) for run in check.runs] == [
        (first, "pass", 12),
        (second, "fail", 12),
    ]
    assert len(check.steps) == 24
    assert [message["at_ms"] for message in check.trace] == sorted(each["at_ms"] for each in check.trace)


def test_one_gateway_of_several(alice: Person) -> None:
    good, other = Carrier(), Carrier()
    with serving(good) as first, serving(other) as second:
        trunk = make_trunk(alice, "Main", first, second)
        with tenant_context(alice.tenant):
            gateway = trunk.gateways.get(uri=second)
        check = report_of(alice, trunk, gateway=gateway)
    assert (check.target, len(good.heard), len(other.heard)) == (second, 0, 1)


class Pausing(Carrier):
    """Lets a call ring for as long as the test wants."""

    ringing = True

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")


def test_steps_are_stored_as_they_finish_and_no_transaction_stays_open(alice: Person) -> None:
    carrier = Pausing()
    with serving(carrier) as uri, running() as runner:
        check = ask(alice, make_trunk(alice, "Main", uri), call=NUMBER)
        runner.run_due()
        steps = wait_for(alice, check, lambda row: len(row.steps) >= 6 and carrier.of("INVITE"))
        assert [step["name"] for step in steps.steps] == [
            *("target", "dns", "connect", "tls", "options", "register")
        ]
        with tenant_context(alice.tenant):
            assert PlacedCall.objects.get().state in ("placed", "ringing")
        # The phone rings on; short transactions, such as a lease's, may be seen at any moment.
        wait_until(lambda: transactions() == 0)
        assert stored(alice, check.pk).state == "running"


def transactions() -> int:
    """How many are open now in other connections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_a_check_that_is_stopped_hangs_up(alice: Person, quick: None) -> None:
    carrier = Pausing()
    with serving(carrier, "tcp") as uri, running() as runner:
        check = ask(alice, make_trunk(alice, "Main", uri), call=NUMBER)
        runner.run_due()
        wait_for(alice, check, lambda row: carrier.of("INVITE"))
        with tenant_context(alice.tenant):
            services.cancel_check(tenant=alice.tenant, actor=alice.actor, check=check)
        found = ended(alice, check.pk)
        assert (found.state, found.verdict, found.problem) == ("cancelled", "", "")
        assert len(carrier.of("CANCEL")) == 1
        assert [message["summary"] for message in found.trace][-4:] == [
            *("CANCEL", "200 OK", "487 Request Terminated", "ACK")
        ]


def test_a_trunk_with_a_call_open_is_not_deleted_until_it_is_over(alice: Person, quick: None) -> None:
    """Its row is what others would hang it up by, should the worker die."""
    carrier = Pausing()
    with serving(carrier) as uri, running() as runner:
        trunk = make_trunk(alice, "Main", uri)
        check = ask(alice, trunk, call=NUMBER)
        runner.run_due()
        wait_for(alice, check, lambda row: carrier.of("INVITE"))
        with tenant_context(alice.tenant), pytest.raises(Refused) as refusal:
            services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        assert (refusal.value.code, str(refusal.value)[:45]) == (
            "call_open",
            "A readiness check has a call open on this tru",
        )
        with tenant_context(alice.tenant):
            services.cancel_check(tenant=alice.tenant, actor=alice.actor, check=check)
        ended(alice, check.pk)
        with tenant_context(alice.tenant):
            services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
            assert not PlacedCall.objects.exists()
        assert len(carrier.of("CANCEL")) == 1


def test_a_process_that_goes_down_hangs_up_and_says_so(alice: Person) -> None:
    carrier = Pausing()
    with serving(carrier) as uri:
        with running() as runner:
            check = ask(alice, make_trunk(alice, "Main", uri), call=NUMBER)
            runner.run_due()
            wait_for(alice, check, lambda row: carrier.of("INVITE"))
        found = stored(alice, check.pk)
        assert (found.state, found.problem) == ("failed", checking.INTERRUPTED)
        assert len(carrier.of("CANCEL")) == 1
        with tenant_context(alice.tenant):
            assert PlacedCall.objects.get().state == "ended"


def test_a_password_that_cannot_be_read_is_named(alice: Person) -> None:
    with serving(Carrier()) as uri:
        trunk = make_trunk(alice, "Main", uri)
        with tenant_context(alice.tenant):
            services.add_credential(
                tenant=alice.tenant,
                actor=alice.actor,
                trunk=trunk,
                direction="outbound",
                username=USER,
                secret=PASSWORD,
            )
            # Sealed for one row, it opens in no other.
            trunk.credentials.update(id=uuid7())
        check = report_of(alice, trunk)
    assert check.state == "failed"
    assert check.problem.startswith("The stored password cannot be used.")


def test_a_name_that_leads_inside_is_kept_as_it_was(alice: Person, settings: Any) -> None:
    with DnsServer() as dns:
        dns.set("inside.test", "A", "10.0.0.1")
        settings.SIP_NAMESERVERS = [dns.address]
        check = report_of(alice, make_trunk(alice, "Main", "sip:inside.test:5060"))
    assert (check.verdict, check.cause) == ("fail", "address_refused")
    assert results(check)["dns"] == ("fail", "address_refused")


def test_zero_bytes_from_a_carrier_are_no_trouble(alice: Person) -> None:
    class Nul(Carrier):
        def options(self, request: Heard, send: Send) -> None:
            send(b"\0\0\0 what \0\r\n\r\n")
            super().options(request, send)

    with serving(Nul()) as uri:
        check = report_of(alice, make_trunk(alice, "Main", uri))
    assert check.verdict == "pass"


def test_checks_of_many_trunks_run_side_by_side(alice: Person) -> None:
    class Together(Carrier):
        """Answers nobody before all have asked."""

        def options(self, request: Heard, send: Send) -> None:
            asked[request.branch] = lambda: self.reply(send, request, "200 OK")
            if len(asked) == 5:
                for answer in asked.values():
                    answer()

    asked: dict[str, Callable[[], None]] = {}
    with serving(Together()) as uri, running() as runner:
        checks = [ask(alice, make_trunk(alice, f"T{number}", uri)) for number in range(5)]
        assert runner.run_due() == 5
        assert [ended(alice, each.pk).verdict for each in checks] == ["pass"] * 5
        assert runner.run_due() == 0


def wait_for(person: Person, check: ReadinessCheck, holds: Any) -> ReadinessCheck:
    """Wait until something holds of the stored check."""
    wait_until(lambda: bool(holds(stored(person, check.pk))))
    return stored(person, check.pk)


def test_a_tenant_that_is_switched_off_is_not_checked(alice: Person) -> None:
    ask(alice, make_trunk(alice, "Main", "sip:127.0.0.1:5999"))
    with platform_context("switch off"):
        alice.tenant.is_active = False
        alice.tenant.save()
    with running() as runner:
        assert runner.run_due() == 0
