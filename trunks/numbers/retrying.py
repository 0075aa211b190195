"""Support has work at the provider tried at once, instead of waiting for the next attempt."""

from __future__ import annotations

from django.db import transaction

from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from trunks.models import NumberJob, ProviderAccount
from trunks.models.numbers import OPEN_JOBS
from trunks.numbers.jobs import make_due, wake_provisioning


def retry_job(*, tenant: Tenant, actor: Actor, job: NumberJob, reason: str = "") -> None:
    """Have a job tried now. Raises Refused when it has ended.

    One that is under way at this moment is begun again by another worker, which finds what is done.
    """
    with transaction.atomic():
        row = NumberJob.objects.select_for_update().get(tenant=tenant, pk=job.pk)
        if row.state not in OPEN_JOBS:
            raise Refused("This work has ended: there is nothing to try.", code="job_over")
        make_due(NumberJob, row.pk, database_now())
        record_event(
            tenant=tenant, actor=actor, verb="phone_number.tried_again", obj=row.phone_number, reason=reason
        )
        wake_provisioning()


def retry_account(*, tenant: Tenant, actor: Actor, account: ProviderAccount, reason: str = "") -> None:
    """Have an account looked at now. Raises Refused when it is as it should be."""
    with transaction.atomic():
        row = ProviderAccount.objects.select_for_update().get(tenant=tenant, pk=account.pk)
        if row.due_at is None:
            raise Refused("This account is as it should be: there is nothing to try.", code="account_settled")
        make_due(ProviderAccount, row.pk, database_now())
        record_event(tenant=tenant, actor=actor, verb="provider_account.tried_again", obj=row, reason=reason)
        wake_provisioning()
