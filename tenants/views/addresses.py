"""A person's e-mail addresses: allauth's page, with what it changes written to the logs."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import AddEmailForm
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.adapter import actor_for
from tenants.services.own_account import changing_addresses


class AddAddressForm(AddEmailForm):
    """Adds an address, and sends a link to it."""

    def save(self, request: HttpRequest) -> EmailAddress:
        with changing_addresses(user=self.user, actor=actor_for(request, self.user)):
            address = EmailAddress.objects.add_email(request, self.user, self.cleaned_data["email"])
        # Outside the transaction: it counts in Redis.
        send_verification_email_to_address(request, address)
        return address


class EmailAddresses(EmailView):
    """Adds, confirms, removes addresses, and makes one the primary one."""

    form_class = AddAddressForm

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "action_remove" in request.POST or "action_primary" in request.POST:
            with changing_addresses(user=request.user, actor=actor_for(request, request.user)):
                return super().post(request, *args, **kwargs)
        return super().post(request, *args, **kwargs)
