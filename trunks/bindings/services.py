"""What an edit means for a binding: register now, take it away, or leave word for the workers."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from callsphere import celery
from tenants.keys import reveal_all, seal_for
from trunks.bindings.incidents import end_registration_incident
from trunks.bindings.registering import REFUSALS_ALLOWED
from trunks.enums import RegistrationState as State
from trunks.models import (
    DigestCredential,
    Registration,
    RegistrationChange,
    RegistrationFarewell,
    RegistrationStatus,
    Trunk,
)
from trunks.tls_profiles import choices_at


def stop_registering(status: RegistrationStatus, registration: Registration) -> None:
    """Have the workers take the binding away; without one there is nothing to do."""
    now = timezone.now()
    end_registration_incident(
        registration.trunk_id, registration.tenant_id, "The registration was paused.", now
    )
    if _can_be_removed(status, now):
        reset_status(status, removing=True, next_attempt_at=now, failures=0)
        wake_registrar()
        return
    _set_state(status, registration, State.PAUSED)
    reset_status(status, next_attempt_at=None, removing=False, expires_at=None)


def forget_binding(registration: Registration, status: RegistrationStatus) -> None:
    """The registration is another one from now on: with an identity of its own, and nothing bound yet."""
    _set_state(status, registration, State.REGISTERING)
    reset_status(status, **new_identity(), contact="", cseq=0, expires_at=None, registered_at=None)
    status.refresh_from_db()


def register_now_if_wanted(registration: Registration, status: RegistrationStatus) -> None:
    """Make an attempt due now, unless the registration is paused or its trunk switched off."""
    if registration.is_paused or not registration.trunk.is_enabled:
        return
    now = timezone.now()
    if status.expires_at is None or status.expires_at <= now:
        _set_state(status, registration, State.REGISTERING)
    reset_status(status, next_attempt_at=now, removing=False, failures=0, refusals=0, min_expires_s=None)
    wake_registrar()


def credentials_changed(credential: DigestCredential) -> None:
    """Try again with what was entered: a refusal waits for exactly this. Call it with the trunk locked."""
    rows = Registration.objects.filter(tenant=credential.tenant_id, credential=credential)
    for registration in rows.select_related("trunk"):
        register_now_if_wanted(registration, locked_status(registration))


def leave_farewell(registration: Registration) -> None:
    """Have the workers take away what is bound, though the registration itself goes."""
    farewell = farewell_of(registration, locked_status(registration))
    if farewell is not None:
        farewell.save()
    end_registration_incident(
        registration.trunk_id, registration.tenant_id, "The registration was deleted.", timezone.now()
    )


def leave_farewell_of(trunk: Trunk) -> None:
    """As `leave_farewell`, for a trunk that goes."""
    for registration in Registration.objects.filter(tenant=trunk.tenant_id, trunk=trunk):
        leave_farewell(registration)
        wake_registrar()


def pause_registration_of(trunk: Trunk) -> None:
    """The trunk is switched off: take its binding away. Call it with the trunk locked."""
    for registration in Registration.objects.filter(tenant=trunk.tenant_id, trunk=trunk):
        stop_registering(locked_status(registration), registration)


def resume_registration_of(trunk: Trunk) -> None:
    """The trunk is switched on again: register. Call it with the trunk locked."""
    for registration in Registration.objects.filter(tenant=trunk.tenant_id, trunk=trunk):
        registration.trunk = trunk
        register_now_if_wanted(registration, locked_status(registration))


def wake_registrar() -> None:
    """Ask a worker to look for due registrations as soon as this transaction is stored."""
    transaction.on_commit(lambda: celery.wake("trunks.refresh_registrations", "probe"))


def farewell_of(registration: Registration, status: RegistrationStatus) -> RegistrationFarewell | None:
    """What takes the present binding away, None when there is none. Not saved yet."""
    if not _can_be_removed(status, timezone.now()):
        return None
    farewell = RegistrationFarewell(
        tenant_id=registration.tenant_id,
        registrar=registration.registrar,
        username=registration.username,
        contact=status.contact,
        call_id=status.call_id,
        from_tag=status.from_tag,
        cseq=status.cseq,
        expires_at=status.expires_at,  # type: ignore[misc]  # not None where it can be removed
    )
    place = registration.trunk_id, registration.registrar
    chosen = choices_at([place]).get(place)
    if chosen is not None:
        farewell.trusted_authority_id = chosen.authority_id
        farewell.client_certificate_id = chosen.certificate_id
    credential = registration.credential
    if credential is not None and registration.host in credential.bound_hosts:
        farewell.auth_username, farewell.realm = credential.username, credential.realm
        # One that no key opens is gone: nobody is kept from deleting what it belonged to.
        for password in reveal_all([credential], "secret").values():
            farewell.secret = seal_for(farewell, "secret", password)
    return farewell


def _can_be_removed(status: RegistrationStatus, now: datetime) -> bool:
    """Whether the carrier has a binding that it may let us take away: it does not with what it refused."""
    is_bound = bool(status.contact) and status.expires_at is not None and status.expires_at > now
    return is_bound and status.refusals < REFUSALS_ALLOWED


def locked_status(registration: Registration) -> RegistrationStatus:
    return RegistrationStatus.objects.select_for_update(no_key=True).get(registration=registration)


def reset_status(status: RegistrationStatus, **changes: Any) -> None:
    """Write to the status; what is under way belongs to what was before (see `trunks.bindings.outcomes`)."""
    RegistrationStatus.objects.filter(pk=status.pk).update(
        claim=F("claim") + 1, cause="", detail="", retry_after_s=None, has_slot=False, **changes
    )


def _set_state(status: RegistrationStatus, registration: Registration, state: State) -> None:
    if status.state == state:
        return
    now = timezone.now()
    RegistrationChange.objects.create(
        tenant_id=registration.tenant_id,
        trunk_id=registration.trunk_id,
        from_state=status.state,
        to_state=state,
        at=now,
    )
    RegistrationStatus.objects.filter(pk=status.pk).update(state=state, since=now)


def new_identity() -> dict[str, str]:
    return {"call_id": os.urandom(12).hex(), "from_tag": os.urandom(6).hex()}
