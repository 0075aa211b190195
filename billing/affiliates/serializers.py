"""What the API says of an affiliate. Amounts are minor units (cents); below zero is a debt."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.affiliates.models import LedgerTransaction
from billing.enums import Booking


class TermsSerializer(serializers.Serializer[Any]):
    """On which terms customers are brought."""

    share = serializers.IntegerField(
        help_text="Of what new customers pay, in hundredths of a percent: 2200 is 22 %"
    )
    attribution_days = serializers.IntegerField(help_text="How long the first click is remembered")
    hold_days = serializers.IntegerField(help_text="From a payment until its share is payable")


class AccountBalanceSerializer(serializers.Serializer[Any]):
    """What is owed and was paid in one currency, over all time."""

    currency = serializers.CharField(help_text="Such as usd")
    held = serializers.IntegerField()
    payable = serializers.IntegerField(help_text="Below zero after refunds of what was paid out")
    paid = serializers.IntegerField()


class AffiliateSerializer(serializers.Serializer[Any]):
    """Link and code, how many came, and what is owed."""

    code = serializers.CharField()
    link = serializers.CharField()
    terms = TermsSerializer()
    clicks = serializers.IntegerField(help_text="Visitors, each once a day")
    sign_ups = serializers.IntegerField(help_text="Accounts made")
    trials = serializers.IntegerField(help_text="Organisations that chose a plan")
    conversions = serializers.IntegerField(help_text="Organisations that paid")
    balances = AccountBalanceSerializer(many=True)


class StatementEntrySerializer(serializers.Serializer[Any]):
    """What one booking added."""

    number = serializers.IntegerField(help_text="Bookings are counted on without a gap")
    booked_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(Booking.choices)
    currency = serializers.CharField()
    held = serializers.IntegerField()
    payable = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True, help_text="Of an adjustment by support")


class StatementTotalSerializer(serializers.Serializer[Any]):
    """What a month added in one currency, and the balance at its end (or now)."""

    currency = serializers.CharField()
    held = serializers.IntegerField()
    payable = serializers.IntegerField()
    closing_held = serializers.IntegerField()
    closing_payable = serializers.IntegerField()


class AffiliateStatementSerializer(serializers.Serializer[Any]):
    """A month by UTC: what was booked, the first first, and totals by currency."""

    month = serializers.CharField(help_text="Such as 2026-11")
    entries = StatementEntrySerializer(many=True)
    totals = StatementTotalSerializer(many=True)


class AffiliatePayoutSerializer(serializers.Serializer[LedgerTransaction]):
    """What was paid out at once."""

    number = serializers.IntegerField(help_text="Of the booking, as in the statement")
    paid_at = serializers.DateTimeField(source="booked_at")
    currency = serializers.CharField()
    amount = serializers.IntegerField()
