"""Phone numbers: ordered, labelled, released; own ones added and verified."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django.db import transaction
from django.utils import timezone
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from callsphere.lib.errors import Refused
from callsphere.providers.twilio.client import parent_account
from tenants.audit import Actor, snapshot
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import (
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    one_line,
    save_edit,
)
from trunks.editing import lock_trunk_of
from trunks.enums import AccountStatus, NumberJobKind, NumberKind, NumberSource, NumberState, Verification
from trunks.models import NumberJob, PhoneNumber, Trunk
from trunks.models.numbers import OPEN_JOBS
from trunks.number_format import NumberError, read_number
from trunks.numbers.accounts import ensure_account
from trunks.numbers.jobs import wake_provisioning
from trunks.room import numbers_of

_FIELDS = ("number", "label", "source", "state", "country", "kind", "trunk_id", "address_sid", "bundle_sid")
_STATE = ("state", "verified_by", "verified_at")
_KINDS = {
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.UAN: NumberKind.NATIONAL,
    PhoneNumberType.SHARED_COST: NumberKind.NATIONAL,
}
name_fields_of_constraints({"phone_number_once": "number", "phone_number_of_one_tenant": "number"})


def order_number(
    *,
    tenant: Tenant,
    actor: Actor,
    number: str,
    label: str = "",
    address_sid: str = "",
    bundle_sid: str = "",
) -> PhoneNumber:
    """Order a number (E.164) that was found for sale; a worker buys it within seconds.

    It takes its room from now on. `address_sid` and `bundle_sid` are papers of the tenant's own account.
    Raises ValidationError by field, LimitReached, and Refused when nothing can be bought here or now.
    """
    if parent_account() is None:
        raise Refused("Numbers cannot be bought on this installation.", code="no_provider")
    row = _number(tenant, number, label, source=NumberSource.BOUGHT, state=NumberState.ORDERED)
    row.address_sid, row.bundle_sid = address_sid.strip(), bundle_sid.strip()
    with transaction.atomic():
        _check_room(tenant)
        if ensure_account(tenant).wanted != AccountStatus.ACTIVE:
            raise Refused("Your account for phone numbers is suspended. Pay first.", code="suspended")
        insert(row, tenant=tenant, actor=actor, verb="phone_number.ordered", fields=_FIELDS)
        _ask(row, NumberJobKind.BUY, actor)
    return row


def add_own_number(
    *, tenant: Tenant, actor: Actor, trunk: Trunk, number: str, label: str = ""
) -> PhoneNumber:
    """Add a number of the tenant's own that rides on a trunk; it is not verified yet, and takes its room.

    Raises ValidationError by field, LimitReached, and Refused when the trunk is gone.
    """
    row = _number(tenant, number, label, source=NumberSource.OWN, state=NumberState.UNVERIFIED)
    with transaction.atomic():
        _check_room(tenant)
        row.trunk = lock_trunk_of(tenant, trunk.pk)
        insert(row, tenant=tenant, actor=actor, verb="phone_number.added", fields=_FIELDS)
    return row


def label_number(
    *, tenant: Tenant, actor: Actor, number: PhoneNumber, expected_version: int | None, **changes: Any
) -> PhoneNumber:
    """Change the label; return the number as stored.

    Raises ValidationError by field, VersionConflict, and Refused when the number is over.
    """
    check_names(changes, ("label",))
    with transaction.atomic():
        row = _living(tenant, number)
        check_version(row, expected_version, changes)
        before = snapshot(row, ("label",))
        if "label" in changes:
            row.label = one_line("label", changes["label"])
        save_edit(row, before, tenant=tenant, actor=actor, verb="phone_number.updated")
    return row


def release_number(
    *, tenant: Tenant, actor: Actor, number: PhoneNumber, expected_version: int | None = None
) -> PhoneNumber:
    """Give a number up for good: an own one at once, a bought one as soon as a worker has released it.

    It takes its room until then. Raises VersionConflict, and Refused while it is being bought or when it is
    over.
    """
    with transaction.atomic():
        row = _living(tenant, number)
        check_version(row, expected_version, {})
        if row.state == NumberState.ORDERED:
            raise Refused("This number is being bought. Wait until that has ended.", code="being_bought")
        if row.state == NumberState.RELEASING:
            return row
        before = snapshot(row, _STATE)
        if row.source == NumberSource.OWN:
            row.state, row.over_at, verb = NumberState.RELEASED, timezone.now(), "phone_number.released"
            _forget_proof(row, actor)
        else:
            row.state, verb = NumberState.RELEASING, "phone_number.release_requested"
            _ask(row, NumberJobKind.RELEASE, actor)
        save_edit(row, before, tenant=tenant, actor=actor, verb=verb)
    return row


def verify_own_number(
    *, tenant: Tenant, actor: Actor, number: PhoneNumber, by: Verification, reason: str = ""
) -> PhoneNumber:
    """Take note that an own number is the tenant's: a call to it proved that, or support decided so.

    Raises ValidationError when another tenant has verified it or bought it, and Refused when it is over.
    """
    with transaction.atomic():
        row = _own(tenant, number)
        before = snapshot(row, _STATE)
        if row.state == NumberState.UNVERIFIED:
            now = timezone.now()
            row.state, row.active_at = NumberState.ACTIVE, now
            row.verified_by, row.verified_at = by, now
        verb = "phone_number.verified"
        save_edit(row, before, tenant=tenant, actor=actor, verb=verb, reason=reason)
    return row


def withdraw_verification(*, tenant: Tenant, actor: Actor, number: PhoneNumber, reason: str) -> PhoneNumber:
    """Decide that an own number is not verified any more. Raises Refused when it is over."""
    with transaction.atomic():
        row = _own(tenant, number)
        before = snapshot(row, _STATE)
        _forget_proof(row, actor)
        row.state, row.active_at = NumberState.UNVERIFIED, None
        row.verified_by, row.verified_at = "", None
        verb = "phone_number.verification_withdrawn"
        save_edit(row, before, tenant=tenant, actor=actor, verb=verb, reason=reason)
    return row


def _number(tenant: Tenant, text: str, label: str, **fields: Any) -> PhoneNumber:
    try:
        parsed = read_number(text)
    except NumberError as error:
        raise field_error("number", str(error), "invalid_number") from None
    return PhoneNumber(
        tenant=tenant,
        number=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        country=_country(parsed),
        kind=_KINDS.get(phonenumbers.number_type(parsed), NumberKind.LOCAL),
        label=one_line("label", label),
        **fields,
    )


def _country(number: phonenumbers.PhoneNumber) -> str:
    code = phonenumbers.region_code_for_number(number) or ""
    return code if code.isalpha() else ""  # 001 stands for numbers of no country's


def _check_room(tenant: Tenant) -> None:
    limit = lock_tenant(tenant).number_limit
    check_room(numbers_of(tenant), limit, _no_room_words(limit))


def _no_room_words(limit: int) -> str:
    if not limit:
        return "Phone numbers come with a plan. Choose one first."
    plural = "" if limit == 1 else "s"
    return f"Your plan has room for {limit} phone number{plural}. Release one or change the plan."


def _ask(row: PhoneNumber, kind: NumberJobKind, actor: Actor) -> None:
    NumberJob.objects.create(
        tenant=row.tenant, phone_number=row, kind=kind, due_at=database_now(), actor_label=actor.label[:254]
    )
    wake_provisioning()


def _forget_proof(row: PhoneNumber, actor: Actor) -> None:
    """Have a proof by a call withdrawn at the provider too, where the number may be shown because of it."""
    is_asked = NumberJob.objects.filter(phone_number=row, state__in=OPEN_JOBS).exists()
    if row.verified_by == Verification.CALL and not is_asked:
        _ask(row, NumberJobKind.FORGET, actor)


def _living(tenant: Tenant, number: PhoneNumber) -> PhoneNumber:
    row = locked(PhoneNumber, tenant, number.pk)
    if row.is_over:
        raise Refused("This number was given up.", code="number_over")
    return row


def _own(tenant: Tenant, number: PhoneNumber) -> PhoneNumber:
    row = _living(tenant, number)
    if row.source != NumberSource.OWN:
        raise Refused("This number was bought here: nothing is to be verified.", code="not_own")
    return row
