"""The page of a trunk's registration."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.registering import attempted, became, changed, register
from tests.trunks.web.conftest import page
from tests.trunks.web.test_live import HTMX, seen_in
from trunks import services
from trunks.models import RegistrationStatus, Trunk

BOUND = {"granted_s": 3600, "expires_at": 2700, "registered_at": -900, "next_attempt_at": 725}


def read(person: Person, trunk: Trunk, name: str = "registration", **headers: str) -> str:
    return person.client().get(page(name, person, trunk), headers=headers).content.decode()


def test_a_trunk_without_one_is_told_what_it_is_for(alice: Person, trunk: Trunk) -> None:
    html = read(alice, trunk)

    assert "This trunk does not register yet" in html
    assert page("registration-edit", alice, trunk) in html


def test_registered_says_until_when(alice: Person, trunk: Trunk) -> None:
    became(alice, register(alice, trunk), "registered", **BOUND)

    html = read(alice, trunk)

    assert "Registered" in html
    assert "refreshes <time" in html
    assert ">in 12 min</time>" in html
    assert "1 h asked for, 1 h granted" in html


@pytest.mark.parametrize(
    ("state", "values", "title", "side"),
    [
        (
            "rejected",
            {"cause": "credentials_rejected", "code": 401, "next_attempt_at": None},
            "User name or password is wrong",
            "On your side",
        ),
        (
            "unreachable",
            {"cause": "no_answer", "next_attempt_at": 20},
            "The carrier does not answer",
            "On your carrier&#x27;s side",
        ),
        (
            "throttled",
            {"cause": "registration_rejected", "code": 503, "retry_after_s": 90, "next_attempt_at": 90},
            "The carrier asked us to wait",
            "On your carrier&#x27;s side",
        ),
        (
            "registered",
            {"expires_at": -10, "next_attempt_at": -1800},
            "The registration has run out",
            "On our side",
        ),
    ],
)
def test_a_failure_says_cause_fix_and_who(
    alice: Person, trunk: Trunk, state: str, values: dict[str, object], title: str, side: str
) -> None:
    became(alice, register(alice, trunk), state, **values)

    for name in ("registration", "detail"):
        html = read(alice, trunk, name)
        assert title in html
        assert side in html
        assert "What to change" in html


def test_a_refused_address_reads_like_a_name_that_does_not_exist(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    attempted(alice, registration)
    became(alice, registration, "unreachable", next_attempt_at=20)

    def words(cause: str) -> tuple[str, str]:
        told = {"cause": cause, "detail": "10.0.0.5 is private"}
        with tenant_context(alice.tenant):
            RegistrationStatus.objects.update(**told)
            registration.attempts.update(target="10.0.0.5:5060/udp", **told)
        html = read(alice, trunk, **HTMX)
        return seen_in(html), html

    (refused, html), (unknown, _html) = words("address_refused"), words("dns_not_found")

    assert refused == unknown
    assert "The host name does not exist" in html
    assert "10.0.0.5" not in html


def test_the_timeline_has_how_long_each_state_lasted(alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)
    changed(alice, trunk, ("registering", "registered"), ("registered", "unreachable"), cause="no_answer")

    timeline = read(alice, trunk).partition("Timeline")[2]

    assert timeline.index("Unreachable") < timeline.index("Registered")
    assert "The carrier does not answer" in timeline
    assert "1 min</td>" in timeline


def test_an_attempt_opens_to_its_messages(alice: Person, trunk: Trunk) -> None:
    (attempt,) = attempted(alice, register(alice, trunk), cause="credentials_rejected", code=401)
    url = page("registration-attempt", alice, trunk, attempt_id=attempt.pk)
    assert url in read(alice, trunk)

    whole = alice.client().get(url).content.decode()
    part = alice.client().get(url, headers={"HX-Request": "true"}).content.decode()

    assert "401 · User name or password is wrong" in part
    assert "SIP/2.0 401 Unauthorized" in part
    assert "<html" in whole
    assert "<html" not in part


def test_nothing_new_is_nothing_to_swap(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    became(alice, registration, "registered", **BOUND)
    browser, url = alice.client(), page("registration", alice, trunk)
    seen = seen_in(browser.get(url, headers=HTMX).content.decode())
    assert browser.get(url, {"seen": seen}, headers=HTMX).status_code == 204

    became(alice, registration, "unreachable", cause="no_answer", expires_at=2700, next_attempt_at=20)
    html = browser.get(url, {"seen": seen, "said": "Registered · refreshes"}, headers=HTMX).content.decode()

    assert (
        "Unreachable · no answer from the registrar, still registered until"
        in html.partition("#announcer")[2]
    )


def test_a_member_who_only_reads_has_no_buttons(bob: Person, alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)

    html = read(bob, trunk)

    assert "Register now" not in html
    assert page("registration-edit", alice, trunk) not in html


def test_the_tab_is_there_for_trunks_that_register(alice: Person, trunk: Trunk) -> None:
    link = f'href="{page("registration", alice, trunk)}"'
    assert link not in read(alice, trunk, "detail")
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            expected_version=None,
            authentication=["registration"],
        )

    assert link in read(alice, trunk, "detail")


def test_queries_are_the_same_for_one_and_three_rows(alice: Person, trunk: Trunk) -> None:
    browser, registration = alice.client(), register(alice, trunk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page("registration", alice, trunk)).status_code == 200
        return len(captured)

    queries()
    attempted(alice, registration)
    changed(alice, trunk, ("registering", "registered"))
    one = queries()
    with tenant_context(alice.tenant):
        registration.attempts.all().delete()
    attempted(alice, registration, 3)
    changed(alice, trunk, ("registered", "unreachable"), ("unreachable", "registered"))

    assert queries() == one
