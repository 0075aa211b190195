"""Where a signed-in person begins: the first page, and naming an organisation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from tenants.adapter import PENDING_INVITATION
from tenants.context import user_context
from tenants.forms import WelcomeForm
from tenants.middleware import LAST_TENANT
from tenants.models import Membership
from tenants.queries import memberships_of
from tenants.services import create_tenant
from tenants.views.base import FormPage, PersonPage


class Home(PersonPage):
    """Leads to the tenant looked at last, a waiting invitation, the support desk, or the first step."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = request.session.get(PENDING_INVITATION)
        if pending is not None:
            # The person signed in or up from an invitation's page: take them back to it, once.
            del request.session[PENDING_INVITATION]
            return HttpResponseRedirect(reverse("tenants:invitation", kwargs={"token": pending["token"]}))
        memberships = own_memberships(self)
        if not memberships and self.person.is_staff:
            return HttpResponseRedirect(reverse("admin:index"))
        if not memberships:
            return HttpResponseRedirect(reverse("tenants:welcome"))
        slugs = [membership.tenant.slug for membership in memberships]
        last = request.session.get(LAST_TENANT)
        return HttpResponseRedirect(dashboard_url(last if last in slugs else slugs[0]))


class Welcome(PersonPage, FormPage):
    """Names an organisation, the first one or a further one. Nothing exists before the name is sent."""

    template_name = "tenants/welcome.html"
    form_class = WelcomeForm

    def save(self, form: WelcomeForm) -> HttpResponseBase:
        tenant = create_tenant(owner=self.person, actor=self.actor, **form.cleaned_data)
        messages.success(self.request, f"{tenant.name} is ready. Next, choose a plan.")
        return HttpResponseRedirect(reverse("billing:choose", kwargs={"tenant": tenant.slug}))

    def page_context(self) -> dict[str, Any]:
        memberships = own_memberships(self)
        return {
            "own": [(each.tenant.name, dashboard_url(each.tenant.slug)) for each in memberships],
            "steps": [
                {"title": "Confirm your e-mail address", "state": "done"},
                {"title": "Name your organisation", "state": "current"},
                {
                    "title": "Choose a plan",
                    "state": "todo",
                    "detail": "14 days free, no card needed. You may look around first.",
                },
                {
                    "title": "Get a phone number",
                    "state": "todo",
                    "detail": "A new one within seconds, or your own.",
                },
                {
                    "title": "Let an agent answer",
                    "state": "todo",
                    "detail": "Begin with a template, and hear it before anybody else does.",
                },
                {
                    "title": "Connect a carrier",
                    "state": "todo",
                    "detail": "Have the SIP address at hand that your carrier gave you.",
                },
                {
                    "title": "See your first green trunk",
                    "state": "todo",
                    "detail": "We ask your carrier whether it answers, and tell you what to change if not.",
                },
            ],
        }


def own_memberships(page: PersonPage) -> list[Membership]:
    """Return the person's memberships in active tenants, by name."""
    with user_context(page.person.pk):
        return list(memberships_of(page.person))


def dashboard_url(slug: str) -> str:
    """Return the first page of a tenant."""
    return reverse("web:dashboard", kwargs={"tenant": slug})
