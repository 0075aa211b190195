"""Keys with which an affiliate's programs read the figures: making one, ending one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from billing.affiliates.joining import own_affiliate
from billing.affiliates.keys import LIFETIME, create_key, revoke_key
from billing.affiliates.models import Affiliate, AffiliateKey
from billing.forms import AffiliateKeyForm
from tenants.context import user_context
from tenants.views.base import FormPage, PersonPage, Question, shown_once


class AffiliatePage(PersonPage):
    """A page of somebody who is an affiliate."""

    @cached_property
    def affiliate(self) -> Affiliate:
        """What the person is as an affiliate. Raises Http404 when they are none."""
        with user_context(self.person.pk):
            affiliate = own_affiliate(self.person)
        if affiliate is None:
            raise Http404("no affiliate")
        return affiliate

    def back_url(self) -> str:
        """Return the address of the list."""
        return reverse("billing:affiliate") + "#api"


class KeyCreate(AffiliatePage, FormPage):
    """Makes a key and shows it, the only time."""

    template_name = "billing/affiliate_key_create.html"
    form_class = AffiliateKeyForm

    def page_context(self) -> dict[str, Any]:
        return {"affiliate": self.affiliate, "back_url": self.back_url(), "days": LIFETIME.days}

    def save(self, form: AffiliateKeyForm) -> HttpResponseBase:
        key, token = create_key(
            actor=self.actor,
            affiliate=self.affiliate,
            name=form.cleaned_data["name"],
            now=timezone.now(),
        )
        first_call = f"{settings.PUBLIC_URL}/api/v1/affiliate/"
        context = {**self.page_context(), "key": key, "token": token, "first_call": first_call}
        return shown_once(render(self.request, "billing/affiliate_key_created.html", context))


class KeyRevoke(AffiliatePage, Question):
    """Ends a key."""

    template_name = "billing/affiliate_key_revoke.html"

    @cached_property
    def key(self) -> AffiliateKey:
        """The usable or expired key that the address names. Raises Http404."""
        with user_context(self.person.pk):
            own = AffiliateKey.objects.filter(affiliate__user=self.person, revoked_at=None)
            key = own.filter(pk=self.kwargs["key_id"]).first()
        if key is None:
            raise Http404("no such key")
        return key

    def question(self) -> dict[str, str]:
        return {
            "heading": f"Revoke “{self.key.name}”?",
            "text": "Programs that use it are refused at once. This cannot be undone:"
            " to give access again, make a new key.",
            "button": "Revoke the key",
        }

    def act(self) -> str:
        revoke_key(actor=self.actor, key=self.key, now=timezone.now())
        return f"“{self.key.name}” was revoked."
