"""What a gateway's answers make of its state, judged by the database."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import (
    BUSY,
    NOON,
    OK,
    SILENT,
    answer_of,
    health_of,
    make_due,
    moments,
    probe,
    set_policy,
)
from trunks import services
from trunks.enums import HealthState, Severity
from trunks.health.judging import (
    claim_due,
    oldest_due_s,
    postpone,
    severity_of,
    store_answers,
    visible_cause,
    visible_detail,
    visible_failures,
    visible_target,
    wait_s,
)
from trunks.models import Gateway, GatewayHealth, HealthPolicy, ProbeAnswer, ProbeBucket, StatusChange, Trunk

LETTERS = {HealthState.UP: "U", HealthState.IMPAIRED: "I", HealthState.DOWN: "D"}
SEVERITIES = {OK: 0, BUSY: 1, SILENT: 2}


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Twilio", "sip:sip.example.com")


@pytest.mark.parametrize(
    ("failures", "successes", "answers", "states"),
    [
        # the first answer decides at once
        (3, 2, ".", "U"),
        (3, 2, "5", "I"),
        (3, 2, "x", "D"),
        # N failures in a row, not N failures
        (3, 2, ".xx.xxx", "UUUUUUD"),
        (1, 1, ".x.", "UDU"),
        (2, 2, ".xx", "UUD"),
        (10, 2, ".xxxxxxxxxx", "UUUUUUUUUUD"),
        # M answers in a row
        (3, 2, "x..", "DDU"),
        (3, 2, "x.x..", "DDDDU"),
        (3, 10, "x..........", "DDDDDDDDDDU"),
        # worse answers that differ: the mildest that they agree on
        (3, 2, ".x5x", "UUUI"),
        (3, 2, ".555", "UUUI"),
        (3, 2, ".xxxx", "UUUDD"),
        # and the newest of them, that go further, count on: N failures in a row are down whatever came before
        (2, 1, ".5xxx", "UUIDD"),
        (3, 2, ".5xxxxxx", "UUUIDDDD"),
        (3, 2, ".x5xxx", "UUUIID"),
        (3, 2, ".5x5xxx", "UUUIIID"),
        (3, 2, ".5xx5xxx", "UUUIIIID"),
        (10, 2, ".55555xxxxxxxxxx", "UUUUUUUUUUIIIIID"),
        # better answers that differ: the worst of them
        (3, 2, "x5.", "DDI"),
        (3, 2, "x5..", "DDIU"),
        (3, 3, "x5.5...", "DDDIIIU"),
        (3, 2, "x.5..", "DDIIU"),
        (3, 2, "x55..", "DDIIU"),
        # from impaired both ways
        (3, 2, "5xxx", "IIID"),
        (3, 2, "5..", "IIU"),
        # an answer like the state, or one in the other direction, ends the streak
        (3, 2, "5.x.x.", "IIIIII"),
        (3, 2, "5xx5xxx", "IIIIIID"),
        (3, 2, ".xx5xx", "UUUIII"),
    ],
)
def test_states(
    alice: Person, trunk: Trunk, failures: int, successes: int, answers: str, states: str
) -> None:
    set_policy(alice, trunk, failures_to_down=failures, successes_to_up=successes)
    seen = ""
    for letter, now in zip(answers, moments(len(answers)), strict=True):
        probe(letter, now)
        seen += LETTERS[HealthState(health_of(alice, trunk).state)]
    assert seen == states


class Model:
    """The rule in other words: look back over the answers since the state began."""

    def __init__(self, failures: int, successes: int) -> None:
        self.needed = {True: failures, False: successes}
        self.state: int | None = None
        self.since_then: list[int] = []

    def answer(self, severity: int) -> int:
        self.since_then.append(severity)
        if self.state is None:
            return self._become(severity)
        for worse, agree in ((True, min), (False, max)):
            latest = self.since_then[-self.needed[worse] :]
            apart = [each > self.state if worse else each < self.state for each in latest]
            if len(latest) == self.needed[worse] and all(apart):
                return self._move(agree(self._run(worse)), worse)
        return self.state

    def _run(self, worse: bool) -> list[int]:
        assert self.state is not None
        run: list[int] = []
        for each in reversed(self.since_then):
            if each == self.state or (each > self.state) != worse:
                break
            run.append(each)
        return run

    def _move(self, severity: int, worse: bool) -> int:
        """Change, and keep the newest answers that go further."""
        self.state = severity
        self.since_then = self._run(worse)[::-1]
        return severity

    def _become(self, severity: int) -> int:
        self.state = severity
        self.since_then = []
        return severity


def test_many_gateways_at_once_follow_the_same_rule(alice: Person) -> None:
    chance = random.Random(7)
    models: dict[uuid.UUID, Model] = {}
    heard: dict[uuid.UUID, str] = {}
    for number in range(12):
        trunk = make_trunk(alice, f"T{number}", *(f"sip:g{each}.example.com" for each in range(4)))
        failures, successes = chance.randint(1, 4), chance.randint(1, 4)
        set_policy(alice, trunk, failures_to_down=failures, successes_to_up=successes)
        with tenant_context(alice.tenant):
            for gateway in Gateway.objects.filter(trunk=trunk):
                heard[gateway.pk] = ""
                models[gateway.pk] = Model(failures, successes)
    for now in moments(40):
        letters = {gateway: chance.choice("....55xxxx") for gateway in models}
        probe(letters, now)
        expected = {gateway: model.answer(SEVERITIES[letters[gateway]]) for gateway, model in models.items()}
        with tenant_context(alice.tenant):
            states = {health.gateway_id: health.state for health in GatewayHealth.objects.all()}
        assert {gateway: "UID"[severity] for gateway, severity in expected.items()} == {
            gateway: LETTERS[HealthState(state)] for gateway, state in states.items()
        }
        for gateway, model in models.items():
            heard[gateway] += letters[gateway]
            if heard[gateway].endswith(SILENT * model.needed[True]):
                assert states[gateway] == HealthState.DOWN
            if heard[gateway].endswith(OK * model.needed[False]):
                assert states[gateway] == HealthState.UP


@pytest.mark.parametrize(
    ("alive", "status", "severity"),
    [
        (True, 200, Severity.OK),
        (True, 401, Severity.OK),
        (True, 404, Severity.OK),
        (True, 483, Severity.OK),
        (True, 501, Severity.OK),
        (True, 500, Severity.IMPAIRED),
        (True, 503, Severity.IMPAIRED),
        (True, 603, Severity.OK),
        (False, None, Severity.FAILED),
    ],
)
def test_how_bad_an_answer_is(alive: bool, status: int | None, severity: Severity) -> None:
    assert severity_of(alive, status) == severity


@pytest.mark.parametrize(("interval", "wait"), [(15, 7.5), (19, 9.5), (20, 10), (30, 10), (3600, 10)])
def test_how_long_a_probe_waits(interval: int, wait: float) -> None:
    assert wait_s(interval) == wait


def test_every_change_is_a_row_with_what_was_before(alice: Person, trunk: Trunk) -> None:
    first, *others, last = moments(4)
    begun = health_of(alice, trunk).since
    for now, letter in zip((first, *others, last), ".xxx", strict=True):
        probe(letter, now)
    with tenant_context(alice.tenant):
        changes = list(
            StatusChange.objects.order_by("at").values_list(
                *("from_state", "to_state", "at", "previous_since", "status", "cause", "detail", "trunk_id")
            )
        )
        health = GatewayHealth.objects.get()
    assert changes == [
        ("unknown", "up", first, begun, 200, "", "", trunk.pk),
        ("up", "down", last, first, None, "no_answer", "Nothing came back.", trunk.pk),
    ]
    assert (health.state, health.since, health.streak) == ("down", last, 0)


def test_the_last_answer_is_kept_whole(alice: Person, trunk: Trunk) -> None:
    probe(BUSY, NOON, rtt_us=1234)
    health = health_of(alice, trunk)
    assert (health.status, health.reason, health.cause, health.rtt_us) == (
        503,
        "Service Unavailable",
        "carrier_overloaded",
        1234,
    )
    assert (health.target, health.server) == ("203.0.113.5:5060/udp", "Kamailio")
    assert (health.checked_at, health.probe_count) == (NOON, 1)


def test_texts_of_any_kind_are_stored_as_they_are(alice: Person, trunk: Trunk) -> None:
    words = 'It\'s "50 %" \\ {} 😀 %s'
    make_due(NOON)
    (claim,) = claim_due(NOON, 1)
    store_answers([answer_of(claim, BUSY)._replace(reason=words)], claimed_at=NOON, now=NOON)
    assert health_of(alice, trunk).reason == words


def test_the_next_probe_is_an_interval_away_give_or_take_a_tenth(alice: Person) -> None:
    make_trunk(alice, "T", *(f"sip:g{number}.example.com" for number in range(40)))
    probe(OK, NOON)
    with tenant_context(alice.tenant):
        waits = [
            (at - NOON).total_seconds()
            for at in GatewayHealth.objects.values_list("next_probe_at", flat=True)
            if at
        ]
    assert min(waits) >= 27
    assert max(waits) <= 33
    assert max(waits) - min(waits) > 2  # spread


@pytest.mark.parametrize(
    ("down_for", "letter", "shortest", "longest"),
    [
        (timedelta(hours=23), SILENT, 27, 33),
        (timedelta(hours=25), SILENT, 270, 330),
        (timedelta(hours=25), OK, 27, 33),
    ],
)
def test_what_is_down_for_a_day_is_asked_less_often_until_it_answers(
    alice: Person, trunk: Trunk, down_for: timedelta, letter: str, shortest: int, longest: int
) -> None:
    probe(SILENT, NOON)
    later = NOON + down_for
    probe(letter, later)
    at = health_of(alice, trunk).next_probe_at
    assert at is not None
    assert shortest <= (at - later).total_seconds() <= longest


def test_a_claim_lends_until_the_lease_ends(alice: Person, trunk: Trunk) -> None:
    make_due(NOON)
    (claim,) = claim_due(NOON, 10)
    assert (claim.uri, claim.interval_s, claim.late_s) == ("sip:sip.example.com", 30, 0.0)
    assert claim_due(NOON + timedelta(seconds=19.9), 10) == []
    (again,) = claim_due(NOON + timedelta(seconds=20), 10)
    assert again.number == claim.number + 1


def test_an_answer_that_comes_after_the_lease_was_given_on_is_dropped(alice: Person, trunk: Trunk) -> None:
    make_due(NOON)
    (stale,) = claim_due(NOON, 10)
    later = NOON + timedelta(seconds=21)
    (fresh,) = claim_due(later, 10)
    assert store_answers([answer_of(stale, SILENT)], claimed_at=NOON, now=later).kept == 0
    assert health_of(alice, trunk).state == HealthState.UNKNOWN
    assert store_answers([answer_of(fresh, OK)], claimed_at=later, now=later).kept == 1
    assert store_answers([answer_of(fresh, OK)], claimed_at=later, now=later).kept == 1
    with tenant_context(alice.tenant):
        assert StatusChange.objects.count() == 1


@pytest.mark.parametrize("edit", ["pause", "move", "pause and resume"])
def test_an_answer_to_what_the_gateway_was_before_an_edit_is_dropped(
    alice: Person, trunk: Trunk, edit: str
) -> None:
    make_due(NOON)
    (claim,) = claim_due(NOON, 10)
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get()
        changes = {"uri": "sip:other.example.com"} if edit == "move" else {"is_enabled": False}
        names = {"tenant": alice.tenant, "actor": alice.actor, "gateway": gateway}
        services.update_gateway(**names, expected_version=None, **changes)
        if edit == "pause and resume":
            services.update_gateway(**names, expected_version=None, is_enabled=True)
    assert store_answers([answer_of(claim, OK)], claimed_at=NOON, now=NOON).kept == 0
    assert health_of(alice, trunk).state == (HealthState.PAUSED if edit == "pause" else HealthState.UNKNOWN)


def test_a_gateway_deleted_meanwhile_takes_its_answer_along(alice: Person, trunk: Trunk) -> None:
    make_due(NOON)
    claims = claim_due(NOON, 10)
    probe(OK, NOON + timedelta(minutes=1))
    with tenant_context(alice.tenant):
        services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        counts = [model.objects.count() for model in (ProbeAnswer, ProbeBucket, StatusChange, GatewayHealth)]
    assert counts == [0, 0, 0, 0]
    assert store_answers([answer_of(claims[0], OK)], claimed_at=NOON, now=NOON).kept == 0


def test_the_paused_and_the_suspended_are_not_claimed(alice: Person, charlie: Person) -> None:
    make_trunk(charlie, "Suspended", "sip:sip.example.com")
    trunk = make_trunk(alice, "Paused", "sip:sip.example.com")
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=None, is_enabled=False
        )
    with tenant_context(charlie.tenant):
        charlie.tenant.is_active = False
        charlie.tenant.save()
    make_due(NOON)
    assert claim_due(NOON, 10) == []
    assert claim_due(NOON, 10) == []  # and do not stand in the others' way


def test_the_longest_waiting_come_first(alice: Person) -> None:
    trunk = make_trunk(alice, "T", *(f"sip:g{number}.example.com" for number in range(3)))
    with tenant_context(alice.tenant):
        for number, health in enumerate(GatewayHealth.objects.filter(gateway__trunk=trunk)):
            health.next_probe_at = NOON - timedelta(seconds=number)
            health.save()
    assert oldest_due_s(NOON) == 2.0
    assert {claim.late_s for claim in claim_due(NOON, 2)} == {2.0, 1.0}
    assert oldest_due_s(NOON) == 0.0
    assert oldest_due_s(NOON - timedelta(seconds=5)) == 0.0


def test_a_postponed_probe_changes_nothing_but_the_time(alice: Person, trunk: Trunk) -> None:
    probe(OK, NOON)
    before = health_of(alice, trunk)
    make_due(NOON)
    (claim,) = claim_due(NOON, 10)
    postpone([(claim.gateway_id, claim.number, 2.5), (str(uuid.uuid4()), 1, 1.0)], NOON)
    after = health_of(alice, trunk)
    assert after.next_probe_at == NOON + timedelta(seconds=2.5)
    assert (after.state, after.since, after.probe_count) == (before.state, before.since, before.probe_count)


def test_the_last_20_answers_are_kept(alice: Person, trunk: Trunk) -> None:
    for number, now in enumerate(moments(23)):
        probe(OK if number % 2 else BUSY, now, rtt_us=number)
    with tenant_context(alice.tenant):
        answers = list(ProbeAnswer.objects.order_by("at").values_list("rtt_us", "status", "tenant_id"))
    assert answers == [(number, 200 if number % 2 else 503, alice.tenant.pk) for number in range(3, 23)]


def test_policies_hold_for_their_own_trunk(alice: Person, charlie: Person) -> None:
    quick, slow = make_trunk(alice, "T", "sip:a.example.com"), make_trunk(charlie, "T", "sip:a.example.com")
    set_policy(alice, quick, failures_to_down=1)
    for letter, now in zip(".x", moments(2), strict=True):
        probe(letter, now)
    assert health_of(alice, quick).state == HealthState.DOWN
    assert health_of(charlie, slow).state == HealthState.UP
    with tenant_context(charlie.tenant):
        assert [change.to_state for change in StatusChange.objects.all()] == ["up"]
        assert HealthPolicy.objects.get().failures_to_down == 3


@pytest.mark.parametrize(
    ("stored", "told"), [("address_refused", "dns_not_found"), ("no_answer", "no_answer"), ("", "")]
)
def test_a_refused_address_is_told_like_a_name_that_does_not_exist(stored: str, told: str) -> None:
    assert visible_cause(stored) == told


def test_nothing_tells_a_refused_address_from_a_missing_name() -> None:
    for cause, detail in (("address_refused", "10.0.0.1: inside 10.0.0.0/8"), ("dns_not_found", "NXDOMAIN")):
        assert visible_detail(cause, detail) == ""
        assert visible_target(cause, "10.0.0.1:5060/udp") == ""
    assert visible_detail("no_answer", "Nothing came back.") == "Nothing came back."
    assert visible_target("no_answer", "203.0.113.5:5060/udp") == "203.0.113.5:5060/udp"
    assert visible_failures({"address_refused": 2, "dns_not_found": 1, "no_answer": 4}) == {
        "dns_not_found": 3,
        "no_answer": 4,
    }
