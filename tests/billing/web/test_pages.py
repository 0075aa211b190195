"""The pages of plans and payment: who may, what they say, where they lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.models import BillingRequest
from tenants.context import tenant_context
from tenants.enums import Role
from tests.billing.conftest import Shop, bought
from tests.conftest import Person, make_member
from tests.doubles import press
from tests.trunks.conftest import make_trunk

pytestmark = pytest.mark.django_db
BASE = "/t/acme-dental/billing/"
QUERIES = 16


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def latest(person: Person) -> BillingRequest:
    with tenant_context(person.tenant):
        return BillingRequest.objects.latest("created_at")


def test_prices_are_for_everybody(client: Client) -> None:
    page = html(client.get("/pricing/"))

    assert [price in page for price in ("$149", "$499", "$1,499", "14 days free")] == [True] * 4
    assert "No card is charged" not in page


def test_a_new_sign_up_is_led_to_the_plans_and_may_look_around(alice: Person, shop: Shop) -> None:
    browser = alice.client()
    answer = browser.post("/welcome/", {"name": "Brightwater Dental"})
    assert answer.headers["Location"] == "/t/brightwater-dental/billing/plans/"

    page = html(browser.get(answer.headers["Location"]))

    assert page.count("Start the trial") >= 3
    assert "2 trunks are free to try" in page
    assert "no card is charged" in page


def test_choosing_leads_to_the_checkout_and_back_to_a_trial(alice: Person, shop: Shop) -> None:
    browser = alice.client()
    answer = browser.post(f"{BASE}plans/", {"plan": "three"})
    waiting = answer.headers["Location"]
    assert "The checkout is being opened" in html(browser.get(waiting))

    shop.do()

    ready = browser.get(waiting, headers={"HX-Request": "true"})
    assert ready.status_code == 204
    target = ready.headers["HX-Redirect"]
    assert target.startswith(f"{shop.double.url}/checkout/")
    assert f'href="{target}"' in html(browser.get(waiting))
    assert "We wait for the payment provider" in html(browser.get(f"{BASE}returned/"))
    press(shop.double, target.removeprefix(shop.double.url), card="4242", country="US")
    shop.hear()
    thanks = html(browser.get(f"{BASE}returned/"))
    assert "Your trial of 3 numbers has begun" in thanks
    assert f'<a class="btn btn-primary" href="/t/{alice.tenant.slug}/numbers/search/">Get a number' in thanks
    page = html(browser.get(BASE))
    assert [text in page for text in ("3 numbers", "Trial", "Visa ending in 4242", "$499 a month")] == [
        True
    ] * 4


def test_a_refused_change_says_why(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    browser = alice.client()

    page = html(browser.post(f"{BASE}plans/", {"plan": "ten"}, follow=True))

    assert "You have the plan 1 number already. Change it instead." in page


def test_a_failed_request_says_what_to_do(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    shop.pass_days(14)
    shop.use_card(alice, "0341")
    browser = alice.client()
    answer = browser.post(f"{BASE}plans/ten/")
    shop.do()

    page = html(browser.get(answer.headers["Location"]))

    assert "The card was declined. Use another card, or ask the bank that issued it." in page


def test_changing_says_what_it_costs_before(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    shop.pass_days(14)
    browser = alice.client()

    larger = html(browser.get(f"{BASE}plans/three/"))
    assert "For the rest of the period about $350, plus tax where it is due, is charged" in larger
    answer = browser.post(f"{BASE}plans/three/")
    shop.do()
    done = browser.get(answer.headers["Location"], headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == BASE
    assert "The plan is changed." in html(browser.get(BASE))

    smaller = html(browser.get(f"{BASE}plans/one/"))
    assert "which is paid. From then on you have 1 number at $149 a month" in smaller


def test_a_plan_that_is_too_small_says_so_before(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "three")
    for index in range(7):
        make_trunk(alice, f"Line {index}")
    browser = alice.client()

    page = html(browser.get(f"{BASE}plans/one/"))

    assert f'href="/t/{alice.tenant.slug}/trunks/">Trunks</a>: 7 in use, room for 5' in page
    assert "Change to 1 number</button>" not in page
    assert "Change to 10 numbers</button>" in html(browser.get(f"{BASE}plans/ten/"))


def test_canceling_and_keeping(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    browser = alice.client()
    assert "Cancel the plan?" in html(browser.get(f"{BASE}cancel/"))
    browser.post(f"{BASE}cancel/")
    shop.do()
    canceled = html(browser.get(BASE))
    assert "Keep the plan" in canceled
    assert "Nothing is charged any more." in canceled
    assert "from the end of the trial on" not in canceled
    assert browser.get(f"{BASE}cancel/").status_code == 302

    browser.post(f"{BASE}resume/")
    shop.do()

    assert bought(alice).cancel_at is None


def test_invoices_and_receipts_are_listed(alice: Person, shop: Shop, django_assert_num_queries: Any) -> None:
    browser = alice.client()
    assert "No invoices yet" in html(browser.get(f"{BASE}invoices/"))
    shop.buy(alice, "one")
    shop.pass_days(14)

    page = html(browser.get(f"{BASE}invoices/"))

    assert [text in page for text in ("$149.00", "$0.00", "Receipt", "/pdf")] == [True] * 4
    with django_assert_num_queries(QUERIES):
        browser.get(f"{BASE}invoices/")
    shop.pass_days(31)
    with django_assert_num_queries(QUERIES):
        browser.get(f"{BASE}invoices/")


def test_unpaid_tenants_read_what_to_do_on_every_page(alice: Person, shop: Shop) -> None:
    shop.buy(alice, card="0341")
    shop.pass_days(14)
    browser = alice.client()

    assert "The last payment failed. Pay by" in html(browser.get("/t/acme-dental/team/"))
    assert "Pay now" in html(browser.get(BASE))


def test_who_may(alice: Person, bob: Person, charlie: Person, shop: Shop) -> None:
    admin = make_member(alice.tenant, "admin@example.com", role=Role.ADMIN)
    books = make_member(alice.tenant, "books@example.com", role=Role.BILLING)
    seen = {
        name: (person.client().get(BASE).status_code, person.client().post(f"{BASE}plans/").status_code)
        for name, person in (("admin", admin), ("books", books), ("bob", bob), ("charlie", charlie))
    }

    assert seen == {"admin": (200, 403), "books": (200, 302), "bob": (403, 403), "charlie": (404, 404)}
    assert Client().get(BASE).headers["Location"].startswith("/accounts/login/")


def test_where_a_request_leads_is_for_those_who_pay(alice: Person, shop: Shop) -> None:
    admin = make_member(alice.tenant, "admin@example.com", role=Role.ADMIN)
    shop.ask(alice, "checkout", plan="one")
    shop.do()
    address = f"{BASE}requests/{latest(alice).pk}/"

    assert shop.double.url in html(alice.client().get(address))
    assert shop.double.url not in html(admin.client().get(address))


def test_without_an_account_the_pages_say_so(alice: Person) -> None:
    page = html(alice.client().get(f"{BASE}plans/"))

    assert "Payments are not set up on this installation" in page
    assert "Start the trial" not in page
