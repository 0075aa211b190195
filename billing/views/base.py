"""What the billing pages stand on: who may read and write, and where one goes on after asking."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from billing.models import BillingRequest, Subscription
from billing.payments import is_configured, is_simulated
from billing.queries import subscription_of
from callsphere.lib.errors import Refused
from tenants.access import Capability
from tenants.mixins import TenantViewMixin


class BillingPage(TenantViewMixin):
    """A page below /t/<slug>/billing/."""

    capability: ClassVar[Capability | None] = Capability.BILLING_READ
    write_capability: ClassVar[Capability | None] = Capability.BILLING_WRITE

    @cached_property
    def subscription(self) -> Subscription:
        """What the tenant bought."""
        return subscription_of(self.tenant)

    @property
    def may_write(self) -> bool:
        """Whether this person may change plan and payment."""
        return Capability.BILLING_WRITE in self.request.capabilities

    def url(self, name: str, **more: Any) -> str:
        """Return the address of a billing page of this tenant."""
        return reverse(f"billing:{name}", kwargs={"tenant": self.tenant.slug, **more})

    def common(self) -> dict[str, Any]:
        """Return what the templates of all billing pages need."""
        return {
            "subscription": self.subscription,
            "may_write": self.may_write,
            "payments_configured": is_configured(),
            "payments_simulated": is_simulated(),
            "now": timezone.now(),
            "tabs": [
                {"label": label, "url": self.url(name), "active": self.request.path == self.url(name)}
                for label, name in (("Plan and usage", "plan"), ("Invoices", "invoices"))
            ],
        }

    def go_on(self, asked: BillingRequest) -> HttpResponse:
        """Lead to the page that waits until what was asked for is done."""
        return HttpResponseRedirect(self.url("request", request_id=asked.pk))

    def refused(self, refusal: Refused | ValidationError, back: str) -> HttpResponse:
        """Lead back, and say why."""
        text = " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
        messages.error(self.request, text)
        return HttpResponseRedirect(back)
