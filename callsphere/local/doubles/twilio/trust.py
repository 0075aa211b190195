"""Customer profiles, trust products, and the registrations that messaging needs."""

from __future__ import annotations

import json
from dataclasses import replace

from callsphere.local.doubles.twilio.messages import Refusal, Row, invalid
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.resources import Deed, Rules

PROFILES = "trusthub/CustomerProfiles"
PRODUCTS = "trusthub/TrustProducts"
PROFILE_NUMBERS = "trusthub/CustomerProfiles/{CustomerProfileSid}/ChannelEndpointAssignments"
PROFILE_PARTS = "trusthub/CustomerProfiles/{CustomerProfileSid}/EntityAssignments"
PRODUCT_NUMBERS = "trusthub/TrustProducts/{TrustProductSid}/ChannelEndpointAssignments"
PRODUCT_PARTS = "trusthub/TrustProducts/{TrustProductSid}/EntityAssignments"
END_USERS = "trusthub/EndUsers"
DOCUMENTS = "trusthub/SupportingDocuments"
SERVICE_NUMBERS = "messaging/Services/{ServiceSid}/PhoneNumbers"
CAMPAIGNS = "messaging/Services/{MessagingServiceSid}/Compliance/Usa2p"
TOLL_FREE = "messaging/Tollfree/Verifications"
DRAFT, PENDING, APPROVED = "draft", "pending-review", "twilio-approved"


def _check_review(deed: Deed, row: Row) -> None:
    """Customers may hand in a draft and take it back; only Twilio approves."""
    asked = deed.sent.get("Status")
    if asked and asked not in {DRAFT, PENDING}:
        raise invalid(20001, f"Status may not be set to {asked}")


def _check_profile_number(deed: Deed, row: Row) -> None:
    _check_number(deed, row)
    _check_new(deed, row, "channel_endpoint_sid")


def _check_product_number(deed: Deed, row: Row) -> None:
    """A trust product takes only numbers that a customer profile of the account already has."""
    _check_number(deed, row)
    sid = row["channel_endpoint_sid"]
    if not deed.store.find(PROFILE_NUMBERS, account_sid=deed.account["sid"], channel_endpoint_sid=sid):
        raise invalid(20001, f"{sid} is not assigned to the customer profile of this trust product")
    _check_new(deed, row, "channel_endpoint_sid")


def _check_number(deed: Deed, row: Row) -> None:
    if row["channel_endpoint_type"] != "phone-number":
        raise invalid(20001, "ChannelEndpointType must be phone-number")
    sid = row["channel_endpoint_sid"]
    if deed.store.find(NUMBERS, account_sid=deed.account["sid"], sid=sid) is None:
        raise invalid(20001, f"{sid} is not a phone number of this account")


def _check_part(deed: Deed, row: Row) -> None:
    _check_new(deed, row, "object_sid")


def _check_new(deed: Deed, row: Row, field: str) -> None:
    if deed.store.find(deed.collection, **deed.parents, **{field: row[field]}):
        raise Refusal(409, 20409, f"{row[field]} is already assigned")


def _show_attributes(deed: Deed, row: Row) -> None:
    """They come as JSON in one field of the form, and are answered as an object."""
    row["attributes"] = json.loads(row["attributes"] or "{}")


def _check_attributes(deed: Deed, row: Row) -> None:
    try:
        json.loads(row["attributes"] or "{}")
    except ValueError:
        raise invalid(20001, "Attributes is not JSON") from None


_PART = Rules(creating=_check_attributes, changing=_check_attributes, shown=_show_attributes)

RULES = {
    END_USERS: _PART,
    DOCUMENTS: replace(_PART, defaults={"status": DRAFT}),
    PROFILES: Rules(defaults={"status": DRAFT}, changing=_check_review),
    PRODUCTS: Rules(defaults={"status": DRAFT}, changing=_check_review),
    PROFILE_NUMBERS: Rules(creating=_check_profile_number),
    PRODUCT_NUMBERS: Rules(creating=_check_product_number),
    PROFILE_PARTS: Rules(creating=_check_part),
    PRODUCT_PARTS: Rules(creating=_check_part),
    CAMPAIGNS: Rules(prefix="QE", defaults={"campaign_status": "IN_PROGRESS", "errors": []}),
    TOLL_FREE: Rules(prefix="HH", defaults={"status": "PENDING_REVIEW"}),
    SERVICE_NUMBERS: Rules(prefix="PN", links_to=NUMBERS, twice=21710),
}
