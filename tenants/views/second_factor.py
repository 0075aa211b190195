"""The page that asks for the second factor after signing in."""

from __future__ import annotations

from typing import Any

import django_otp
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django_otp.plugins.otp_static.models import StaticDevice

from tenants.forms import CodeForm
from tenants.second_factor import count_recovery_codes, find_device
from tenants.services import prove_second_factor
from tenants.views.base import FormPage, PersonPage, safe_next


class SecondFactor(PersonPage, FormPage):
    """Takes a one-time or recovery code. Who has no second factor goes on, staff to setting one up."""

    template_name = "tenants/second_factor.html"
    form_class = CodeForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_verified():
            return HttpResponseRedirect(safe_next(request))
        if find_device(self.person) is None:
            return self._go_without()
        return super().get(request, *args, **kwargs)

    def save(self, form: CodeForm) -> HttpResponseBase:
        device = prove_second_factor(user=self.person, actor=self.actor, code=form.cleaned_data["code"])
        django_otp.login(self.request, device)
        # A new session id for what the session may do from now on.
        self.request.session.cycle_key()
        if isinstance(device, StaticDevice):
            left = count_recovery_codes(self.person)
            messages.warning(self.request, _left_message(left))
        return HttpResponseRedirect(safe_next(self.request))

    def page_context(self) -> dict[str, Any]:
        target = safe_next(self.request)
        with_recovery = self.request.GET.get("use") == "recovery"
        other = {"next": target} if with_recovery else {"next": target, "use": "recovery"}
        return {
            "next": target,
            "with_recovery": with_recovery,
            "other_url": f"{self.request.path}?{urlencode(other)}",
        }

    def _go_without(self) -> HttpResponseBase:
        target = safe_next(self.request)
        if self.person.is_staff:
            messages.info(self.request, "Support staff need two-step sign-in. Set it up to go on.")
            set_up = reverse("tenants:second-factor-set-up")
            return HttpResponseRedirect(f"{set_up}?{urlencode({'next': target})}")
        return HttpResponseRedirect(target)


def _left_message(left: int) -> str:
    if left == 0:
        return "That was your last recovery code. Make new ones under Two-step sign-in."
    return (
        f"You used a recovery code; {left} {'is' if left == 1 else 'are'} left. Make new ones when you can."
    )
