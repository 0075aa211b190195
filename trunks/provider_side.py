"""Tells whoever keeps trunks at the provider in step that a trunk was edited, or goes.

The nouns of trunks call it in their own transactions, with the trunk locked; they know nothing of providers.
"""

from __future__ import annotations

import uuid
from functools import partial

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from callsphere.celery import wake
from tenants.clock import database_now
from tenants.models import Tenant
from trunks.enums import ProvisionState, ProvisionTask
from trunks.models import PhoneNumber, Trunk, TrunkNumber, TrunkProvision
from trunks.provider_drift import drift_over

_TASK, _QUEUE = "trunks.provision_trunks", "provision"


def wake_provisioner() -> None:
    """Have a worker look for due trunks once this transaction is committed."""
    transaction.on_commit(partial(wake, _TASK, _QUEUE))


def trunk_edited(trunk: Trunk) -> None:
    """Have a new plan made at once, if the trunk is set up at a provider.

    One that is being applied is compared with the trunk as it is then, once it is done.
    """
    _look_again(TrunkProvision.objects.filter(tenant=trunk.tenant_id, pk=trunk.pk))


def number_goes(number: PhoneNumber) -> None:
    """Take a bought number off the trunk that it is on, since it was given up. Lock it afterwards."""
    there = TrunkNumber.objects.filter(tenant=number.tenant_id, phone_number=number)
    trunk_id = there.values_list("provision", flat=True).first()
    if trunk_id is not None:
        _look_again(TrunkProvision.objects.filter(tenant=number.tenant_id, pk=trunk_id))
        there.delete()


def _look_again(rows: QuerySet[TrunkProvision]) -> None:
    failed = When(state=ProvisionState.FAILED, then=Value(ProvisionState.PLANNED))
    if rows.filter(task=ProvisionTask.LOOK).update(
        due_at=database_now(), is_awaited=True, attempts=0, state=Case(failed, default=F("state"))
    ):
        wake_provisioner()


def trunk_goes(trunk: Trunk) -> None:
    """Have everything of the trunk taken away at the provider, though the trunk itself goes now."""
    rows = TrunkProvision.objects.filter(tenant=trunk.tenant_id, pk=trunk.pk)
    tells_no_more(trunk.tenant_id, trunk.pk, "The trunk was deleted.")
    if not forget_unplaced(rows) and rows.update(trunk=None, **removal()):
        wake_provisioner()


def tells_no_more(tenant_id: uuid.UUID, trunk_id: uuid.UUID, note: str) -> None:
    """End what is open about changes at the provider: the trunk is not to be there any more."""
    drift_over(tenant_id=tenant_id, trunk_id=trunk_id, note=note, now=database_now())


def forget_unplaced(rows: QuerySet[TrunkProvision]) -> bool:
    """Delete those whose account is not there, or was closed: nothing of them can be. Say whether any was."""
    return bool(rows.filter(account__sid="").delete()[0])


def removal() -> dict[str, object]:
    """Return what a row says from when on everything is taken away; whoever has it stores nothing more."""
    return {
        "task": ProvisionTask.REMOVE,
        "state": ProvisionState.REMOVING,
        "due_at": database_now(),
        "is_awaited": True,
        "attempts": 0,
        "claim": F("claim") + 1,
        "error": "",
        "error_code": "",
    }


def account_is_gone(tenant: Tenant) -> None:
    """Forget what the tenant's account had: it was closed, and all in it with it."""
    rows = TrunkProvision.objects.filter(tenant=tenant)
    for trunk_id in rows.filter(state=ProvisionState.DRIFTED).values_list("pk", flat=True):
        tells_no_more(tenant.pk, trunk_id, "The account at the provider was closed.")
    TrunkNumber.objects.filter(tenant=tenant).delete()
    rows.filter(task=ProvisionTask.REMOVE).delete()
    rows.update(
        claim=F("claim") + 1,
        task=ProvisionTask.LOOK,
        state=ProvisionState.NEW,
        due_at=None,
        is_set_up=False,
        plan=[],
        plan_fingerprint="",
        begun_fingerprint="",
        put_fingerprint="",
        put_passwords={},
        sids={},
        unsure_at=None,
        error="",
        error_code="",
    )
