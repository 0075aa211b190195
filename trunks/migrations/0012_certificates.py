import callsphere.lib.ids
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import tenants.fields
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_check_share"),
        ("trunks", "0011_number_formats"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientCertificate",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("certificates", models.TextField(help_text="PEM, nothing else in it")),
                ("subject", models.CharField(editable=False, max_length=255)),
                ("issuer", models.CharField(editable=False, max_length=255)),
                (
                    "fingerprint",
                    models.CharField(
                        editable=False, help_text="SHA-256, in hexadecimal digits", max_length=64
                    ),
                ),
                ("certificate_count", models.PositiveSmallIntegerField(editable=False)),
                ("not_before", models.DateTimeField(editable=False, verbose_name="valid from")),
                (
                    "not_after",
                    models.DateTimeField(
                        editable=False,
                        help_text="When the first of them ends, whichever that is",
                        verbose_name="valid until",
                    ),
                ),
                (
                    "expiry_told",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("30_days", "Ends within 30 days"),
                            ("7_days", "Ends within 7 days"),
                            ("expired", "Expired"),
                        ],
                        editable=False,
                        help_text="What an incident has told of the end",
                        max_length=8,
                    ),
                ),
                ("secret", tenants.fields.EncryptedTextField(editable=False, help_text="The private key")),
            ],
            options={
                "verbose_name": "client certificate",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="TrustedAuthority",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("certificates", models.TextField(help_text="PEM, nothing else in it")),
                ("subject", models.CharField(editable=False, max_length=255)),
                ("issuer", models.CharField(editable=False, max_length=255)),
                (
                    "fingerprint",
                    models.CharField(
                        editable=False, help_text="SHA-256, in hexadecimal digits", max_length=64
                    ),
                ),
                ("certificate_count", models.PositiveSmallIntegerField(editable=False)),
                ("not_before", models.DateTimeField(editable=False, verbose_name="valid from")),
                (
                    "not_after",
                    models.DateTimeField(
                        editable=False,
                        help_text="When the first of them ends, whichever that is",
                        verbose_name="valid until",
                    ),
                ),
                (
                    "expiry_told",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("30_days", "Ends within 30 days"),
                            ("7_days", "Ends within 7 days"),
                            ("expired", "Expired"),
                        ],
                        editable=False,
                        help_text="What an incident has told of the end",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "verbose_name": "trusted authority",
                "verbose_name_plural": "trusted authorities",
                "ordering": ["name"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="digestcredential",
            name="digest_credential_cleared",
        ),
        migrations.AlterField(
            model_name="digestcredential",
            name="cleared_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("gateway_added", "a gateway was added at another host"),
                    ("gateway_moved", "a gateway leads to another host, port or transport now"),
                    ("realm_changed", "the realm was changed"),
                    ("direction_changed", "the direction was changed"),
                    ("trust_changed", "a gateway trusts another authority now"),
                ],
                editable=False,
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="digestcredential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cleared_because", ""),
                    models.Q(
                        (
                            "cleared_because__in",
                            [
                                "gateway_added",
                                "gateway_moved",
                                "realm_changed",
                                "direction_changed",
                                "trust_changed",
                            ],
                        ),
                        ("secret", None),
                    ),
                    _connector="OR",
                ),
                name="digest_credential_cleared",
            ),
        ),
        migrations.AddField(
            model_name="clientcertificate",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="gateway",
            name="client_certificate",
            field=models.ForeignKey(
                blank=True,
                help_text="What is shown to a peer who asks for it over TLS",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gateways",
                to="trunks.clientcertificate",
            ),
        ),
        migrations.AddField(
            model_name="registrationfarewell",
            name="client_certificate",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="trunks.clientcertificate",
            ),
        ),
        migrations.AddField(
            model_name="trustedauthority",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="gateway",
            name="trusted_authority",
            field=models.ForeignKey(
                blank=True,
                help_text="Who vouches for the peer over TLS; none: the public authorities",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gateways",
                to="trunks.trustedauthority",
            ),
        ),
        migrations.AddField(
            model_name="registrationfarewell",
            name="trusted_authority",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="trunks.trustedauthority",
            ),
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("transport", "tls"),
                    models.Q(("client_certificate", None), ("trusted_authority", None)),
                    _connector="OR",
                ),
                name="gateway_certificates_need_tls",
            ),
        ),
        migrations.AddIndex(
            model_name="clientcertificate",
            index=models.Index(fields=["not_after"], name="client_certificate_ends"),
        ),
        migrations.AddConstraint(
            model_name="clientcertificate",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("name"),
                name="client_certificate_name_once",
                violation_error_message="You have a client certificate of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientcertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("certificates", ""), _negated=True), models.Q(("secret", ""), _negated=True)
                ),
                name="client_certificate_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientcertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("expiry_told__in", ["", "30_days", "7_days", "expired"])),
                name="client_certificate_stage_known",
            ),
        ),
        migrations.AddIndex(
            model_name="trustedauthority",
            index=models.Index(fields=["not_after"], name="trusted_authority_ends"),
        ),
        migrations.AddConstraint(
            model_name="trustedauthority",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("name"),
                name="trusted_authority_name_once",
                violation_error_message="You have an authority of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="trustedauthority",
            constraint=models.CheckConstraint(
                condition=models.Q(("certificates", ""), _negated=True), name="trusted_authority_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="trustedauthority",
            constraint=models.CheckConstraint(
                condition=models.Q(("expiry_told__in", ["", "30_days", "7_days", "expired"])),
                name="trusted_authority_stage_known",
            ),
        ),
        EnableTenantRLS("TrustedAuthority"),
        EnableTenantRLS("ClientCertificate"),
        CompositeForeignKey("Gateway", "trusted_authority"),
        CompositeForeignKey("Gateway", "client_certificate"),
        CompositeForeignKey("RegistrationFarewell", "trusted_authority"),
        CompositeForeignKey("RegistrationFarewell", "client_certificate"),
    ]
