"""Checks of a line that registers: a carrier that keeps one binding of a user has forgotten it afterwards."""

from __future__ import annotations

import pytest

from tests.conftest import Person
from tests.trunks.bindings.test_registrar import Registrar, Scene, _no_limit, engine, serving
from tests.trunks.checks.running import ask, report_of
from tests.trunks.conftest import make_trunk
from trunks.checks.checking import LEASE_S, claim_checks, end_interrupted
from trunks.enums import RegistrationState as State

__all__ = ["_no_limit", "engine"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def carrier() -> Registrar:
    return Registrar()


def line(alice: Person, uri: str, engine: object) -> Scene:
    """A registered line whose gateway is its registrar."""
    scene = Scene(alice, make_trunk(alice, "Main", uri), engine)  # type: ignore[arg-type]  # the fixture's
    scene.add(uri)
    assert (scene.work(), scene.status.state, scene.work(60)) == (1, State.REGISTERED, 0)
    return scene


@pytest.mark.parametrize(("register", "again"), [(True, 1), (False, 0)])
def test_a_check_that_registers_has_the_line_register_anew(
    alice: Person, engine: object, carrier: Registrar, register: bool, again: int
) -> None:
    with serving(carrier) as uri:
        scene = line(alice, uri, engine)
        check = report_of(alice, scene.trunk, register=register)
        assert check.cause == "", check.steps
        assert (scene.work(), scene.status.state) == (again, State.REGISTERED)
    assert carrier.of("REGISTER")[-1].get("call-id") == scene.status.call_id


def test_so_has_one_whose_worker_died(alice: Person, engine: object, carrier: Registrar) -> None:
    with serving(carrier) as uri:
        scene = line(alice, uri, engine)
        check = ask(alice, scene.trunk, register=True)
        assert len(claim_checks(scene.now, 1)) == 1
        scene.work(LEASE_S + 1)
        assert end_interrupted(scene.now) == [check.pk]
        assert (scene.work(), scene.status.state) == (1, State.REGISTERED)
