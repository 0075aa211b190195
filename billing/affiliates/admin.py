"""Affiliates at the support desk: who they are, whom they brought, what was booked and paid out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from billing.affiliates import payouts, support
from billing.affiliates.ledger import balances_of
from billing.affiliates.models import Affiliate, AffiliateKey, Commission, LedgerTransaction, Payout, Referral
from billing.enums import Account
from billing.money import amount_words
from callsphere.lib.errors import Refused
from tenants.admin import ReadOnlyAdmin, staff_actor
from tenants.admin.base import ReasonForm
from tenants.models import User


class OwnReasonForm(ReasonForm):
    """Why support does something that is no customer's: it is written to our own log."""

    told = "the platform's log"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = ""


class EnrolForm(OwnReasonForm):
    """Whom, under which code, and why."""

    email = forms.EmailField(label="E-mail of their account", widget=UnfoldAdminEmailInputWidget)
    code = forms.CharField(label="Code", max_length=32, widget=UnfoldAdminTextInputWidget)
    field_order = ("email", "code", "reason")


class AdjustForm(OwnReasonForm):
    """By how much, in which currency, and why."""

    amount = forms.IntegerField(
        label="Amount",
        help_text="In minor units, such as cents; below zero takes away.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    currency = forms.CharField(
        label="Currency", max_length=3, initial="usd", widget=UnfoldAdminTextInputWidget
    )
    field_order = ("amount", "currency", "reason")
    told = "the platform's log; the affiliate reads the reason in their statement"


class CloseForm(OwnReasonForm):
    """Which currency, from which balance on, and why."""

    currency = forms.CharField(
        label="Currency", max_length=3, initial="usd", widget=UnfoldAdminTextInputWidget
    )
    minimum = forms.IntegerField(
        label="Minimum",
        min_value=1,
        initial=payouts.SMALLEST_PAYOUT,
        help_text="In minor units, such as cents. Smaller balances are carried forward.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    field_order = ("currency", "minimum", "reason")


class AskingAdmin(ReadOnlyAdmin):
    """Rows whose changes are services that take a reason."""

    show_full_result_count = False

    def _ask_and_do(
        self,
        request: HttpRequest,
        form: ReasonForm,
        words: tuple[str, str, str],
        do: Callable[[dict[str, Any]], str],
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, do(form.cleaned_data))
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
                return HttpResponseRedirect(reverse(name))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            except ValidationError as error:
                form.add_error(None, " ".join(error.messages))
        return self.ask(request, *words, form)


@admin.register(Affiliate)
class AffiliateAdmin(AskingAdmin):
    """People who bring customers. Support enrols them, switches them off and on, and adjusts balances."""

    list_display = ("code", "user", "percent", "is_active", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("user",)
    search_fields = ("code", "user__email")
    exclude = ("rate",)
    readonly_fields = ("percent", "owed")
    actions_list = ("enrol",)
    actions_detail = ("adjust", "switch")

    @admin.display(description="share", ordering="rate")
    def percent(self, row: Affiliate) -> str:
        return f"{row.rate / 100:g} %"

    @admin.display(description="owed")
    def owed(self, row: Affiliate) -> str:
        words = (
            f"{amount_words(each.payable, currency)} payable, {amount_words(each.held, currency)} held"
            for currency, each in balances_of(row).items()
        )
        return "; ".join(words) or "nothing"

    @action(description="Enrol somebody", icon="person_add")
    def enrol(self, request: HttpRequest) -> HttpResponse:
        """Ask for an account, a code and a reason."""

        def do(values: dict[str, Any]) -> str:
            user = User.objects.filter(email=values["email"].lower()).first()
            if user is None:
                raise Refused("Nobody has an account with this address.", code="no_account")
            made = support.enrol_affiliate(
                actor=staff_actor(request), user=user, code=values["code"], reason=values["reason"]
            )
            return f"{user} is an affiliate with the code {made.code}."

        words = ("Enrol an affiliate", "They earn a share of what customers pay whom they bring.", "Enrol")
        return self._ask_and_do(request, EnrolForm(request.POST or None), words, do)

    @action(description="Adjust the balance", icon="balance")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for an amount and a reason."""
        row = get_object_or_404(Affiliate, pk=object_id)

        def do(values: dict[str, Any]) -> str:
            support.adjust_balance(actor=staff_actor(request), affiliate=row, now=timezone.now(), **values)
            return f"{amount_words(values['amount'], values['currency'])} booked for {row}."

        words = (
            f"Adjust the balance of {row}",
            "Payable at once; nothing booked can be changed.",
            "Book",
        )
        return self._ask_and_do(request, AdjustForm(request.POST or None), words, do)

    @action(description="Switch off or on", icon="toggle_on")
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason."""
        row = get_object_or_404(Affiliate, pk=object_id)

        def do(values: dict[str, Any]) -> str:
            support.set_active(
                actor=staff_actor(request),
                affiliate=row,
                is_active=not row.is_active,
                reason=values["reason"],
            )
            return f"{row} is switched {'off' if row.is_active else 'on'}."

        button = "Switch off" if row.is_active else "Switch on"
        words = (f"{button}: {row}", "Customers whom they brought already go on earning for them.", button)
        return self._ask_and_do(request, OwnReasonForm(request.POST or None), words, do)


@admin.register(AffiliateKey)
class AffiliateKeyAdmin(AskingAdmin):
    """Keys with which affiliates' programs read their figures. Support may end one."""

    list_display = ("name", "affiliate", "public_id", "state", "created_at", "last_used_at", "expires_at")
    list_select_related = ("affiliate",)
    search_fields = ("name", "public_id", "affiliate__code", "affiliate__user__email")
    exclude = ("secret_hash",)
    readonly_fields = ("state",)
    actions_detail = ("revoke",)

    @action(description="Revoke it", icon="key_off")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason."""
        row = get_object_or_404(AffiliateKey, pk=object_id)

        def do(values: dict[str, Any]) -> str:
            support.end_key(actor=staff_actor(request), key=row, reason=values["reason"], now=timezone.now())
            return f"{row} is revoked."

        words = (f"Revoke {row}", "Programs that use it are refused at once, for good.", "Revoke it")
        return self._ask_and_do(request, OwnReasonForm(request.POST or None), words, do)


@admin.register(Referral)
class ReferralAdmin(AskingAdmin):
    """Customers whom affiliates brought."""

    list_display = (
        "customer",
        "affiliate",
        "touched_at",
        "trial_at",
        "converted_at",
        "ended_at",
        "end_reason",
    )
    list_select_related = ("customer", "affiliate")
    search_fields = ("customer__name", "affiliate__code")
    actions_detail = ("end",)

    @action(description="End it", icon="link_off")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason."""
        row = get_object_or_404(Referral.objects.select_related("customer"), pk=object_id)

        def do(values: dict[str, Any]) -> str:
            support.end_referral(
                actor=staff_actor(request), referral=row, reason=values["reason"], now=timezone.now()
            )
            return f"What {row.customer} pays from now on earns nothing."

        words = (f"End the referral of {row.customer}", "What was earned stays.", "End it")
        return self._ask_and_do(request, OwnReasonForm(request.POST or None), words, do)


@admin.register(Commission)
class CommissionAdmin(ReadOnlyAdmin):
    """What was earned of each invoice."""

    list_display = ("invoice", "customer", "affiliate", "shown_amount", "release_at", "released_at")
    list_select_related = ("invoice", "referral__customer", "referral__affiliate")
    show_full_result_count = False

    @admin.display(ordering="referral__customer__name")
    def customer(self, row: Commission) -> str:
        return str(row.referral.customer)

    @admin.display(ordering="referral__affiliate__code")
    def affiliate(self, row: Commission) -> str:
        return str(row.referral.affiliate)

    @admin.display(description="amount", ordering="amount")
    def shown_amount(self, row: Commission) -> str:
        return amount_words(row.amount, row.currency)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    """What was booked. Nothing of it ever changes."""

    list_display = ("affiliate", "number", "kind", "moved", "actor_label", "reason", "booked_at")
    list_filter = ("kind", "booked_at")
    list_select_related = ("affiliate",)
    search_fields = ("affiliate__code", "reason")
    show_full_result_count = False
    readonly_fields = ("moved",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerTransaction]:
        return super().get_queryset(request).prefetch_related("entries")

    @admin.display(description="accounts")
    def moved(self, row: LedgerTransaction) -> str:
        """Write what each account got: credits above zero."""
        return ", ".join(
            f"{entry.get_account_display().lower()} {amount_words(entry.amount, row.currency)}"
            for entry in row.entries.all()
        )


@admin.register(Payout)
class PayoutAdmin(AskingAdmin):
    """Batches that were paid out. Nothing of them ever changes."""

    list_display = ("__str__", "total", "actor_label", "reason", "created_at")
    readonly_fields = ("total",)
    actions_list = ("close",)
    actions_detail = ("export",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        paid = Sum("entries__amount", filter=Q(entries__account=Account.PAID_OUT))
        of_each = LedgerTransaction.objects.filter(payout=OuterRef("pk")).order_by().values("payout")
        return super().get_queryset(request).annotate(paid=Subquery(of_each.annotate(sum=paid).values("sum")))

    @admin.display(description="total")
    def total(self, row: Any) -> str:
        return amount_words(int(row.paid or 0), row.currency)

    @action(description="Close a batch", icon="payments")
    def close(self, request: HttpRequest) -> HttpResponse:
        """Ask for currency, minimum and a reason."""

        def do(values: dict[str, Any]) -> str:
            made = payouts.close_payout(actor=staff_actor(request), now=timezone.now(), **values)
            return f"The batch {made} is closed. Export it, and pay it."

        words = (
            "Close a batch of payouts",
            "What is payable is booked as paid out, for good.",
            "Close it",
        )
        return self._ask_and_do(request, CloseForm(request.POST or None), words, do)

    @action(description="Export as CSV", icon="download")
    def export(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the batch as a file."""
        payout = get_object_or_404(Payout, pk=object_id)
        name = f"payout-{payout.created_at:%Y-%m-%d}-{payout.currency}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(payouts.payout_csv(payout), content_type="text/csv", headers=headers)
