"""Registrations with the real engine and database, against registrars on loopback."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import RegistrarEngine
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.peers import free_port
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, Heard, Send, serving
from tests.sip.dns_server import DnsServer
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.bindings import registrar
from trunks.bindings.claims import claim_due
from trunks.enums import RegistrationState as State
from trunks.models import (
    DigestCredential,
    Registration,
    RegistrationAttempt,
    RegistrationChange,
    RegistrationFarewell,
    RegistrationStatus,
    Trunk,
)

CHALLENGE = 'realm="carrier.example", nonce="n1", qop="auth", algorithm=SHA-256'


@pytest.fixture(scope="module")
def engine() -> Iterator[RegistrarEngine]:
    with RegistrarEngine(policy=AddressPolicy.from_strings(["127.0.0.0/8"]), user_agent="test") as engine:
        yield engine


@pytest.fixture(autouse=True)
def _no_limit(settings: Any) -> None:
    settings.REGISTER_RATE_PER_REGISTRAR = 0


class Registrar(Carrier):
    """Keeps bindings for an hour; answers REGISTER with `refusal` while there is one."""

    def __init__(
        self, *refusals: tuple[str, str], challenge: str | None = CHALLENGE, grants: str | None = None
    ) -> None:
        super().__init__(challenge=challenge)
        self.refusals = list(refusals)
        self.grants = grants
        self.knows_us = True

    def proves(self, request: Heard) -> bool:
        return self.knows_us and super().proves(request)

    def register(self, request: Heard, send: Send) -> None:
        if self.refusals:
            status, extra = self.refusals.pop(0)
            self.reply(send, request, status, extra)
        elif not self.challenged(request, send, "401 Unauthorized", "WWW-Authenticate"):
            contact = request.get("contact")
            removed = "expires=0" in contact
            if self.grants is not None:
                contact = re.sub(r"expires=\d+", f"expires={self.grants}", contact)
            self.reply(send, request, "200 OK", "" if removed else f"Contact: {contact}\r\n")


class Scene:
    """Alice's trunk with a registration, and the clock of its workers."""

    def __init__(self, alice: Person, trunk: Trunk, engine: RegistrarEngine) -> None:
        self.alice, self.trunk, self.engine = alice, trunk, engine
        self.now = timezone.now()

    def add(self, uri: str, secret: str | None = PASSWORD, **values: Any) -> Registration:
        with tenant_context(self.alice.tenant):
            credential = None
            if secret is not None:
                credential = services.add_credential(
                    tenant=self.alice.tenant,
                    actor=self.alice.actor,
                    trunk=self.trunk,
                    direction="outbound",
                    username=USER,
                    secret=secret,
                )
                values = {"secret": secret, **values}
            return services.add_registration(
                tenant=self.alice.tenant,
                actor=self.alice.actor,
                trunk=self.trunk,
                registrar=uri,
                username="clinic",
                credential=credential,
                **values,
            )

    def do(self, service: Any, **values: Any) -> Any:
        with tenant_context(self.alice.tenant):
            return service(tenant=self.alice.tenant, actor=self.alice.actor, **values)

    def work(self, after_s: float = 0.0) -> int:
        """Let the workers look, so many seconds later."""
        self.now = max(self.now + timedelta(seconds=after_s), timezone.now())
        return registrar.refresh_due(self.engine, clock=self._clock)

    def _clock(self) -> datetime:
        return self.now

    @property
    def status(self) -> RegistrationStatus:
        with platform_context("test"):
            return RegistrationStatus.objects.get(registration__trunk=self.trunk)

    @property
    def attempts(self) -> list[tuple[str, int | None, str]]:
        with platform_context("test"):
            rows = RegistrationAttempt.objects.filter(registration__trunk=self.trunk).order_by("slot")
            return list(rows.values_list("step", "code", "cause"))

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        with platform_context("test"):
            rows = RegistrationChange.objects.filter(trunk=self.trunk).order_by("at", "id")
            return list(rows.values_list("from_state", "to_state", "cause"))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def neighbour(charlie: Person, engine: RegistrarEngine) -> Scene:
    return Scene(charlie, make_trunk(charlie), engine)


@pytest.fixture
def scene(alice: Person, trunk: Trunk, engine: RegistrarEngine) -> Scene:
    return Scene(alice, trunk, engine)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_registers_and_refreshes_at_half_the_time(scene: Scene, transport: str) -> None:
    carrier = Registrar()
    with serving(carrier, transport, kept_open=True) as uri:
        scene.add(uri)
        assert scene.work() == 1
        first = scene.status
        assert (first.state, first.granted_s) == (State.REGISTERED, 3600)
        assert first.next_attempt_at is not None
        assert 1620 <= (first.next_attempt_at - scene.now).total_seconds() <= 1800
        assert scene.work(1000) == 0
        assert scene.work(800) == 1
    second = scene.status
    assert (second.state, second.since) == (State.REGISTERED, first.since)
    assert scene.attempts == [("register", 200, ""), ("refresh", 200, "")]
    assert scene.changes == [("registering", "registered", "")]
    requests = carrier.of("REGISTER")
    # The refresh answers the challenge that it knows by now, without being asked.
    assert [bool(each.get("authorization")) for each in requests] == [False, True, True]
    assert len({(each.get("call-id"), each.tag("from"), re.sub(";expires.*", "", each.get("contact")))
                for each in requests}) == 1  # fmt: skip
    assert [each.cseq for each in requests] == sorted({each.cseq for each in requests})
    assert {each.get("to") for each in requests} == {"<sip:clinic@127.0.0.1>"}
    audit(carrier)


def test_messages_are_kept_without_secrets(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        scene.add(uri)
        scene.work()
    with platform_context("test"):
        attempt = RegistrationAttempt.objects.get(registration__trunk=scene.trunk)
    assert [each["summary"] for each in attempt.messages] == [
        "REGISTER",
        "401 Unauthorized",
        "REGISTER",
        "200 OK",
    ]
    text = str(attempt.messages)
    assert "[redacted]" in text
    assert PASSWORD not in text


@pytest.mark.parametrize("status", ["403 For\0bidden", "200 O\0K"])
def test_a_nul_from_a_registrar_costs_nobody_else_a_binding(
    scene: Scene, neighbour: Scene, status: str
) -> None:
    with serving(Registrar((status, "Contact: *\r\nServer: a\0b\r\n"))) as odd, serving(Registrar()) as uri:
        scene.add(odd)
        neighbour.add(uri)
        assert scene.work() == 2
    assert neighbour.status.state == State.REGISTERED
    with platform_context("test"):
        attempt = RegistrationAttempt.objects.get(registration__trunk=scene.trunk)
    assert "Server: a\N{REPLACEMENT CHARACTER}b" in attempt.messages[1]["text"]


def test_the_grant_is_that_of_our_binding_among_several(scene: Scene) -> None:
    """An earlier instance had the same user, address and port over TCP, and its binding is almost over."""

    class Several(Registrar):
        def reply(
            self,
            send: Send,
            request: Heard,
            status: str,
            extra: str = "",
            body: str = "",
            *,
            tag: str | None = "carrier",
        ) -> None:
            older = request.get("contact").replace(">;expires=3600", ";transport=tcp>;expires=12")
            extra = extra.replace("Contact: ", f"Contact: {older}, ")
            super().reply(send, request, status, extra, body, tag=tag)

    with serving(Several()) as uri:
        scene.add(uri)
        scene.work()
    assert (scene.status.state, scene.status.granted_s) == (State.REGISTERED, 3600)


def test_a_target_without_room_is_left_alone_though_the_next_is_silent(
    scene: Scene, dns: DnsServer, settings: Any
) -> None:
    with serving(Registrar(("503 Service Unavailable", "Retry-After: 90\r\n"))) as uri:
        port = uri.rpartition(":")[2]
        dns.set("_sip._udp.two.test", "SRV", f"1 0 {port} one.two.test.", f"2 0 {free_port()} one.two.test.")
        dns.set("one.two.test", "A", "127.0.0.1")
        with RegistrarEngine(
            policy=AddressPolicy.from_strings(["127.0.0.0/8"]), nameservers=[dns.address]
        ) as scene.engine:
            scene.add("sip:two.test;transport=udp")
            scene.work()
    assert (scene.status.state, scene.status.code, scene.status.retry_after_s) == (State.THROTTLED, 503, 90)


@pytest.mark.parametrize("seconds", ["4294967295", "9999999999"])
def test_an_endless_grant_costs_nobody_else_a_binding(scene: Scene, neighbour: Scene, seconds: str) -> None:
    with serving(Registrar(grants=seconds)) as odd, serving(Registrar()) as uri:
        scene.add(odd)
        neighbour.add(uri)
        assert scene.work() == 2
    assert neighbour.status.state == State.REGISTERED
    assert (scene.status.state, scene.status.granted_s) == (State.REGISTERED, 2**31 - 1)


@pytest.mark.parametrize("minimum", ["4294967295", "9999999999"])
def test_an_endless_minimum_costs_nobody_else_a_binding(scene: Scene, neighbour: Scene, minimum: str) -> None:
    refusal = ("423 Interval Too Brief", f"Min-Expires: {minimum}\r\n")
    with serving(Registrar(refusal)) as odd, serving(Registrar()) as uri:
        scene.add(odd)
        neighbour.add(uri)
        assert scene.work() == 2
    assert neighbour.status.state == State.REGISTERED
    assert (scene.status.state, scene.status.min_expires_s) == (State.REGISTERED, 2**31 - 1)


def test_what_no_row_can_hold_costs_nobody_else_a_binding(scene: Scene, neighbour: Scene) -> None:
    with serving(Registrar()) as odd, serving(Registrar()) as uri:
        registration = scene.add(odd)
        with platform_context("test"):  # no service takes such a user
            Registration.objects.filter(pk=registration.pk).update(username="é" * 128)
        neighbour.add(uri)
        assert scene.work() == 2
    assert neighbour.status.state == State.REGISTERED
    assert scene.status.state == State.REGISTERING


def test_wrong_credentials_are_tried_twice_and_wait_for_an_edit(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri, secret="wrong one")
        assert scene.work() == 1
        assert (scene.status.state, scene.status.cause) == (State.REJECTED, "credentials_rejected")
        assert scene.work(120) == 1
        assert scene.status.next_attempt_at is None
        assert scene.work(86_400) == 0
        assert sum(bool(each.get("authorization")) for each in carrier.of("REGISTER")) == 2
        credential = registration.credential
        assert credential is not None
        scene.do(services.update_credential, credential=credential, expected_version=None, secret=PASSWORD)
        assert scene.work() == 1
    assert (scene.status.state, scene.status.cause, scene.status.refusals) == (State.REGISTERED, "", 0)


def test_a_longer_interval_is_taken_and_remembered(scene: Scene) -> None:
    carrier = Registrar(("423 Interval Too Brief", "Min-Expires: 7200\r\n"))
    with serving(carrier) as uri:
        scene.add(uri)
        scene.work()
        assert (scene.status.state, scene.status.granted_s, scene.status.min_expires_s) == (
            State.REGISTERED,
            7200,
            7200,
        )
        scene.work(3601)
    assert [each.get("expires") for each in carrier.of("REGISTER")][-1] == "7200"


def test_a_registrar_without_room_is_left_alone_for_as_long_as_it_says(scene: Scene) -> None:
    carrier = Registrar(("503 Service Unavailable", "Retry-After: 90\r\n"))
    with serving(carrier) as uri:
        scene.add(uri)
        scene.work()
        assert (scene.status.state, scene.status.retry_after_s) == (State.THROTTLED, 90)
        assert scene.work(80) == 0
        assert scene.work(30) == 1
    assert (scene.status.state, scene.status.retry_after_s) == (State.REGISTERED, None)
    assert scene.changes == [
        ("registering", "throttled", "registration_rejected"),
        ("throttled", "registered", ""),
    ]


def test_an_unreachable_registrar_is_tried_again(scene: Scene) -> None:
    scene.add(f"sip:127.0.0.1:{free_port()}")
    scene.work()
    assert (scene.status.state, scene.status.cause) == (State.UNREACHABLE, "connect_refused")
    assert scene.work(6) == 1
    assert scene.status.failures == 2


def test_a_pause_takes_the_binding_away_and_a_resumption_makes_it_anew(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.work()
        scene.do(services.pause_registration, registration=registration)
        scene.work()
        assert scene.status.state == State.PAUSED
        assert scene.work(86_400) == 0
        scene.do(services.resume_registration, registration=registration)
        scene.work()
    assert scene.status.state == State.REGISTERED
    assert [step for step, _code, _cause in scene.attempts] == ["register", "remove", "register"]
    removal = [each for each in carrier.of("REGISTER") if "expires=0" in each.get("contact")]
    assert len(removal) == 1
    assert len({each.get("call-id") for each in carrier.of("REGISTER")}) == 1
    audit(carrier)


def test_deleting_leaves_no_binding_behind(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.work()
        scene.do(services.delete_registration, registration=registration)
        scene.work()
    last = carrier.of("REGISTER")[-1]
    assert last.get("contact").endswith("expires=0")
    assert last.get("call-id") == carrier.of("REGISTER")[0].get("call-id")
    with platform_context("test"):
        assert not RegistrationFarewell.objects.exists()
    audit(carrier)


def test_deleting_the_trunk_does_so_too(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        scene.add(uri)
        scene.work()
        scene.do(services.delete_trunk, trunk=scene.trunk)
        scene.work()
    assert carrier.of("REGISTER")[-1].get("contact").endswith("expires=0")


@pytest.mark.parametrize("leave", [services.pause_registration, services.delete_registration])
def test_taking_away_asks_no_third_time_with_what_was_refused_twice(scene: Scene, leave: Any) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.work()
        carrier.knows_us = False
        scene.work(1800)
        scene.work(120)
        assert (scene.status.refusals, scene.status.next_attempt_at) == (2, None)
        asked = len(carrier.of("REGISTER"))
        scene.do(leave, registration=registration)
        assert scene.work(120) == 0
    assert len(carrier.of("REGISTER")) == asked


def test_a_farewell_that_is_refused_is_said_twice_at_most(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.work()
        carrier.knows_us = False
        scene.do(services.delete_registration, registration=registration)
        assert [scene.work(each) for each in (0, 70, 70, 70)] == [1, 1, 0, 0]
    with platform_context("test"):
        assert not RegistrationFarewell.objects.exists()


def test_a_password_that_no_key_opens_keeps_nobody_from_deleting(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.work()
        with platform_context("test"):
            row = DigestCredential.objects.get()
            other = "A" if row.secret[-8] != "A" else "B"
            row.secret = type(row.secret)(f"{row.secret[:-8]}{other}{row.secret[-7:]}")
            row.save(update_fields=["secret"])
        scene.do(services.delete_registration, registration=registration)
        scene.work()
    last = carrier.of("REGISTER")[-1]
    assert (last.get("contact").endswith("expires=0"), bool(last.get("authorization"))) == (True, False)


def test_another_registrar_is_another_binding_and_the_old_one_goes(scene: Scene) -> None:
    old, new = Registrar(), Registrar()
    with serving(old) as old_uri, serving(new) as new_uri:
        registration = scene.add(old_uri)
        scene.work()
        scene.do(
            services.update_registration,
            registration=registration,
            expected_version=None,
            registrar=new_uri,
            secret=PASSWORD,
        )
        scene.work()
    assert old.of("REGISTER")[-1].get("contact").endswith("expires=0")
    assert scene.status.state == State.REGISTERED
    assert new.of("REGISTER")[0].get("call-id") != old.of("REGISTER")[0].get("call-id")


def test_what_an_edit_overtakes_is_not_stored(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        registration = scene.add(uri)
        scene.now = timezone.now()
        claims = claim_due(scene.now, 10, rate=0)
        assert len(claims) == 1
        scene.do(services.pause_registration, registration=registration)
        registrar._register(scene.engine, claims, lambda: scene.now)
    assert scene.status.state == State.PAUSED
    assert scene.attempts == []


def test_a_binding_that_lapsed_while_nobody_looked_is_told(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        scene.add(uri)
        scene.work()
        scene.work(2 * 3600)
    assert scene.status.state == State.REGISTERED
    assert [(before, after) for before, after, _cause in scene.changes] == [
        ("registering", "registered"),
        ("registered", "expired"),
        ("expired", "registered"),
    ]


def test_two_workers_never_have_the_same(scene: Scene) -> None:
    scene.add("sip:127.0.0.1:5060")
    now = timezone.now()
    assert (len(claim_due(now, 10, rate=0)), len(claim_due(now, 10, rate=0))) == (1, 0)
    numbers = [scene.status.cseq]
    later = now + timedelta(seconds=120)
    assert len(claim_due(later, 10, rate=0)) == 1
    numbers.append(scene.status.cseq)
    assert numbers[0] < numbers[1]


def test_runs_that_wait_for_silent_registrars_leave_threads_to_the_pings(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        scene.add(uri)
        with ExitStack() as others:
            for _ in range(registrar.RUNS_AT_ONCE):
                others.enter_context(registrar._runs)
            assert scene.work() == 0
        assert scene.work() == 1
    assert scene.status.state == State.REGISTERED


@contextmanager
def no_descriptors() -> Iterator[None]:
    """This process can open nothing meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    spare: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        with suppress(OSError):
            while True:
                spare.append(os.dup(2))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in spare:
            os.close(each)


def test_what_this_machine_lacks_is_never_booked_on_the_registrar(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier, "tcp", kept_open=True) as uri:
        registration = scene.add(uri)
        with no_descriptors():
            assert scene.work() == 1
        assert (scene.attempts, scene.changes, scene.status.failures) == ([], [], 0)
        scene.work(5)
        assert scene.status.state == State.REGISTERED
        scene.do(services.delete_registration, registration=registration)
        with tenant_context(scene.alice.tenant):
            assert RegistrationFarewell.objects.count() == 1
    assert len(carrier.of("REGISTER")) == 2


def test_a_password_goes_only_where_it_was_entered_for(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        elsewhere = uri.replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(ValidationError) as refusal:
            scene.do(
                services.update_registration,
                registration=registration,
                expected_version=None,
                registrar=elsewhere,
            )
        assert list(refusal.value.message_dict) == ["secret"]
        with platform_context("test"):
            DigestCredential.objects.update(bound_hosts=[])
        scene.work()
    assert scene.status.cause == "credentials_missing"
    assert not any(each.get("authorization") for each in carrier.of("REGISTER"))
