"""Probing with the real engine against peers on loopback: what is sent, stored, and never held open."""

from __future__ import annotations

import os
import re
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import PingEngine
from tenants.context import tenant_context
from tests.conftest import Person
from tests.peers import free_port
from tests.peers.scripted import StreamPeer, UdpPeer, answer_all, answer_to
from tests.sip.dns_server import DnsServer
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, make_due, set_policy
from trunks import engines
from trunks.health import probing
from trunks.health.judging import Claim, claim_due, wait_s
from trunks.models import Gateway, GatewayHealth, ProbeAnswer

LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture(scope="module")
def pinger(dns: DnsServer) -> Iterator[PingEngine]:
    with PingEngine(policy=LOOPBACK, nameservers=[dns.address]) as engine:
        yield engine


def ok(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request), source)


def overloaded(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request, "503 Service Unavailable"), source)


def distinct(peer: UdpPeer) -> set[bytes]:
    """What a peer was asked, whatever was sent again because a busy machine answered late."""
    return {data for _, data in peer.requests}


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open nothing more meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    held: list[int] = []
    with suppress(OSError):  # the one that ends the loop
        while True:
            held.append(os.dup(0))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in held:
            os.close(each)


def states(person: Person) -> dict[str, tuple[Any, ...]]:
    with tenant_context(person.tenant):
        healths = GatewayHealth.objects.select_related("gateway")
        return {
            health.gateway.host: (health.state, health.status, health.cause, health.probe_count)
            for health in healths
        }


@pytest.mark.django_db(transaction=True)
def test_each_gateway_gets_the_state_that_its_peer_deserves(
    alice: Person, pinger: PingEngine, dns: DnsServer
) -> None:
    dns.set("fine.test", "A", "127.0.0.1")
    dns.set("busy.test", "A", "127.0.0.1")
    dns.set("inside.test", "A", "10.0.0.1")
    with UdpPeer(ok) as fine, UdpPeer(overloaded) as busy:
        make_trunk(
            alice,
            "T",
            f"sip:fine.test:{fine.port}",
            f"sip:busy.test:{busy.port}",
            f"sip:127.0.0.1:{free_port()}",
            "sip:missing.test:5060",
            "sip:inside.test:5060",
        )
        assert probing.probe_due(pinger) == 5
    assert states(alice) == {
        "fine.test": ("up", 200, "", 1),
        "busy.test": ("impaired", 503, "carrier_overloaded", 1),
        "127.0.0.1": ("down", None, "connect_refused", 1),
        "missing.test": ("down", None, "dns_not_found", 1),
        "inside.test": ("down", None, "address_refused", 1),
    }
    assert probing.probe_due(pinger) == 0


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_talking(alice: Person, pinger: PingEngine) -> None:
    open_transactions: list[int] = []

    def look(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
            )
            open_transactions.append(cursor.fetchone()[0])
        connection.close()
        peer.send(answer_to(request), source)

    with UdpPeer(look) as peer:
        make_trunk(alice, "T", f"sip:127.0.0.1:{peer.port}")
        probing.probe_due(pinger)
    assert set(open_transactions) == {0}


def test_the_answers_text_is_kept(alice: Person, pinger: PingEngine) -> None:
    def answer(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        peer.send(answer_to(request, "404 " + "Nobody here " * 30, extra=b"Server: edge\r\n"), source)

    with UdpPeer(answer) as peer:
        make_trunk(alice, "T", f"sip:127.0.0.1:{peer.port}")
        probing.probe_due(pinger)
    with tenant_context(alice.tenant):
        stored = ProbeAnswer.objects.get()
        health = GatewayHealth.objects.get()
    assert (stored.status, stored.cause, stored.target) == (404, "", f"127.0.0.1:{peer.port}/udp")
    assert stored.reason.startswith("Nobody here")
    assert stored.rtt_us is not None
    assert stored.rtt_us > 0
    assert (health.server, health.state) == ("edge", "up")


def test_full_batches_are_followed_by_the_next(alice: Person, pinger: PingEngine) -> None:
    with UdpPeer(ok) as peer:
        for name in ("A", "B", "C", "D", "E"):
            make_trunk(alice, name, f"sip:127.0.0.1:{peer.port}")
        assert probing.probe_due(pinger, batch=2, longest_s=0) == 2
        assert probing.probe_due(pinger, batch=2) == 3
        assert len(distinct(peer)) == 5


def test_a_run_ends_when_the_process_goes_down(
    alice: Person, pinger: PingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_trunk(alice, "T", "sip:127.0.0.1:5999")
    stopping = threading.Event()
    monkeypatch.setattr(engines, "_stopping", stopping)
    engines.stop_claiming()
    assert probing.probe_due(pinger) == 0
    assert states(alice)["127.0.0.1"][3] == 0


def test_an_address_that_cannot_be_read_any_more_is_named(alice: Person, pinger: PingEngine) -> None:
    make_trunk(alice, "T", "sip:sip.example.com")
    with tenant_context(alice.tenant):
        Gateway.objects.update(uri="sip:sip.example.com;lr")
    probing.probe_due(pinger)
    assert states(alice)["sip.example.com"] == ("down", None, "uri_invalid", 1)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_share_the_work(alice: Person) -> None:
    for number in range(10):
        make_trunk(alice, f"T{number}", *(f"sip:g{each}.example.com" for each in range(10)))
    make_due(NOON)
    barrier = threading.Barrier(4)

    def claim() -> list[Claim]:
        try:
            barrier.wait(60)
            return [each for _ in range(4) for each in claim_due(NOON, 10)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        claims = [each for taken in pool.map(lambda _: claim(), range(4)) for each in taken]
    rest = claim_due(NOON, 1000)
    assert len({each.gateway_id for each in [*claims, *rest]}) == 100
    assert len(claims) + len(rest) == 100


@pytest.mark.django_db(transaction=True)
def test_rows_that_somebody_holds_are_left_to_them(alice: Person) -> None:
    make_trunk(alice, "T", "sip:a.example.com", "sip:b.example.com")
    make_due(NOON)
    held = threading.Event()
    release = threading.Event()

    def hold() -> None:
        try:
            with tenant_context(alice.tenant):
                list(GatewayHealth.objects.select_for_update().filter(gateway__host="a.example.com"))
                held.set()
                release.wait(60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert held.wait(60)
        claims = claim_due(NOON, 10)
        release.set()
        holder.result()
    assert [claim.uri for claim in claims] == ["sip:b.example.com"]
    assert [claim.uri for claim in claim_due(NOON, 10)] == ["sip:a.example.com"]


@pytest.mark.django_db(transaction=True)
def test_a_name_that_takes_long_holds_nobody_up(
    alice: Person, pinger: PingEngine, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "QUICK_LOOKUP_S", 2.0)
    dns.mute.add("slow.test")
    for name in ("quick.test", "slow.test"):
        dns.set(name, "A", "127.0.0.1")
    unknown_yet: list[bool] = []

    def look(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        unknown_yet.append("slow.test" in dns.mute)
        dns.mute.discard("slow.test")
        ok(peer, request, source)

    with UdpPeer(look) as peer:
        make_trunk(alice, "T", f"sip:slow.test:{peer.port}", f"sip:quick.test:{peer.port}")
        probing.probe_due(pinger)
    # The one was asked while the other's look-up was under way.
    assert unknown_yet[0]
    assert states(alice)["quick.test"] == ("up", 200, "", 1)


@pytest.mark.django_db(transaction=True)
def test_a_name_that_takes_too_long_is_given_up(
    alice: Person, pinger: PingEngine, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "QUICK_LOOKUP_S", 0.2)
    monkeypatch.setattr(probing, "LONGEST_LOOKUP_S", 0.5)
    dns.mute.add("silent.test")
    make_trunk(alice, "T", "sip:silent.test:5060")
    probing.probe_due(pinger)
    assert states(alice) == {"silent.test": ("down", None, "dns_timeout", 1)}


@pytest.mark.django_db(transaction=True)
def test_the_look_up_is_part_of_the_wait(
    alice: Person, pinger: PingEngine, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "QUICK_LOOKUP_S", 5.0)
    dns.set("late.test", "A", "127.0.0.1")
    dns.mute.add("late.test")
    threading.Timer(3.0, dns.mute.discard, ["late.test"]).start()
    with UdpPeer(lambda *_: None) as mute:
        trunk = make_trunk(alice, "T", f"sip:late.test:{mute.port}")
        set_policy(alice, trunk, interval_s=15)
        probing.probe_due(pinger)
    assert states(alice) == {"late.test": ("down", None, "no_answer", 1)}
    with tenant_context(alice.tenant):
        found = re.match(r"Nothing came back within (\d+\.\d) s", ProbeAnswer.objects.get().detail)
    assert found is not None
    assert float(found[1]) < wait_s(15) - 1


@pytest.mark.django_db(transaction=True)
def test_the_second_address_of_a_name_is_tried(alice: Person, pinger: PingEngine, dns: DnsServer) -> None:
    with UdpPeer(ok, "127.0.0.3") as peer:
        dns.set("two.test", "A", "127.0.0.2", "127.0.0.3")
        make_trunk(alice, "T", f"sip:two.test:{peer.port}")
        probing.probe_due(pinger)
    assert states(alice) == {"two.test": ("up", 200, "", 1)}


@pytest.mark.django_db(transaction=True)
def test_a_probe_over_the_limit_is_put_off_without_a_change(
    alice: Person, pinger: PingEngine, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    # nobody is exempt here: loopback stands for a stranger
    settings.PROBE_RATE_PER_ADDRESS = 1
    monkeypatch.setattr(probing, "address_policy", AddressPolicy)
    with UdpPeer(ok) as peer:
        for number in range(7):
            make_trunk(alice, f"T{number}", f"sip:127.0.0.1:{peer.port}")
        before = timezone.now()
        assert probing.probe_due(pinger) == 7
        assert len(distinct(peer)) == 5
    with tenant_context(alice.tenant):
        late = GatewayHealth.objects.filter(state="unknown", probe_count=0).order_by("next_probe_at")
        first, second = [each.next_probe_at for each in late if each.next_probe_at]
    assert (first - before).total_seconds() > 1.9
    assert (second - first).total_seconds() == pytest.approx(1.0)


@pytest.mark.django_db(transaction=True)
def test_a_probe_that_this_machine_cannot_make_is_put_off_without_a_change(
    alice: Person, pinger: PingEngine
) -> None:
    with StreamPeer(answer_all) as peer:
        trunk = make_trunk(alice, "T", f"sip:127.0.0.1:{peer.port};transport=tcp")
        set_policy(alice, trunk, interval_s=600)
        before = timezone.now()
        with no_descriptor_left():
            assert probing.probe_due(pinger) == 1
        assert states(alice) == {"127.0.0.1": ("unknown", None, "", 0)}
        with tenant_context(alice.tenant):
            due_at = GatewayHealth.objects.get().next_probe_at
        assert due_at is not None
        assert 4 < (due_at - before).total_seconds() < 300
        make_due(timezone.now())
        probing.probe_due(pinger)
    assert states(alice) == {"127.0.0.1": ("up", 200, "", 1)}


def test_a_process_has_one_engine(settings: Any) -> None:
    first = probing.engine()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: probing.engine(), range(8))) == {first}
    first.stop()
    assert probing.engine() is not first
    assert probing.engine().running


def test_a_forked_process_makes_its_own_engine() -> None:
    ours = probing.engine()
    child = os.fork()
    if child == 0:
        theirs = probing.engine()
        os._exit(0 if theirs is not ours and theirs.running else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert probing.engine() is ours
