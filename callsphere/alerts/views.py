"""The pages of incidents: what went wrong, since when, and what to do about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from callsphere.alerts import services
from callsphere.alerts.audit_kinds import incident_url
from callsphere.alerts.forms import IncidentFilterForm, ResolveForm
from callsphere.alerts.models import Incident
from callsphere.alerts.queries import incidents_of, matching, page_of
from callsphere.alerts.summaries import incident_rows
from tenants.access import Capability
from tenants.mixins import TenantViewMixin
from tenants.views.base import FormPage

_FILTERS = ("state", "severity", "kind")


class IncidentList(TenantViewMixin):
    """All incidents: the open ones first, then the newest."""

    capability = Capability.ALERTS_READ

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = IncidentFilterForm(request.GET)
        wanted = form.cleaned_data if form.is_valid() else {}
        cursor = request.GET.get("cursor", "")
        page = page_of(matching(incidents_of(self.tenant), **wanted), cursor)
        is_narrowed = any(wanted.values())
        context = {
            "form": form,
            "rows": incident_rows(self.tenant, page.rows),
            "is_narrowed": is_narrowed,
            "is_empty": not page.rows and not is_narrowed and not cursor,
            "first_url": self._at("") if cursor else "",
            "next_url": self._at(page.next) if page.next else "",
        }
        return render(request, "alerts/list.html", context)

    def _at(self, cursor: str) -> str:
        """Return the address of the same list at this place in it."""
        query = QueryDict(mutable=True)
        chosen = {name: self.request.GET.get(name) for name in _FILTERS}
        query.update({name: value for name, value in chosen.items() if value})
        if cursor:
            query["cursor"] = cursor
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path


class IncidentDetail(TenantViewMixin, FormPage):
    """One incident, and the form that ends it."""

    capability = Capability.ALERTS_READ
    write_capability = Capability.ALERTS_WRITE
    template_name = "alerts/detail.html"
    form_class: ClassVar[type[ResolveForm]] = ResolveForm

    @cached_property
    def incident(self) -> Incident:
        """The incident of this tenant that the address names; 404 for any other."""
        incident = incidents_of(self.tenant).filter(pk=self.kwargs["incident_id"]).first()
        if incident is None:
            raise Http404("no such incident here")
        return incident

    def page_context(self) -> dict[str, Any]:
        may_resolve = Capability.ALERTS_WRITE in self.request.capabilities
        return {
            "row": incident_rows(self.tenant, [self.incident])[0],
            "may_resolve": may_resolve and self.incident.is_open,
            "list_url": reverse("alerts:list", kwargs={"tenant": self.tenant.slug}),
        }

    def save(self, form: ResolveForm) -> HttpResponse:
        services.resolve_incident(
            tenant=self.tenant, actor=self.actor, incident=self.incident, note=form.cleaned_data["note"]
        )
        messages.success(self.request, "The incident is resolved.")
        return HttpResponseRedirect(incident_url(self.tenant, self.incident.pk))
