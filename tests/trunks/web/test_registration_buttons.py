"""Register now, pause, resume and delete."""

from __future__ import annotations

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.registering import became, register
from tests.trunks.web.conftest import page
from tests.trunks.web.registering import NEW, send, stored
from trunks.models import Registration, Trunk
from trunks.registrations import services


def test_the_buttons(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    became(alice, registration, "rejected", next_attempt_at=None, cause="credentials_rejected")
    assert send(alice, trunk, "register-now").status_code == 302
    assert stored(alice).status.next_attempt_at is not None
    assert send(alice, trunk, "registration-pause").status_code == 302
    assert (stored(alice).is_paused, stored(alice).status.state) == (True, "paused")
    assert "Resume" in alice.client().get(page("registration", alice, trunk)).content.decode()
    assert send(alice, trunk, "registration-resume").status_code == 302
    assert (stored(alice).is_paused, stored(alice).status.state) == (False, "registering")
    assert send(alice, trunk, "registration-delete").status_code == 302
    with tenant_context(alice.tenant):
        assert Registration.objects.count() == 0


def test_who_presses_too_often_is_told_when_it_works_again(alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)
    browser = alice.client()
    for _time in range(services.REQUESTS_PER_MINUTE):
        browser.post(page("register-now", alice, trunk))

    html = browser.post(page("register-now", alice, trunk), follow=True).content.decode()

    assert "3 times a minute on request: carriers block who insists. Try again in" in html


@pytest.mark.parametrize(
    "name",
    ["registration-edit", "registration-delete", "registration-pause", "registration-resume", "register-now"],
)
def test_who_only_reads_changes_nothing(bob: Person, alice: Person, trunk: Trunk, name: str) -> None:
    register(alice, trunk)

    assert send(bob, trunk, name, **NEW).status_code == 403


@pytest.mark.parametrize("name", ["registration-delete", "registration-pause", "register-now"])
def test_without_a_registration_there_is_nothing_to_press(alice: Person, trunk: Trunk, name: str) -> None:
    assert send(alice, trunk, name).status_code == 404
