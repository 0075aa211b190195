"""What names lead to: every target is looked at, and the call goes by the first that takes it (RFC 3263)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.peers import free_port
from tests.peers.certificates import A_LONG_TIME, Authority, server_context
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told
from tests.sip.dns_server import DnsServer

NAME = "trunk.example"


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """A name server that knows nothing yet."""
    with DnsServer() as server:
        yield server


def by(dns: DnsServer) -> list[str]:
    """The option that asks this name server."""
    host, port = dns.address
    return ["--resolver", f"{host}:{port}"]


class Overloaded(Carrier):
    """Answers OPTIONS, and refuses calls for want of room."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "503 Service Unavailable", "Retry-After: 30\r\n")


class Mute(Carrier):
    """Takes everything and says nothing."""

    def take(self, data: bytes, send: Send) -> None:
        return


class MuteInvite(Carrier):
    """Answers OPTIONS and no call."""

    def invite(self, request: Heard, send: Send) -> None:
        return


class Refuses(Carrier):
    """Has an opinion of its own about the number: nobody else is asked."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "404 Not Found")


# Names that lead nowhere


def test_a_name_that_does_not_exist(commands: Commands, dns: DnsServer) -> None:
    code, report = commands.check(f"sip:{NAME}", *by(dns))
    assert (code, report["cause"], step(report, "dns")) == (1, "dns_not_found", ("fail", "dns_not_found"))
    assert step(report, "connect") == ("skipped", None)


def test_service_records_that_lead_nowhere(commands: Commands, dns: DnsServer) -> None:
    dns.set(f"_sip._udp.{NAME}", "SRV", "10 10 5060 gone.example.")
    code, report = commands.check(f"sip:{NAME}", *by(dns))
    assert (code, report["cause"], step(report, "dns")) == (1, "dns_srv_broken", ("fail", "dns_srv_broken"))


@pytest.mark.parametrize("silence", ["mute", "broken"])
def test_name_servers_that_do_not_answer(commands: Commands, dns: DnsServer, silence: str) -> None:
    getattr(dns, silence).update({NAME, f"_sip._udp.{NAME}", f"_sip._tcp.{NAME}", f"_sips._tcp.{NAME}"})
    code, report = commands.check(f"sip:{NAME}", *BRIEFLY, *by(dns))
    assert (code, report["cause"], step(report, "dns")) == (1, "dns_timeout", ("fail", "dns_timeout"))
    assert {each["who"] for each in report["steps"] if each["cause"]} == {"callsphere"}


def test_a_name_of_addresses_that_are_never_contacted(commands: Commands, dns: DnsServer) -> None:
    dns.set(NAME, "A", "169.254.169.254")
    code, report = commands.check(f"sip:{NAME}:5060", *by(dns))
    assert (code, report["cause"]) == (1, "address_refused"), told(report)


# Names that lead to carriers


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_naptr_and_srv_lead_to_a_call(
    commands: Commands, dns: DnsServer, authority: Authority, transport: str
) -> None:
    service = {"udp": "SIP+D2U", "tcp": "SIP+D2T", "tls": "SIPS+D2T"}[transport]
    record = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}[transport]
    tls = server_context(authority.issue([NAME], ends=A_LONG_TIME)) if transport == "tls" else None
    carrier = Carrier()
    with serving(carrier, transport, tls):
        dns.set(NAME, "NAPTR", f'10 50 "s" "{service}" "" {record}.{NAME}.')
        dns.set(f"{record}.{NAME}", "SRV", f"1 1 {carrier.port} gw.{NAME}.")
        dns.set(f"gw.{NAME}", "A", "127.0.0.1")
        trust = ["--ca-file", str(authority.ca_file)]
        code, report = commands.check(
            f"sip:{NAME}", "--call", NUMBER, "--register", *by(dns), *trust, credentials=True
        )
    assert (code, report["cause"]) == (0, None), told(report)
    assert step(report, "bye") == ("pass", None)
    # A name stands in the requests, whatever address they go to.
    assert {each.uri for each in carrier.of("OPTIONS")} == {f"sip:{NAME}"}
    assert {each.uri for each in carrier.of("INVITE")[:1]} == {f"sip:{NUMBER}@{NAME}"}
    audit(carrier)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_ipv6(commands: Commands, authority: Authority, transport: str) -> None:
    tls = server_context(authority.issue(["::1"], ends=A_LONG_TIME)) if transport == "tls" else None
    carrier = Carrier(host="[::1]", challenge='realm="r", nonce="n", qop="auth", algorithm=SHA-256')
    with serving(carrier, transport, tls) as uri:
        trust = ["--ca-file", str(authority.ca_file)]
        code, report = commands.check(uri, "--call", NUMBER, "--register", *trust, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert step(report, "bye") == ("pass", None)
    assert all("[::1]:" in each.get("via") for each in carrier.heard if each.all("max-forwards"))
    assert "c=IN IP6 ::1" in carrier.of("INVITE")[0].body
    audit(carrier)


def test_an_ipv6_record_alone(commands: Commands, dns: DnsServer) -> None:
    carrier = Carrier(host="[::1]")
    with serving(carrier):
        dns.set(NAME, "AAAA", "::1")
        code, report = commands.check(f"sip:{NAME}:{carrier.port}", "--call", NUMBER, *by(dns))
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)


# Several targets


@contextmanager
def pair(dns: DnsServer, first: Carrier | None, second: Carrier, transport: str = "udp") -> Iterator[str]:
    """Two targets in this order; None for a port where nobody is. Gives the name's URI."""
    record = f"_sip._{transport}.{NAME}"
    with ExitStack() as stack:
        stack.enter_context(serving(second, transport))
        if first is not None:
            stack.enter_context(serving(first, transport))
        port = first.port if first is not None else free_port()
        dns.set(record, "SRV", f"20 1 {second.port} gw2.{NAME}.", f"10 1 {port} gw1.{NAME}.")
        dns.set(f"gw1.{NAME}", "A", "127.0.0.1")
        dns.set(f"gw2.{NAME}", "A", "127.0.0.1")
        yield f"sip:{NAME};transport={transport}"


@pytest.mark.parametrize(
    ("first", "transport", "where", "cause"),
    [
        (None, "udp", "options", "connect_refused"),
        (None, "tcp", "connect", "connect_refused"),
        (Mute, "udp", "options", "no_answer"),
        (Mute, "tcp", "options", "no_answer"),
        (Overloaded, "udp", "invite", "carrier_overloaded"),
        (Overloaded, "tcp", "invite", "carrier_overloaded"),
        (MuteInvite, "udp", "invite", "no_answer"),
    ],
)
def test_a_dead_first_target_is_a_warning(
    commands: Commands,
    dns: DnsServer,
    first: Callable[[], Carrier] | None,
    transport: str,
    where: str,
    cause: str,
) -> None:
    dead = None if first is None else first()
    carrier = Carrier()
    with pair(dns, dead, carrier, transport) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *BRIEFLY, *by(dns))
    assert (code, report["cause"], step(report, where)) == (0, cause, ("warn", cause)), told(report)
    assert step(report, "bye") == ("pass", None)
    audit(carrier)
    if dead is not None:
        audit(dead)


def test_a_dead_second_target_is_a_warning(commands: Commands, dns: DnsServer) -> None:
    carrier, dead = Carrier(), Mute()
    with pair(dns, carrier, dead) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *BRIEFLY, *by(dns))
    assert (code, report["cause"], step(report, "options")) == (0, "no_answer", ("warn", "no_answer"))
    assert len(carrier.of("BYE")) == 1
    audit(carrier)


def test_two_dead_targets_fail(commands: Commands, dns: DnsServer) -> None:
    with pair(dns, None, Mute(), "tcp") as uri:
        code, report = commands.check(uri, "--call", NUMBER, *BRIEFLY, *by(dns))
    assert (code, report["cause"], step(report, "connect")) == (
        1,
        "connect_refused",
        ("fail", "connect_refused"),
    ), told(report)


def test_an_answer_about_the_number_is_asked_for_once(commands: Commands, dns: DnsServer) -> None:
    first, second = Refuses(), Carrier()
    with pair(dns, first, second) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *by(dns))
    assert (code, report["cause"]) == (1, "number_not_found"), told(report)
    assert second.of("INVITE") == []
    audit(first)


def test_two_healthy_targets(commands: Commands, dns: DnsServer) -> None:
    first, second = Carrier(), Carrier()
    with pair(dns, first, second) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *by(dns))
    assert (code, report["cause"]) == (0, None), told(report)
    assert (len(first.of("OPTIONS")), len(second.of("OPTIONS"))) == (1, 1)
    assert (len(first.of("BYE")), second.of("INVITE")) == (1, [])
    addresses = f"127.0.0.1:{first.port}/udp, 127.0.0.1:{second.port}/udp"
    assert next(each["detail"] for each in report["steps"] if each["name"] == "dns") == addresses


def test_addresses_of_one_name(commands: Commands, dns: DnsServer) -> None:
    port = free_port()
    first, second = Carrier(host="127.0.0.1"), Carrier(host="127.0.0.2")
    with serving(first, port=port), serving(second, port=port):
        dns.set(NAME, "A", "127.0.0.1", "127.0.0.2")
        code, report = commands.check(f"sip:{NAME}:{port}", "--call", NUMBER, *by(dns))
    assert (code, report["cause"]) == (0, None), told(report)
    assert (len(first.of("OPTIONS")), len(second.of("OPTIONS"))) == (1, 1)
    named = next(each["detail"] for each in report["steps"] if each["name"] == "dns")
    called, other = (first, second) if named.startswith("127.0.0.1") else (second, first)
    assert (len(called.of("BYE")), other.of("INVITE")) == (1, [])
    audit(called)


class RegisterOverloaded(Carrier):
    """Has no room for registrations."""

    def register(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "503 Service Unavailable")


def test_a_registrar_without_room_has_another_beside_it(commands: Commands, dns: DnsServer) -> None:
    first, second = RegisterOverloaded(), Carrier()
    with pair(dns, first, second) as uri:
        code, report = commands.check(uri, "--register", *by(dns), credentials=True)
    assert (code, step(report, "register")) == (0, ("warn", "registration_rejected")), told(report)
    assert len(second.of("REGISTER")) == 2  # the binding, and its removal
    audit(second)


def test_no_connection_in_time(commands: Commands) -> None:
    with full_listener() as port:
        code, report = commands.check(f"sip:127.0.0.1:{port};transport=tcp", "--call", NUMBER, *BRIEFLY)
    assert (code, report["cause"], step(report, "connect")) == (
        1,
        "connect_timeout",
        ("fail", "connect_timeout"),
    ), told(report)


@contextmanager
def full_listener() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops every further SYN."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port
