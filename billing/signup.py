"""Signing up: through whom somebody came, and which plan they pressed before."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from billing.affiliates.attribution import active_affiliate, remembered_touch, store_touch
from billing.models import Plan
from billing.wishes import remembered_plan, store_wish
from tenants import account_forms
from tenants.context import platform_context
from tenants.models import User


class SignupForm(account_forms.SignupForm):
    """The entrance's form with a place for a code."""

    referral_code = forms.CharField(
        label="Referral code", required=False, max_length=32, help_text="If somebody gave you one."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "referral_code"])  # that comes last

    @cached_property
    def wanted_plan(self) -> Plan | None:
        """The plan that was pressed before, for the page to say."""
        return remembered_plan(context.request)

    def clean_referral_code(self) -> str:
        code: str = self.cleaned_data["referral_code"]
        if code:
            with platform_context("look a code up"):
                is_known = active_affiliate(code) is not None
            if not is_known:
                raise forms.ValidationError("Nobody has this code. Check it, or leave the field empty.")
        return code

    def save(self, request: HttpRequest) -> Any:
        """Store the person, through whom they came, and which plan they want."""
        user: User = super().save(request)
        now = timezone.now()
        remembered = remembered_touch(request, now)
        store_touch(user=user, remembered=remembered, code=self.cleaned_data["referral_code"], now=now)
        store_wish(user=user, plan=remembered_plan(request), now=now)
        return user
