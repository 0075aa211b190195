"""`sip register` against Kamailio: algorithms, nonces, challenges and intervals, over every transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers import HERE
from tests.peers.certificates import Authority, KeyPair
from tests.peers.kamailio import Kamailio
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, fields_of
from tests.sip.carriers.running import Commands
from tests.sip.peers.edge import as_carrier
from tests.sip.peers.routes import asked_of

TRANSPORTS = ["udp", "tcp", "tls"]
MD5, SHA256 = (), ("SHA256",)

Registrars = Callable[[tuple[str, ...]], Kamailio]


@dataclass(frozen=True)
class Registered:
    """A finished `sip register`: exit code, report, and what passed at the registrar."""

    code: int
    report: dict[str, Any]
    front: Carrier

    @property
    def answers(self) -> list[Heard]:
        """The first answer to each REGISTER, the one that removes the binding included."""
        first: dict[str, Heard] = {}
        for each in self.front.sent:
            first.setdefault(each.branch, each)
        return list(first.values())

    @property
    def statuses(self) -> list[int]:
        """Their codes."""
        return [int(each.method) for each in self.answers]

    def answers_sent(self, header: str = "authorization") -> list[dict[str, str]]:
        """The fields of our answers to challenges."""
        return [fields_of(each.get(header)) for each in asked_of(self.front) if each.get(header)]


@pytest.fixture(scope="module")
def registrars(pair: KeyPair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registrars]:
    """Gives the registrar with these definitions, started once."""
    known: dict[tuple[str, ...], Kamailio] = {}
    with ExitStack() as stack:

        def started(defines: tuple[str, ...]) -> Kamailio:
            if defines not in known:
                folder = tmp_path_factory.mktemp("registrar")
                kamailio = Kamailio(folder, pair, template=HERE / "registrar.cfg", defines=defines)
                known[defines] = stack.enter_context(kamailio)
            return known[defines]

        yield started


class Registering:
    """Registers users at one of the registrars."""

    def __init__(self, registrars: Registrars, authority: Authority, folder: Path) -> None:
        self._registrars = registrars
        self._authority = authority
        self._folder = folder

    def __call__(
        self,
        user: str,
        *arguments: str,
        over: str = "udp",
        defines: tuple[str, ...] = MD5,
        password: str | None = None,
    ) -> Registered:
        kamailio = self._registrars(defines)
        port = kamailio.tls_port if over == "tls" else kamailio.port
        secret = f"secret of {user}" if password is None else password
        since = kamailio.mark()
        code, report = Commands(self._folder, user, secret).register(
            f"sip:127.0.0.1:{port};transport={over}",
            *("--timeout", "60", "--ca-file", str(self._authority.ca_file), *arguments),
        )
        passed = kamailio.wire(since)
        assert {each.transport for each in passed} == {over}
        assert not any(secret.encode() in each.data for each in passed)
        front = as_carrier((each.received, each.data) for each in passed)
        audit(front)
        return Registered(code, report, front)


@pytest.fixture
def register(registrars: Registrars, authority: Authority, tmp_path: Path) -> Registering:
    """Registers a user, and audits what passed."""
    return Registering(registrars, authority, tmp_path)


@pytest.mark.parametrize("defines", [MD5, SHA256])
@pytest.mark.parametrize("over", TRANSPORTS)
def test_a_nonce_is_used_again_with_a_higher_count(
    register: Registering, over: str, defines: tuple[str, ...]
) -> None:
    done = register("alice", "--refreshes", "2", over=over, defines=defines)
    assert (done.code, done.report["cause"], done.report["expires_granted"]) == (0, None, 3600)
    assert done.statuses == [401, 200, 200, 200, 200]
    given = done.answers_sent()
    assert [fields["nc"] for fields in given] == ["00000001", "00000002", "00000003", "00000004"]
    assert len({(fields["nonce"], fields["cnonce"]) for fields in given}) == 1
    assert {fields.get("algorithm") for fields in given} == {"SHA-256" if defines else None}
    assert {len(fields["response"]) for fields in given} == {64 if defines else 32}


@pytest.mark.parametrize("defines", [MD5, SHA256])
@pytest.mark.parametrize("over", TRANSPORTS)
def test_a_nonce_that_serves_once_is_followed_by_another(
    register: Registering, over: str, defines: tuple[str, ...]
) -> None:
    done = register("alice", "--refreshes", "2", over=over, defines=("ONE_TIME", *defines))
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [401, 200] * 4
    challenges = [each.get("www-authenticate") for each in done.answers if each.method == "401"]
    assert not any("stale" in each for each in challenges)


@pytest.mark.parametrize("over", TRANSPORTS)
def test_the_next_nonce_is_taken_from_the_answer(register: Registering, over: str) -> None:
    defines = ("ONE_TIME", "NEXT_NONCE", "SHA256")
    done = register("alice", "--refreshes", "2", over=over, defines=defines)
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [401, 200, 200, 200, 200]
    announced = [fields_of(f"Info {each.get('authentication-info')}") for each in done.answers[1:]]
    given = done.answers_sent()
    assert [each["nonce"] for each in given[1:]] == [each["nextnonce"] for each in announced[:-1]]
    assert {fields["nc"] for fields in given} == {"00000001"}


def test_a_stale_nonce_is_answered_once_more(register: Registering) -> None:
    done = register("stale-alice", over="tcp")
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [401, 401, 200, 200]
    assert "stale=true" in done.answers[1].get("www-authenticate").lower()


def test_stale_nonces_without_end_are_a_loop(register: Registering) -> None:
    done = register("stales-alice")
    assert (done.code, done.report["cause"]) == (1, "challenge_loop")
    assert len(done.answers_sent()) == 2


@pytest.mark.parametrize("defines", [MD5, SHA256])
@pytest.mark.parametrize("over", TRANSPORTS)
def test_challenges_that_nobody_can_answer_are_passed_over(
    register: Registering, over: str, defines: tuple[str, ...]
) -> None:
    done = register("two-alice", over=over, defines=defines)
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [401, 200, 200]
    unusable, unknown, usable = done.answers[0].all("www-authenticate")
    assert "algorithm=SHA-512-256" in unusable
    assert "algorithm=AKAv2-SHA-256" in unknown
    assert {fields["nonce"] for fields in done.answers_sent()} == {fields_of(usable)["nonce"]}


@pytest.mark.parametrize("over", TRANSPORTS)
def test_a_proxy_and_the_registrar_ask_for_a_password_each(register: Registering, over: str) -> None:
    done = register("guarded-alice", "--refreshes", "1", over=over)
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [407, 401, 200, 200, 200]
    at_proxy = done.answers_sent("proxy-authorization")
    assert [fields["realm"] for fields in at_proxy] == ["proxy.test"] * 4
    assert [fields["nc"] for fields in at_proxy] == ["00000001", "00000002", "00000003", "00000004"]
    at_registrar = done.answers_sent()
    assert [fields["realm"] for fields in at_registrar] == ["registrar.test"] * 3
    assert [fields["nc"] for fields in at_registrar] == ["00000001", "00000002", "00000003"]


@pytest.mark.parametrize("defines", [MD5, SHA256])
@pytest.mark.parametrize("over", TRANSPORTS)
def test_a_wrong_password_is_tried_once(register: Registering, over: str, defines: tuple[str, ...]) -> None:
    done = register("alice", over=over, defines=defines, password="of somebody else")
    assert (done.code, done.report["cause"]) == (1, "credentials_rejected")
    assert done.statuses == [401, 401]


@pytest.mark.parametrize("over", TRANSPORTS)
def test_a_longer_interval_is_taken_and_kept(register: Registering, over: str) -> None:
    done = register("long-alice", "--expires", "300", "--refreshes", "1", over=over)
    assert (done.code, done.report["cause"], done.report["expires_granted"]) == (0, None, 1800)
    assert done.statuses == [401, 423, 200, 200, 200]
    asked = [each.get("expires") for each in asked_of(done.front)]
    assert asked == ["300", "300", "1800", "1800", "0"]


def test_a_lost_answer_is_no_wrong_password(register: Registering) -> None:
    # The repeated REGISTER is refused for a count that was used before, and nothing says stale.
    done = register("lossy-alice")
    assert (done.code, done.report["cause"]) == (0, None)
    assert done.statuses == [401, 401, 200, 200]
    assert "stale" not in done.answers[1].get("www-authenticate")
    numbers = [each.cseq for each in done.front.heard]
    assert (sorted(set(numbers)), numbers.count(2) >= 2) == ([1, 2, 3, 4], True)
