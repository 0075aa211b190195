"""Trunks: what they are called, which way calls run, how numbers are written."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenants.models import VersionedOwned
from trunks.enums import (
    Authentication,
    Direction,
    NumberFormat,
)


def _uses(*formats: NumberFormat) -> Q:
    return Q(dial_format__in=formats) | Q(caller_id_format__in=formats)


class Trunk(VersionedOwned):
    """A tenant's connection to a carrier."""

    name = models.CharField(max_length=100)
    direction = models.CharField(max_length=16, choices=Direction, default=Direction.BOTH)
    authentication = ArrayField(
        models.CharField(max_length=16, choices=Authentication), default=list, blank=True
    )
    is_enabled = models.BooleanField("enabled", default=True)
    notes = models.TextField(max_length=2000, blank=True)
    # How numbers are written to the carrier; `trunks.number_format` applies it.
    dial_format = models.CharField(
        "format of called numbers", max_length=16, choices=NumberFormat, default=NumberFormat.E164_PLUS
    )
    caller_id_format = models.CharField(
        "format of caller ids", max_length=16, choices=NumberFormat, default=NumberFormat.E164_PLUS
    )
    home_country = models.CharField(
        max_length=2,
        blank=True,
        help_text="ISO 3166 code, such as DE: whose numbers are national",
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "Write the country as two capital letters, such as DE.")],
    )
    international_prefix = models.CharField(
        max_length=6,
        blank=True,
        help_text="What is dialled before a country code, such as 00 or 011",
        validators=[RegexValidator(r"\A[0-9]+\Z", "Write digits alone, such as 00 or 011.")],
    )
    strip_digits = models.PositiveSmallIntegerField(
        "leading digits to leave out", default=0, validators=[MaxValueValidator(9)]
    )
    dial_prefix = models.CharField(
        "fixed prefix",
        max_length=16,
        blank=True,
        help_text="Put in front of every called number",
        validators=[RegexValidator(r"\A[0-9*#]+\Z", "Write digits, * and # alone.")],
    )
    sends_asserted_identity = models.BooleanField("sends P-Asserted-Identity", default=False)
    # Which carrier preset it was made from, and the version of the facts that were seen last.
    preset_key = models.SlugField("carrier preset", max_length=40, blank=True, editable=False)
    preset_version = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="trunk_name_once",
                violation_error_message="You have a trunk of this name.",
            ),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="trunk_direction_known"),
            models.CheckConstraint(
                condition=Q(authentication__contained_by=Authentication.values),
                name="trunk_authentication_known",
            ),
            models.CheckConstraint(
                condition=Q(dial_format__in=NumberFormat.values), name="trunk_dial_format_known"
            ),
            models.CheckConstraint(
                condition=Q(caller_id_format__in=NumberFormat.values), name="trunk_caller_id_format_known"
            ),
            models.CheckConstraint(
                condition=Q(home_country__regex="^([A-Z]{2})?$"), name="trunk_home_country_letters"
            ),
            models.CheckConstraint(
                condition=Q(international_prefix__regex="^[0-9]*$"), name="trunk_international_prefix_digits"
            ),
            models.CheckConstraint(
                condition=Q(dial_prefix__regex="^[0-9*#]*$"), name="trunk_dial_prefix_characters"
            ),
            models.CheckConstraint(condition=Q(strip_digits__lte=9), name="trunk_strip_digits_range"),
            models.CheckConstraint(
                condition=Q(preset_key="", preset_version=None)
                | ~Q(preset_key="") & Q(preset_version__isnull=False, preset_version__gte=1),
                name="trunk_preset_whole",
            ),
            models.CheckConstraint(
                condition=~_uses(NumberFormat.NATIONAL) | ~Q(home_country=""),
                name="trunk_national_needs_country",
                violation_error_message="Choose the country whose numbers are written nationally.",
            ),
            models.CheckConstraint(
                condition=~_uses(NumberFormat.NATIONAL, NumberFormat.INTERNATIONAL)
                | ~Q(international_prefix=""),
                name="trunk_international_needs_prefix",
                violation_error_message="Enter what is dialled before a country code, such as 00 or 011.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
