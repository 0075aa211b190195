"""A customer's business, told to Twilio: the secondary profile that signatures, CNAM and messages stand on.

It is made with the credentials of the customer's own subaccount, upon the primary profile of the account
above, which people make in the Console and Twilio approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import assign, find_or_create
from callsphere.providers.twilio.lists import EVERYTHING
from callsphere.providers.twilio.trust import (
    DRAFT,
    PENDING,
    REJECTED,
    SECONDARY_BUSINESS,
    Profile,
    read_profile,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks for the business. `number` is E.164, `position` a word of Twilio's such as CEO."""

    first_name: str
    last_name: str
    email: str
    number: str
    title: str
    position: str

    def attributes(self) -> dict[str, str]:
        """Return them as Twilio names them."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "phone_number": self.number,
            "business_title": self.title,
            "job_position": self.position,
        }


@dataclass(frozen=True, slots=True)
class Business:
    """The business as public registers have it. `registration_kind` is EIN, DUNS and the like."""

    legal_name: str
    kind: str
    industry: str
    registration_kind: str
    registration_number: str
    regions: str
    website: str
    identity: str = "direct_customer"

    def attributes(self) -> dict[str, str]:
        """Return them as Twilio names them."""
        return {
            "business_name": self.legal_name,
            "business_identity": self.identity,
            "business_type": self.kind,
            "business_industry": self.industry,
            "business_registration_identifier": self.registration_kind,
            "business_registration_number": self.registration_number,
            "business_regions_of_operation": self.regions,
            "website_url": self.website,
            "social_media_profile_urls": "",
        }


def ensure_business_profile(
    account: TwilioAccount,
    *,
    name: str,
    email: str,
    primary_sid: str,
    business: Business,
    representative: Person,
    address_sid: str,
    status_callback: str = "",
) -> Profile:
    """Return the profile of that name, with all its parts, handed in for review.

    A draft or a rejected profile gets what is new or changed and is handed in again; one in review or
    approved is left as it is. Interrupted half-way, it goes on where it was. `name` holds our own id.
    """
    profile = _profile(account, name, email, status_callback)
    if profile.status not in (DRAFT, REJECTED):
        return profile
    hub = open_client(account).trusthub.v1
    address = {"address_sids": address_sid}
    parts = [
        primary_sid,
        _part(hub.supporting_documents, name, "customer_profile_address", address),
        _part(hub.end_users, name, "customer_profile_business_information", business.attributes()),
        _part(hub.end_users, f"{name} 1", "authorized_representative_1", representative.attributes()),
    ]
    rows = hub.customer_profiles(profile.sid).customer_profiles_entity_assignments
    there = {row.object_sid for row in rows.list(page_size=EVERYTHING)}
    for sid in parts:
        if sid not in there:
            _attach(rows, sid)
    return read_profile(hub.customer_profiles(profile.sid).update(status=PENDING))


def _profile(account: TwilioAccount, name: str, email: str, status_callback: str) -> Profile:
    profiles = open_client(account).trusthub.v1.customer_profiles
    extra = {"status_callback": status_callback} if status_callback else {}

    def find() -> Profile | None:
        rows = profiles.list(friendly_name=name, policy_sid=SECONDARY_BUSINESS, page_size=EVERYTHING)
        return next((read_profile(row) for row in rows if row.friendly_name == name), None)

    def create() -> Profile:
        row = profiles.create(friendly_name=name, email=email, policy_sid=SECONDARY_BUSINESS, **extra)
        return read_profile(row)

    return find_or_create(find, create)


def _part(rows: Any, name: str, kind: str, attributes: Mapping[str, str]) -> str:
    """Return the id of the part of that name and kind, made or changed to hold these attributes."""

    def find() -> Any:
        fitting = (row for row in rows.list(page_size=EVERYTHING) if row.type == kind)
        return next((row for row in fitting if row.friendly_name == name), None)

    part = find_or_create(
        find, lambda: rows.create(friendly_name=name, type=kind, attributes=dict(attributes))
    )
    if part.attributes != attributes:
        rows(part.sid).update(attributes=dict(attributes))
    return str(part.sid)


def _attach(rows: Any, sid: str) -> None:
    assign(lambda: rows.create(object_sid=sid))
