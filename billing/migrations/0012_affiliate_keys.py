"""Keys with which affiliates' programs read their figures; a person sees their own."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callsphere.lib.ids
from tenants.rls import USER, EnablePlatformRLS

OWN_ROWS = f"affiliate_id IN (SELECT id FROM billing_affiliate WHERE user_id = {USER})"


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_doubled")]

    operations = [
        migrations.CreateModel(
            name="AffiliateKey",
            fields=[
                ("name", models.CharField(max_length=100)),
                ("public_id", models.CharField(editable=False, max_length=12, unique=True)),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "affiliate",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.affiliate",
                    ),
                ),
            ],
            options={"verbose_name": "affiliate's key", "ordering": ["-created_at", "-id"]},
        ),
        EnablePlatformRLS("AffiliateKey", own_rows=OWN_ROWS),
    ]
