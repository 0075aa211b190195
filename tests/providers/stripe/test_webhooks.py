"""Reading what Stripe sends: signed by the stand-in, and by Stripe's own SDK."""

import json
import time

import stripe

from callsphere.local.doubles.stripe.deliveries import sign
from callsphere.providers.stripe import read_event

SECRET = "whsec_test"
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": "invoice.paid",
        "created": 1_770_000_000,
        "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}},
    }
).encode()


def test_an_event_of_ours_and_one_of_the_sdks_are_read_alike() -> None:
    ours = read_event(BODY, sign(BODY, SECRET), SECRET)
    theirs = read_event(
        BODY, stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET), SECRET
    )

    assert ours is not None
    assert ours == theirs
    assert (ours.id, ours.type, ours.customer, ours.object_id) == ("evt_1", "invoice.paid", "cus_1", "in_1")


def test_what_is_not_proven_is_not_read() -> None:
    signature = sign(BODY, SECRET)

    assert read_event(BODY, signature, "whsec_other") is None
    assert read_event(BODY + b" ", signature, SECRET) is None
    assert read_event(BODY, sign(BODY, SECRET, time.time() - 600), SECRET) is None
    assert read_event(BODY, "", SECRET) is None
    assert read_event(b"\xff", sign(b"\xff", SECRET), SECRET) is None


def test_events_about_a_customer_name_it() -> None:
    body = json.dumps(
        {
            "id": "evt_2",
            "object": "event",
            "type": "customer.updated",
            "created": 1,
            "data": {"object": {"id": "cus_9", "object": "customer"}},
        }
    ).encode()

    event = read_event(body, sign(body, SECRET), SECRET)

    assert event is not None
    assert event.customer == "cus_9"


def test_a_dispute_names_its_charge() -> None:
    body = json.dumps(
        {
            "id": "evt_3",
            "object": "event",
            "type": "charge.dispute.created",
            "created": 1,
            "data": {"object": {"id": "du_1", "object": "dispute", "charge": "ch_1"}},
        }
    ).encode()

    event = read_event(body, sign(body, SECRET), SECRET)

    assert event is not None
    assert (event.customer, event.object_id, event.charge) == ("", "du_1", "ch_1")
