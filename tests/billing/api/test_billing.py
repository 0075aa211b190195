"""Plans and payment for programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.conftest import Shop, bought
from tests.conftest import Person
from tests.doubles import press

pytestmark = pytest.mark.django_db
REQUESTS = "/api/v1/billing-requests/"


def test_plans_are_listed(alice: Person) -> None:
    body = alice.api("billing:read").get("/api/v1/plans/").json()

    assert [(each["code"], each["version"], each["price"]) for each in body["results"]] == [
        ("one", 1, 14_900),
        ("three", 1, 49_900),
        ("ten", 1, 149_900),
    ]


def test_from_a_checkout_to_the_subscription(alice: Person, shop: Shop) -> None:
    api = alice.api()
    assert api.get("/api/v1/subscription/").json()["status"] == "none"

    made = api.post(REQUESTS, {"kind": "checkout", "plan": "three"})
    assert (made.status_code, made.json()["state"], made.json()["url"]) == (201, "waiting", "")
    shop.do()
    done = api.get(made.headers["Location"]).json()
    assert (done["state"], done["plan"], done["error"]) == ("done", "three", None)
    press(shop.double, done["url"].removeprefix(shop.double.url), card="4242", country="US")
    shop.hear()

    body = api.get("/api/v1/subscription/").json()
    assert (body["status"], body["plan"]["code"], body["card"]) == (
        "trialing",
        "three",
        "Visa ending in 4242",
    )
    assert {use["limit_name"]: use["limit"] for use in body["usage"]} == {
        "number_limit": 3,
        "trunk_limit": 15,
        "member_limit": 15,
        "api_key_limit": 10,
    }
    assert api.get("/api/v1/tenant/").json()["number_limit"] == 3
    (invoice,) = api.get("/api/v1/invoices/").json()["results"]
    assert (invoice["total"], invoice["status"]) == (0, "paid")
    assert api.get(f"/api/v1/invoices/{invoice['id']}/").json() == invoice


def test_the_same_key_asks_once(alice: Person, shop: Shop) -> None:
    api = alice.api()
    headers = {"Idempotency-Key": "one-and-only"}

    first = api.post(REQUESTS, {"kind": "checkout", "plan": "one"}, headers=headers)
    second = api.post(REQUESTS, {"kind": "checkout", "plan": "one"}, headers=headers)
    other = api.post(REQUESTS, {"kind": "checkout", "plan": "ten"}, headers=headers)

    assert (first.json()["id"], second.headers["Idempotent-Replayed"]) == (second.json()["id"], "true")
    assert other.status_code == 422


def test_changing_canceling_and_resuming(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    api = alice.api()
    for body in ({"kind": "change_plan", "plan": "ten"}, {"kind": "cancel"}, {"kind": "resume"}):
        assert api.post(REQUESTS, body).status_code == 201
        shop.do()

    assert (str(bought(alice).plan), bought(alice).cancel_at) == ("10 numbers", None)
    kinds = [each["kind"] for each in api.get(REQUESTS, {"state": "done"}).json()["results"]]
    assert kinds == ["resume", "cancel", "change_plan", "checkout"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "end"}, "kind"),
        ({"kind": "checkout"}, "plan"),
        ({"kind": "cancel", "plan": "one"}, "plan"),
        ({"kind": "checkout", "plan": "hundred"}, "plan"),
        ({"kind": "checkout", "plan": "one", "url": "x"}, "url"),
    ],
)
def test_wrong_fields_are_named(alice: Person, shop: Shop, body: dict[str, Any], field: str) -> None:
    answer = alice.api().post(REQUESTS, body)

    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, [field])


def test_refusals_have_codes(alice: Person, shop: Shop) -> None:
    answer = alice.api().post(REQUESTS, {"kind": "cancel"})

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:callsphere:error:no_plan")


def test_a_key_that_may_only_read_gets_no_address(alice: Person, shop: Shop) -> None:
    shop.ask(alice, "checkout", plan="one")
    shop.do()

    (asked,) = alice.api("billing:read").get(REQUESTS).json()["results"]

    assert (asked["state"], asked["url"]) == ("done", "")
    assert alice.api("billing:read").post(REQUESTS, {"kind": "cancel"}).status_code == 403


def test_a_failed_request_says_why(alice: Person, shop: Shop) -> None:
    shop.buy(alice, "one")
    shop.pass_days(14)
    shop.use_card(alice, "0341")
    made = alice.api().post(REQUESTS, {"kind": "change_plan", "plan": "ten"})
    shop.do()

    error = alice.api().get(made.headers["Location"]).json()["error"]

    assert error == {
        "code": "card_declined",
        "message": "The card was declined. Use another card, or ask the bank that issued it.",
    }


def test_read_only_tenants_can_still_pay(alice: Person, shop: Shop) -> None:
    shop.buy(alice, card="")
    shop.pass_days(14)
    api = alice.api("billing:read", "billing:write", "trunks:write")

    refused = api.post("/api/v1/trunks/", {"name": "Main line"})
    asked = api.post(REQUESTS, {"kind": "checkout", "plan": "one"})

    assert (refused.status_code, refused.json()["type"]) == (403, "urn:callsphere:error:read_only")
    assert asked.status_code == 201


def test_lists_need_the_same_queries_for_one_and_three(
    alice: Person, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    shop.buy(alice, "one")
    api = alice.api()
    counts = []
    for days in (0, 14, 31):
        if days:
            shop.pass_days(days)
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/v1/invoices/").status_code == 200
            assert api.get(REQUESTS).status_code == 200
        counts.append(len(queries))

    assert counts[1:] == [counts[1]] * 2
