"""Who Twilio knows us and our customers to be: business profiles, and numbers that sign calls (STIR/SHAKEN).

Calls are signed at level A when an approved trust product for SHAKEN has the number, and before that the
customer profile it stands on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import assign, find_or_create, remove
from callsphere.providers.twilio.lists import EVERYTHING

PRIMARY_BUSINESS = "RN6433641899984f951173ef1738c3bdd0"
SECONDARY_BUSINESS = "RNdfbf3fae0e1107f8aded0e7cead80bf5"
SHAKEN = "RN7a97559effdf62d00f4298208492a5ea"
CNAM = "RNf3db3cd1fe25fcfd3c3ded065c8fea53"
VOICE_INTEGRITY = "RN5b3660f9598883b1df4e77f77acefba0"
DRAFT, PENDING, IN_REVIEW = "draft", "pending-review", "in-review"
REJECTED, APPROVED = "twilio-rejected", "twilio-approved"
_NUMBER = "phone-number"


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer profile or a trust product (both BU…). `errors` say why it was rejected."""

    sid: str
    name: str
    policy_sid: str
    status: str
    errors: tuple[str, ...] = ()

    @property
    def is_approved(self) -> bool:
        """Whether Twilio has approved it."""
        return self.status == APPROVED


@dataclass(frozen=True, slots=True)
class TrustState:
    """The account's profiles and trust products."""

    profiles: tuple[Profile, ...]
    products: tuple[Profile, ...]

    @property
    def business(self) -> Profile | None:
        """The business profile, an approved one first; None when none was handed in."""
        return _best(self.profiles, (PRIMARY_BUSINESS, SECONDARY_BUSINESS))

    @property
    def shaken(self) -> Profile | None:
        """The trust product that numbers sign with, an approved one first."""
        return _best(self.products, (SHAKEN,))

    @property
    def calls_at_once(self) -> int | None:
        """How many calls a new account may hold at once; None for no such limit.

        Accounts upgraded since 2026-02-03 have two without any approved profile, three with that of an
        individual, and no limit with that of a business.
        """
        if self.business and self.business.is_approved:
            return None
        return 3 if any(each.is_approved for each in self.profiles) else 2


def read_trust_state(account: TwilioAccount) -> TrustState:
    """Return the account's profiles and trust products, in two requests."""
    hub = open_client(account).trusthub.v1
    return TrustState(
        tuple(read_profile(row) for row in hub.customer_profiles.list(page_size=EVERYTHING)),
        tuple(read_profile(row) for row in hub.trust_products.list(page_size=EVERYTHING)),
    )


def ensure_shaken_product(
    account: TwilioAccount, *, name: str, email: str, profile_sid: str, status_callback: str = ""
) -> Profile:
    """Return the trust product of that name for SHAKEN, made upon the customer profile and handed in."""
    products = open_client(account).trusthub.v1.trust_products
    extra = {"status_callback": status_callback} if status_callback else {}

    def find() -> Profile | None:
        rows = products.list(friendly_name=name, policy_sid=SHAKEN, page_size=EVERYTHING)
        return next((read_profile(row) for row in rows if row.friendly_name == name), None)

    def create() -> Profile:
        row = products.create(friendly_name=name, email=email, policy_sid=SHAKEN, **extra)
        return read_profile(row)

    product = find_or_create(find, create)
    parts = products(product.sid).trust_products_entity_assignments
    if profile_sid not in {row.object_sid for row in parts.list(page_size=EVERYTHING)}:
        assign(lambda: parts.create(object_sid=profile_sid))
    if product.status == DRAFT:
        return read_profile(products(product.sid).update(status=PENDING))
    return product


def list_profile_numbers(account: TwilioAccount, profile_sid: str) -> set[str]:
    """Return the ids (PN…) of the numbers on a customer profile."""
    return set(_assigned(_profile_numbers(account, profile_sid)))


def assign_number_to_profile(account: TwilioAccount, profile_sid: str, number_sid: str) -> None:
    """Put a number on a customer profile; one that is there already counts as done."""
    _assign(_profile_numbers(account, profile_sid), number_sid)


def list_product_numbers(account: TwilioAccount, product_sid: str) -> set[str]:
    """Return the ids (PN…) of the numbers on a trust product."""
    return set(_assigned(_product_numbers(account, product_sid)))


def assign_number_to_product(account: TwilioAccount, product_sid: str, number_sid: str) -> None:
    """Put a number on a trust product, after the customer profile that the product stands on."""
    _assign(_product_numbers(account, product_sid), number_sid)


def remove_number_from_product(account: TwilioAccount, product_sid: str, number_sid: str) -> None:
    """Take a number off a trust product, before it leaves the profile."""
    _unassign(_product_numbers(account, product_sid), number_sid)


def remove_number_from_profile(account: TwilioAccount, profile_sid: str, number_sid: str) -> None:
    """Take a number off a customer profile."""
    _unassign(_profile_numbers(account, profile_sid), number_sid)


def _profile_numbers(account: TwilioAccount, sid: str) -> Any:
    hub = open_client(account).trusthub.v1
    return hub.customer_profiles(sid).customer_profiles_channel_endpoint_assignment


def _product_numbers(account: TwilioAccount, sid: str) -> Any:
    hub = open_client(account).trusthub.v1
    return hub.trust_products(sid).trust_products_channel_endpoint_assignment


def _assigned(rows: Any) -> dict[str, str]:
    """Return the ids of the assignments (RA…) by those of the numbers."""
    return {row.channel_endpoint_sid: row.sid for row in rows.list(page_size=EVERYTHING)}


def _assign(rows: Any, number_sid: str) -> None:
    if number_sid not in _assigned(rows):
        assign(lambda: rows.create(channel_endpoint_type=_NUMBER, channel_endpoint_sid=number_sid))


def _unassign(rows: Any, number_sid: str) -> None:
    sid = _assigned(rows).get(number_sid)
    if sid:
        remove(rows(sid).delete)


def _best(profiles: tuple[Profile, ...], policies: tuple[str, ...]) -> Profile | None:
    fitting = [each for each in profiles if each.policy_sid in policies]
    return min(fitting, key=lambda each: not each.is_approved, default=None)


def read_profile(row: Any) -> Profile:
    """Return what the SDK's row of a customer profile or a trust product says."""
    errors = tuple(str(each.get("message") or each.get("description") or each) for each in row.errors or [])
    return Profile(row.sid, row.friendly_name or "", row.policy_sid or "", str(row.status), errors)
