"""What the pages of the call log stand on: who may see them, their addresses, the call."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property

from callsphere.calls.models import Call
from callsphere.calls.one_call import one_call_of
from tenants.access import Capability
from tenants.mixins import TenantViewMixin


class CallsPage(TenantViewMixin):
    """A page about calls: members who may read them see it, those who may end them send its form."""

    capability: ClassVar[Capability | None] = Capability.CALLS_READ
    write_capability: ClassVar[Capability | None] = Capability.CALLS_WRITE

    def url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this tenant's pages of calls."""
        return reverse(f"call-log:{name}", kwargs={"tenant": self.tenant.slug, **kwargs})


class OneCallPage(CallsPage):
    """A page about one call of the tenant; 404 for any other."""

    @cached_property
    def call(self) -> Call:
        """The call, with agent, version, number and trunk."""
        call = one_call_of(self.tenant, self.kwargs["call_id"])
        if call is None:
            raise Http404("no such call here")
        return call

    def call_url(self, name: str) -> str:
        """Return the address of one of this call's pages."""
        return self.url(name, call_id=self.call.pk)
