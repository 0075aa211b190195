"""Somebody puts a trunk at Twilio, finds what was changed there, and takes it away again.

Twilio's double answers; workers run when the test lets them, and the page follows by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.trunks.provisioning.conftest import Plant
from tests.trunks.provisioning.test_drift import add_credential, add_target, change_target
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.enums import ProvisionKind
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due
from trunks.provisioning.worker import reconcile_due


@pytest.fixture
def plant(twilio: DoubledTwilio, alice: Person) -> Plant:
    """Alice's trunk that can be put at Twilio."""
    return Plant(twilio, alice)


def address(plant: Plant) -> str:
    return f"/t/{plant.person.tenant.slug}/trunks/{plant.trunk.pk}/provider/"


def see_state(page: Page, words: str) -> None:
    """Wait for a state; screen readers are told it elsewhere on the page as well."""
    expect(page.locator('[aria-labelledby="provider-title"] .status-word')).to_have_text(words)


def test_from_a_plan_to_calls_and_away_again(visitor: Visitor, plant: Plant) -> None:
    page = visitor.go(address(plant))
    visitor.look("provider-set-up")
    page.get_by_label("Domain name", exact=True).fill("brightwater-dental-of-new-england-frontx")
    visitor.press("Make the plan")
    see_state(page, "Your account at Twilio is being set up")
    visitor.look("provider-new")
    provision_due()
    reconcile_due()

    expect(page.get_by_role("button", name="Apply the plan", exact=True)).to_be_visible()
    visitor.look("provider-plan")
    plant.twilio.fail(kind="refuse", method="POST", path="ByocTrunks", status=403, code=20003)
    visitor.press("Apply the plan")
    see_state(page, "Being applied")
    visitor.look("provider-applying")
    reconcile_due()
    expect(page.get_by_role("button", name="Apply the plan again", exact=True)).to_be_visible()
    visitor.look("provider-failed")
    visitor.press("Apply the plan again")
    reconcile_due()
    see_state(page, "In sync")
    visitor.look("provider-in-sync")

    add_target(plant)
    add_credential(plant)
    visitor.press("Look now")
    reconcile_due()
    see_state(page, "Changed at Twilio")
    visitor.look("provider-drifted")
    page.get_by_role("button", name="Take theirs: Target sip:gw3").click()
    reconcile_due()
    expect(page.get_by_role("button", name="Take theirs: Target sip:gw3")).to_have_count(0)
    visitor.press("Put all of ours")
    reconcile_due()
    see_state(page, "In sync")

    page.get_by_label("More actions").click()
    visitor.follow("Switch it off…")
    visitor.look("provider-off")
    visitor.press("Switch it off")
    see_state(page, "Being removed")
    visitor.look("provider-removing")
    reconcile_due()
    expect(page.get_by_role("button", name="Make the plan", exact=True)).to_be_visible()
    assert plant.there() == {}


def test_an_elastic_trunk_in_the_dark(open_browser: Callable[..., Visitor], plant: Plant) -> None:
    desk = Desk(plant.twilio)
    for number in ("+14155550101", "+14155550102"):
        desk.order(plant.person, number)
    provision_due()
    row = plant.ready(ProvisionKind.ELASTIC)
    with tenant_context(plant.person.tenant):
        first = PhoneNumber.objects.get(number="+14155550101")
    plant.do(services.attach_number, provision=row, number=first)
    reconcile_due()
    visitor = open_browser(color_scheme="dark").sign_in(plant.person)

    page = visitor.go(address(plant))
    expect(page.get_by_role("heading", name="Numbers on this trunk")).to_be_visible()
    visitor.look("provider-elastic-dark")
    visitor.go(f"{address(plant)}edit/")
    visitor.look("provider-edit-dark")


def test_differences_in_the_dark(open_browser: Callable[..., Visitor], plant: Plant) -> None:
    plant.ready()
    change_target(plant)
    add_credential(plant)
    plant.look()
    visitor = open_browser(color_scheme="dark").sign_in(plant.person)

    page = visitor.go(address(plant))
    expect(page.get_by_role("heading", name="Differences")).to_be_visible()
    visitor.look("provider-drifted-dark")
    visitor.go(f"/t/{plant.person.tenant.slug}/trunks/")
    visitor.look("provider-hint-dark")
