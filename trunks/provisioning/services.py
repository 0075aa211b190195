"""Trunks at Twilio: set up, adjusted, put in step, switched off. Workers do it; nothing here asks Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from callsphere.lib.errors import Refused
from callsphere.providers.twilio.client import parent_account
from tenants.audit import Actor, record_event, snapshot
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import (
    check_names,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    save_edit,
)
from trunks.editing import lock_trunk_of
from trunks.enums import (
    AccountStatus,
    NumberSource,
    NumberState,
    ProvisionKind,
    ProvisionState,
    ProvisionTask,
    Transport,
)
from trunks.models import Gateway, PhoneNumber, Trunk, TrunkNumber, TrunkProvision
from trunks.numbers.accounts import ensure_account
from trunks.numbers.jobs import wake_provisioning
from trunks.provider_side import forget_unplaced, removal, tells_no_more, trunk_edited, wake_provisioner
from trunks.provisioning.differences import Difference
from trunks.provisioning.names import domain_name_of
from trunks.provisioning.taking import take
from trunks.requests import AskedTooOften, check_rate

LOOKS_PER_MINUTE = 3
SETTINGS = ("domain_label", "secure", "transfer_mode", "auto_apply")
_FIELDS = ("kind", *SETTINGS)
_LOOKED = "provision.look_requested"
name_fields_of_constraints(
    {"trunk_provision_domain_letters": "domain_label", "trunk_number_once": "phone_number_id"}
)


class ReconciledTooOften(AskedTooOften):
    """Twilio was looked at on request too often; `retry_after_s` says in how many seconds it works again."""

    code = "looked_too_often"
    words = f"A trunk is compared with Twilio {LOOKS_PER_MINUTE} times a minute on request."


def set_up_provision(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    kind: str,
    domain_label: str = "",
    secure: bool | None = None,
    transfer_mode: str = "disable-all",
    auto_apply: bool = False,
) -> TrunkProvision:
    """Have a plan made of what Twilio would get of a trunk; nothing is put there before `apply_plan`.

    `secure` None: when all of the trunk's gateways are reached over TLS. Raises ValidationError by field, and
    Refused when it is set up already, is still being removed, or nothing can be set up here or now.
    """
    if parent_account() is None:
        raise Refused("No Twilio account is configured on this installation.", code="no_provider")
    row = TrunkProvision(
        pk=trunk.pk,
        tenant=tenant,
        kind=kind,
        domain_label=domain_label,
        transfer_mode=transfer_mode,
        auto_apply=auto_apply,
        due_at=database_now(),
    )
    with transaction.atomic():
        lock_tenant(tenant)
        row.trunk = lock_trunk_of(tenant, trunk.pk)
        _check_absent(tenant, trunk)
        row.secure = _is_all_tls(trunk) if secure is None else secure
        row.account = ensure_account(tenant)
        if row.account.wanted != AccountStatus.ACTIVE:
            raise Refused("Your account at Twilio is suspended. Pay first.", code="suspended")
        row.domain_name = domain_name_of(row, tenant) if kind in ProvisionKind.values else ""
        insert(row, tenant=tenant, actor=actor, verb="provision.set_up", fields=_FIELDS)
        wake_provisioning()  # the account may have to be made first
        wake_provisioner()
    return row


def update_provision(
    *,
    tenant: Tenant,
    actor: Actor,
    provision: TrunkProvision,
    expected_version: int | None,
    **changes: Any,
) -> TrunkProvision:
    """Change domain_label, secure, transfer_mode or auto_apply; a new plan is made at once.

    Raises ValidationError by field, VersionConflict, and Refused while it is being applied or removed.
    """
    check_names(changes, SETTINGS)
    with transaction.atomic():
        row = _quiet(tenant, provision)
        check_version(row, expected_version, changes)
        before = snapshot(row, SETTINGS)
        for name, value in changes.items():
            setattr(row, name, value)
        if row.domain_label != before["domain_label"]:
            row.domain_name = domain_name_of(row, tenant)
        if save_edit(row, before, tenant=tenant, actor=actor, verb="provision.updated"):
            trunk_edited(_trunk(row))
    return row


def look_now(*, tenant: Tenant, actor: Actor, provision: TrunkProvision, reason: str = "") -> TrunkProvision:
    """Have a worker compare the trunk with Twilio now. Raises ReconciledTooOften, and Refused as above."""
    with transaction.atomic():
        row = _quiet(tenant, provision)
        check_rate(tenant, row, _LOOKED, LOOKS_PER_MINUTE, ReconciledTooOften)
        record_event(tenant=tenant, actor=actor, verb=_LOOKED, obj=row, reason=reason)
        trunk_edited(_trunk(row))
    return row


def reconcile_now(*, tenant: Tenant, actor: Actor, provision: TrunkProvision, reason: str) -> None:
    """Have a worker go on at once, for support: look at Twilio, or try again what waits for another attempt.

    Raises Refused when it is gone.
    """
    with transaction.atomic():
        row = locked(TrunkProvision, tenant, provision.pk)
        record_event(tenant=tenant, actor=actor, verb=_LOOKED, obj=row, reason=reason)
        # While a worker has it, nobody else gets the account; what it stores then says when to go on.
        row.due_at, row.is_awaited = database_now(), True
        row.save(update_fields=["due_at", "is_awaited"])
        wake_provisioner()


def apply_plan(
    *,
    tenant: Tenant,
    actor: Actor,
    provision: TrunkProvision,
    plan: str,
    keys: Sequence[str] = (),
    reason: str = "",
) -> TrunkProvision:
    """Have ours put at Twilio: the differences with these keys, without any all of them.

    `plan` is the fingerprint of the plan that was looked at. Raises ValidationError for unknown keys, and
    Refused when the plan is another by now (`plan_changed`), is blocked, or there is nothing to do.
    """
    with transaction.atomic():
        row = _quiet(tenant, provision)
        found = _checked_plan(row, plan, keys)
        if any(each["is_blocking"] for each in row.notes):
            words = " ".join(each["text"] for each in row.notes if each["is_blocking"])
            raise Refused(words, code="plan_blocked")
        if keys and not row.is_set_up:
            raise Refused("The first time, a plan is applied as a whole.", code="first_as_a_whole")
        now = database_now()
        _move(
            row,
            task=ProvisionTask.APPLY,
            state=ProvisionState.APPLYING,
            chosen_keys=sorted(set(keys)),
            requested_at=now,
            begun_fingerprint="",
        )
        changes = {each.key: [each.theirs, each.ours] for each in found}
        verb = "provision.apply_requested"
        record_event(tenant=tenant, actor=actor, verb=verb, obj=row, changes=changes, reason=reason)
    return row


def take_theirs(
    *, tenant: Tenant, actor: Actor, provision: TrunkProvision, plan: str, keys: Sequence[str]
) -> TrunkProvision:
    """Make the trunk as Twilio has it, in the differences with these keys; a new plan is made at once.

    Raises ValidationError for unknown keys and for what the trunk does not take, and Refused when the plan is
    another by now (`plan_changed`), or something cannot be taken over (`cannot_take`).
    """
    with transaction.atomic():
        row = _quiet(tenant, provision)
        found = _checked_plan(row, plan, keys)
        for each in found:
            take(tenant=tenant, actor=actor, row=row, difference=each)
        row.save()
        changes = {each.key: [each.ours, each.theirs] for each in found}
        record_event(tenant=tenant, actor=actor, verb="provision.taken", obj=row, changes=changes)
        trunk_edited(_trunk(row))
    return row


def switch_off_provision(
    *, tenant: Tenant, actor: Actor, provision: TrunkProvision, expected_version: int | None = None
) -> TrunkProvision:
    """Have everything of ours taken away at Twilio; once it is gone, so is the row.

    Raises VersionConflict, and Refused when it is gone already.
    """
    with transaction.atomic():
        lock_trunk_of(tenant, provision.pk)
        row = locked(TrunkProvision, tenant, provision.pk)
        check_version(row, expected_version, {})
        if row.task != ProvisionTask.REMOVE:
            changes = {"state": [str(row.state), str(ProvisionState.REMOVING)]}
            record_event(tenant=tenant, actor=actor, verb="provision.switched_off", obj=row, changes=changes)
            tells_no_more(tenant.pk, row.pk, "The trunk was switched off at its provider.")
            if not forget_unplaced(TrunkProvision.objects.filter(pk=row.pk)):
                _move(row, **removal())
    return row


def attach_number(
    *, tenant: Tenant, actor: Actor, provision: TrunkProvision, number: PhoneNumber
) -> TrunkNumber:
    """Have the calls of a bought number go to an Elastic SIP trunk, with the next plan that is applied.

    Raises Refused unless the trunk is elastic and the number bought and active, and ValidationError when it
    is on a trunk already.
    """
    with transaction.atomic():
        row = _quiet(tenant, provision)
        chosen = locked(PhoneNumber, tenant, number.pk)
        if row.kind != ProvisionKind.ELASTIC:
            raise Refused("Numbers are put on Elastic SIP trunks alone.", code="not_elastic")
        if chosen.source != NumberSource.BOUGHT or chosen.state != NumberState.ACTIVE:
            raise Refused("Choose a number that was bought here and is active.", code="number_not_bought")
        if TrunkNumber.objects.filter(tenant=tenant, phone_number=chosen).exists():
            raise field_error("phone_number_id", "This number is on a trunk already.", "unique")
        added = TrunkNumber.objects.create(tenant=tenant, provision=row, phone_number=chosen)
        changes = {"number": [None, chosen.number]}
        record_event(tenant=tenant, actor=actor, verb="provision.number_attached", obj=row, changes=changes)
        trunk_edited(_trunk(row))
    return added


def detach_number(*, tenant: Tenant, actor: Actor, provision: TrunkProvision, number: PhoneNumber) -> None:
    """Have the calls of a number come to us again, with the next plan that is applied. Raises Refused."""
    with transaction.atomic():
        row = _quiet(tenant, provision)
        if not TrunkNumber.objects.filter(tenant=tenant, provision=row, phone_number=number).delete()[0]:
            raise Refused("This number is not on the trunk.", code="not_attached")
        changes = {"number": [number.number, None]}
        record_event(tenant=tenant, actor=actor, verb="provision.number_detached", obj=row, changes=changes)
        trunk_edited(_trunk(row))


def _check_absent(tenant: Tenant, trunk: Trunk) -> None:
    there = TrunkProvision.objects.filter(tenant=tenant, pk=trunk.pk).first()
    if there is None:
        return
    if there.task == ProvisionTask.REMOVE:
        raise Refused("It is still being removed at Twilio. Wait until that has ended.", code="being_removed")
    raise Refused("This trunk is set up at Twilio already.", code="provision_exists")


def _quiet(tenant: Tenant, provision: TrunkProvision) -> TrunkProvision:
    """Return the row locked, after its trunk. Raises Refused while a worker changes something at Twilio."""
    lock_trunk_of(tenant, provision.pk)
    row = locked(TrunkProvision, tenant, provision.pk)
    if row.task == ProvisionTask.REMOVE:
        raise Refused("It is being removed at Twilio.", code="being_removed")
    if row.task != ProvisionTask.LOOK:
        raise Refused("A plan is being applied. Wait until that has ended.", code="being_applied")
    return row


def _checked_plan(row: TrunkProvision, plan: str, keys: Sequence[str]) -> list[Difference]:
    """Return the differences that are meant."""
    if not plan or plan != row.plan_fingerprint:
        raise Refused(
            "Something changed since you looked. Look at the new plan, and choose again.", code="plan_changed"
        )
    found = {each["key"]: Difference.from_json(each) for each in row.plan}
    if not found:
        raise Refused("There is nothing to do: Twilio has what is wanted.", code="in_sync")
    unknown = sorted(set(keys) - set(found))
    if unknown:
        raise field_error("keys", f"The plan has no difference {unknown[0]}.", "does_not_exist")
    return [found[key] for key in keys] if keys else list(found.values())


def _move(row: TrunkProvision, **values: Any) -> None:
    """Give a worker something to do; whoever has the row stores nothing more."""
    usual = {"due_at": database_now(), "is_awaited": True, "attempts": 0, "error": "", "error_code": ""}
    TrunkProvision.objects.filter(pk=row.pk).update(**{**usual, **values, "claim": F("claim") + 1})
    row.refresh_from_db()
    wake_provisioner()


def _trunk(row: TrunkProvision) -> Trunk:
    """Return the trunk of a row that is not being removed: it is there."""
    return Trunk.objects.get(pk=row.pk)


def _is_all_tls(trunk: Trunk) -> bool:
    transports = set(Gateway.objects.filter(trunk=trunk, is_enabled=True).values_list("transport", flat=True))
    return transports == {Transport.TLS}
