"""A number's own page: how far it is, what others think of it, what was done to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.pages.conftest import number_page
from tests.trunks.web.conftest import page as trunk_page
from tests.trunks.web.conftest import text_of
from trunks import services
from trunks.enums import Attestation, PaperState, Verification
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def seen(person: Person, number: PhoneNumber) -> str:
    return text_of(person.client().get(number_page("detail", person, number)).content)


def change(person: Person, number: PhoneNumber, **values: Any) -> None:
    with tenant_context(person.tenant):
        PhoneNumber.objects.filter(pk=number.pk).update(**values)


def test_a_bought_number(alice: Person, bought: PhoneNumber) -> None:
    text = seen(alice, bought)
    for words in ("+14155550101", "(415) 555-0101", "United States, local", "calls, texts, pictures",
                  "Bought here", "C: nobody vouches", "Missing", "Not registered"):  # fmt: skip
        assert words in text


def test_a_number_that_leads_nowhere_offers_the_next_step(alice: Person, bought: PhoneNumber) -> None:
    html = alice.client().get(number_page("detail", alice, bought)).content.decode()
    assert "No agent answers yet" in html
    assert f'href="{number_page("detail", alice, bought)}calls/edit/"' in html


def test_timeline_has_what_was_done_the_newest_first(alice: Person, bought: PhoneNumber) -> None:
    timeline = seen(alice, bought).partition("Timeline")[2]
    assert timeline.index("Bought") < timeline.index("Ordered")
    assert "just now · CallSphere" in timeline
    assert "just now · alice@example.com" in timeline


def test_page_follows_a_purchase(alice: Person, desk: Desk) -> None:
    number = desk.order(alice)
    browser = alice.client()
    address = number_page("detail", alice, number)
    before = browser.get(address)
    provision_due()
    after = browser.get(address, headers={"HX-Request": "true"})
    assert "It is yours within seconds." in before.content.decode()
    assert 'hx-trigger="every 2s"' in before.content.decode()
    assert 'hx-swap-oob="innerHTML:#headline"' in after.content.decode()
    assert "Active" in after.content.decode()


def test_purchase_that_takes_long_says_why(alice: Person, desk: Desk) -> None:
    desk.twilio.fail(status=503, times=50)
    number = desk.order(alice)
    provision_due()
    text = seen(alice, number)
    assert "It takes longer than usual" in text
    assert "It is tried again by itself." in text


def test_an_own_number(alice: Person, own: PhoneNumber) -> None:
    html = alice.client().get(number_page("detail", alice, own)).content.decode()
    assert "Prove that it is yours" in html
    assert "Your carrier decides" in html
    assert own.trunk is not None
    assert trunk_page("number-format", alice, own.trunk) in html


def test_verified_number_says_since_when(alice: Person, own: PhoneNumber) -> None:
    with tenant_context(alice.tenant):
        services.verify_own_number(
            tenant=alice.tenant, actor=alice.actor, number=own, by=Verification.SUPPORT, reason="Saw a bill"
        )
    text = seen(alice, own)
    assert "just now , decided by support" in text
    assert "Saw a bill" in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"attestation": Attestation.FULL}, "Whoever is called can see that caller and number were checked."),
        ({"attestation": Attestation.PARTIAL}, "B: we vouch for the caller"),
        ({"emergency_state": PaperState.REGISTERED}, "A call to 911 tells where to send help."),
        ({"emergency_state": PaperState.PENDING}, "The address is being checked."),
        ({"messaging_state": PaperState.PENDING}, "The carriers have not answered yet."),
        (
            {"messaging_state": PaperState.FAILED, "messaging_detail": "The website is missing."},
            "The website is missing.",
        ),
        ({"has_sms": False}, "This number takes no messages."),
        ({"country": "GB"}, "No registration needed"),
    ],
)
def test_papers_are_explained(alice: Person, bought: PhoneNumber, values: Any, words: str) -> None:
    change(alice, bought, **values)
    assert words in seen(alice, bought)


def test_screen_reader_is_told_what_changed(alice: Person, desk: Desk) -> None:
    number = desk.order(alice)
    browser = alice.client()
    address = number_page("detail", alice, number)
    first = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    said = first.partition('name="said" value="')[2].partition('"')[0]
    provision_due()
    after = browser.get(address, {"said": said}, headers={"HX-Request": "true"}).content.decode()
    assert '#announcer">Active.' in after


def test_queries_do_not_grow_with_the_history(alice: Person, bought: PhoneNumber) -> None:
    browser = alice.client()

    def queries() -> int:
        browser.get(number_page("detail", alice, bought))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(number_page("detail", alice, bought)).status_code == 200
        return len(captured)

    before = queries()
    for label in ("One", "Two", "Three"):
        with tenant_context(alice.tenant):
            services.label_number(
                tenant=alice.tenant, actor=alice.actor, number=bought, expected_version=None, label=label
            )
    assert queries() == before
