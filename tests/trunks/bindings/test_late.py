"""Somebody changes their mind while the very first REGISTER is under way: no binding is left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from tenants.context import platform_context
from tests.sip.carriers.laboratory import PASSWORD
from tests.trunks.bindings.test_registrar import Registrar, Scene, _no_limit, engine, scene, serving
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.bindings import registrar
from trunks.bindings.claims import claim_due
from trunks.bindings.late import settle_late_bindings
from trunks.bindings.outcomes import BindingOutcome
from trunks.enums import RegistrationState as State
from trunks.models import Registration, RegistrationFarewell, RegistrationStatus

__all__ = ["_no_limit", "engine", "scene"]
Edit = Callable[[Scene, Registration], Any]


class Bindings(Registrar):
    """A registrar that remembers: `bound` has the Contact of each Call-ID and user."""

    @property
    def bound(self) -> set[str]:
        """The Contacts that were accepted and not taken away since."""
        found: set[str] = set()
        for each in self.of("REGISTER"):
            if each.get("authorization"):
                contact = re.sub(r";expires=\d+", "", each.get("contact"))
                keep = not each.get("contact").endswith("expires=0")
                found = found | {contact} if keep else found - {contact}
        return found


def overtake(scene: Scene, registration: Registration, edit: Edit) -> None:
    """Let an edit come between the claim of the first attempt and the storing of its answer."""
    scene.now = timezone.now()
    claims = claim_due(scene.now, 10, rate=0)
    assert len(claims) == 1
    edit(scene, registration)
    registrar._register(scene.engine, claims, lambda: scene.now)


def pause(scene: Scene, registration: Registration) -> None:
    scene.do(services.pause_registration, registration=registration)


def delete(scene: Scene, registration: Registration) -> None:
    scene.do(services.delete_registration, registration=registration)


def delete_trunk(scene: Scene, registration: Registration) -> None:
    scene.do(services.delete_trunk, trunk=scene.trunk)


def disable_trunk(scene: Scene, registration: Registration) -> None:
    scene.do(services.update_trunk, trunk=scene.trunk, expected_version=None, is_enabled=False)


@pytest.mark.parametrize("edit", [pause, delete, delete_trunk, disable_trunk])
def test_what_is_not_wanted_any_more_is_taken_away(scene: Scene, edit: Edit) -> None:
    carrier = Bindings()
    with serving(carrier) as uri:
        overtake(scene, scene.add(uri), edit)
        assert len(carrier.bound) == 1
        scene.work()
        scene.work(1)
    assert carrier.bound == set()
    with platform_context("test"):
        assert not RegistrationFarewell.objects.exists()
        assert [each.state for each in RegistrationStatus.objects.all()] in ([], [State.PAUSED])


def test_a_pause_ends_paused_and_without_a_binding(scene: Scene) -> None:
    carrier = Bindings()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        overtake(scene, registration, pause)
        assert (scene.status.removing, scene.status.expires_at is None) == (True, False)
        scene.work()
        status = scene.status
        assert (status.state, status.removing, status.expires_at) == (State.PAUSED, False, None)
        scene.do(services.resume_registration, registration=registration)
        scene.work()
    assert (scene.status.state, len(carrier.bound)) == (State.REGISTERED, 1)


def test_another_user_is_another_binding_and_the_first_goes(scene: Scene) -> None:
    carrier = Bindings()

    def rename(scene: Scene, registration: Registration) -> None:
        scene.do(
            services.update_registration, registration=registration, expected_version=None, username="desk"
        )

    with serving(carrier) as uri:
        overtake(scene, scene.add(uri), rename)
        scene.work()
        scene.work(1)
    assert scene.status.state == State.REGISTERED
    assert {re.sub("@.*", "", each) for each in carrier.bound} == {"<sip:desk"}


def test_another_interval_keeps_the_binding(scene: Scene) -> None:
    carrier = Bindings()

    def shorten(scene: Scene, registration: Registration) -> None:
        scene.do(
            services.update_registration, registration=registration, expected_version=None, expires_s=600
        )

    with serving(carrier) as uri:
        overtake(scene, scene.add(uri), shorten)
        assert scene.status.contact in {f"{each}" for each in carrier.bound}
        scene.work()
    assert (scene.status.state, len(carrier.bound)) == (State.REGISTERED, 1)
    assert len({each.get("call-id") for each in carrier.of("REGISTER")}) == 1


def test_a_line_that_is_made_anew_meanwhile_keeps_its_own(scene: Scene) -> None:
    """The new one has the same Contact, which the old one's farewell takes away: it registers after that."""
    carrier = Bindings()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        scene.now = timezone.now()
        claims = claim_due(scene.now, 10, rate=0)
        delete(scene, registration)
        again = {"trunk": scene.trunk, "registrar": uri, "username": "clinic"}
        scene.do(services.add_registration, **again, credential=registration.credential, secret=PASSWORD)
        scene.work()
        assert scene.status.state == State.REGISTERED
        registrar._register(scene.engine, claims, lambda: scene.now)
        scene.work()
        scene.work(1)
    assert (scene.status.state, len(carrier.bound)) == (State.REGISTERED, 1)
    last = carrier.of("REGISTER")[-1]
    assert (last.get("contact").endswith("expires=0"), last.get("call-id")) == (False, scene.status.call_id)


def test_two_workers_with_two_contacts_leave_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first worker's answer comes last, and from another port than the one that is registered now."""
    seen: list[BindingOutcome] = []
    with serving(Bindings()) as uri:
        registration = scene.add(uri)
        monkeypatch.setattr(registrar, "settle_late_bindings", lambda lost, now: seen.extend(lost))
        overtake(scene, registration, pause)
        scene.do(services.resume_registration, registration=registration)
        scene.work()
    (late,) = seen
    elsewhere = replace(late, identity=replace(late.identity, contact="<sip:clinic@127.0.0.1:9>"))

    settle_late_bindings([elsewhere], scene.now)

    with platform_context("test"):
        farewell = RegistrationFarewell.objects.get()
    assert (farewell.contact, farewell.call_id) == ("<sip:clinic@127.0.0.1:9>", scene.status.call_id)
    assert scene.status.next_attempt_at == scene.now


def test_what_was_refused_leaves_nothing(scene: Scene) -> None:
    with serving(Bindings(("403 Forbidden", ""))) as uri:
        overtake(scene, scene.add(uri), delete)
    with platform_context("test"):
        assert not RegistrationFarewell.objects.exists()


@pytest.mark.parametrize("leave", [pause, delete, delete_trunk, disable_trunk])
def test_another_line_with_the_same_binding_makes_it_anew(scene: Scene, leave: Edit) -> None:
    """Two trunks are the same user at the same registrar: to the carrier they are one."""
    other = Scene(scene.alice, make_trunk(scene.alice, "Other"), scene.engine)
    carrier = Bindings()
    with serving(carrier) as uri:
        registration = scene.add(uri)
        other.add(uri)
        scene.work()
        assert len(carrier.bound) == 1
        leave(scene, registration)
        scene.work()
        scene.work()
        assert [each.get("contact").endswith("=0") for each in carrier.of("REGISTER")][-2:] == [True, False]
        assert len(carrier.bound) == 1
    assert other.status.state == State.REGISTERED
