"""What a trunk's own state says of its registration: worked out by the database, for every surface."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.registering import became, register
from tests.trunks.watching import NOON, OK, probe
from trunks import services
from trunks.models import Trunk
from trunks.queries import headline_of, trunks_of, verdict_of


@pytest.fixture
def line(alice: Person) -> Trunk:
    """A trunk whose gateway answers, and which is to register."""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        Trunk.objects.update(authentication=["registration"])
    probe(OK, NOON)
    probe(OK, NOON)
    return trunk


def said(alice: Person) -> tuple[str, str, str]:
    """The trunk's heading, the dashboard's, and the name of the trunk's looks."""
    with tenant_context(alice.tenant):
        heading = headline_of(trunks_of(alice.tenant).get())
        return heading.text(), verdict_of(alice.tenant)[0].label, heading.looks


@pytest.mark.parametrize(
    ("state", "values", "words"),
    [
        ("registering", {}, "it is not registered yet · this takes seconds"),
        ("rejected", {}, "the carrier refuses its registration · see why"),
        ("unreachable", {"expires_at": -5}, "its registrar does not answer · see why"),
        ("throttled", {}, "its registration has to wait · the carrier asked for that"),
        ("registered", {"expires_at": -5}, "its registration has run out · it is being made again"),
        ("refreshing", {"expires_at": -5}, "its registration has run out · it is being made again"),
        ("registered", {"expires_at": 900, "removing": True}, "its registration is paused · resume it"),
    ],
)
def test_a_line_that_is_not_registered_is_not_working(
    alice: Person, line: Trunk, state: str, values: dict[str, Any], words: str
) -> None:
    became(alice, register(alice, line), state, **values)

    heading, verdict, looks = said(alice)

    assert (heading, looks) == (f"Up, but {words}", "warn")
    assert verdict == f"Your line is up, but {words.partition(' · ')[0]}"


@pytest.mark.parametrize("state", ["registered", "refreshing", "unreachable", "rejected", "throttled"])
def test_while_the_carrier_has_the_binding_calls_run(alice: Person, line: Trunk, state: str) -> None:
    became(alice, register(alice, line), state, expires_at=900)

    assert said(alice) == ("Up · the gateway answers", "Your line is working", "up")


def test_a_trunk_that_should_register_and_does_not(alice: Person, line: Trunk) -> None:
    assert said(alice)[0] == "Up, but it is not registered · set up the registration"


def test_a_pause_is_told(alice: Person, line: Trunk) -> None:
    registration = register(alice, line)
    with tenant_context(alice.tenant):
        services.pause_registration(tenant=alice.tenant, actor=alice.actor, registration=registration)

    assert said(alice)[0] == "Up, but its registration is paused · resume it"


def test_a_registration_counts_though_the_settings_do_not_mention_it(alice: Person, line: Trunk) -> None:
    became(alice, register(alice, line), "rejected")
    with tenant_context(alice.tenant):
        Trunk.objects.update(authentication=[])

    assert said(alice)[0] == "Up, but the carrier refuses its registration · see why"
